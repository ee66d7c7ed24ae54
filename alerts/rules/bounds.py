"""Plain bounds: an alert when a signal is above or below a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.window import Broken, added_up, value_of
from alerts.watching.watch import Terrain
from alerts.words import figure_text
from traces.model import EVERYTHING, Direction, Kind, Segment, Signal
from traces.store import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A signal has to stay within ``below`` and ``above``, over ``length``, with at least ``fewest`` values.

    The value is what people know the signal by: a rate from 0 to 1, the p95 of seconds, the mean of money, a count by the
    hour. A count needs no fewest values: few is what it may be about. ``runbook`` is where people read what to do.
    """

    name: str
    signal: str
    above: float | None = None
    below: float | None = None
    length: timedelta = timedelta(hours=1)
    segment: Segment = EVERYTHING
    fewest: int = 20
    runbook: str | None = None

    @property
    def origin(self) -> str:
        return f"threshold:{self.name}"

    def broken(self, tx: Tx, terrain: Terrain, end: datetime) -> Broken | None:
        """How the bound is broken as of ``end``; ``None`` where it is not, or nothing is measured."""
        signal = terrain.signals.get(self.signal)
        if signal is None:
            return None
        rollup = added_up(tx, signal, self.segment, end, self.length)
        value = value_of(signal, rollup, terrain, self.length)
        if value is None or (signal.kind is not Kind.COUNT and rollup.n < self.fewest):
            return None
        if self.above is not None and value > self.above:
            return self._told(signal, Direction.UP, end, value, rollup.n)
        if self.below is not None and value < self.below:
            return self._told(signal, Direction.DOWN, end, value, rollup.n)
        return None

    def _told(self, signal: Signal, direction: Direction, end: datetime, value: float, n: int) -> Broken:
        rises = direction is Direction.UP
        bound = (self.above if rises else self.below) or 0.0
        ceiling = 1.0 if signal.kind is Kind.RATE else max(value, bound) * 2
        hours = self.length / timedelta(hours=1)
        return Broken(
            origin=self.origin,
            signal=signal,
            segment=self.segment,
            direction=direction,
            since=end - self.length,
            until=end,
            value=value,
            low=(self.below or 0.0) if rises else bound,
            high=bound if rises else (self.above if self.above is not None else ceiling),
            n=n,
            k=round(value * n) if signal.kind is Kind.RATE else None,
            text=f"{'above' if rises else 'below'} the bound {self.name} of {figure_text(bound, signal)} over {hours:g} h",
        )
