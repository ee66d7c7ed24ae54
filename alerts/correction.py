"""Rates as reviewers' labels correct them: what the verdicts of an evaluator say, weighed by how often they are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from traces.model import Calibration, Signal
from traces.posterior import Count, rates

ENOUGH_LABELS = 10
"""Labelled positive verdicts that it takes before labels move what is alerted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An estimated true rate with its 95 % interval, all from 0 to 1."""

    rate: float
    ci_low: float
    ci_high: float
    n_labels: int


def line_of(signal: Signal, calibrations: Mapping[str, Calibration]) -> tuple[float, float] | None:
    """``(precision, miss_rate)``: a raw rate ``q`` stands for ``q * precision + (1 - q) * miss_rate``.

    ``None`` while there are too few labels to say. Where nobody has labelled negative verdicts nothing is known of what they
    miss; then only what reviewers confirm counts.
    """
    calibration = calibrations.get(signal.evaluator or "")
    if calibration is None or calibration.precision is None or calibration.labelled_positive[1] < ENOUGH_LABELS:
        return None
    return calibration.precision, calibration.miss_rate or 0.0


def corrected(signal: Signal, rate: float, calibrations: Mapping[str, Calibration]) -> float:
    """A raw rate as labels correct it; unchanged while there are too few."""
    line = line_of(signal, calibrations)
    if line is None:
        return rate
    precision, miss_rate = line
    return rate * precision + (1 - rate) * miss_rate


def estimate(signal: Signal, positive: float, n: float, calibrations: Mapping[str, Calibration]) -> Corrected | None:
    """The true rate behind ``positive`` verdicts among ``n``, by post-stratification on the verdict.

    ``None`` without labels of both verdicts: an interval would be made up.
    """
    calibration = calibrations.get(signal.evaluator or "")
    if calibration is None or n <= 0 or calibration.corrected_rate is None or not calibration.usable:
        return None
    flagged, cleared = Count(*calibration.labelled_positive), Count(*calibration.labelled_negative)
    if not flagged.n or not cleared.n:
        return None
    joint = rates(flagged, cleared, Count(float(positive), float(n)))
    low, high = np.quantile(joint.true_rate, [0.025, 0.975])
    return Corrected(
        rate=float(joint.true_rate.mean()), ci_low=float(low), ci_high=float(high), n_labels=calibration.n_labels
    )
