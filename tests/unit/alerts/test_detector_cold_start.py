"""The first days, gaps, and series that come and go: nothing is said that is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerts.detector import Detector, End, Panel, Terms, run_length
from traces.model import Direction, Kind, Signal

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = 168
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH, min_relative=0.3)
RATE = Signal(name="errors", kind=Kind.RATE, bad=Direction.UP, min_relative=0.3, min_absolute=0.01)
LATENCY = Signal(name="latency", kind=Kind.CONTINUOUS, bad=Direction.UP, min_relative=0.15)


def terms(signal: Signal, series: int = 1) -> Terms:
    return Terms.of([signal] * series, run_length=run_length(1, weeks_between_false_alerts=50))


def starts(hours: int, first: int = 0) -> list[datetime]:
    return [START + timedelta(hours=first + hour) for hour in range(hours)]


def traffic(hours: int, weekend: float, mean: float = 200.0, first: int = 0) -> np.ndarray:
    at = np.arange(first, first + hours)
    return mean * np.exp(np.cos((at % 24 - 14) * np.pi / 12)) * np.where(at // 24 % 7 >= 5, weekend, 1.0)


@pytest.mark.parametrize("weekend", [0.1, 0.5, 1.0, 2.0])
def test_the_first_weekends_and_the_mondays_after_them_are_no_alert(weekend: float) -> None:
    n = np.random.default_rng(1).poisson(traffic(3 * WEEK, weekend)[:, None] * np.ones(6))
    detector = Detector.start(Kind.COUNT)
    ended = detector.step(Panel(kind=Kind.COUNT, starts=starts(3 * WEEK), n=n), terms(VOLUME, 6))
    assert ended == detector.open_anomalies(terms(VOLUME, 6)) == []


def test_an_outage_on_the_third_day_is_found() -> None:
    n = np.random.default_rng(2).poisson(traffic(72, 1.0))
    n[-6:] = 0
    detector = Detector.start(Kind.COUNT)
    detector.step(Panel(kind=Kind.COUNT, starts=starts(72), n=n[:, None]), terms(VOLUME))
    (anomaly,) = detector.open_anomalies(terms(VOLUME))
    assert anomaly.started_at == START + timedelta(hours=66)


def test_a_rate_that_triples_on_the_third_day_is_found() -> None:
    n = np.full(72, 200)
    k = np.random.default_rng(3).binomial(n, np.where(np.arange(72) < 54, 0.04, 0.12))
    detector = Detector.start(Kind.RATE)
    detector.step(Panel(kind=Kind.RATE, starts=starts(72), n=n[:, None], k=k[:, None]), terms(RATE))
    (anomaly,) = detector.open_anomalies(terms(RATE))
    assert anomaly.detected_at <= START + timedelta(hours=60)


def test_before_the_second_day_is_over_nothing_is_judged() -> None:
    n, k = np.full((40, 1), 100), np.zeros((40, 1))
    k[30:] = 100
    detector = Detector.start(Kind.RATE)
    assert detector.step(Panel(kind=Kind.RATE, starts=starts(40), n=n, k=k), terms(RATE)) == []
    verdict = detector.verdict(0, terms(RATE))
    assert (verdict.ready, verdict.anomaly, verdict.evidence) == (False, None, 0.0)
    assert all(point.expected is None for point in verdict.points)


@pytest.mark.parametrize("gap_h", [1, 30, 200, 3000])
def test_after_a_gap_in_the_data_quiet_traffic_is_still_quiet(gap_h: int) -> None:
    rng, after = np.random.default_rng(4), 3 * WEEK + gap_h
    detector = Detector.start(Kind.COUNT)
    for first, hours in ((0, 3 * WEEK), (after, 72)):
        n = rng.poisson(traffic(hours, 0.5, first=first))[:, None]
        panel = Panel(kind=Kind.COUNT, starts=starts(hours, first), n=n)
        assert detector.step(panel, terms(VOLUME)) == detector.open_anomalies(terms(VOLUME)) == []


def test_a_detector_without_series_takes_buckets_and_series_later() -> None:
    detector = Detector.start(Kind.COUNT)
    detector.step(Panel(kind=Kind.COUNT, starts=starts(3), n=np.zeros((3, 0))), terms(VOLUME, 0))
    detector.step(Panel(kind=Kind.COUNT, starts=starts(3, 3), n=np.zeros((3, 2))), terms(VOLUME, 2))
    assert Detector.from_bytes(detector.to_bytes()).series == 2
    assert Detector.start(Kind.COUNT).open_anomalies(terms(VOLUME, 0)) == []


def test_a_series_that_stops_for_good_is_said_once() -> None:
    n = np.random.default_rng(5).poisson(traffic(7 * WEEK, 0.5))
    n[3 * WEEK :] = 0
    detector = Detector.start(Kind.COUNT)
    (anomaly,) = detector.step(Panel(kind=Kind.COUNT, starts=starts(7 * WEEK), n=n[:, None]), terms(VOLUME))
    assert (anomaly.end, anomaly.direction, anomaly.value) == (End.NEW_NORMAL, Direction.DOWN, 0.0)
    assert detector.open_anomalies(terms(VOLUME)) == []


def test_one_slow_conversation_an_hour_is_no_reason_for_an_alert() -> None:
    rng = np.random.default_rng(6)
    n = np.ones(4 * WEEK)
    log = rng.normal(0.5, 0.6, 4 * WEEK)
    log[-30] = 6.0
    detector = Detector.start(Kind.CONTINUOUS)
    arrays = {"n": n[:, None], "log_total": log[:, None], "log_square_total": (log**2)[:, None]}
    ended = detector.step(Panel(kind=Kind.CONTINUOUS, starts=starts(4 * WEEK), **arrays), terms(LATENCY))
    assert ended == detector.open_anomalies(terms(LATENCY)) == []


def test_one_false_alert_in_that_many_weeks_for_the_whole_workspace() -> None:
    assert run_length(500) == 84_000
    assert run_length(500, weeks_between_false_alerts=2) == 168_000
    assert run_length(1, bucket_s=300) == 2016
    assert run_length(0, weeks_between_false_alerts=0.0001) == 1
