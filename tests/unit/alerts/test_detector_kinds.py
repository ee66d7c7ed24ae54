"""Scores, weekly jobs, changes that creep in: what each kind of signal needs of the detector."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from alerts.detector import Anomaly, Detector, Panel, Terms, run_length
from alerts.explaining.attribution import Attribution, Cause, Cell, narrowed
from traces.model import Direction, Kind, Signal

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = 168
HELPFULNESS = Signal(name="helpfulness", kind=Kind.SCORE, bad=Direction.DOWN, min_relative=0.03)
VOLUME = Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH, min_relative=0.3)
RATE = Signal(name="refusal", kind=Kind.RATE, min_relative=0.3, min_absolute=0.01)


def found(signal: Signal, **arrays: Any) -> list[Anomaly]:
    hours, series = np.shape(arrays["n"])
    starts = [START + timedelta(hours=hour) for hour in range(hours)]
    terms = Terms.of([signal] * series, run_length=run_length(1, weeks_between_false_alerts=50))
    detector = Detector.start(signal.kind)
    ended = detector.step(Panel(kind=signal.kind, starts=starts, **arrays), terms)
    return [*ended, *detector.open_anomalies(terms)]


def scores(hours: int, middle: np.ndarray | float, series: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    n = rng.poisson(100, (hours, series))
    mean = np.reshape(middle, (-1, 1)) + rng.normal(0, 0.2, n.shape) / np.sqrt(np.maximum(n, 1))
    return {"n": n, "total": n * mean, "square_total": n * mean**2 + 0.04 * n}


def test_a_score_that_falls_by_a_twentieth_is_found_within_a_day_and_shown_as_its_mean() -> None:
    at = 4 * WEEK
    (anomaly,) = found(HELPFULNESS, **scores(at + 30, np.where(np.arange(at + 30) < at, 0.8, 0.75)))
    assert anomaly.direction is Direction.DOWN
    assert anomaly.detected_at - START <= timedelta(hours=at + 24)
    assert anomaly.expected == pytest.approx(0.8, abs=0.01)
    assert anomaly.value == pytest.approx(0.75, abs=0.015)
    assert anomaly.value < anomaly.expected_low < anomaly.expected < anomaly.expected_high
    assert anomaly.k is None


def test_scores_that_stay_as_they_are_stay_quiet() -> None:
    assert found(HELPFULNESS, **scores(6 * WEEK, 0.8, series=8)) == []


@pytest.mark.parametrize("mean", [10.0, 200.0])
def test_a_job_that_runs_every_week_is_no_alert_from_the_fourth_week_on(mean: float) -> None:
    factor = np.where(np.arange(8 * WEEK) % WEEK == 50, 5.0, 1.0)
    n = np.random.default_rng(2).poisson(mean * factor[:, None] * np.ones(6))
    late = [anomaly for anomaly in found(VOLUME, n=n) if anomaly.detected_at >= START + timedelta(hours=3 * WEEK)]
    assert late == []


def test_a_weekly_job_that_does_not_run_is_found() -> None:
    factor = np.where(np.arange(8 * WEEK) % WEEK == 50, 5.0, 1.0)
    factor[7 * WEEK + 50] = 1.0
    n = np.random.default_rng(3).poisson(500 * factor[:, None])
    last = found(VOLUME, n=n)[-1]
    assert (last.detected_at, last.direction) == (START + timedelta(hours=7 * WEEK + 50), Direction.DOWN)


def test_a_change_that_creeps_in_is_found_as_soon_as_it_is_large_enough() -> None:
    at, hours = 4 * WEEK, 4 * WEEK + 72
    rate = 0.03 * (1 + np.clip((np.arange(hours) - at) / 72, 0, 1))
    n = np.random.default_rng(4).poisson(5000, (hours, 1))
    (anomaly,) = found(RATE, n=n, k=np.random.default_rng(5).binomial(n, rate[:, None]))
    # A rise by one point is worth an alert; it is that large after 24 of the 72 hours, on average only after 48.
    assert timedelta(hours=20) <= anomaly.detected_at - START - timedelta(hours=at) <= timedelta(hours=30)


def cell(key: str, value: str, n: float, k: float) -> Cell:
    return Cell(key=key, value=value, n=n, total=k, expected=n * 0.05, variance=n * 0.05 * 0.95)


def test_the_part_of_a_named_segment_that_carries_its_change_is_named_with_it() -> None:
    model = cell("model", "new", 1000, 150)
    named = Attribution(cause=Cause.SEGMENT, key="model", value="new", share=1.0, z=model.z, cell=model)
    tools = [cell("tool", "refund", 300, 115), cell("tool", "search", 700, 35)]
    assert narrowed(named, tools).within == ("tool", "refund")
    alike = [cell("tool", "refund", 300, 45), cell("tool", "search", 700, 105)]
    assert narrowed(named, alike).within is None
    nowhere = Attribution(cause=Cause.EVERYWHERE)
    assert narrowed(nowhere, tools) is nowhere
