"""How far a calibration carries: it belongs to a version of the evaluator and of the application, and to the time of both.

The error rates of one and the same judge differ between models and prompts by more than chance, so that labels of one
version say less of the next. How much less is learned from the versions that have labels: the spread between them, as in a
meta-analysis (DerSimonian and Laird 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from traces.posterior import SPREAD, Count

UNKNOWN_SPREAD: Final = 0.9
"""Standard deviation of the logit of error rates from one version to another, while nothing is known of it.

True-negative rates of one judge over ten pairs of model and prompts range from .52 to .95, which is about this much.
"""
LABELS_TO_REFRESH: Final = 20
"""Labels of each verdict with which a version speaks for itself."""
_PRIOR_WORTH: Final = 4.0
_LEAST_OF_VERSION: Final = 5


@dataclass(frozen=True, slots=True)
class Version:
    """Labels of one version: positive verdicts among what is true, and among what is not."""

    caught: Count
    alarmed: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Whether a calibration speaks of the version that runs.

    Attributes:
        is_transported: Most of it was learned from other versions.
        spread: By how much error rates may differ, a standard deviation on the logit scale.
        refresh: Labels that would make it speak for itself: of positive, and of negative verdicts.
    """

    is_transported: bool = False
    spread: float = SPREAD
    refresh: tuple[int, int] = (0, 0)


def validity(positive: int, negative: int, others: int, versions: Sequence[Version]) -> Validity:
    """Whether labels of a version are enough for it, and what to do with those of others.

    Args:
        positive: Labels of its positive verdicts.
        negative: Labels of its negative verdicts.
        others: Labels of other versions.
        versions: What each version's labels say, to learn how much versions differ.
    """
    refresh = max(0, LABELS_TO_REFRESH - positive), max(0, LABELS_TO_REFRESH - negative)
    if not others or refresh == (0, 0):
        return Validity()
    return Validity(is_transported=True, spread=between(versions), refresh=refresh)


def between(versions: Sequence[Version]) -> float:
    """How much error rates differ from one version to another: what is assumed, weighed as four versions, and what they show.

    Never less than what is allowed from one time to another of the same version.
    """
    found = []
    for rates in ([v.caught for v in versions], [v.alarmed for v in versions]):
        told = [rate for rate in rates if rate.n >= _LEAST_OF_VERSION]
        variance, worth = _variance_between(told), len(told) - 1
        found.append((_PRIOR_WORTH * UNKNOWN_SPREAD**2 + max(0, worth) * 2 * variance) / (_PRIOR_WORTH + max(0, worth)))
    return max(SPREAD, float(np.sqrt(np.mean(found))))


def _variance_between(rates: Sequence[Count]) -> float:
    """The variance of logits that chance does not explain (DerSimonian and Laird 1986)."""
    if len(rates) < 2:  # noqa: PLR2004 - one has nothing to differ from
        return 0.0
    yes, no = np.array([r.yes for r in rates]) + 0.5, np.array([r.n - r.yes for r in rates]) + 0.5
    logits, weights = np.log(yes / no), 1 / (1 / yes + 1 / no)
    mean = float((weights * logits).sum() / weights.sum())
    excess = float((weights * (logits - mean) ** 2).sum()) - (len(rates) - 1)
    return max(0.0, excess / float(weights.sum() - (weights**2).sum() / weights.sum()))
