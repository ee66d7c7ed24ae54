"""Measures a series' strangeness by its own past strangeness, so that one threshold serves all series."""

from __future__ import annotations

from math import exp


class SlowQuantile:
    """A quantile of positive values, followed by small multiplicative steps (Robbins and Monro 1951)."""

    __slots__ = ("_down", "_hasty_down", "_hasty_up", "_up", "value")

    def __init__(self, quantile: float, *, step: float, start: float, haste: float) -> None:
        """Follow a quantile.

        Args:
            quantile: From 0 to 1.
            step: How far one value moves it, on the log scale.
            start: Where it begins.
            haste: How many times longer the steps are while it is young.
        """
        self.value = start
        self._up, self._down = exp(step * quantile), exp(-step * (1 - quantile))
        self._hasty_up, self._hasty_down = self._up**haste, self._down**haste

    def take(self, seen: float, *, young: bool) -> None:
        """Move towards a value."""
        if young:
            self.value *= self._hasty_up if seen > self.value else self._hasty_down
        else:
            self.value *= self._up if seen > self.value else self._down


_START = 4.0
_QUIETEST = 2.0
"""Strangeness below this is never taken for a series' usual peak: else the quietest series would cry loudest."""
_TAIL_SHARE = 0.7
_YOUNG_ROWS = 2016
_BLIND_ROWS = 144
"""Half a day of five-minute values before strangeness means anything."""


class OwnScale:
    """Divides strangeness by what the series itself reaches now and then: its slow 98 % and 99.5 % quantiles."""

    __slots__ = ("_often", "_rarely", "_rows")

    def __init__(self) -> None:
        self._often = SlowQuantile(0.98, step=0.02, start=_START, haste=4.0)
        self._rarely = SlowQuantile(0.995, step=0.04, start=_START, haste=1.0)
        self._rows = 0

    @property
    def usual(self) -> float:
        """The strangeness that this series reaches now and then."""
        return max(self._often.value, _TAIL_SHARE * self._rarely.value, _QUIETEST)

    def relative(self, strangeness: float) -> float:
        """Strangeness in units of the series' usual peaks, which then take it in; 0 while nothing is known."""
        self._rows += 1
        if self._rows <= _BLIND_ROWS:
            return 0.0
        against = strangeness / self.usual
        self._often.take(strangeness, young=self._rows <= _YOUNG_ROWS)
        self._rarely.take(strangeness, young=False)
        return against
