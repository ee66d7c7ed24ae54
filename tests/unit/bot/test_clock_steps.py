"""A clock that jumps, is set back, or knows leap seconds: no storm of alerts, no hour that is never looked at."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, fact, workspace_in

from alerts.health import vitals
from alerts.health.faults import CHECKS
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.clock_steps import ClockSteps
from bot.jobs.detect import Detection
from traces.clock import FakeClock
from traces.store import open_store
from traces.store.arrivals import Arrival
from traces.store.rollups import HOUR_S, bucket_start

STEP = 5 * MINUTE


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


class House:
    """Steady traffic by the true time, and a Hark whose clock may be wrong by some time."""

    def __init__(self, store, zone="UTC", start=NOW) -> None:
        self.store, self.true, self.wrong = store, start, timedelta(0)
        self.began = start
        self.clock = FakeClock(start)
        self.steps = ClockSteps(self.clock, self._seconds)
        self.detection = Detection(
            store,
            WatchSettings(timezone=zone),
            Posting(channel=None),
            {},
            {},
            checks=CHECKS,
            clock_steps=self.steps,
        )

    def lives(self, span, *, step=STEP):
        until = self.true + span
        while self.true < until:
            before, self.true = self.true, self.true + step
            now = self.true + self.wrong
            self.clock.set(now)
            moments = [before + n * STEP for n in range(step // STEP)]
            with self.store.begin() as tx:
                tx.state.beat(bucket_start(now, HOUR_S))
                # What is said is dated by its sender; what it comes by is dated by Hark.
                tx.rollups.record([fact(f"{at}", at, volume=1.0, refusal=0.0) for at in moments])
                came = [at + self.wrong + STEP for at in moments]
                tx.arrivals.note([Arrival(kind="push", source="otlp", at=at, seen_at=at, traces=1) for at in came])
            self.detection.run(now)

    def _seconds(self):
        return (self.true - self.began).total_seconds()

    @property
    def alerts(self):
        with self.store.read() as tx:
            return tx.alerts.all(limit=50)

    @property
    def told_through(self):
        with self.store.read() as tx:
            return tx.state.job_ran_at("detected_through")


def jumps_and_comes_right(house, step, lasts):
    house.lives(3 * DAY, step=HOUR)
    assert house.alerts == []
    house.wrong = step
    house.lives(lasts)
    house.wrong = timedelta(0)
    house.lives(3 * HOUR)
    assert {alert.signal for alert in house.alerts} == {"clock_jump"}
    assert len(house.alerts) <= 2
    assert house.true - house.told_through <= HOUR + 15 * MINUTE, "every hour was looked at"


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])
def test_an_hour_forward_or_back_and_right_again_is_an_alert_of_its_own_and_no_other(database, step):
    jumps_and_comes_right(House(workspace_in(database)), step, 40 * MINUTE)


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(minutes=st.integers(-60, 60).filter(bool), lasts=st.sampled_from([5, 15, 90, 180]))
def test_whatever_a_clock_jumps_by_no_storm_comes_and_no_hour_is_missed(database, minutes, lasts):
    jumps_and_comes_right(House(workspace_in(database)), minutes * MINUTE, lasts * MINUTE)


def test_a_leap_second_and_a_clock_that_is_slowly_put_right_are_no_steps(database):
    store, seconds = workspace_in(database), [0.0]
    clock = FakeClock(NOW)
    steps = ClockSteps(clock, lambda: seconds[0])
    for drift in (0, 1, -1, 5):
        clock.advance(timedelta(seconds=60 + drift))
        seconds[0] += 60
        with store.begin() as tx:
            steps.look(tx)
    with store.read() as tx:
        assert vitals.jump(tx) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(datetime(2026, 3, 29, tzinfo=UTC), marks=pytest.mark.slow, id="spring"),
        pytest.param(datetime(2026, 10, 25, tzinfo=UTC), id="autumn"),
    ],
)
def test_summer_time_begins_and_ends_without_an_alert(database, change):
    house = House(workspace_in(database), zone="Europe/Berlin", start=change - 2 * DAY)
    house.lives(4 * DAY, step=HOUR)
    assert house.alerts == []
    assert house.true - house.told_through <= HOUR + 15 * MINUTE


@pytest.mark.parametrize("year", [pytest.param(1970, marks=pytest.mark.slow), 2100])
def test_conversations_of_another_century_move_no_window_and_raise_no_alert(database, year):
    house = House(workspace_in(database))
    house.lives(3 * DAY, step=HOUR)
    with house.store.begin() as tx:
        odd = NOW.replace(year=year)
        tx.rollups.record([fact(f"odd-{n}", odd + n * HOUR, volume=1.0, refusal=1.0) for n in range(20)])
        tx.arrivals.note([Arrival(kind="push", source="otlp", at=house.true, seen_at=odd, trace_at=odd, traces=20)])
    house.lives(3 * HOUR)
    assert house.alerts == []
    assert house.true - house.told_through <= HOUR + 15 * MINUTE
