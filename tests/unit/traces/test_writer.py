"""The writer: an answer means that it is stored, and one sender's trouble is not another's."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import wait
from contextlib import closing

import pytest
from made import NOW, span, talk

from traces.clock import FakeClock
from traces.errors import Busy, StoreUnavailable
from traces.ingest import Offer, Receipt, offer
from traces.store import open_store
from traces.writer import Writer

SOON_S = 20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hark.db"


@pytest.fixture
def store(path):
    with closing(open_store(f"sqlite:///{path}")) as opened:
        yield opened


@pytest.fixture
def writer(store):
    running = Writer(store, FakeClock(NOW))
    yield running
    running.close()


def offers(*ids):
    return [offer(talk(i), NOW) for i in ids]


def poisoned() -> list[Offer]:
    """What no check lets through: storing it fails in the middle of a group."""
    return [Offer(conversation=None, digest="", is_timed=True, is_complete=False)]  # type: ignore[arg-type]


def count(path) -> int:
    """What another process sees."""
    with closing(sqlite3.connect(path)) as other:
        return other.execute("SELECT count(*) FROM conversations").fetchone()[0]


def hold(store) -> tuple[threading.Event, threading.Thread]:
    """Keep the writer from committing until the event is set."""
    held, release = threading.Event(), threading.Event()

    def keep() -> None:
        with store.begin():
            held.set()
            release.wait(SOON_S)

    thread = threading.Thread(target=keep)
    thread.start()
    assert held.wait(SOON_S)
    return release, thread


def test_an_answer_comes_only_after_the_commit(writer, path):
    assert writer.conversations(offers("c-1", "c-2")).result(SOON_S) == Receipt(new=2)
    assert count(path) == 2
    assert writer.spans([span()]).result(SOON_S) == Receipt(new=1)
    assert count(path) == 3


def test_nothing_is_answered_while_nothing_can_be_committed(writer, store, path):
    release, thread = hold(store)
    done = writer.conversations(offers("c-1"))
    assert not done.done()
    release.set()
    thread.join()
    assert done.result(SOON_S) == Receipt(new=1)


def test_one_poisoned_job_does_not_fail_its_group(writer, store, path):
    release, thread = hold(store)
    good = [writer.conversations(offers(f"c-{n}")) for n in range(3)]
    bad = writer.conversations(poisoned())
    good += [writer.conversations(offers(f"d-{n}")) for n in range(3)]
    release.set()
    thread.join()
    assert [done.result(SOON_S) for done in good] == [Receipt(new=1)] * 6
    assert isinstance(bad.exception(SOON_S), AttributeError)
    assert count(path) == 6


def test_a_sender_that_gave_up_waiting_does_not_stop_the_writer(writer, store, path):
    release, thread = hold(store)
    first = writer.conversations(offers("c-1"))
    gone = [writer.conversations(offers(f"g-{n}")) for n in range(3)]
    for done in gone:
        done.cancel()
    last = writer.conversations(offers("c-2"))
    release.set()
    thread.join()
    wait([first, last], SOON_S)
    assert (first.result(0), last.result(0)) == (Receipt(new=1), Receipt(new=1))
    assert writer.conversations(offers("c-3")).result(SOON_S) == Receipt(new=1)


def test_a_full_queue_says_busy_and_when_to_come_again(writer, store):
    release, thread = hold(store)
    waiting = []

    def send_without_end() -> None:
        while True:
            waiting.append(writer.conversations([]))

    with pytest.raises(Busy) as caught:
        send_without_end()
    assert caught.value.retry_after_s > 0
    release.set()
    thread.join()
    assert all(done.result(60) == Receipt() for done in waiting)


def test_closing_commits_the_rest(store, path):
    running = Writer(store, FakeClock(NOW))
    release, thread = hold(store)
    waiting = [running.conversations(offers(f"c-{n}")) for n in range(250)]
    release.set()
    running.close()
    thread.join()
    assert count(path) == 250
    assert all(done.done() for done in waiting)


def test_what_comes_after_the_close_is_refused(store):
    running = Writer(store, FakeClock(NOW))
    running.close()
    with pytest.raises(Busy):
        running.conversations(offers("c-1"))
    running.close()


def test_a_broken_database_is_told_to_every_sender_and_the_writer_lives_on(writer, path):
    with closing(sqlite3.connect(path)) as other:
        schema = other.execute("SELECT sql FROM sqlite_master WHERE name = 'conversations'").fetchone()[0]
        other.execute("DROP TABLE conversations")
        assert isinstance(writer.conversations(offers("c-1")).exception(SOON_S), StoreUnavailable)
        other.execute(schema)
    assert writer.conversations(offers("c-1")).result(SOON_S) == Receipt(new=1)


def test_while_another_process_holds_the_database_senders_are_told_to_come_again(store, path):
    impatient = Writer(store, FakeClock(NOW), patience_s=0.3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [impatient.conversations(offers(f"c-{n}")) for n in range(3)]
        assert all(isinstance(done.exception(SOON_S), StoreUnavailable) for done in waiting)
        other.execute("ROLLBACK")
    assert impatient.conversations(offers("c-1")).result(SOON_S) == Receipt(new=1)
    impatient.close()


def test_while_a_job_of_hark_itself_holds_the_database_senders_are_told_to_come_again(store):
    impatient = Writer(store, FakeClock(NOW), patience_s=0.3)
    release, thread = hold(store)
    assert isinstance(impatient.conversations(offers("c-1")).exception(SOON_S), StoreUnavailable)
    release.set()
    thread.join()
    assert impatient.conversations(offers("c-1")).result(SOON_S) == Receipt(new=1)
    impatient.close()


def test_who_is_patient_once_is_as_patient_as_before_afterwards(store):
    def waits_ms(tx):
        return tx._connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

    with store.begin() as tx:
        before = waits_ms(tx)
    with store.begin(0.5) as tx:
        assert waits_ms(tx) == 500
    with store.begin() as tx:
        assert waits_ms(tx) == before
