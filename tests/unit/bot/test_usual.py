"""What is usual beside a metric's course: a range that makes sense whatever was measured."""

from __future__ import annotations

import math
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, NOW

from bot.answers.usual import Point, bands, points_of
from traces.histogram import Rollup
from traces.model import Kind, Signal

VALUES = st.lists(st.floats(0, 1e6), max_size=6)
WEEK = 7 * DAY


def signal(kind, unit=""):
    return Signal(name="x", kind=kind, unit=unit)


def read(kind):
    if kind is Kind.COUNT:
        return lambda rollup: float(rollup.n)
    if kind is Kind.RATE:
        return lambda rollup: rollup.at_least(0.5) / rollup.n if rollup.n else None
    return lambda rollup: rollup.mean


POINTS = st.builds(
    lambda now, before, elapsed: Point(
        at=NOW, measured=Rollup.of(now), before=tuple(map(Rollup.of, before)), elapsed=elapsed
    ),
    VALUES,
    st.lists(VALUES, max_size=4),
    st.floats(0, 1),
)


@given(st.lists(POINTS, max_size=5), st.sampled_from(Kind), st.sampled_from(["", "s"]))
def test_a_range_is_finite_ordered_and_possible(points, kind, unit):
    found = bands(points, signal(kind, unit), read(kind))
    assert len(found) == len(points)
    for band in found:
        if band is not None:
            assert 0.0 <= band.low <= band.high < math.inf
            assert kind is not Kind.RATE or band.high <= 1.0


def test_four_weeks_that_agree_give_a_narrow_range_and_four_that_differ_a_wide_one():
    def high(weeks):
        before = tuple(Rollup.of([1.0] * n) for n in weeks)
        [band] = bands(
            [Point(at=NOW, measured=Rollup.of([1.0] * 100), before=before)], signal(Kind.COUNT), read(Kind.COUNT)
        )
        return band.high

    assert 100 < high([100, 100, 100, 100]) < 130
    assert high([40, 160, 60, 140]) > 200


@given(st.integers(1, 72), st.integers(1, 20))
def test_the_points_are_the_period_with_nothing_left_out_or_counted_twice(hours, step):
    series = [(NOW + n * HOUR, Rollup.of([1.0])) for n in range(-6 * 168, hours)]
    until = NOW + hours * HOUR
    points = points_of(series, NOW, until, step * HOUR, until)
    assert sum(point.measured.n for point in points) == hours
    assert all([rollup.n for rollup in point.before] == [point.measured.n] * 4 for point in points)
    assert all(point.elapsed == 1.0 for point in points)


def test_weeks_before_the_first_bucket_tell_nothing():
    series = [(NOW - WEEK + n * HOUR, Rollup.of([1.0])) for n in range(200)]
    [point] = points_of(series, NOW, NOW + HOUR, HOUR, NOW + timedelta(minutes=30))
    assert (len(point.before), point.elapsed) == (1, 0.5)
