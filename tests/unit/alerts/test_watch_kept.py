"""Conversations change behind detection all the time; it goes back only as far as it has to, and finds the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from folding import Folding
from hypothesis import given
from hypothesis import strategies as st
from made import HOUR
from stream import LATE, START, Stream, broken_from

from alerts.signals import all_signals
from alerts.watching.kept import LATEST, superfluous
from alerts.watching.terrain import Terrain
from traces.model import Direction
from traces.store import Store
from traces.store.rollups import Fact
from traces.store.state import DetectorCheckpoint

HOURS = 60
NOW = START + HOUR * HOURS + LATE


def terrain(tx) -> Terrain:
    seen = tx.rollups.signals(since=START, until=NOW + HOUR * 24)
    return Terrain(signals=all_signals(sorted(seen), {"refusal": Direction.UP}, {}), calibrations={}, changes=())


def take_in(store: Store, now: datetime, fold: Folding) -> int:
    before = fold.taken
    with store.begin() as tx:
        list(fold.hours(tx, now, terrain(tx)))
        fold.save(tx)
    return fold.taken - before


def change(store: Store, hour: datetime) -> None:
    """One more conversation in an hour that may be over."""
    facts = [
        Fact(conversation_id=f"late-{uuid4()}", at=hour, segments=(segment,), values={"refusal": [1.0]})
        for segment in {s for f in _facts(store, hour) for s in f.segments}
    ]
    with store.begin() as tx:
        tx.state.note_oldest_change(tx.rollups.record(facts))


def _facts(store: Store, hour: datetime) -> list[Fact]:
    with store.read() as tx:
        return tx.rollups.facts_between(hour, hour + HOUR, 1_000)


def told(fold: Folding, store: Store) -> list:
    with store.read() as tx:
        land = terrain(tx)
    watch = fold.watch
    watch.reconsider(land)
    return [
        (signal.name, str(segment), watch.verdict(signal, segment))
        for signal in land.signals.values()
        for segment in sorted(watch.segments_of(signal))
    ]


@pytest.fixture
def stream(store):
    flowing = Stream(store, broken_from(START + HOUR * 50))
    for _ in range(HOURS):
        flowing.flow()
    return flowing


def anew(store: Store, now: datetime) -> Folding:
    """Another that begins with nothing but the hours."""
    with store.begin() as tx:
        for panel in (LATEST, *(f"{LATEST}.{n}" for n in range(4))):
            tx.state.put_checkpoint(DetectorCheckpoint(panel=panel, through_at=START - HOUR, body=b""))
    watch = Folding()
    take_in(store, now, watch)
    return watch


def test_a_conversation_that_changes_an_hour_that_was_taken_in_costs_a_few_hours_not_weeks(store, stream):
    watch = Folding()
    assert take_in(store, NOW, watch) == HOURS

    for n in range(1, 9):
        change(store, stream.hour - HOUR)
        stream.flow()
        assert take_in(store, NOW + HOUR * n, watch) <= 7


def test_what_is_found_after_changes_is_what_one_finds_that_begins_with_nothing(store, stream):
    watch = Folding()
    take_in(store, NOW, watch)
    for n, back in enumerate((1, 3, 2, 30, 1, 5), 1):
        change(store, stream.hour - HOUR * back)
        stream.flow()
        take_in(store, NOW + HOUR * n, watch)

    assert told(watch, store) == told(anew(store, NOW + HOUR * 6), store)


def test_a_restart_does_not_build_on_an_hour_that_has_changed_since(store, stream):
    watch = Folding()
    take_in(store, NOW, watch)
    change(store, stream.hour - HOUR)
    stream.flow()
    take_in(store, NOW + HOUR, watch)

    again = Folding()
    stream.flow()
    assert take_in(store, NOW + HOUR * 2, again) <= 7
    assert told(again, store) == told(anew(store, NOW + HOUR * 2), store)


@given(st.lists(st.integers(1, 24 * 20), min_size=4, max_size=4, unique=True))
def test_what_is_given_up_for_a_newer_one_is_the_too_old_or_never_the_oldest(hours):
    now = datetime(2026, 11, 20, tzinfo=UTC)
    kept = {str(n): now - timedelta(hours=h) for n, h in enumerate(hours)}

    given_up = kept[superfluous(kept, now)]

    is_too_old = now - min(kept.values()) > timedelta(days=14)
    assert (given_up == min(kept.values())) == is_too_old


def test_what_is_kept_is_spread_over_days_so_that_a_change_of_last_week_does_not_begin_with_nothing():
    now, kept = datetime(2026, 11, 20, tzinfo=UTC), {}
    for n in range(400):
        at = now + timedelta(hours=3 * n)
        kept[str(len(kept)) if len(kept) < 4 else superfluous(kept, at)] = at
        ages = sorted((at - one) for one in kept.values())
        if n > 60:
            assert ages[1] <= timedelta(hours=12)
            assert timedelta(days=2) <= ages[-1] <= timedelta(days=14, hours=3)
