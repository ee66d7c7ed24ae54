"""What chance makes of an expected sum whose variance is ``around`` times that of mere coin flips.

Shares follow a beta distribution, counts a gamma distribution, both matched in mean and variance (they stand for the
beta-binomial and the negative binomial); means are normal.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from alerts.detector.panel import Bools, Floats
from alerts.detector.state import EXPECTED, TOTAL, UNITS
from traces.model import Kind

_SMALLEST = 1e-300
_EDGE = 1e-6


def quantile_of_count(expected: Floats, around: Floats, tail: float) -> Floats:
    """The ``tail`` quantile of a count."""
    quantile: Floats = special.gammaincinv(expected / around, tail) * around
    return quantile


def band_of_rate(n: Floats, rate: Floats, around: Floats, tails: tuple[float, float]) -> tuple[Floats, Floats]:
    """Two quantiles of a share among ``n``, rounded outwards to whole conversations."""
    size = n / around - 1
    known = np.maximum(size, 1e-9)
    low, high = (special.betaincinv(known * rate, known * (1 - rate), tail) for tail in tails)
    low, high = np.floor(low * n + 1e-9) / n, np.ceil(high * n - 1e-9) / n
    return np.where(size > 0, np.maximum(low, 0.0), 0.0), np.where(size > 0, np.minimum(high, 1.0), 1.0)


def surprise(kind: Kind, window: Floats, around: Floats, upward: Bools, within: Floats) -> Floats:
    """-ln of the chance of a sum as far out as that of a window, shape (S,).

    Skewed distributions bring large values far more often than their variance tells.
    """
    units, total, usual = np.maximum(window[UNITS], 1e-9), window[TOTAL], window[EXPECTED]
    if kind is Kind.COUNT:
        shape = np.maximum(usual / around, 1e-9)
        # Half a conversation towards the middle: the distribution stands for whole numbers.
        at = np.maximum(total + np.where(upward, -0.5, 0.5), 0.0) / around
        chance = np.where(upward, special.gammaincc(shape, at), special.gammainc(shape, at))
    elif kind is Kind.RATE:
        rate = np.clip(usual / units, _EDGE, 1 - _EDGE)
        size = np.maximum(units / around - 1, 1e-9)
        at = np.clip((total + np.where(upward, -0.5, 0.5)) / units, 0.0, 1.0)
        below = special.betainc(size * rate, size * (1 - rate), at)
        above = special.betainc(size * (1 - rate), size * rate, 1 - at)
        chance = np.where(upward, above, below)
    else:
        far = np.where(upward, total - usual, usual - total) / np.sqrt(units * within * around)
        chance = special.ndtr(-far)
    surprised: Floats = -np.log(np.maximum(np.nan_to_num(chance, nan=1.0), _SMALLEST))
    return surprised
