"""A series of times and values is judged row by row, by its past alone, whatever it contains."""

from __future__ import annotations

import math
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.profile import ValueDetector

STEP_S = 300.0
DAY = 288


def judged(rows):
    detector = ValueDetector()
    return [detector.take(*row) for row in rows]


def daily(days, *, seed=1, level=100.0, swing=50.0, noise=1.0):
    """Five-minute values with a rhythm over the day."""
    rng = random.Random(seed)
    return [
        (row * STEP_S, level + swing * math.sin(2 * math.pi * row / DAY) + rng.gauss(0, noise))
        for row in range(days * DAY)
    ]


def noise(days, *, seed=1, level=100.0):
    """Five-minute values without any rhythm."""
    rng = random.Random(seed)
    return [(row * STEP_S, level + rng.uniform(-1, 1)) for row in range(days * DAY)]


def changed(rows, span, change):
    return [(at, change(value) if n in span else value) for n, (at, value) in enumerate(rows)]


def opened(judgements):
    """The rows at which an alert opens."""
    return [n for n, j in enumerate(judgements) if j.alert and not (n and judgements[n - 1].alert)]


times = st.one_of(st.none(), st.floats(), st.integers(0, 40).map(lambda n: n * STEP_S))
values = st.one_of(st.none(), st.floats(), st.floats(-100, 100), st.just(5.0))
counts = st.one_of(st.none(), st.floats(), st.integers(0, 1000).map(float))
rows = st.lists(st.tuples(times, values, counts), max_size=80)


@given(rows=rows, length=st.integers(0, 80))
def test_the_beginning_of_a_series_is_judged_as_if_nothing_followed(rows, length):
    assert judged(rows)[:length] == judged(rows[:length])


@given(rows=rows)
def test_whatever_is_in_a_row_nothing_raises_and_every_score_is_between_zero_and_one(rows):
    for one in judged(rows):
        assert 0.0 <= one.score < 1.0
        if one.expected_low is not None:
            assert math.isfinite(one.expected_low)
            assert one.expected_low <= one.expected_high


@given(rows=rows)
def test_a_row_that_cannot_be_judged_has_no_score_and_opens_no_alert(rows):
    before = False
    for one in judged(rows):
        if one.fault:
            assert one.score == 0.0
            assert one.alert is before
        before = one.alert


def test_a_long_prefix_is_judged_as_if_nothing_followed():
    series = changed(daily(9), range(8 * DAY, 8 * DAY + 20), lambda v: v * 0.3)
    cut = 8 * DAY + 7
    assert judged(series)[:cut] == judged(series[:cut])


def test_a_drop_at_the_busiest_hour_is_told_within_half_an_hour():
    start = 9 * DAY + 70
    found = judged(changed(daily(10), range(start, start + 12), lambda v: v - 40))
    assert [n for n in opened(found) if start <= n <= start + 6]
    assert max(j.score for j in found[start : start + 7]) > 0.5


def test_a_day_without_its_peak_is_told_though_no_value_is_new():
    flat = range(9 * DAY, 10 * DAY)
    found = judged(changed(daily(11), flat, lambda _: 100.0))
    assert any(n in flat for n in opened(found))


def test_a_value_never_seen_before_is_told_where_there_is_no_rhythm():
    start = 5 * DAY
    found = judged(changed(noise(6), range(start, start + 3), lambda v: v + 4))
    assert start in opened(found)


def test_one_incident_is_one_peak_of_the_score():
    start = 9 * DAY + 70
    scores = [j.score for j in judged(changed(daily(10), range(start, start + 40), lambda v: v - 40))]
    high = [n for n in range(start, start + 40) if scores[n] > 0.45]
    assert high
    assert len(high) <= 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quiet_weeks_raise_almost_nothing(seed):
    assert len(opened(judged(daily(28, seed=seed)))) <= 4


