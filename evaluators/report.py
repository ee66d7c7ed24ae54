"""What reviewers' labels allow to say of an evaluator, each figure with its bounds; and how many labels are missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from evaluators.calibrate import JUDGED_LABELS
from traces.model import Calibration
from traces.posterior import Count, errors, interval

WANTED_WIDTH: Final = 0.1
"""Width of a 95 % interval that a rate should reach: ten points."""


Bounds: TypeAlias = tuple[float, float, float] | None
"""A figure, and the lower and upper end of its interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorReport:
    """An evaluator against its reviewers.

    Attributes:
        precision: Share of its positive verdicts that are true, with its 95 % interval; ``None`` where none are labelled.
        informedness: Youden's J, the true-positive rate less the false-positive rate (Youden 1950), the median of what
            labels leave open, with its central 90 % interval: ``usable`` goes by the lower bound. ``None`` where labels
            are of one verdict only.
        ac1: Agreement beyond chance that rare verdicts do not distort (Gwet 2008), over all conversations, not over the
            labelled ones; ``None`` as ``informedness``.
        tpr: The true-positive rate, the median of what labels leave open with its 95 % interval.
        tnr: The true-negative rate, likewise.
        kappa: Cohen's kappa with its 95 % interval, from a bootstrap over the labelled conversations.
        ac1_bounds: AC1 between evaluator and reviewers with its 95 % interval, likewise.
        alpha: Krippendorff's alpha between evaluator and reviewers, likewise.
        calibration_error: Expected calibration error of its scores as probabilities; ``None`` where they are verdicts.
        more_labels: About how many more labels the corrected rate takes until its interval is ten points wide; the width
            shrinks with the root of their number.
    """

    precision: tuple[float, float, float] | None
    informedness: tuple[float, float, float] | None
    ac1: float | None
    more_labels: int
    tpr: Bounds = None
    tnr: Bounds = None
    kappa: Bounds = None
    ac1_bounds: Bounds = None
    alpha: Bounds = None
    calibration_error: float | None = None


def report_of(calibration: Calibration) -> EvaluatorReport:
    """What the labels of a calibration allow to say."""
    positive, negative = Count(*calibration.labelled_positive), Count(*calibration.labelled_negative)
    both = positive.n > 0 and negative.n > 0
    verdicts = _verdicts(calibration)
    agreement, reliability = (calibration.detail.get(name) or {} for name in ("agreement", "reliability"))
    informedness = None
    if both:
        known = errors(positive, negative, verdicts).informedness
        middle, low, high = (float(x) for x in np.quantile(known, [0.5, 0.05, 0.95]))
        informedness = (middle, low, high)
    return EvaluatorReport(
        precision=(positive.mean, *interval(positive)) if positive.n else None,
        informedness=informedness,
        ac1=_ac1(positive, negative, verdicts.mean) if both else None,
        more_labels=_more_labels(calibration),
        tpr=_bounds(calibration.detail.get("tpr")),
        tnr=_bounds(calibration.detail.get("tnr")),
        kappa=_bounds(agreement.get("kappa")),
        ac1_bounds=_bounds(agreement.get("ac1")),
        alpha=_bounds(agreement.get("alpha")),
        calibration_error=reliability.get("ece"),
    )


def _bounds(figures: Sequence[float] | None) -> Bounds:
    if figures is None:
        return None
    value, low, high = figures
    return value, low, high


def _verdicts(calibration: Calibration) -> Count:
    if calibration.verdicts[1]:
        return Count(*calibration.verdicts)
    if calibration.raw_rate is None:
        return Count(
            calibration.labelled_positive[1], calibration.labelled_positive[1] + calibration.labelled_negative[1]
        )
    return Count(calibration.raw_rate * calibration.n_scores, float(calibration.n_scores))


def _ac1(positive: Count, negative: Count, said: float) -> float:
    agreed = said * positive.mean + (1 - said) * (1 - negative.mean)
    so = said * positive.mean + (1 - said) * negative.mean
    middle = (said + so) / 2
    by_chance = 2 * middle * (1 - middle)
    return (agreed - by_chance) / (1 - by_chance)


def _more_labels(calibration: Calibration) -> int:
    least = max(0, JUDGED_LABELS - calibration.n_labels)
    if calibration.ci_low is None or calibration.ci_high is None or not calibration.n_labels:
        return max(least, 1)
    width = calibration.ci_high - calibration.ci_low
    if not 0 <= width <= 1:
        return max(least, 1)
    wanted = math.ceil(calibration.n_labels * (width / WANTED_WIDTH) ** 2) - calibration.n_labels
    return max(least, wanted, 0)
