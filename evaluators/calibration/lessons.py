"""Which label would teach most: by how much one more narrows the interval of the rate, stratum by stratum.

The share of true ones of a stratum has a Beta posterior; a label, whatever it says, is expected to shrink its variance by
one part in so many as the posterior is worth (preposterior analysis; Raiffa, Schlaifer 1961). What that does for the rate
follows from the size of the stratum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evaluators.calibration.strata import bounds_of, strata_in
from traces.histogram import Rollup
from traces.model import Calibration
from traces.posterior import Stratum, of_finite

_PRIOR: Final = 0.5
_WIDTHS: Final = 2 * 1.959964
"""Standard deviations in a 95 % interval."""
_WIDEST: Final = 1.0

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What labels of a stratum of scores teach.

    Attributes:
        low: The least score of the stratum; ``None`` is without bound.
        high: Scores of it are below this; ``None`` is without bound.
        labels: How many labels it has, as an effective number.
        size: How many conversations it holds.
        gain: By how much one more label is expected to narrow the interval of the rate, from 0 to 1: .004 are 0.4 points.
    """

    low: float | None
    high: float | None
    labels: float
    size: float
    gain: float

    def holds(self, value: float) -> bool:
        """Whether a score is of this stratum."""
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)


def lessons(
    values: Floats,
    truths: Bools,
    weights: Floats,
    scores: Rollup,
    calibration: Calibration,
    design_effect: float = 1.0,
) -> list[Lesson]:
    """What one more label would teach, by stratum, the most telling first.

    Args:
        values: Scores of the labelled conversations of what runs now.
        truths: What reviewers say of them.
        weights: How many conversations each stands for.
        scores: All scores of what runs now.
        calibration: What the labels say so far; where they are mostly of another version, labels of the one that runs are
            taken as a second, independent measurement of the rate.
        design_effect: How many labels of clusters tell as much as one that is by itself.
    """
    if not scores.n:
        return []
    found = bounds_of(values, scores, calibration.threshold)
    bounds = [one for group in found for one in group]
    groups = strata_in(found, values, truths, weights, scores, design_effect=design_effect)
    strata = [one for group in groups for one in group]
    spreads = [_spread(one, sum(other.size for other in group), scores.n) for group in groups for one in group]
    own = sum(spread for spread, _ in spreads)
    width = _width(calibration, own)
    told = [
        Lesson(
            low=None if math.isinf(low) else low,
            high=None if math.isinf(high) else high,
            labels=one.labels.n,
            size=float(one.size),
            gain=width - _narrowed(width, own, less, is_transported=calibration.is_transported),
        )
        for (low, high), one, (_, less) in zip(bounds, strata, spreads, strict=True)
        if one.size > one.labels.n
    ]
    return sorted(told, key=lambda lesson: -lesson.gain)


def _spread(stratum: Stratum, verdicts: float, total: int) -> tuple[float, float]:
    """What a stratum adds to the variance of the rate, and how much of that one more label is expected to take away.

    As for the rate itself, the strata of a verdict share the prior of one by their size.
    """
    if stratum.size <= 0:
        return 0.0, 0.0
    labels, prior = of_finite(stratum.labels, stratum.size), _PRIOR * stratum.size / verdicts
    yes, no = labels.yes + prior, labels.n - labels.yes + prior
    worth = yes + no
    share = stratum.size / total
    variance = share**2 * yes * no / (worth**2 * (worth + 1))
    return variance, variance / (worth + 1)


def _width(calibration: Calibration, own: float) -> float:
    if calibration.ci_low is None or calibration.ci_high is None:
        return min(_WIDEST, _WIDTHS * math.sqrt(own))
    return calibration.ci_high - calibration.ci_low


def _narrowed(width: float, own: float, less: float, *, is_transported: bool) -> float:
    """The width after one more label that takes ``less`` from the variance ``own`` of labels of what runs now."""
    if own <= 0:
        return width
    if not is_transported:
        return width * math.sqrt((own - less) / own)
    whole = (width / _WIDTHS) ** 2
    # Precisions of independent measurements add up.
    return _WIDTHS / math.sqrt(1 / whole + 1 / (own - less) - 1 / own) if whole > 0 else 0.0


def to_detail(found: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Lessons as a calibration keeps them."""
    return [asdict(one) for one in found]


def lessons_in(detail: Mapping[str, Any]) -> list[Lesson]:
    """The lessons that a calibration keeps, the most telling first; none before it was measured."""
    return [Lesson(**one) for one in detail.get("lessons") or ()]


def gain_at(calibration: Calibration | None, value: float | None) -> float | None:
    """By how much a label of a conversation with this score narrows the rate, from 0 to 1; ``None`` where that is not known."""
    if calibration is None or value is None:
        return None
    return next((one.gain for one in lessons_in(calibration.detail) if one.holds(value)), None)
