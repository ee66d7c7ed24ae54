"""When a source is behind: beyond its own habit at this time of the week, and beyond chance."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, workspace_in

from alerts.health.source_lag import Habit, Lagging, is_behind
from alerts.own import SOURCE_LAG
from traces.store import open_store
from traces.store.arrivals import Arrival, ArrivalHour
from traces.store.rollups import HOUR_S, bucket_start

WEEK = timedelta(weeks=1)
MONDAY = datetime(2026, 9, 7, tzinfo=NOW.tzinfo)


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


def hours_of(times):
    """The hours of a client that sends one new trace at each of these times."""
    found: dict[datetime, ArrivalHour] = {}
    for at in sorted(times):
        bucket = bucket_start(at, HOUR_S)
        before = found.get(bucket)
        first, last = (at, at) if before is None else (before.first_at, before.seen_at)
        longest = timedelta(0) if before is None else max(before.longest, at - last)
        found[bucket] = ArrivalHour(
            kind="push", source="otlp", bucket_at=bucket, first_at=first, seen_at=at, trace_at=at, longest=longest,
            traces=1 if before is None else before.traces + 1, spans=0, rejected=0, failures=0, reason=None,
            reason_at=None,
        )  # fmt: skip
    return list(found.values())


def every(step, start, end):
    return [start + n * step for n in range((end - start) // step)]


def watching(start, end):
    first = bucket_start(start, HOUR_S)
    return {first + n * HOUR for n in range((end - first) // HOUR + 1)}


def first_behind(times, watched, start, end, step=10 * MINUTE):
    habit = Habit(hours_of(times), watched)
    for now in every(step, start, end):
        lag = habit.lag(now)
        if lag is not None and is_behind(lag, SOURCE_LAG):
            return now
    return None


def test_a_busy_source_that_stops_is_behind_within_half_an_hour():
    stop = MONDAY + 3 * DAY + 10 * HOUR
    times = every(MINUTE, MONDAY, stop)
    at = first_behind(times, watching(MONDAY, stop + DAY), stop, stop + DAY, step=MINUTE)
    assert timedelta(minutes=15) <= at - stop <= 30 * MINUTE


def office(start, weeks, step=5 * MINUTE):
    """Traces from 8 to 18 on working days."""
    days = [start + n * DAY for n in range(7 * weeks)]
    return [t for d in days if d.weekday() < 5 for t in every(step, d + 8 * HOUR, d + 18 * HOUR)]


def test_a_client_that_rests_at_night_and_on_sundays_is_not_behind():
    end = MONDAY + 5 * WEEK
    assert first_behind(office(MONDAY, 5), watching(MONDAY, end), MONDAY + 2 * WEEK, end, step=30 * MINUTE) is None


def test_the_same_client_is_behind_when_it_stays_away_for_more_than_a_day_off():
    back = MONDAY + 4 * WEEK
    at = first_behind(office(MONDAY, 4), watching(MONDAY, back + 3 * DAY), back, back + 3 * DAY)
    assert at is not None
    assert DAY + 8 * HOUR <= at - back <= DAY + 11 * HOUR


def busy_office(start, weeks, off=(), dies=None, seed=7):
    """An office's client as it really comes: more at noon, by chance, with days off, and one day not at all any more."""
    rng = random.Random(seed)
    times = []
    for day in every(DAY, start, start + weeks * WEEK):
        if day.weekday() < 5 and day not in off:
            times += [day + timedelta(hours=rng.triangular(7.5, 18.5, 13)) for _ in range(rng.randint(90, 150))]
    return [at for at in times if dies is None or at < dies]


@pytest.mark.parametrize("weekday", range(5))
@pytest.mark.parametrize("seed", range(3))
def test_a_holiday_is_no_silence_of_a_client_that_keeps_to_working_days(weekday, seed):
    holiday = MONDAY + 4 * WEEK + weekday * DAY
    end = holiday + 4 * DAY
    times = busy_office(MONDAY, 6, off=(holiday,), seed=seed)
    assert first_behind(times, watching(MONDAY, end), holiday, end, step=30 * MINUTE) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_first_weekend_is_no_silence_either(seed):
    end = MONDAY + 12 * DAY
    times = busy_office(MONDAY, 2, seed=seed)
    assert first_behind(times, watching(MONDAY, end), MONDAY + 3 * DAY, end, step=30 * MINUTE) is None


