"""History that is folded slice by slice, with crashes between them, gives the alerts of one fold, and none before it is whole."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from datetime import timedelta

import pytest
from made import HOUR
from stream import BREAK, LATE, Stream, broken_from

from alerts.watching import kept
from alerts.watching.fold import Left
from traces.store import Store, open_store

SLICE_H = 5
BROKEN_H = 6


def at_once() -> bool:
    return True


class Slices:
    """Ends a slice after some hours of history."""

    def __init__(self, hours: int) -> None:
        self.left = hours

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


@pytest.fixture
def broken(learned, tmp_path):
    """Two and a half good weeks and six broken hours, of which nothing was folded; as often as wanted."""
    stores: list[Store] = []

    def make() -> Stream:
        path = tmp_path / f"{len(stores)}.db"
        shutil.copy(learned, path)
        stores.append(open_store(f"sqlite:///{path}"))
        stream = Stream(stores[-1], broken_from(BREAK)).at(BREAK)
        for _ in range(BROKEN_H):
            stream.flow()
        with stores[-1].begin() as tx:
            kept.void_all_but(tx, ())
        return stream

    yield make
    for store in stores:
        store.close()


def told(stream: Stream) -> dict:
    """The alerts, why they are as they are, and what is to be posted."""
    with closing(stream.store._engine.raw_connection()) as db:
        tables = ("alerts", "decisions", "outbox")
        return {table: sorted(db.cursor().execute(f"SELECT * FROM {table}"), key=repr) for table in tables}  # noqa: S608


def test_slices_with_crashes_between_them_tell_what_one_fold_tells_and_nothing_before(broken):
    whole, sliced, rng = broken(), broken(), random.Random(1)
    whole.detection.run(whole.hour + LATE)
    assert whole.alerts

    now, slices, left = sliced.hour + LATE, 0, Left.BEHIND
    while left is not Left.NOTHING:
        slices += 1
        left = sliced.detection.go_on(now, Slices(rng.randint(1, 60)))
        if left is Left.BEHIND:
            assert sliced.detection.run(now, at_once) == []
            assert sliced.alerts == []
        if rng.random() < 0.2:
            sliced.restart()
            left = Left.BEHIND
    sliced.detection.go_on(now, at_once)
    while sliced.detection.run(now, at_once):
        pass

    assert slices > SLICE_H
    assert told(sliced) == told(whole)


def test_a_crash_in_the_middle_of_a_long_fold_does_not_begin_it_again(broken):
    stream = broken()
    now = stream.hour + LATE
    while stream.detection._fold.watch.through is None or stream.detection._fold.watch.through < BREAK - 3 * 24 * HOUR:
        stream.detection.go_on(now, Slices(50))

    stream.restart()
    stream.detection.go_on(now, at_once)

    through = stream.detection._fold.watch.through
    assert through is not None
    assert through >= BREAK - timedelta(days=10)


def test_what_was_known_goes_on_to_hold_while_all_is_folded_again(broken):
    stream = broken()
    stream.detection.run(stream.hour + LATE)
    before = [alert.alert_id for alert in stream.alerts]
    with stream.store.begin() as tx:
        tx.state.note_oldest_change(BREAK - timedelta(days=15))
    stream.flow()
    now = stream.hour + LATE

    assert stream.detection.go_on(now, at_once) is Left.BESIDE
    assert stream.detection.run(now, at_once) == []
    assert [alert.alert_id for alert in stream.alerts] == before
    while stream.detection.go_on(now, Slices(50)) is not Left.NOTHING:
        pass
    assert stream.detection.run(now, at_once)
    assert [alert.alert_id for alert in stream.alerts] == before
