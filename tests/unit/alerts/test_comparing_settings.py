"""Two settings side by side over stored history: what each would have told, within the time that there is."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.signals import all_signals
from alerts.trying.comparing import Side, compare
from alerts.watching.watch import Terrain, WatchSettings
from traces.model import EVERYTHING
from traces.store import open_store
from traces.store.rollups import Fact

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REFUSAL = all_signals(["refusal"], {}, {})["refusal"]
HOURS = 24 * 20


@pytest.fixture(scope="module")
def store():
    """Refusals of 5 % for three weeks, and of 15 % in the last six hours."""
    chance = random.Random(3)
    facts = [
        Fact(
            conversation_id=f"h{hour}.{n}",
            at=NOON - (HOURS - hour) * HOUR,
            segments=(EVERYTHING,),
            values={"refusal": [float(chance.random() < (0.15 if HOURS - hour <= 6 else 0.05))]},
        )
        for hour in range(HOURS)
        for n in range(40)
    ]
    opened = open_store("sqlite://")
    with opened.begin() as tx:
        tx.rollups.record(facts)
    yield opened
    opened.close()


def compared(store, then, left=lambda: 1.0):
    now = Side(signals={"refusal": REFUSAL}, weeks=1)
    with store.read() as tx:
        return compare(
            tx, now, then, terrain=Terrain(signals={}, calibrations={}, changes=[]), settings=WatchSettings(),
            since=NOON - timedelta(days=28), until=NOON, left=left,
        )  # fmt: skip


def test_the_same_settings_tell_the_same(store):
    found = compared(store, Side(signals={"refusal": REFUSAL}, weeks=1))
    assert found.now == found.then
    assert (len(found.now), found.appear, found.disappear, found.is_cut_off) == (1, (), (), False)


def test_an_alert_that_is_too_small_by_the_others_disappears_and_the_other_way_round(store):
    large = Side(signals={"refusal": replace(REFUSAL, min_relative=4.0)}, weeks=1)
    assert [one.opened_at.hour for one in compared(store, large).disappear] == [8]
    assert compared(store, Side(signals={}, weeks=1)).disappear == compared(store, large).now


def test_where_there_is_no_time_for_all_the_latest_days_are_gone_through(store):
    asked = iter(range(10_000))
    found = compared(store, Side(signals={"refusal": REFUSAL}, weeks=1), lambda: 1.0 - next(asked) / 60)
    assert timedelta(days=2) < NOON - found.since < timedelta(days=19)


def test_where_time_has_run_out_that_is_told(store):
    found = compared(store, Side(signals={"refusal": REFUSAL}, weeks=1), lambda: 0.0)
    assert found.is_cut_off
    assert found.now == ()
