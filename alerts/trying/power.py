"""What can be detected at all: the smallest change that a given number of conversations can prove.

A sequential test that gives one false alert in ``c`` buckets over a mixture of ``J`` effects needs about
``(ln 2c + ln J) / KL`` conversations, with KL the divergence of the changed from the usual distribution of one
conversation (Lorden 1971; Shin, Ramdas & Rinaldo 2024). No method can do with fewer at that rate of false alerts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from traces.histogram import Rollup, value_of
from traces.model import Direction, Kind, Signal

EFFECTS = 4
"""Effect sizes that a test looks for in each direction."""
_DAY_H = 24
_COUNT_VARIANCE = 0.01
"""Relative variance of an hour's count beyond chance."""
_STEPS = 60
_LARGEST_FACTOR = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """The smallest change of a signal that shows within a day: from its usual value ``usual`` to ``to``.

    Both are in the signal's unit, a count by the hour. ``to`` is ``None`` where nothing can be detected.
    """

    usual: float
    to: float | None

    @property
    def relative(self) -> float | None:
        """The change as a share of the usual value."""
        return None if self.to is None or not self.usual else abs(self.to - self.usual) / abs(self.usual)


def bar(run_length: float) -> float:
    """The evidence in nats that opens an alert: ``ln 2c + ln J``."""
    return math.log(2 * max(run_length, 1.0)) + math.log(EFFECTS)


def needed(usual: float, changed: float, run_length: float) -> float:
    """Conversations that it takes to call a rate's change from ``usual`` to ``changed``; infinite for none at all."""
    divergence = _bernoulli(changed, usual)
    return math.inf if divergence <= 0 else bar(run_length) / divergence


def detectable(signal: Signal, usual: float, a_day: float, run_length: float, *, spread: float = 0.0) -> Detectable:
    """The smallest bad change that a day's traffic can prove and that is worth an alert.

    Args:
        signal: What is watched; its smallest practical effect is the least that is said.
        usual: Its usual value: a rate, a size, or a count by the hour.
        a_day: Values measured in a day; for a count, conversations.
        run_length: Buckets between false alerts of one series.
        spread: Standard deviation of a size's logarithm, or of a score.
    """
    sign = -1 if signal.bad is Direction.DOWN else 1
    shown = {
        Kind.RATE: lambda: _rate(usual, a_day, run_length, sign),
        Kind.COUNT: lambda: _count(usual, run_length, sign),
    }.get(signal.kind, lambda: _size(signal.kind, usual, a_day, run_length, sign, spread))()
    if shown is None or not a_day:
        return Detectable(usual=usual, to=None)
    worth = usual + sign * least(signal, usual)
    return Detectable(usual=usual, to=max(shown, worth) if sign > 0 else min(shown, worth))


def least(signal: Signal, usual: float) -> float:
    """The smallest change from ``usual`` that is worth a person's time, in the signal's unit."""
    scale = min(usual, 1 - usual) if signal.kind is Kind.RATE else abs(usual)
    return max(signal.min_absolute, signal.min_relative * max(scale, 0.0))


def spread_of(rollup: Rollup, kind: Kind) -> float:
    """The standard deviation of the logarithm of sizes, or of scores, as far as the bins tell it."""
    pairs = [(value_of(b), count) for b, count in rollup.bins.items() if kind is not Kind.CONTINUOUS or b > 0]
    values = [(math.log(v) if kind is Kind.CONTINUOUS else v, count) for v, count in pairs]
    n = sum(count for _, count in values)
    if n <= 1:
        return 0.0
    mean = sum(v * count for v, count in values) / n
    return math.sqrt(sum(count * (v - mean) ** 2 for v, count in values) / n)


def _rate(usual: float, n: float, run_length: float, sign: int) -> float | None:
    base = min(max(usual, 0.5 / max(n, 1.0)), 1 - 0.5 / max(n, 1.0)) if n else usual
    edge = 1.0 if sign > 0 else 0.0
    return _nearest(base, edge, lambda rate: n * _bernoulli(rate, base) >= bar(run_length))


def _count(an_hour: float, run_length: float, sign: int) -> float | None:
    per_hour = an_hour / (1 + an_hour * _COUNT_VARIANCE)
    edge = an_hour * _LARGEST_FACTOR if sign > 0 else 0.0

    def is_proven(count: float) -> bool:
        factor = count / an_hour
        gain = factor * math.log(factor) - factor + 1 if factor > 0 else 1.0
        return _DAY_H * per_hour * gain >= bar(run_length)

    return None if an_hour <= 0 else _nearest(an_hour, edge, is_proven)


def _size(kind: Kind, usual: float, n: float, run_length: float, sign: int, spread: float) -> float | None:
    if n <= 0 or spread <= 0:
        return None
    shift = sign * spread * math.sqrt(2 * bar(run_length) / n)
    if kind is Kind.CONTINUOUS:
        return usual * math.exp(min(shift, 100.0))
    return usual + shift


def _nearest(usual: float, edge: float, is_proven: Callable[[float], bool]) -> float | None:
    """The value nearest to ``usual``, on the way to ``edge``, that is proven; ``None`` where not even the edge is."""
    if not is_proven(edge):
        return None
    far, near = edge, usual
    for _ in range(_STEPS):
        middle = (far + near) / 2
        far, near = (middle, near) if is_proven(middle) else (far, middle)
    return far


def _bernoulli(p: float, q: float) -> float:
    """KL(p || q) of two coins, in nats."""
    if not 0 < q < 1:
        return 0.0
    parts = ((p, q), (1 - p, 1 - q))
    return sum(a * math.log(a / b) for a, b in parts if a > 0)