@pytest.mark.parametrize("weekday", range(5))
def test_the_same_client_that_dies_at_work_is_behind_within_hours(weekday):
    dies = MONDAY + 4 * WEEK + weekday * DAY + 11 * HOUR
    times = busy_office(MONDAY, 5, dies=dies)
    at = first_behind(times, watching(MONDAY, dies + DAY), dies, dies + DAY)
    assert at is not None
    assert at - dies <= 3 * HOUR


def test_one_that_dies_overnight_is_behind_on_the_second_morning():
    dies = MONDAY + 4 * WEEK + 22 * HOUR
    at = first_behind(busy_office(MONDAY, 5, dies=dies), watching(MONDAY, dies + 4 * DAY), dies, dies + 4 * DAY)
    assert at is not None
    assert at - MONDAY - 4 * WEEK <= 2 * DAY + 13 * HOUR


def test_a_nightly_run_that_does_not_come_is_missed_the_same_night():
    runs = [day + 2 * HOUR + n * MINUTE for day in every(DAY, MONDAY, MONDAY + 3 * WEEK) for n in range(60)]
    missed = MONDAY + 3 * WEEK
    at = first_behind(runs, watching(MONDAY, missed + DAY), missed, missed + DAY)
    assert at is not None
    assert at - missed <= 6 * HOUR


def test_a_rare_client_is_given_time():
    stop = MONDAY + 3 * WEEK
    at = first_behind(every(3 * HOUR, MONDAY, stop), watching(MONDAY, stop + 9 * DAY), stop, stop + 9 * DAY)
    assert at - stop >= 24 * HOUR


def test_of_a_source_known_for_a_day_nothing_is_said():
    stop = MONDAY + DAY
    assert first_behind(every(MINUTE, MONDAY, stop), watching(MONDAY, stop + DAY), stop, stop + 23 * HOUR) is None


def test_hours_in_which_nobody_was_watching_are_no_silence():
    stop, again = MONDAY + 3 * DAY, MONDAY + 4 * DAY
    habit = Habit(hours_of(every(MINUTE, MONDAY, stop)), watching(MONDAY, stop) | watching(again, again + HOUR))
    assert habit.at(stop + 2 * HOUR) is None
    assert habit.at(again + 20 * MINUTE) == 20 * MINUTE
    assert habit.newest == stop - MINUTE


def test_a_source_that_never_told_of_anything_has_no_lag():
    assert Habit([], watching(MONDAY, MONDAY + 9 * DAY)).lag(MONDAY + 8 * DAY) is None


@pytest.mark.parametrize("gap", [timedelta(hours=3), timedelta(hours=6)])
def test_a_gap_that_comes_every_day_is_a_habit(gap):
    times = [d + t for d in every(DAY, MONDAY, MONDAY + 9 * DAY) for t in every(MINUTE, timedelta(0), DAY - gap)]
    end = MONDAY + 9 * DAY
    assert first_behind(times, watching(MONDAY, end), MONDAY + 4 * DAY, end) is None


@settings(max_examples=30)
@given(st.lists(st.integers(0, 20 * 24 * 60), max_size=200), st.integers(0, 25 * 24 * 60), st.sets(st.integers(0, 600)))
def test_a_lag_is_never_negative_never_before_the_first_trace_and_never_longer_than_it_was_watched(
    minutes, now_minute, off
):
    times = [MONDAY + m * MINUTE for m in minutes]
    now = MONDAY + now_minute * MINUTE
    watched = watching(MONDAY, MONDAY + 26 * DAY) - {MONDAY + n * HOUR for n in off}
    found = Habit(hours_of(times), watched).lag(now)
    if found is not None:
        assert timedelta(0) <= found.lag <= now - min(times)
        assert found.usual >= timedelta(0)
        assert found.missed >= 0
        assert all(hour in watched for hour in watching(found.since, now) if hour > found.since)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 70 * 24 * 60), st.booleans()), min_size=1, max_size=12, unique_by=lambda t: t[0])
)
def test_who_looks_all_the_time_knows_what_who_looks_for_the_first_time_knows(database, arrivals):
    store = workspace_in(database)
    watching_all_along = Lagging(("phoenix",))
    for minute, is_polled in sorted(arrivals):
        now = MONDAY + minute * MINUTE
        kind, name = ("poll", "phoenix") if is_polled else ("push", "otlp")
        with store.begin() as tx:
            tx.state.beat(bucket_start(now, HOUR_S))
            tx.arrivals.note([Arrival(kind=kind, source=name, at=now, seen_at=now, traces=1)])
            watching_all_along.look(tx, {"source_lag": SOURCE_LAG}, now)
            first = Lagging(("phoenix",))
            first.look(tx, {"source_lag": SOURCE_LAG}, now)
    assert watching_all_along._hours == first._hours