@pytest.mark.parametrize("step_s", [60.0, STEP_S])
def test_noise_without_a_rhythm_opens_less_than_one_alert_a_week(step_s):
    weeks = 0
    found = 0
    for seed in range(3):
        rng = random.Random(seed)
        series = [(n * step_s, rng.gauss(50, 1)) for n in range(int(4 * 7 * 86_400 / STEP_S))]
        found += len(opened(judged(series)))
        weeks += series[-1][0] / 604_800
    assert found < weeks


def test_a_lone_record_may_be_luck_but_a_run_of_them_is_not():
    start = 5 * DAY
    lone = judged(changed(noise(6), range(start, start + 1), lambda v: 101.02))
    run = judged(changed(noise(6), range(start, start + 6), lambda v: v + 1.5))
    assert start not in opened(lone)
    assert any(start <= n <= start + 6 for n in opened(run))


def test_a_flat_line_is_never_strange():
    assert max(j.score for j in judged([(n * STEP_S, 45.0) for n in range(10 * DAY)])) == 0.0


def test_a_change_that_stays_is_the_new_normal_in_the_end():
    found = judged(changed(noise(30), range(10 * DAY, 30 * DAY), lambda v: v + 50))
    assert found[10 * DAY].alert
    assert not found[-1].alert


def test_the_scale_of_a_series_does_not_matter():
    series = changed(daily(9), range(8 * DAY + 70, 8 * DAY + 80), lambda v: v - 30)
    small, large = judged(series), judged([(at, value * 1e6) for at, value in series])
    for one, other in zip(small, large, strict=True):
        assert other.score == pytest.approx(one.score, rel=1e-3, abs=1e-6)


def test_few_observations_may_stray_far():
    start = 9 * DAY + 70
    few = range(start, start + 3)
    series = changed(daily(10), few, lambda v: v - 12)
    told = judged([(at, value, 10.0 if n in few else 1000.0) for n, (at, value) in enumerate(series)])
    untold = judged([(at, value, 1000.0) for at, value in series])
    assert max(j.score for j in told[start : start + 3]) < max(j.score for j in untold[start : start + 3])


def broken(series):
    """The same series with rows among it that no detector should believe."""
    for n, (at, value) in enumerate(series):
        if n % 50 == 10:
            yield at, math.nan
            yield at, None
            yield None, 1e9
            yield at - 3600, 1e9
        yield at, value
        if n % 50 == 30:
            yield at, 1e9
            yield at + STEP_S / 2, math.inf


def test_broken_rows_among_good_ones_change_nothing_of_what_is_said_of_the_good_ones():
    clean = judged(daily(10))
    among = [j for j in judged(broken(daily(10))) if not j.fault]
    assert among == clean


@pytest.mark.parametrize("hours", [3, 30, 300])
def test_a_gap_is_no_anomaly(hours):
    series = [row for row in daily(30) if not 9 * DAY * STEP_S <= row[0] < 9 * DAY * STEP_S + hours * 3600]
    found = judged(series)
    assert not any(j.alert for j in found[9 * DAY : 9 * DAY + 12])


def test_after_a_clock_was_set_back_for_good_the_series_is_judged_again():
    series = daily(20)
    back = [(at - 5 * DAY * STEP_S if n >= 10 * DAY else at, value) for n, (at, value) in enumerate(series)]
    found = judged(back)
    assert {j.fault for j in found[10 * DAY : 10 * DAY + 12]} == {"late"}
    assert not any(j.fault for j in found[10 * DAY + 12 :])
    assert not any(j.alert for j in found[10 * DAY : 10 * DAY + 50])


def test_what_is_remembered_of_a_series_is_bounded():
    detector = ValueDetector()
    sizes = []
    for days in (8, 30):
        for at, value in daily(days):
            detector.take(at + days * 1e7, value)
        sizes.append(len(pickle.dumps(detector)))
    assert max(sizes) <= 10_000
