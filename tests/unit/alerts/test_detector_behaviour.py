"""What opens an alert, what does not, and when one ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alerts.detector import Anomaly, Detector, End, Panel, Terms, run_length
from traces.model import Direction, Kind, Signal

COUNTED = [kind for kind in Kind if kind is not Kind.VALUE]
"""What the detector tells of; a value without a count has a test of its own."""

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = 168
RATE = Signal(name="refusal", kind=Kind.RATE, bad=Direction.UP, min_relative=0.3, min_absolute=0.01)
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH, min_relative=0.3)
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, bad=Direction.UP, min_relative=0.15)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def starts(count: int) -> list[datetime]:
    return [hour(number) for number in range(count)]


def terms(signal: Signal, series: int = 1, weeks: float = 50, **other: Any) -> Terms:
    return Terms.of([signal] * series, run_length=run_length(1, weeks_between_false_alerts=weeks), **other)


def fold(signal: Signal, on: Terms, zone: str = "UTC", **arrays: Any) -> tuple[Detector, list[Anomaly]]:
    """The detector after the panel, and every anomaly in order of detection."""
    columns = {name: np.atleast_2d(np.asarray(array).T).T for name, array in arrays.items()}
    detector = Detector.start(signal.kind, zone=zone)
    ended = detector.step(Panel(kind=signal.kind, starts=starts(len(columns["n"])), **columns), on)
    return detector, sorted([*ended, *detector.open_anomalies(on)], key=lambda anomaly: anomaly.detected_at)


def rhythm(hours: int, mean: float = 100.0) -> np.ndarray:
    at = np.arange(hours)
    day = np.exp(1.1 * np.cos((at % 24 - 14) * np.pi / 12))
    return mean * day * np.where(at // 24 % 7 >= 5, 0.5, 1.0)


def rates(hours: int, rate: np.ndarray | float, seed: int = 1, mean: float = 100.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(rhythm(hours, mean))
    return {"n": n, "k": rng.binomial(n, rate)}


def means(hours: int, shift: np.ndarray | float, seed: int = 1, sd: float = 0.6) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(rhythm(hours))
    total = n * shift + rng.normal(0, sd, hours) * np.sqrt(n)
    return {"n": n, "log_total": total, "log_square_total": total**2 / np.maximum(n, 1) + sd**2 * np.maximum(n - 1, 0)}


def step_at(hours: int, at: int, before: float, after: float, until: int | None = None) -> np.ndarray:
    values = np.full(hours, before)
    values[at:until] = after
    return values


def test_a_doubled_rate_is_found_within_a_day_with_its_start_and_its_numbers() -> None:
    at = 4 * WEEK + 30
    detector, found = fold(RATE, terms(RATE), **rates(at + 40, step_at(at + 40, at, 0.03, 0.06)))
    (anomaly,) = found
    assert anomaly.direction is Direction.UP
    assert hour(at) <= anomaly.detected_at <= hour(at + 24)
    assert abs(anomaly.started_at - hour(at)) <= timedelta(hours=8)
    assert 0.05 < anomaly.value < 0.07
    assert 0.025 < anomaly.expected < 0.035
    assert anomaly.expected_low < anomaly.expected < anomaly.expected_high < anomaly.value
    assert anomaly.k is not None
    assert anomaly.k / anomaly.n == pytest.approx(anomaly.value)
    verdict = detector.verdict(0, terms(RATE))
    assert verdict.anomaly == anomaly
    assert verdict.ready
    assert verdict.evidence >= 1


def test_a_change_for_the_better_is_no_alert() -> None:
    at = 4 * WEEK
    better = rates(at + 96, step_at(at + 96, at, 0.3, 0.1))
    assert fold(RATE, terms(RATE), **better)[1] == []
    down = Signal(name="task_success", kind=Kind.RATE, bad=Direction.DOWN)
    assert fold(down, terms(down), **better)[1] != []


def test_a_sure_but_small_change_is_no_alert() -> None:
    at = 4 * WEEK
    small = rates(at + 300, step_at(at + 300, at, 0.30, 0.34), mean=5000.0)
    assert fold(RATE, terms(RATE), **small)[1] == []


def test_a_small_lasting_change_does_not_hide_the_large_one_after_it() -> None:
    at, later = 4 * WEEK, 6 * WEEK
    rate = step_at(later + 48, at, 0.30, 0.34)
    rate[later:] = 0.5
    (anomaly,) = fold(RATE, terms(RATE), **rates(later + 48, rate, mean=1000.0))[1]
    assert hour(later) <= anomaly.detected_at <= hour(later + 6)


def test_a_handful_of_conversations_at_night_is_no_alert() -> None:
    hours = 5 * WEEK
    n, k = np.full(hours, 100), np.full(hours, 3)
    night = np.arange(hours) % 24 < 6
    n[night], k[night] = 2, 0
    k[hours - 20] = 2
    assert fold(RATE, terms(RATE), n=n, k=k)[1] == []


@pytest.mark.parametrize("signal", [RATE, VOLUME, LATENCY], ids=lambda signal: signal.name)
def test_quiet_traffic_stays_quiet_from_the_first_day_on(signal: Signal) -> None:
    hours, columns = 4 * WEEK, []
    for seed in range(8):
        noisy = np.exp(np.random.default_rng(seed).normal(0, 0.08, hours))
        if signal is RATE:
            columns.append(rates(hours, 0.05 * noisy, seed))
        elif signal is LATENCY:
            columns.append(means(hours, 0.3 + np.log(noisy) / 2, seed))
        else:
            columns.append({"n": np.random.default_rng(seed + 50).poisson(rhythm(hours) * noisy)})
    together = {name: np.stack([column[name] for column in columns], axis=1) for name in columns[0]}
    assert fold(signal, terms(signal, 8), **together)[1] == []


def test_slower_answers_are_found_and_shown_as_a_typical_value() -> None:
    at = 4 * WEEK + 10
    (anomaly,) = fold(LATENCY, terms(LATENCY), **means(at + 20, step_at(at + 20, at, 0.7, 0.7 + np.log(1.4))))[1]
    assert anomaly.detected_at <= hour(at + 12)
    assert anomaly.expected == pytest.approx(np.exp(0.7), rel=0.05)
    assert anomaly.value == pytest.approx(np.exp(0.7) * 1.4, rel=0.1)
    assert anomaly.k is None


def test_silence_of_the_traffic_is_found_and_silence_of_the_ingester_is_not() -> None:
    at = 4 * WEEK + 34
    n = np.random.default_rng(3).poisson(rhythm(at + 4))
    n[at:] = 0
    (anomaly,) = fold(VOLUME, terms(VOLUME), n=n)[1]
    assert (anomaly.direction, anomaly.n, anomaly.value) == (Direction.DOWN, 0, 0.0)
    assert anomaly.detected_at <= hour(at + 1)
    observed = np.arange(at + 4) < at
    assert fold(VOLUME, terms(VOLUME), n=n, observed=observed)[1] == []


def test_one_terrible_hour_is_found_at_once_and_ends_by_itself() -> None:
    at = 4 * WEEK + 60
    rate = step_at(at + 60, at, 0.03, 0.25, until=at + 1)
    _, found = fold(RATE, terms(RATE), **rates(at + 60, rate, mean=500.0))
    (anomaly,) = found
    assert anomaly.detected_at == anomaly.started_at == hour(at)
    assert anomaly.end is End.QUIET
    assert anomaly.ended_at is not None
    assert hour(at + 6) <= anomaly.ended_at <= hour(at + 24)


def test_an_anomaly_stays_one_until_it_is_over() -> None:
    at = 4 * WEEK
    rate = step_at(at + 120, at, 0.03, 0.08, until=at + 60)
    (anomaly,) = fold(RATE, terms(RATE), **rates(at + 120, rate))[1]
    assert anomaly.end is End.QUIET
    assert anomaly.ended_at is not None
    assert hour(at + 60) < anomaly.ended_at <= hour(at + 84)


@pytest.mark.parametrize("signal", [RATE, VOLUME, LATENCY], ids=lambda signal: signal.name)
def test_after_four_days_the_new_level_is_taken_for_normal_and_not_alerted_again(signal: Signal) -> None:
    at, hours = 4 * WEEK, 9 * WEEK
    if signal is RATE:
        arrays = rates(hours, step_at(hours, at, 0.03, 0.09))
    elif signal is LATENCY:
        arrays = means(hours, step_at(hours, at, 0.5, 1.2))
    else:
        arrays = {"n": np.random.default_rng(4).poisson(rhythm(hours) * step_at(hours, at, 1.0, 2.0))}
    (anomaly,) = fold(signal, terms(signal), **arrays)[1]
    assert anomaly.end is End.NEW_NORMAL
    assert anomaly.ended_at is not None
    assert anomaly.ended_at - anomaly.detected_at == timedelta(hours=96)


def test_a_change_back_from_the_new_normal_is_found() -> None:
    down = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH)
    at, back = 4 * WEEK, 6 * WEEK + 12
    factor = step_at(back + 48, at, 1.0, 2.0, until=back)
    n = np.random.default_rng(4).poisson(rhythm(back + 48) * factor)
    first, second = fold(down, terms(down), n=n)[1]
    assert (first.direction, second.direction) == (Direction.UP, Direction.DOWN)
    assert second.detected_at <= hour(back + 24)


def test_a_new_version_is_judged_by_the_rest_from_its_first_hour() -> None:
    at, hours = 3 * WEEK, 3 * WEEK + 40
    old, new = rates(hours, 0.05, seed=1), rates(hours, 0.15, seed=2, mean=40.0)
    for array in new.values():
        array[:at] = 0
    n = np.stack([old["n"] + new["n"], new["n"]], axis=1)
    k = np.stack([old["k"] + new["k"], new["k"]], axis=1)
    found = fold(RATE, terms(RATE, 2, parent=[-1, 0]), n=n, k=k)[1]
    assert found[0].series == 1
    assert hour(at) <= found[0].detected_at <= hour(at + 24)
    assert found[0].expected == pytest.approx(0.05, abs=0.02)
    alone = fold(RATE, terms(RATE, 2), n=n, k=k)[1]
    assert all(anomaly.series == 0 for anomaly in alone)


def test_a_rise_that_the_correction_explains_away_is_no_alert() -> None:
    at, hours = 4 * WEEK, 4 * WEEK + 48
    raw = rates(hours, step_at(hours, at, 0.05, 0.12))
    assert fold(RATE, terms(RATE), **raw)[1] != []
    for correction in ((0.10, 0.08), (0.05, 0.05), (0.02, 0.20)):
        assert fold(RATE, terms(RATE, corrections=[correction]), **raw)[1] == []
    (anomaly,) = fold(RATE, terms(RATE, corrections=[(0.8, 0.01)]), **raw)[1]
    assert anomaly.expected == pytest.approx(0.05 * 0.8 + 0.95 * 0.01, abs=0.01)
    assert anomaly.expected_low < anomaly.expected < anomaly.expected_high < anomaly.value


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_the_change_to_summer_time_raises_no_alert_in_the_traffics_own_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo

    hours = 7 * WEEK
    local = [at.astimezone(ZoneInfo(zone)) for at in starts(hours)]
    day = np.array(
        [np.exp(1.5 * np.cos((at.hour - 14) * np.pi / 12)) * (0.5 if at.weekday() > 4 else 1) for at in local]
    )
    n = np.random.default_rng(8).poisson(500 * day)
    assert fold(VOLUME, terms(VOLUME), zone=zone, n=n)[1] == []


def test_the_chart_shows_gaps_as_gaps_and_bands_around_what_was_expected() -> None:
    hours = 3 * WEEK
    observed = np.ones(hours, dtype=bool)
    observed[-5] = False
    detector, _ = fold(RATE, terms(RATE), **rates(hours, 0.1), observed=observed)
    points = detector.verdict(0, terms(RATE), points=48).points
    assert [point.start for point in points] == [hour(number) for number in range(hours - 48, hours)]
    assert points[-5].value is None
    for point in points:
        if point.value is not None and point.expected is not None:
            assert point.expected_low is not None
            assert point.expected_high is not None
            assert 0 <= point.expected_low <= point.expected <= point.expected_high <= 1


def test_fewer_conversations_make_a_wider_band() -> None:
    detector, _ = fold(RATE, terms(RATE), **rates(4 * WEEK, 0.1))
    points = [point for point in detector.verdict(0, terms(RATE), points=48).points if point.n]
    few, many = min(points, key=lambda point: point.n), max(points, key=lambda point: point.n)
    assert few.expected_high is not None
    assert many.expected_high is not None
    assert few.expected_high - (few.expected_low or 0) > many.expected_high - (many.expected_low or 0)


def test_a_chart_of_few_conversations_gathers_hours_until_they_say_something() -> None:
    hours, rng = 4 * WEEK, np.random.default_rng(3)
    n = rng.poisson(2.2, hours)
    k = rng.binomial(n, 0.05)
    k[-12:] = n[-12:]
    on = terms(RATE)
    detector, _ = fold(RATE, on, n=n, k=k)
    course = detector.course(0, on, 20)
    assert course.each == timedelta(hours=8)
    assert len(course.points) == 20
    assert course.points[-1].start == hour(hours - 8)
    assert sum(point.n for point in course.points) == n[-160:].sum()
    for i, point in enumerate(course.points):
        seen = slice(hours - 160 + 8 * i, hours - 152 + 8 * i)
        assert point.value == pytest.approx(k[seen].sum() / n[seen].sum())
    quiet, newest = course.points[:-2], course.points[-1]
    assert newest.value == 1.0
    assert newest.expected_high is not None
    assert newest.expected_high < 0.4
    assert all(p.expected_low <= p.value <= p.expected_high for p in quiet if p.value and p.expected_high)


def test_a_chart_of_many_conversations_and_one_of_counts_are_by_the_hour() -> None:
    detector, _ = fold(RATE, terms(RATE), **rates(3 * WEEK, 0.1))
    course = detector.course(0, terms(RATE), 20)
    assert course.each == timedelta(hours=1)
    assert course.points == detector.verdict(0, terms(RATE), points=20).points
    detector, _ = fold(VOLUME, terms(VOLUME), n=np.random.default_rng(1).poisson(1.3, 3 * WEEK))
    assert detector.course(0, terms(VOLUME), 20).each == timedelta(hours=1)


NAMES_OF_SUMS = {
    Kind.COUNT: (),
    Kind.RATE: ("k",),
    Kind.CONTINUOUS: ("log_total", "log_square_total"),
    Kind.SCORE: ("total", "square_total"),
}
HOSTILE = hnp.arrays(np.float64, (60, 2), elements=st.floats(allow_nan=True, allow_infinity=True, width=64))


@settings(max_examples=15, deadline=None)
@given(
    kind=st.sampled_from(COUNTED),
    n=HOSTILE,
    second=HOSTILE,
    third=HOSTILE,
    jumps=st.lists(st.integers(-50, 500), min_size=60, max_size=60),
)
def test_nonsense_never_raises_and_never_spoils_the_state(
    kind: Kind, n: Any, second: Any, third: Any, jumps: list[int]
) -> None:
    signal = Signal(name="s", kind=kind, bad=Direction.BOTH)
    on = Terms.of([signal] * 2, run_length=1000, parent=[-1, 0])
    detector = Detector.start(kind)
    sums = NAMES_OF_SUMS[kind]
    quiet = dict(zip(sums, (np.full((60, 2), filled) for filled in (10.0, 20.0)), strict=False))
    detector.step(Panel(kind=kind, starts=starts(60), n=np.full((60, 2), 50), **quiet), on)
    at = [hour(60 + sum(jumps[:i])) for i in range(60)]
    arrays = dict(zip(sums, (second, third), strict=False))
    detector.step(Panel(kind=kind, starts=at, n=n, **arrays), on)
    for series in range(2):
        detector.verdict(series, on, points=168)
        detector.course(series, on, 20)
    for name in detector.state.__slots__:
        array = getattr(detector.state, name)
        if isinstance(array, np.ndarray) and name != "log_evidence":
            assert np.isfinite(array).all(), name


def test_readings_that_cannot_be_are_neither_learned_nor_alerted() -> None:
    arrays = rates(4 * WEEK + 48, 0.05)
    broken = {name: array.astype(float) for name, array in arrays.items()}
    broken["n"][-40] = np.nan
    broken["n"][-30] = -5
    broken["k"][-20] = 1e6
    broken["k"][-10] = np.inf
    broken["n"][-5] = broken["k"][-5] = 0
    detector, found = fold(RATE, terms(RATE), **broken)
    assert found == []
    assert [p.value for p in detector.verdict(0, terms(RATE)).points if p.value is None] == [None] * 5


@pytest.mark.parametrize("count", [0, 7])
def test_a_constant_series_stays_quiet(count: int) -> None:
    n = np.full(2 * WEEK, count)
    assert fold(VOLUME, terms(VOLUME), n=n)[1] == []
    assert fold(RATE, terms(RATE), n=n, k=n)[1] == []
    assert fold(RATE, terms(RATE), n=n, k=n * 0)[1] == []
    assert fold(LATENCY, terms(LATENCY), n=n, log_total=n * 2.0, log_square_total=n * 4.0)[1] == []


def test_errors_that_never_happened_before_are_found() -> None:
    hours = 4 * WEEK
    k = np.zeros(hours)
    k[-12:] = 8
    (anomaly,) = fold(RATE, terms(RATE), n=np.full(hours, 50), k=k)[1]
    assert anomaly.started_at == hour(hours - 12)
    assert anomaly.detected_at <= hour(hours - 11)


def test_five_minute_buckets_find_an_outage_within_the_hour() -> None:
    count = 4 * 288
    at = count - 24
    on = Terms.of([VOLUME], run_length=run_length(20, bucket_s=300))
    n = np.random.default_rng(1).poisson(10 * np.exp(0.8 * np.cos((np.arange(count) / 12 % 24 - 14) * np.pi / 12)))
    n[at:] = 0
    detector = Detector.start(Kind.COUNT, bucket_s=300)
    moments = [START + timedelta(minutes=5 * i) for i in range(count)]
    ended = detector.step(Panel(kind=Kind.COUNT, starts=moments, n=n[:, None]), on)
    (anomaly,) = detector.open_anomalies(on)
    assert ended == []
    assert anomaly.detected_at - moments[at] <= timedelta(hours=1)


def test_sums_since_a_moment_show_what_was_expected_of_a_segment() -> None:
    at = 4 * WEEK
    detector, _ = fold(RATE, terms(RATE), **(arrays := rates(at + 20, step_at(at + 20, at, 0.05, 0.10))))
    since = detector.since(0, hour(at), terms(RATE))
    assert since.n == since.judged == arrays["n"][at:].sum()
    assert since.total == arrays["k"][at:].sum()
    assert since.expected == pytest.approx(0.05 * since.n, rel=0.15)
    assert (since.total - since.expected) / since.variance**0.5 > 4
