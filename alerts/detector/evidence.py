"""How much the readings speak for a change: e-CUSUMs over a mixture of effect sizes.

Each effect has a likelihood ratio per bucket. Multiplied up and restarted when it falls below one, it is an
e-detector: its mean over the effects reaches 2c by chance at most about once in 2c buckets, whatever the
distribution of the waiting (Shin, Ramdas & Rinaldo, "E-detectors", NEJSDS 2024). A second test at the same level
looks at the bucket alone, for spikes. Overdispersion, autocorrelation and an uncertain baseline shrink the
logarithm of every ratio, which makes the test conservative and never bolder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from alerts.detector.chance import surprise
from alerts.detector.panel import Bools, Floats, Terms
from alerts.detector.state import BUCKETS, EFFECTS, EXPECTED, SPREAD, TOTAL, UNITS, State
from traces.model import Kind

_RATE_ODDS = (1.4, 1.8, 2.6, 5.0)
_COUNT_FACTORS = (1.3, 1.7, 2.6, 5.0, 0.8, 0.65, 0.4, 0.02)
_LOG_SHIFTS = (0.12, 0.25, 0.5, 1.0)
_SCORE_SHIFTS = (0.15, 0.3, 0.6, 1.2)

SIZES: dict[Kind, Floats] = {
    Kind.RATE: np.log([*_RATE_ODDS, *(1 / odds for odds in _RATE_ODDS)])[:, None],
    Kind.COUNT: np.log(_COUNT_FACTORS)[:, None],
    Kind.CONTINUOUS: np.array([*_LOG_SHIFTS, *(-shift for shift in _LOG_SHIFTS)])[:, None],
    Kind.SCORE: np.array([*_SCORE_SHIFTS, *(-shift for shift in _SCORE_SHIFTS)])[:, None],
}
"""Log odds, log factors, shifts of ln x, shifts of a score in standard deviations: shape (EFFECTS, 1), upward first."""
UPWARD = np.arange(EFFECTS)[:, None] < EFFECTS // 2
REALISED = {Kind.RATE: 0.04, Kind.COUNT: 0.02, Kind.CONTINUOUS: 0.1, Kind.SCORE: 0.2}
"""In simulated quiet weeks whose noise is that of coin flips, less than a thirtieth of the alarms came about that the bound
allows, at any run length: an e-CUSUM of a small effect starts anew far less often than the bound assumes. So much of
the bound is used there; the more of the noise hangs together, the nearer it is taken as it stands."""
REALISED_TAIL = 0.4
"""The same for the check of the distribution's tail, which assumes less."""
HEADROOM = 5.0
"""How far (in nats) evidence may grow past opening, so that a long incident can still end."""
LATELY_HALF_LIFE_S = 5_400
"""Of the memory that tells how large a change is by now, where it crept in."""
LATELY_Z = 2.0
_MOST_PER_VALUE = 1.5
"""Nats that one value of a mean can add: ln x has heavier tails than the normal that the ratio assumes."""
RECOVERY = math.log(20)
_RATE_EDGE = 1e-6
_ABOUT_AS_WELL = 6.0
"""Nats by which an effect may fit an anomaly worse than the best and still be a fair description of it."""


