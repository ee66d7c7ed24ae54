"""Detection takes in every complete hour once, whatever happens around it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from stream import BREAK, LATE, LEARNED, START, Stream, broken_from

from alerts.watching.fold import Fold, Left
from alerts.watching.terrain import WatchSettings
from alerts.watching.watch import Watch
from traces.errors import StoreUnavailable
from traces.store import open_store

LEARNED_H = int(LEARNED / HOUR)


def test_an_hour_is_news_once_it_is_over_and_the_stragglers_have_had_their_time(store):
    stream = Stream(store)
    stream.flow()
    for at, through in (
        (START + 30 * MINUTE, None),
        (START + HOUR + 5 * MINUTE, None),
        (START + HOUR + 10 * MINUTE, START + HOUR),
    ):
        stream.detection.run(at)
        assert stream.detection._fold.watch.through == through


def test_nothing_stored_is_nothing_to_watch(store):
    stream = Stream(store)
    assert stream.detection.run(START + DAY) == []
    assert stream.detection._fold.watch.through is None


def test_time_that_goes_backwards_takes_nothing_back(store):
    stream = Stream(store)
    stream.run(5)
    before = stream.detection._fold.watch.through
    assert stream.detection.run(START + HOUR) == []
    assert stream.detection._fold.watch.through == before


def test_history_is_taken_in_without_telling_of_what_is_over(store):
    """Weeks that are brought in at once: what broke and was mended in them is no alert today."""
    stream = Stream(store, broken_from(BREAK - 4 * DAY, BREAK - 3 * DAY))
    for _ in range(LEARNED_H):
        stream.flow()
    stream.detection.run(stream.hour + LATE)
    assert stream.alerts == []


@pytest.fixture
def broken(tmp_path):
    """Two and a half good weeks, then six broken hours that nobody has looked at yet."""
    with closing(open_store(f"sqlite:///{tmp_path / 'hark.db'}")) as opened:
        stream = Stream(opened, broken_from(BREAK))
        for _ in range(LEARNED_H):
            stream.flow()
        stream.detection.run(stream.hour + LATE)
        for _ in range(6):
            stream.flow()
        yield stream


def test_a_run_that_could_not_be_stored_is_made_up_for_by_the_next(broken):
    def full(_connection) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    at = broken.hour + LATE
    event.listen(broken.store._engine, "commit", full)
    with pytest.raises(StoreUnavailable, match="full"):
        broken.detection.run(at)
    event.remove(broken.store._engine, "commit", full)
    assert broken.alerts == []

    broken.detection.run(at + timedelta(seconds=5))

    [alert] = broken.alerts
    assert alert.signal == "refusal"


def test_while_weeks_are_taken_in_for_the_first_time_others_can_write(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path / 'hark.db'}")) as opened:
        stream = Stream(opened, broken_from(BREAK - 3 * HOUR))
        for _ in range(LEARNED_H):
            stream.flow()
        hours_in_which_nobody_could_write = []

        class Watched(Watch):
            def take(self, hour, *what):
                super().take(hour, *what)
                try:
                    with opened.begin(wait_s=0) as tx:
                        tx.state.beat(hour)
                except StoreUnavailable:
                    hours_in_which_nobody_could_write.append(hour)

        stream.detection._fold = Fold(WatchSettings(), Watched)
        while stream.detection.go_on(stream.hour + LATE, lambda: False) is not Left.NOTHING:
            pass
        assert stream.detection._fold.watch.through == stream.hour - HOUR
        assert hours_in_which_nobody_could_write == []

        stream.detection.run(stream.hour + LATE)
        assert {alert.signal for alert in stream.alerts} == {"refusal"}
