"""What labels leave open, as distributions on a grid: deterministic, without simulation."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_PRIOR: Final = 0.5
"""Both parameters of Jeffreys' prior for a share."""
_SHARE_POINTS: Final = 161
_WEIGHT_POINTS: Final = 9


class Count(NamedTuple):
    """``yes`` of ``n``, both effective numbers: with unequal weights they are no integers."""

    yes: float
    n: float

    @property
    def mean(self) -> float:
        """The posterior mean of the share under Jeffreys' prior."""
        return (self.yes + _PRIOR) / (self.n + 2 * _PRIOR)


def count(truths: NDArray[np.bool_], weights: Floats) -> Count:
    """The weighted count at Kish's effective size, (sum of w)² / sum of w² (Kish, Survey Sampling, 1965)."""
    if not len(weights):
        return Count(0.0, 0.0)
    n = float(weights.sum() ** 2 / (weights**2).sum())
    return Count(n * float(weights[truths].sum() / weights.sum()), n)


def interval(share: Count, level: float = 0.95) -> tuple[float, float]:
    """The central interval of the share's posterior."""
    low, high = special.betaincinv(*_parameters(share), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class Rates(NamedTuple):
    """The joint posterior of what two verdicts and their labels say, as equally likely points.

    Attributes:
        true_rate: Share of all conversations for which it is so.
        informedness: Youden's J, the true-positive rate less the false-positive rate.
    """

    true_rate: Floats
    informedness: Floats


def rates(positive: Count, negative: Count, verdicts: Count) -> Rates:
    """Post-stratification on the verdict.

    Args:
        positive: True ones among the labelled positive verdicts.
        negative: True ones among the labelled negative verdicts.
        verdicts: Positive verdicts among all scores.
    """
    precision = _points(positive, _SHARE_POINTS)[:, None, None]
    missed = _points(negative, _SHARE_POINTS)[None, :, None]
    share = _points(verdicts, _WEIGHT_POINTS)[None, None, :]
    true_rate = share * precision + (1 - share) * missed
    caught = share * precision / true_rate
    false_alarms = share * (1 - precision) / (1 - true_rate)
    return Rates(true_rate.ravel(), (caught - false_alarms).ravel())


def _points(share: Count, number: int) -> Floats:
    """Equally likely values of a share: the medians of ``number`` slices of its posterior."""
    slices = (np.arange(number) + 0.5) / number
    points: Any = special.betaincinv(*_parameters(share), slices)
    return np.clip(np.asarray(points, dtype=np.float64), 1e-9, 1 - 1e-9)


def _parameters(share: Count) -> tuple[float, float]:
    return share.yes + _PRIOR, share.n - share.yes + _PRIOR
