"""Jobs join the transaction that claims what they are about, outlive the worker that took them, and may be done twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from made import ingest, talk
from pydantic import SecretStr
from replicas_waiting import awaiting, eventually

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.replicas.allotting import Allotting
from bot.replicas.worker import Worker
from traces.clock import SystemClock
from traces.errors import BadInput
from traces.store import job_queue

JOBS = "SELECT status, count(*) FROM procrastinate.procrastinate_jobs GROUP BY 1"


@pytest.fixture
def hark(postgresql_url):
    """A Hark over a PostgreSQL of its own, with nothing that runs."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP DATABASE IF EXISTS "jobs"')
        connection.execute('CREATE DATABASE "jobs"')
    url = postgresql_url.replace("/postgres?", "/jobs?")
    built = build_hark(Settings(database=DatabaseSettings(url=SecretStr(url))), SystemClock(), {})
    job_queue.prepare(built.store)
    yield built
    built.store.close()


def jobs_in(store):
    with psycopg.connect(store.secret_location) as connection:
        return dict(connection.execute(JOBS).fetchall())


def execute(store, statement):
    path = "-c search_path=procrastinate,public"
    with psycopg.connect(store.secret_location, autocommit=True, options=path) as connection:
        connection.execute(statement)


def working(hark):
    worker = Worker(hark.store, hark.clock, 2)
    worker.serve(hark.store, hark.jobs.evaluate)
    return worker


def allot(hark):
    return Allotting(hark.store, hark.jobs.evaluate).run(hark.clock.now())


def test_a_job_is_there_with_its_claim_or_not_at_all(hark):
    ingest(hark.store, talk("c-1"))

    def break_off():
        with hark.store.begin() as tx:
            claimed = tx.claims.take("evaluate", hark.clock.now(), 10, timedelta(minutes=1))
            job_queue.defer(tx, "evaluate", hark.store.workspace_id, [claimed])
            raise BadInput("something went wrong")

    with pytest.raises(BadInput):
        break_off()
    assert jobs_in(hark.store) == {}
    assert allot(hark) == 1
    assert jobs_in(hark.store) == {"todo": 1}
    assert allot(hark) == 0, "what is claimed is not claimed again"


def test_workspaces_take_turns_and_each_has_its_jobs_done_in_order(hark):
    def defer(workspace_id, *ids):
        with hark.store.begin() as tx:
            job_queue.defer(tx, "evaluate", workspace_id, [[i] for i in ids])

    defer("busy", "a1", "a2", "a3", "a4")
    defer("calm", "b1")
    defer("busy", "a5")
    defer("calm", "b2")
    with psycopg.connect(hark.store.secret_location) as connection:
        jobs = "SELECT args->'conversation_ids'->>0 FROM procrastinate.procrastinate_jobs ORDER BY priority DESC, id"
        assert [row[0] for row in connection.execute(jobs)] == ["a1", "b1", "a2", "b2", "a3", "a4", "a5"]


def test_a_worker_takes_up_workspaces_as_they_come_and_leaves_them_when_they_go(hark):
    one, two = hark.store.of("T1"), hark.store.of("T2")
    done = []

    class Notes:
        def __init__(self, store):
            self._store = store

        def evaluate_these(self, conversation_ids, _now):
            done.append((self._store.workspace_id, *conversation_ids))

    def defer(store, conversation_id):
        with store.begin() as tx:
            job_queue.defer(tx, "evaluate", store.workspace_id, [[conversation_id]])

    worker = Worker(hark.store, hark.clock, 2)
    worker.start()
    for store in (one, two):
        defer(store, "c-1")
        assert store.workspace_id not in str(done)
        worker.serve(store, Notes(store))
        assert eventually(lambda store=store: (store.workspace_id, "c-1") in done)
    worker.leave("T1")
    defer(one, "c-2")
    defer(two, "c-2")
    assert eventually(lambda: ("T2", "c-2") in done)
    worker.stop()
    assert ("T1", "c-2") not in done, "it waits for who serves that workspace"
    assert jobs_in(hark.store) == {"todo": 1}


def test_jobs_of_a_worker_that_was_killed_are_done_by_another(hark):
    ingest(hark.store, *(talk(f"c-{n}") for n in range(3)))
    allot(hark)
    execute(
        hark.store,
        "WITH dead AS (INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)"
        " VALUES (now() - interval '1 minute') RETURNING id)"
        " UPDATE procrastinate.procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)",
    )
    worker = working(hark)
    worker.start()
    assert eventually(lambda: awaiting(hark.store) == 0)
    worker.stop()
    assert jobs_in(hark.store) == {}


def test_a_job_that_is_done_twice_counts_once(hark):
    ingest(hark.store, talk("c-1"))
    evaluate, now = hark.jobs.evaluate, hark.clock.now()
    assert evaluate.evaluate_these(["c-1", "c-9"], now) == 1
    with hark.store.read() as tx:
        facts, scores = tx.rollups.facts_of(["c-1"]), tx.scores.count()
    assert evaluate.evaluate_these(["c-1", "c-9"], now) == 0
    with hark.store.read() as tx:
        assert (tx.rollups.facts_of(["c-1"]), tx.scores.count()) == (facts, scores)


def test_a_job_that_fails_is_told_without_what_it_is_about_and_tried_again(hark, caplog):
    ingest(hark.store, talk("c-secret-words"))
    allot(hark)
    real, failed = hark.jobs.evaluate.evaluate_these, threading.Event()

    class Breaks:
        def evaluate_these(self, conversation_ids, now):
            if not failed.is_set():
                failed.set()
                raise RuntimeError("a bug")
            return real(conversation_ids, now)

    worker = Worker(hark.store, hark.clock, 2)
    worker.serve(hark.store, Breaks())
    worker.start()
    assert eventually(lambda: awaiting(hark.store) == 0)
    worker.stop()
    assert failed.is_set()
    assert "evaluate failed; it is tried again" in caplog.text
    assert "c-secret-words" not in caplog.text


def test_the_tables_of_jobs_are_made_once_and_brought_up_to_date_step_by_step(hark):
    job_queue.prepare(hark.store)
    assert job_queue._missing(job_queue.procrastinate.__version__) == []
    assert len(job_queue._missing(None)) == 1
    assert len(job_queue._missing("3.3.0")) >= len(job_queue._missing("3.4.0"))
    assert job_queue._missing("3.3.0") != []
