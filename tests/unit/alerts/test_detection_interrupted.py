"""Whatever interrupts detection, and wherever: the alerts, their story and what is posted are the same in the end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from interrupted import END, LATE, forecast, left_behind, replay, step
from sqlalchemy import Engine, event
from stream import BREAK, Stream

from traces.store import open_store

MOST_KILLS = 12


class Pulled(Exception):
    """Somebody pulled the plug."""


@contextmanager
def pulled_at(statement):
    """The database connection breaks at so many statements from now, or at the commit when there are fewer.

    What it yields tells, afterwards, whether that was the commit.
    """
    left, committed = statement, False

    def count(*_):
        nonlocal left
        left -= 1
        if left == 0:
            raise Pulled

    def commit(_):
        nonlocal left, committed
        if left > 0:
            left, committed = 0, True
            raise Pulled

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", commit)
    try:
        yield lambda: committed
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        event.remove(Engine, "commit", commit)


@pytest.fixture(scope="module")
def in_peace(learned, tmp_path_factory):
    """What an uninterrupted replay leaves behind."""
    path = tmp_path_factory.mktemp("peace") / "hark.db"
    shutil.copy(learned, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        replay(Stream(store, forecast))
    return left_behind(path)


def test_the_replay_has_alerts_that_open_join_and_end_so_that_there_is_something_to_lose(in_peace):
    assert len(in_peace["alerts"]) >= 2
    assert len(in_peace["decisions"]) >= 8
    assert len({row[1] for row in in_peace["outbox"]}) == len(in_peace["outbox"]) >= 4


def test_a_pass_that_breaks_at_any_statement_leaves_nothing_half_done_and_the_next_one_does_it_all(
    learned, tmp_path, in_peace
):
    path = tmp_path / "hark.db"
    shutil.copy(learned, path)

    @settings(
        max_examples=1, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.tuples(st.integers(1, 90), st.booleans()), min_size=30, max_size=30))
    def holds(breaks):
        shutil.copy(learned, path)
        with closing(open_store(f"sqlite:///{path}")) as store:
            stream = Stream(store, forecast).at(BREAK)
            for statement, restarts in breaks:
                stream.flow()
                before = left_behind(path)
                with pulled_at(statement), pytest.raises(Pulled):
                    stream.detection.run(stream.hour + LATE)
                assert left_behind(path) == before
                if restarts:
                    stream.restart()
                step(stream)
            assert stream.hour == END
        assert left_behind(path) == in_peace

    holds()


def test_the_pass_in_which_an_alert_opens_may_break_anywhere(learned, tmp_path):
    path = tmp_path / "hark.db"
    shutil.copy(learned, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        stream = Stream(store, forecast).at(BREAK)
        while not stream.alerts:
            stream.flow()
            stream.detection.save()
            before = tmp_path / f"{stream.hour:%d%H}.db"
            with closing(sqlite3.connect(path)) as db:
                db.execute("VACUUM INTO ?", (str(before),))
            stream.detection.run(stream.hour + LATE)
        hour = stream.hour
    opened = left_behind(path)
    untouched = left_behind(before)
    with closing(open_store(f"sqlite:///{before}")) as store:
        stream = Stream(store, forecast).at(hour)
        at, was_commit = 1, False
        while not was_commit:
            with pulled_at(at) as commit, pytest.raises(Pulled):
                stream.detection.run(hour + LATE)
            assert left_behind(before) == untouched
            at, was_commit = at + 4, commit()
        stream.detection.run(hour + LATE)
    assert at > 20
    assert left_behind(before) == opened


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_again_and_again_ends_with_the_same_alerts_as_one_left_in_peace(
    learned, tmp_path, in_peace, seed
):
    path, rng = tmp_path / "hark.db", random.Random(seed)
    shutil.copy(learned, path)
    child = [sys.executable, str(Path(__file__).with_name("interrupted.py")), str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    kills = 0
    while kills < MOST_KILLS:
        with subprocess.Popen(child, env=environment, stdout=subprocess.PIPE) as process:
            hours = [process.stdout.readline() for _ in range(rng.randint(1, 4))]
            if not all(hours):
                break
            time.sleep(rng.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        kills += 1
    subprocess.run(child, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert kills >= 4
    assert left_behind(path) == in_peace
