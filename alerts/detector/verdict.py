"""What the detector says of a series, in the signal's own unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from alerts.detector import chance, spread
from alerts.detector.evidence import measured, spread_of_window
from alerts.detector.panel import Bools, Floats, Terms
from alerts.detector.state import BUCKETS, EXPECTED, TOTAL, UNITS, State
from traces.clock import as_utc
from traces.model import Direction, Kind

BAND = 0.98
"""The expected band holds this share of quiet readings: from the 1 % to the 99 % quantile."""
_LARGEST_LOG = 700.0
_WIDTHS = (1, 2, 3, 4, 6, 8, 12)
_TELLING = 15.0
"""Fewer readings say next to nothing of a rate or a mean: between none and all of them everything is to be expected."""
_LATELY = 72
"""Of so many buckets it is told how many readings are usual."""


class End(StrEnum):
    """How an anomaly ended: evidence faded, or its level was taken for the new usual one."""

    QUIET = "quiet"
    NEW_NORMAL = "new_normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A change of one series.

    ``started_at`` is the start of the bucket from which the evidence counts, ``detected_at`` the start of the
    bucket that opened it, ``ended_at`` of the one that closed it. ``value``, ``expected`` and the band are in the
    signal's unit: a (corrected) rate, a geometric mean, or a count per bucket; the band is the 1 % to 99 %
    predictive band for as much traffic as there was. ``n`` conversations were seen since the start, ``k`` of them
    positive (rates only). ``evidence`` is the highest reached; 1 opens.
    """

    series: int
    direction: Direction
    started_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    end: End | None
    evidence: float
    n: int
    k: int | None
    value: float
    expected: float
    expected_low: float
    expected_high: float


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a chart; ``None`` where nothing was seen or nothing was expected yet."""

    start: datetime
    n: int
    value: float | None
    expected: float | None
    expected_low: float | None
    expected_high: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """The last buckets of one series for a chart; each point stands for ``each``."""

    each: timedelta
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of one series: the open anomaly if there is one, how strong the evidence is, the last buckets.

    ``ready`` is false while there is too little history to judge by.
    """

    series: int
    ready: bool
    evidence: float
    anomaly: Anomaly | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Sums of one series since a moment: conversations, what was seen, what was expected, its variance.

    ``total`` is k for rates, the sum of ln x for means, the count for counts; ``expected`` and ``variance`` are
    those of ``total``. ``judged`` is how many of the ``n`` conversations fell into buckets with a baseline;
    ``total`` and ``expected`` cover only those.
    """

    n: int
    judged: int
    total: float
    expected: float
    variance: float


def verdict_of(state: State, series: int, terms: Terms, points: int) -> Verdict:
    return Verdict(
        series=series,
        ready=bool(state.recent_spread[state.last % state.ring, series] > 0) if state.last >= 0 else False,
        evidence=_evidence(float(state.log_evidence[series])) if state.age[series] else 0.0,
        anomaly=anomaly_of(state, series, terms) if state.opened[series] else None,
        points=_points(state, series, terms, points),
    )


def anomaly_of(state: State, series: int, terms: Terms, end: End | None = None) -> Anomaly:
    only = terms.only(series)
    window = state.opened_window[:, series : series + 1]
    value, usual = measured(state.kind, window, only)
    source = _source(state, series, terms)
    independence = spread.independence_of(state)[source]
    around = spread_of_window(window, independence, 1.0 / np.maximum(state.all_weight[source], 1.0))
    low, high = _band(state, window, around, only, float(spread.within_of(state)[source]))
    total, units = float(window[TOTAL, 0]), float(window[UNITS, 0])
    return Anomaly(
        series=series,
        direction=Direction.UP if state.opened[series] > 0 else Direction.DOWN,
        started_at=_moment(state, int(state.opened_from[series])),
        detected_at=_moment(state, int(state.opened_at[series])),
        ended_at=_moment(state, state.last) if end else None,
        end=end,
        evidence=_evidence(float(state.opened_peak[series])),
        n=round(total if state.kind is Kind.COUNT else units),
        k=round(total) if state.kind is Kind.RATE else None,
        value=float(value[0]),
        expected=float(usual[0]),
        expected_low=float(low[0]),
        expected_high=float(high[0]),
    )


def since_of(state: State, series: int, start: datetime, terms: Terms) -> Since:
    first = math.floor(as_utc(start).timestamp() / state.bucket_s)
    rows = (state.recent_bucket >= first) & state.recent_seen[:, series]
    judged = rows & (state.recent_spread[:, series] > 0)
    n = state.recent_n[judged, series].astype(np.float64)
    mean = state.recent_mean[judged, series].astype(np.float64)
    _, sums = spread.exposure(state.kind, n, mean)
    within = float(spread.within_of(state)[_source(state, series, terms)])
    by_chance = {Kind.COUNT: mean, Kind.RATE: n * mean * (1 - mean)}.get(state.kind, n * within)
    return Since(
        n=round(float(state.recent_n[rows, series].astype(np.float64).sum())),
        judged=round(float(n.sum())),
        total=float(state.recent_total[judged, series].astype(np.float64).sum()),
        expected=float(sums.sum()),
        variance=float((by_chance * state.recent_spread[judged, series]).sum()),
    )


def course_of(state: State, series: int, terms: Terms, points: int) -> Course:
    """The last ``points`` buckets, or as many stretches of several where a bucket alone says next to nothing."""
    width = _width(state, series)
    rows = _latest(state, points * width)
    if width == 1 or not rows.size:
        return Course(timedelta(seconds=state.bucket_s), _points(state, series, terms, points))
    window, judged = _window(state, series, rows)
    window = np.where(judged | ~judged.any(), window, 0.0)
    # Counted from the end, so that the newest stretch is a full one.
    stretch = (state.last - state.recent_bucket[rows]) // width
    numbers = np.unique(stretch)[::-1]
    gathered = np.stack([[row[stretch == number].sum() for number in numbers] for row in window])
    seen = gathered[UNITS] > 0
    is_judged = seen & np.array([judged[stretch == number].any() for number in numbers])
    source = _source(state, series, terms)
    around = spread_of_window(
        gathered, spread.independence_of(state)[source], 1.0 / np.maximum(state.all_weight[source], 1.0)
    )
    starts = state.last - (numbers + 1) * width + 1
    drawn = _drawn(state, series, terms, gathered, around, starts, gathered[UNITS], seen, is_judged)
    return Course(timedelta(seconds=state.bucket_s * width), drawn)


def _width(state: State, series: int) -> int:
    """How many buckets a point of a chart needs to say something; what is counted says it in each."""
    rows = _latest(state, _LATELY)
    if state.kind is Kind.COUNT or not rows.size:
        return 1
    usual = float(state.recent_n[rows, series].astype(np.float64).mean())
    return next((width for width in _WIDTHS if usual * width >= _TELLING), _WIDTHS[-1])


def _latest(state: State, buckets: int) -> npt.NDArray[np.int64]:
    """The rows of the last buckets in the ring, the oldest first."""
    kept = np.flatnonzero((state.recent_bucket > state.last - buckets) & (state.recent_bucket >= 0))
    rows: npt.NDArray[np.int64] = kept[np.argsort(state.recent_bucket[kept])]
    return rows


def _window(state: State, series: int, rows: npt.NDArray[np.int64]) -> tuple[Floats, Bools]:
    """Some buckets as windows of their own, shape (WINDOW, B), and which of them have something to be judged by."""
    n, total, mean, around = (
        array[rows, series].astype(np.float64)
        for array in (state.recent_n, state.recent_total, state.recent_mean, state.recent_spread)
    )
    units, sums = spread.exposure(state.kind, n, mean)
    if state.kind is Kind.COUNT:
        units = np.maximum(units, 1e-9)
    return np.stack([units, total, sums, units * np.maximum(around, 1.0), np.ones_like(n)]), around > 0


def _points(state: State, series: int, terms: Terms, points: int) -> tuple[Point, ...]:
    rows = _latest(state, points)
    if not rows.size:
        return ()
    window, judged = _window(state, series, rows)
    around = np.maximum(state.recent_spread[rows, series].astype(np.float64), 1.0)
    n, seen = state.recent_n[rows, series], state.recent_seen[rows, series]
    return _drawn(state, series, terms, window, around, state.recent_bucket[rows], n, seen, judged)


def _drawn(
    state: State,
    series: int,
    terms: Terms,
    window: Floats,
    around: Floats,
    starts: npt.NDArray[np.int64],
    n: npt.NDArray[Any],
    seen: Bools,
    judged: Bools,
) -> tuple[Point, ...]:
    """Windows of one series as points: what was ``seen`` has a value, what could be ``judged`` a band."""
    only = terms.only(series)
    value, usual = measured(state.kind, window, only)
    low, high = _band(state, window, around, only, float(spread.within_of(state)[_source(state, series, terms)]))
    return tuple(
        Point(
            _moment(state, int(start)),
            round(float(n[i])),
            float(value[i]) if seen[i] else None,
            *(float(x[i]) if judged[i] else None for x in (usual, low, high)),
        )
        for i, start in enumerate(starts)
    )


def _band(state: State, window: Floats, around: Floats, terms: Terms, within: float) -> tuple[Floats, Floats]:
    """The 1 % and 99 % quantiles of what a window should show: beta-binomial, negative binomial, normal of ln x.

    The two count distributions are matched in mean and variance by a beta and a gamma, and rounded outwards to
    whole conversations.
    """
    tails = ((1 - BAND) / 2, (1 + BAND) / 2)
    units, sums = np.maximum(window[UNITS], 1.0), window[EXPECTED]
    if state.kind is Kind.COUNT:
        low, high = (chance.quantile_of_count(sums, around, tail) for tail in tails)
        buckets = np.maximum(window[BUCKETS], 1.0)
        return np.floor(low) / buckets, np.ceil(high) / buckets
    if state.kind in (Kind.CONTINUOUS, Kind.SCORE):
        middle, step = sums / units, special.ndtri(tails[1]) * np.sqrt(within * around / units)
        low, high = middle - step, middle + step
        return (low, high) if state.kind is Kind.SCORE else (_exp(low), _exp(high))
    low, high = chance.band_of_rate(units, np.clip(sums / units, 1e-6, 1 - 1e-6), around, tails)
    low, high = terms.corrected(low), terms.corrected(high)
    return np.minimum(low, high), np.maximum(low, high)


def _exp(log: Floats) -> Floats:
    exp: Floats = np.exp(np.clip(log, -_LARGEST_LOG, _LARGEST_LOG))
    return exp


def _source(state: State, series: int, terms: Terms) -> int:
    parent = int(terms.parent[series])
    return parent if state.newcomer[series] and parent >= 0 else series


def _evidence(log_evidence: float) -> float:
    return math.exp(min(log_evidence, _LARGEST_LOG))


def _moment(state: State, number: int) -> datetime:
    return datetime.fromtimestamp(number * state.bucket_s, UTC)
