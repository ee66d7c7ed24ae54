"""Objectives: an alert when the error budget burns too fast, by two windows each (Google's SRE workbook, chapter 5).

A long window says that it matters, a short one that it still goes on. With few conversations a single failure burns any
budget, so a window speaks only with a handful of failures among enough conversations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.window import Broken, added_up
from alerts.signals import threshold_of
from alerts.watching.watch import Terrain
from traces.histogram import Rollup
from traces.model import EVERYTHING, Direction, Kind, Segment, Signal
from traces.store import Tx

FEWEST_BAD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A budget that burns ``factor`` times as fast as it may, over a long and a short window."""

    factor: float
    long: timedelta
    short: timedelta


PACES = (
    Pace(factor=14.4, long=timedelta(hours=1), short=timedelta(minutes=5)),
    Pace(factor=6.0, long=timedelta(hours=6), short=timedelta(minutes=30)),
    Pace(factor=1.0, long=timedelta(days=3), short=timedelta(hours=6)),
)
"""For a budget of 30 days: 2 % of it gone in an hour, 5 % in six hours, 10 % in three days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The share of conversations that has to be good, of a signal that is a rate.

    ``objective`` is that share, over ``days``; the paces are for a budget of 30 days and scale with it. A conversation is bad
    where the signal is on its bad side. ``fewest`` conversations in the long window let it speak. ``runbook`` is where people read what to do.
    """

    name: str
    signal: str
    objective: float
    days: float = 30.0
    segment: Segment = EVERYTHING
    fewest: int = 20
    runbook: str | None = None

    @property
    def origin(self) -> str:
        return f"slo:{self.name}"

    @property
    def budget(self) -> float:
        """The share of conversations that may be bad."""
        return 1.0 - self.objective

    def broken(self, tx: Tx, terrain: Terrain, end: datetime) -> Broken | None:
        """The fastest pace at which the budget burns as of ``end``; ``None`` where it does not, or nothing is measured."""
        signal = terrain.signals.get(self.signal)
        if signal is None or signal.kind is not Kind.RATE:
            return None
        for pace in PACES:
            factor = pace.factor * self.days / 30.0
            long = added_up(tx, signal, self.segment, end, pace.long)
            bad = self._bad(signal, long, terrain)
            if long.n < self.fewest or bad < FEWEST_BAD or bad / long.n < min(factor * self.budget, 1.0):
                continue
            short = added_up(tx, signal, self.segment, end, pace.short)
            if short.n and self._bad(signal, short, terrain) / short.n >= min(factor * self.budget, 1.0):
                return self._told(signal, pace, end, bad, long.n)
        return None

    def _bad(self, signal: Signal, rollup: Rollup, terrain: Terrain) -> int:
        positive = rollup.at_least(threshold_of(signal, terrain.calibrations))
        return rollup.n - positive if signal.bad is Direction.DOWN else positive

    def _told(self, signal: Signal, pace: Pace, end: datetime, bad: int, n: int) -> Broken:
        falls = signal.bad is Direction.DOWN
        burn = bad / n / self.budget if self.budget else float("inf")
        gone = burn * (pace.long / timedelta(days=self.days))
        return Broken(
            origin=self.origin,
            signal=signal,
            segment=self.segment,
            direction=Direction.DOWN if falls else Direction.UP,
            since=end - pace.long,
            until=end,
            value=(n - bad) / n if falls else bad / n,
            low=self.objective if falls else 0.0,
            high=1.0 if falls else self.budget,
            n=n,
            k=n - bad if falls else bad,
            text=(
                f"{bad:,} of {n:,} conversations missed the objective {self.name} of {self.objective:.4g} within "
                f"{_length(pace.long)}, {burn:.1f} times what it allows; {gone:.0%} of the budget of {self.days:g} days"
            ),
        )


def _length(span: timedelta) -> str:
    return f"{span.days} days" if span.days else f"{span.seconds // 3600} h"
