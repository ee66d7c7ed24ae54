"""What a signal usually is at each point of a chart: the same time of the week in up to four weeks before, with its range.

The range holds 98 % of what chance makes of that: of so few conversations, and of weeks that differ from each other.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, pvariance
from typing import Final, TypeAlias

from traces.histogram import Rollup, value_of
from traces.model import Kind, Signal

WEEKS: Final = 4
_WEEK: Final = timedelta(weeks=1)
_FEWEST: Final = 2
_SIGMAS: Final = 2.33
_MEDIAN_TO_P95: Final = 2.1
"""How much less precisely a p95 of so many values is known than their mean, for sizes as latencies are."""

Series: TypeAlias = Sequence[tuple[datetime, Rollup]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A part of a chart: its rollup, and the rollups of the same time in the weeks before, where there are any.

    ``elapsed`` is the share of it that is over.
    """

    at: datetime
    measured: Rollup
    before: tuple[Rollup, ...]
    elapsed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is usual at a point."""

    low: float
    high: float


def points_of(series: Series, since: datetime, until: datetime, step: timedelta, now: datetime) -> list[Point]:
    """The points of a chart between two times; ``series`` is in order, and reaches back as far as what is usual is told from."""
    starts = [at for at, _ in series]
    first = starts[0] if starts else until
    points, at = [], since
    while at < until:
        end = min(at + step, until)
        shifts = [(at - week * _WEEK, end - week * _WEEK) for week in range(1, WEEKS + 1)]
        points.append(
            Point(
                at=at,
                measured=_sum(series, starts, at, end),
                before=tuple(_sum(series, starts, *shift) for shift in shifts if shift[0] >= first),
                elapsed=min(1.0, max(0.0, (now - at) / (end - at))),
            )
        )
        at += step
    return points


def _sum(series: Series, starts: Sequence[datetime], since: datetime, until: datetime) -> Rollup:
    total = Rollup()
    for _, rollup in series[bisect_left(starts, since) : bisect_left(starts, until)]:
        total.add(rollup)
    return total


def bands(points: Sequence[Point], signal: Signal, read: Callable[[Rollup], float | None]) -> list[Band | None]:
    """What is usual at each point; ``None`` where fewer than two weeks tell, or nothing was measured.

    Args:
        points: The points of a chart.
        signal: What they are of.
        read: The value of a rollup.
    """
    usual = [_usual(point, signal, read) for point in points]
    # Four weeks say little about how weeks differ: all points say it together.
    spread = fmean([pvariance(values) / _scale(values, signal) for values in usual if len(values) >= _FEWEST] or [0.0])
    return [_band(point, values, spread, signal) for point, values in zip(points, usual, strict=True)]


def _usual(point: Point, signal: Signal, read: Callable[[Rollup], float | None]) -> list[float]:
    found = [value for rollup in point.before if (value := read(rollup)) is not None]
    return [value * point.elapsed for value in found] if signal.kind is Kind.COUNT else found


def _scale(values: Sequence[float], signal: Signal) -> float:
    """What differences between weeks are proportional to; those of rates to nothing."""
    return 1.0 if signal.kind is Kind.RATE else max(fmean(values) ** 2, 1e-12)


def _band(point: Point, values: Sequence[float], spread: float, signal: Signal) -> Band | None:
    n = point.measured.n
    if len(values) < _FEWEST or (n == 0 and signal.kind is not Kind.COUNT):
        return None
    middle = fmean(values)
    between = spread * _scale(values, signal) * (1 + 1 / len(values))
    sigma = math.sqrt(between + _chance(point, middle, signal))
    low, high = middle - _SIGMAS * sigma, middle + _SIGMAS * sigma
    return Band(low=max(0.0, low), high=min(1.0, high) if signal.kind is Kind.RATE else high)


def _chance(point: Point, middle: float, signal: Signal) -> float:
    """The variance of a value of so many conversations that are as usual."""
    n = point.measured.n
    if signal.kind is Kind.COUNT:
        return max(middle, 1.0)
    if signal.kind is Kind.RATE:
        return max(middle * (1 - middle), 0.25 / n) / n
    within = fmean([_variance(rollup) for rollup in point.before if rollup.n] or [0.0])
    return (_MEDIAN_TO_P95**2 if signal.unit == "s" else 1.0) * within / n


def _variance(rollup: Rollup) -> float:
    mean = rollup.mean or 0.0
    return sum(count * (value_of(bin_) - mean) ** 2 for bin_, count in rollup.bins.items()) / rollup.n
