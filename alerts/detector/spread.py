"""How far a quiet series strays from its baseline by itself.

Counts of LLM traffic vary more than coin flips do, and an unusual hour is followed by another. Both are learned
from the series' own past: ``spread`` is the extra variance per unit of exposure (the intra-class correlation of a
beta-binomial, the squared coefficient of variation of a negative binomial, b / a of a mean whose variance is
a / n + b), ``lag`` the correlation of one hour's residual with the next.
"""

from __future__ import annotations

import numpy as np

from alerts.detector.panel import Bools, Floats
from alerts.detector.state import State
from traces.model import Kind

FEWEST_BUCKETS = 24.0
"""Weight of the first guess, in buckets."""
FIRST_SPREAD = {Kind.RATE: 0.001, Kind.COUNT: 0.03, Kind.CONTINUOUS: 0.01, Kind.SCORE: 0.01}
LARGEST_SPREAD = {Kind.RATE: 0.5, Kind.COUNT: 2.0, Kind.CONTINUOUS: 2.0, Kind.SCORE: 2.0}
FIRST_LAG = 0.5
LARGEST_LAG = 0.85
FIRST_WITHIN = {Kind.CONTINUOUS: 0.35, Kind.SCORE: 0.08}
"""Variance of ln x, or of a score from 0 to 1, within a bucket before any was seen."""
WINSOR = 12.0
_ALMOST = 1e-6


def spread_of(state: State) -> Floats:
    """Extra variance per unit of exposure, shape (S,)."""
    typical = state.spread_square / np.maximum(state.spread_buckets, _ALMOST)
    typical = np.where(state.spread_buckets > 0, typical, 1.0)
    first = FEWEST_BUCKETS * typical
    estimate = (state.spread_product + FIRST_SPREAD[state.kind] * first) / (state.spread_square + first)
    spread: Floats = np.clip(estimate, 0.0, LARGEST_SPREAD[state.kind])
    return spread


def independence_of(state: State) -> Floats:
    """The share of evidence that an hour adds to the hour before it: (1 - lag) / (1 + lag), shape (S,)."""
    lag = (state.lag_product + FEWEST_BUCKETS * FIRST_LAG) / (state.lag_square + FEWEST_BUCKETS)
    lag = np.clip(lag, 0.0, LARGEST_LAG)
    independence: Floats = (1 - lag) / (1 + lag)
    return independence


def within_of(state: State) -> Floats:
    """Variance of ln x or of a score within a bucket, shape (S,); only for means."""
    first = FIRST_WITHIN.get(state.kind, 1.0)
    within: Floats = (state.within_square + FEWEST_BUCKETS * first) / (state.within_free + FEWEST_BUCKETS)
    return np.maximum(within, 1e-4)


def exposure(kind: Kind, n: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Units of exposure and the expected sum."""
    if kind is Kind.COUNT:
        return mean, mean
    return n, n * mean


def variance(state: State, n: Floats, mean: Floats) -> Floats:
    """Variance of a bucket's sum if nothing but chance varied."""
    if state.kind is Kind.COUNT:
        return mean
    if state.kind is Kind.RATE:
        return n * np.clip(mean * (1 - mean), _ALMOST, None)
    return n * within_of(state)


def learn_spread(state: State, now: _Bucket, before: _Bucket) -> None:
    """Learn from a bucket that was quiet, and from the one before it when that was quiet too."""
    chance, units = now.chance, now.units
    spread = 1 + spread_of(state) * units
    # Residuals against a baseline that is not yet known say nothing of the series itself.
    known = now.learnable & (now.doubt * units <= spread) & (chance > 0)
    ratio = np.where(known, now.residual**2 / np.maximum(chance, _ALMOST), 0.0)
    ratio = np.minimum(ratio, WINSOR * (spread + now.doubt * units))
    weight = np.where(known, spread**-2.0, 0.0)
    state.spread_product += weight * units * (ratio - 1 - now.doubt * units)
    state.spread_square += weight * units**2
    state.spread_buckets += known
    score, score_before = _score(state, now), _score(state, before)
    both = known & before.learnable & (before.chance > 0)
    state.lag_product += np.where(both, score * score_before, 0.0)
    state.lag_square += np.where(both, (score**2 + score_before**2) / 2, 0.0)


class _Bucket:
    """A bucket of the ring, as it was judged then."""

    def __init__(self, state: State, row: int) -> None:
        self.n = state.recent_n[row].astype(np.float64)
        self.mean = state.recent_mean[row].astype(np.float64)
        self.doubt = state.recent_doubt[row].astype(np.float64)
        self.total = state.recent_total[row].astype(np.float64)
        self.within = state.recent_within[row].astype(np.float64)
        judged = (state.recent_spread[row] > 0) & (state.recent_bucket[row] > state.accepted_at)
        self.judged: Bools = judged
        self.learnable: Bools = state.recent_learnable[row] & self.judged
        self.units, self.sum_expected = exposure(state.kind, self.n, self.mean)
        self.chance = variance(state, self.n, self.mean)
        self.residual = self.total - self.sum_expected


def _score(state: State, bucket: _Bucket) -> Floats:
    around = bucket.chance * (1 + (spread_of(state) + bucket.doubt) * bucket.units)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(bucket.chance > 0, bucket.residual / np.sqrt(around), 0.0)
    limit = WINSOR**0.5
    clipped: Floats = np.clip(score, -limit, limit)
    return clipped


def remembered(state: State, row: int) -> _Bucket:
    """The bucket in that row of the ring."""
    return _Bucket(state, row)
