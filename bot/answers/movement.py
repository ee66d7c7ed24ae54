"""Which signals are not where they usually are: a period beside the days before it, without assuming how they vary."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, stdev
from typing import Final

from alerts.signals import threshold_of
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Kind, Signal
from traces.store import Tx
from traces.store.rollups import DAY_S, HOUR_S, bucket_start

_DAY: Final = timedelta(days=1)
_BACK_DAYS: Final = 28
_FEWEST_DAYS: Final = 5
_FEWEST: Final = 20
_SIGMAS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A signal's value in a period, what it usually is in so long a time, and by how many deviations it is off."""

    signal: Signal
    value: float
    usual: float
    measured: Rollup
    deviations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What moved, the clearest first; of how many signals that can be told; and the period's rollups by signal."""

    moved: tuple[Moved, ...]
    compared: int
    period: Mapping[str, Rollup]
    usually: float | None


def movement_of(tx: Tx, signals: Mapping[str, Signal], since: datetime, until: datetime) -> Movement:
    """What moved between two times, against the up to 28 UTC days before the first.

    A signal moved when it is three standard deviations of its days from their mean, somewhat more while there are few
    days, and by as much as is worth a person's time. How days vary holds what chance does to days like them.
    """
    within: dict[str, list[Rollup]] = defaultdict(list)
    for start, end, resolution_s in spans(since, until):
        read = tx.rollups.every_series(EVERYTHING, since=start, until=end, resolution_s=resolution_s)
        for name, found in read.items():
            within[name] += [rollup for _, rollup in found]
    first_day = bucket_start(since, DAY_S)
    days = tx.rollups.every_series(EVERYTHING, since=first_day - _BACK_DAYS * _DAY, until=first_day, resolution_s=DAY_S)
    calibrations = tx.calibrations.current()
    period = {name: total(found) for name, found in within.items()}
    length = max(1.0, (until - since) / _DAY)
    compared = [
        moved
        for name, signal in signals.items()
        if (moved := _compared(signal, period.get(name, Rollup()), days.get(name, ()), length, calibrations))
    ]
    least = _SIGMAS
    told = [one for one in compared if abs(one.deviations) >= least and _is_worth_telling(one)]
    volume = [rollup.n for _, rollup in days.get("volume", ())]
    return Movement(
        moved=tuple(sorted(told, key=lambda one: (-abs(one.deviations), one.signal.name))),
        compared=len(compared),
        period=period,
        usually=fmean(volume) * length if volume else None,
    )


def spans(since: datetime, until: datetime) -> list[tuple[datetime, datetime, int]]:
    """The whole hours between two times, as few buckets as hold them: ``(start, end, resolution_s)``."""
    first, last = bucket_start(since, HOUR_S), bucket_start(until, HOUR_S)
    morning, night = bucket_start(first - timedelta(hours=1), DAY_S) + _DAY, bucket_start(last, DAY_S)
    if morning >= night:
        return [(first, last, HOUR_S)]
    return [(first, morning, HOUR_S), (morning, night, DAY_S), (night, last, HOUR_S)]


def _compared(
    signal: Signal,
    measured: Rollup,
    days: Sequence[tuple[datetime, Rollup]],
    length: float,
    calibrations: Mapping[str, Calibration],
) -> Moved | None:
    is_count = signal.kind is Kind.COUNT
    before = [rollup for _, rollup in days if rollup.n >= (1 if is_count else _FEWEST)]
    if len(before) < _FEWEST_DAYS or (measured.n < _FEWEST and not is_count):
        return None
    daily = [value_in(signal, rollup, calibrations) for rollup in before]
    # A period of several days varies less than a day, but not as little as if its days had nothing in common.
    spread = stdev(daily) / math.sqrt(min(length, 2.0))
    usual = fmean(daily) if is_count else value_in(signal, total(before), calibrations)
    value = value_in(signal, measured, calibrations) / (length if is_count else 1.0)
    if signal.kind is Kind.RATE:
        spread = max(spread, math.sqrt(max(usual * (1 - usual), 0.25 / measured.n) / measured.n))
    spread = max(spread, 1e-3 * abs(usual), 1e-9) * (1 + 2 / len(daily))
    scale = length if is_count else 1.0
    return Moved(
        signal=signal,
        value=value * scale,
        usual=usual * scale,
        measured=measured,
        deviations=(value - usual) / spread,
    )


def _is_worth_telling(moved: Moved) -> bool:
    change, signal = abs(moved.value - moved.usual), moved.signal
    base = min(moved.usual, 1 - moved.usual) if signal.kind is Kind.RATE else abs(moved.usual)
    return change >= signal.min_absolute and change >= signal.min_relative * max(base, 0.0)


def value_in(signal: Signal, rollup: Rollup, calibrations: Mapping[str, Calibration]) -> float:
    """A count, a rate as its evaluator says it, a p95 of seconds, or a mean; 0 where nothing was measured."""
    if signal.kind is Kind.COUNT or not rollup.n:
        return float(rollup.n)
    if signal.kind is Kind.RATE:
        return rollup.at_least(threshold_of(signal, calibrations)) / rollup.n
    found = rollup.quantile(0.95) if signal.unit == "s" else rollup.mean
    return 0.0 if found is None else found


def total(rollups: Sequence[Rollup]) -> Rollup:
    """The sum of some buckets."""
    whole = Rollup()
    for rollup in rollups:
        whole.add(rollup)
    return whole
