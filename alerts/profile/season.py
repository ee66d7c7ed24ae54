"""What a series usually shows at a time of day, and how far it usually strays from it."""

from __future__ import annotations

from array import array
from typing import NamedTuple

DAY_S = 86_400.0
SLOTS = 288
_SLOT_S = DAY_S / SLOTS
_NEIGHBOURS = 0.5
"""Weight of the two slots beside a slot in what is expected of it."""
_REMEMBERED = 14
"""Visits of a slot over which it learns: two weeks of a value every five minutes."""
_LEVEL_RATE = 0.15
"""The short-run level follows what the profile missed within about half an hour of five-minute values."""
_KEEPS = 0.998
"""What is left of the level after a row: what lasts for days belongs to the profile."""
_RARELY = 0.3
"""A slot is never taken to be quieter than this share of the whole series."""
_SPREAD_ROWS = 500
_WINSOR = 6.0
"""One value teaches no more than a deviation of this many spreads."""
_UNGUARDED = 20
"""The first values are learned as they are: nothing says yet what is far."""
_KNOWN = 2


class Usual(NamedTuple):
    """What is expected of one value, before it is seen.

    Attributes:
        slot: Of the day, from 0.
        profile: What the time of day says, in units of the series.
        value: The same, moved by the short-run level: what is expected.
        spread: Mean absolute deviation to be expected, in units of the series; never zero.
        seen: How often this time of day has been seen.
    """

    slot: int
    profile: float
    value: float
    spread: float
    seen: int


class Season:
    """A profile over the day, a level that follows the last half hour, and a spread per time of day.

    Deviations are winsorised before they are learned (Tukey 1962), so that an incident moves neither the profile
    nor its spread by much. Bounded: three numbers for each five minutes of a day.
    """

    __slots__ = ("_last", "_level", "_profile", "_rows", "_seen", "_spread", "_spreads")

    def __init__(self) -> None:
        self._profile = array("d", bytes(8 * SLOTS))
        self._spreads = array("d", bytes(8 * SLOTS))
        self._seen = array("H", bytes(2 * SLOTS))
        self._level = 0.0
        self._spread = 0.0
        self._last = 0.0
        self._rows = 0

    def expect(self, at: float, value: float) -> Usual:
        """What is expected at a time (seconds since the epoch); ``value`` only says how fine a spread can be."""
        slot = int(at % DAY_S / _SLOT_S) % SLOTS
        seen = self._seen[slot]
        profile, spread = self._last, self._spread
        if seen:
            profile, own = self._profile[slot], self._spreads[slot]
            after = slot + 1 if slot < SLOTS - 1 else 0
            if self._seen[after] and self._seen[slot - 1]:
                beside = 0.5 * (self._profile[after] + self._profile[slot - 1])
                profile += _NEIGHBOURS * (beside - profile)
                own = 0.5 * own + 0.25 * (self._spreads[after] + self._spreads[slot - 1])
            if seen >= _KNOWN:
                spread = max(_RARELY * spread, own)
        return Usual(slot, profile, profile + self._level, spread + 1e-9 + 1e-6 * abs(value), seen)

    def learn(self, usual: Usual, value: float) -> None:
        """Take in a value of which ``usual`` was expected."""
        self._rows += 1
        if self._rows == 1:
            self._profile[usual.slot], self._seen[usual.slot], self._last = value, 1, value
            return
        missed, most = value - usual.value, _WINSOR * usual.spread
        if self._rows >= _UNGUARDED:
            missed = most if missed > most else max(missed, -most)
        far, slot = abs(missed), usual.slot
        if usual.seen:
            self._level = _KEEPS * self._level + _LEVEL_RATE * missed
            rate = 1.0 / (usual.seen + 1 if usual.seen < _REMEMBERED else _REMEMBERED)
            self._profile[slot] += rate * missed
            self._spreads[slot] += rate * (far - self._spreads[slot])
        else:
            self._profile[slot], self._spreads[slot] = value - self._level, self._spread
        self._spread += (far - self._spread) / min(self._rows, _SPREAD_ROWS)
        if usual.seen < _REMEMBERED:
            self._seen[slot] = usual.seen + 1
        self._last = self._profile[slot]