@dataclass(frozen=True)
class Bucket:
    """One bucket of all series, shape (S,) each; ``live`` where it can be judged."""

    n: Floats
    total: Floats
    units: Floats
    expected: Floats
    mean: Floats
    spread: Floats
    doubt: Floats
    bias: Floats
    live: Bools

    @cached_property
    def around(self) -> Floats:
        """How many times the variance of the bucket's sum is that of mere chance."""
        return 1 + (self.spread + self.doubt) * self.units

    @cached_property
    def as_window(self) -> Floats:
        """The bucket as a window of its own, shape (WINDOW, S)."""
        units = self.units
        window = np.stack([units, self.total, self.expected, units * self.around, np.ones_like(units)])
        return np.where(self.live, window, 0.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the evidence says per series, shape (S,): its log (0 opens), the window behind it, whether it has faded."""

    log_evidence: Floats
    upward: Bools
    started: Floats
    window: Floats
    recovered: Bools


def ratios(kind: Kind, window: Floats, within: Floats) -> Floats:
    """Log-likelihood ratio of each effect in a window, shape (EFFECTS, S), before any shrinking."""
    size, units, total, usual = SIZES[kind], window[UNITS], window[TOTAL], window[EXPECTED]
    if kind is Kind.RATE:
        rate = np.clip(usual / np.maximum(units, 1.0), _RATE_EDGE, 1 - _RATE_EDGE)
        rates: Floats = total * size - units * np.log1p(rate * np.expm1(size))
        return rates
    if kind is Kind.COUNT:
        counts: Floats = total * size - usual * np.expm1(size)
        return counts
    if kind is Kind.SCORE:
        size = size * np.sqrt(within)
    means: Floats = np.minimum((size * (total - usual) - units * size**2 / 2) / within, _MOST_PER_VALUE * units)
    return means


def weigh(state: State, bucket: Bucket, terms: Terms, within: Floats, independence: Floats, learned: Floats) -> Finding:
    """Add a bucket to the e-CUSUMs, and say what they show.

    ``learned`` is how much (conversations, buckets) stands behind the baseline.
    """
    watched = np.where(UPWARD, terms.up, terms.down)
    allowed = watched & bucket.live
    here = bucket.as_window
    ratio = np.where(allowed, ratios(state.kind, here, within), 0.0)
    bar = _bar(state.kind, watched, bucket, terms)
    _accumulate(state, bucket, ratio, independence, allowed)
    np.minimum(state.evidence, bar + HEADROOM, out=state.evidence)
    _follow(state, here)
    large = matters(state.kind, state.window, terms) | _has_grown(state, terms, within, independence)
    lasting = np.where(watched & large, state.evidence, -np.inf)
    lasting = np.where(state.evidence > 0, lasting, -np.inf)
    sudden = np.where(allowed & matters(state.kind, here[:, None, :], terms), ratio / bucket.around, -np.inf)
    found = _strongest(state, lasting, sudden, here, bar)
    found = _checked(state, found, terms, within, independence, learned)
    fair = _fair(state, watched, terms, within)
    lasts = np.where(fair, state.evidence, -np.inf).max(axis=0) - bar
    log_evidence = np.where(state.opened == 0, found.log_evidence, np.maximum(lasts, _log_sum(sudden) - bar))
    return Finding(log_evidence, found.upward, found.started, found.window, _recovered(state, fair))


def _follow(state: State, here: Floats) -> None:
    state.lately *= 0.5 ** (state.bucket_s / LATELY_HALF_LIFE_S)
    state.lately += here


def _has_grown(state: State, terms: Terms, within: Floats, independence: Floats) -> Bools:
    """Whether a change that crept in is by now large enough, shape (EFFECTS, S), though it was not on average."""
    lately = state.lately
    units = np.maximum(lately[UNITS], 1e-12)
    usual = lately[EXPECTED]
    if state.kind is Kind.RATE:
        rate = usual / units
        chance = units * rate * (1 - rate)
    else:
        chance = usual if state.kind is Kind.COUNT else units * within
    error = np.sqrt(np.maximum(chance * lately[SPREAD] / units / independence, 1e-12))
    sure = np.abs(lately[TOTAL] - usual) >= LATELY_Z * error
    grown: Bools = sure & matters(state.kind, lately[:, None, :], terms)
    return grown


def _bar(kind: Kind, watched: Bools, bucket: Bucket, terms: Terms) -> Floats:
    """The log of the sum over the effects at which their mean reaches 2c."""
    given_back = math.log(REALISED[kind]) / bucket.around
    bar: Floats = terms.log_bar + given_back + np.log(np.maximum(watched.sum(axis=0), 1))
    return bar


def _fair(state: State, watched: Bools, terms: Terms, within: Floats) -> Bools:
    """The effects that describe an open anomaly fairly, shape (EFFECTS, S).

    Once it is over, effects much smaller than it was would linger for days; while it is young, those that fit
    about as well as the best must not be given up.
    """
    window = state.opened_window
    around = np.maximum(window[SPREAD] / np.maximum(window[UNITS], 1e-12), 1.0)
    fits = np.where(watched, ratios(state.kind, window, within) / around, -np.inf)
    fair: Bools = (fits >= fits.max(axis=0) - _ABOUT_AS_WELL) & watched
    return fair & matters(state.kind, window[:, None, :], terms)


def _recovered(state: State, fair: Bools) -> Bools:
    """Whether the evidence for every fair description fell so far that the change, if it lasted, would not show it.

    Under a lasting change its evidence falls by ln x below its peak with a chance of 1 / x at most.
    """
    np.maximum(state.opened_top, state.evidence, out=state.opened_top)
    fallen = state.evidence <= np.maximum(state.opened_top - RECOVERY, 0.0)
    recovered: Bools = np.all(fallen | ~fair, axis=0)
    return recovered


def _accumulate(state: State, bucket: Bucket, ratio: Floats, independence: Floats, allowed: Bools) -> None:
    restart = allowed & (state.evidence <= 0)
    state.window_from[restart] = state.last
    state.window *= ~restart
    state.evidence[restart] = 0.0
    # An error of the baseline is the same in every bucket of a window: it grows with the window's exposure.
    around = bucket.around + bucket.bias * state.window[UNITS]
    state.evidence += np.nan_to_num(independence * ratio / around, nan=0.0)
    state.window += bucket.as_window[:, None, :] * allowed


def _strongest(state: State, lasting: Floats, sudden: Floats, here: Floats, bar: Floats) -> Finding:
    log_lasting, log_sudden = _log_sum(lasting) - bar, _log_sum(sudden) - bar
    spike = log_sudden > log_lasting
    best = np.where(spike, sudden.argmax(axis=0), lasting.argmax(axis=0))
    series = np.arange(state.series)
    started = np.where(spike, state.last, state.window_from[best, series])
    window = np.where(spike, here, state.window[:, best, series])
    nothing = np.zeros(state.series, dtype=bool)
    return Finding(np.maximum(log_lasting, log_sudden), UPWARD[best, 0], started, window, nothing)


def _checked(
    state: State, found: Finding, terms: Terms, within: Floats, independence: Floats, learned: Floats
) -> Finding:
    """Hold back what would open unless the window that shows it is rare too, in a distribution as skewed as it is."""
    hot = np.flatnonzero((found.log_evidence >= 0) & (state.opened == 0))
    if not hot.size:
        return found
    window = found.window[:, hot]
    shared = _share_of_memory(independence[hot], window[BUCKETS])
    around = spread_of_window(window, shared, 1.0 / np.maximum(learned[hot], 1.0))
    rare = surprise(state.kind, window, around, found.upward[hot], within[hot])
    rare -= terms.log_bar[hot] + math.log(REALISED_TAIL)
    held_back = found.log_evidence.copy()
    held_back[hot] = np.minimum(held_back[hot], rare)
    return replace(found, log_evidence=held_back)


def _share_of_memory(independence: Floats, buckets: Floats) -> Floats:
    """The independence of the sum over so many buckets: 1 of one bucket, ``independence`` of many (AR(1))."""
    lag, many = (1 - independence) / (1 + independence), np.maximum(buckets, 1.0)
    inflated = 1 / independence - 2 * lag * (1 - lag**many) / (many * (1 - lag) ** 2)
    share: Floats = 1 / np.maximum(inflated, 1.0)
    return share


def _log_sum(logs: Floats) -> Floats:
    top = logs.max(axis=0)
    base = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        # One by one: numpy's own sum would round otherwise where there is but one series.
        summed: Floats = base + np.log(reduce(np.add, np.exp(logs - base)))
    return summed


def matters(kind: Kind, window: Floats, terms: Terms) -> Bools:
    """Whether the change in a window, shape (WINDOW, EFFECTS or 1, S), is bad, and large enough for a person."""
    value, usual = measured(kind, window, terms)
    scale = np.minimum(usual, 1 - usual) if kind is Kind.RATE else usual
    needed = np.maximum(terms.min_absolute, terms.min_relative * np.maximum(scale, 0.0))
    change = np.where(UPWARD, value - usual, usual - value)
    # The sum of two floats that should be equal must not decide.
    large: Bools = (window[UNITS] > 0) & (change > 0) & (change >= needed - 1e-12)
    return large


def measured(kind: Kind, window: Floats, terms: Terms) -> tuple[Floats, Floats]:
    """The value in a window and the usual one, in the signal's unit: a corrected rate, exp(mean ln x), a count."""
    if kind is Kind.COUNT:
        buckets = np.maximum(window[BUCKETS], 1.0)
        return window[TOTAL] / buckets, window[EXPECTED] / buckets
    units = np.maximum(window[UNITS], 1e-12)
    value, usual = window[TOTAL] / units, window[EXPECTED] / units
    if kind is Kind.RATE:
        return terms.corrected(value), terms.corrected(usual)
    if kind is Kind.SCORE:
        return value, usual
    return np.exp(np.clip(value, -700, 700)), np.exp(np.clip(usual, -700, 700))


def spread_of_window(window: Floats, independence: Floats, bias: Floats) -> Floats:
    """How many times the variance of a window's sum is that of mere chance."""
    units = np.maximum(window[UNITS], 1e-12)
    around: Floats = np.maximum(1.0, window[SPREAD] / units / independence + bias * units)
    return around
