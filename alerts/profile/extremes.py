"""Whether a series shows what it has never shown before: the vote where no season exists."""

from __future__ import annotations

from array import array
from math import log

_GROWS_BY = 1.5
"""One record widens a range by no more than this many ranges, so that the second incident is a record again."""
_FIRST = 30
"""Values that only span the first range."""
_UNTRUSTED = 60
"""Until so many values have been seen, the range is too young for a record to mean anything."""

_ORDINARY = (0.1, 3.0, 1.6)
"""For each statistic of ``Records``, the share of its range that is half way from no to full surprise."""
_RECORD = 0.04
"""The surprise of a record that counts as one."""
_HOUR_RATE = 1 / 12
_STEPS_RATE = 1 / 48
_SLOW_ROWS = 500
_COMPARED_ROWS = 2000
_SEASON, _NO_SEASON = 0.4, 0.8
"""What the time of day leaves unexplained, as a share: below the first records say nothing, above the second all."""


_EVIDENCE_KEEPS = 0.9
_GUESSED = 4
"""With how many records the guess of how far a record lies outside weighs against those that were seen."""
_FARTHEST = 0.3
"""One record teaches no more of it than this share of the range."""


class Luck:
    """Whether the records of late are more than luck: the evidence against it, in nats.

    By luck alone the n-th value is a record with a chance of 2 / n, and lies outside the range by shares that fall off
    exponentially, about 1 / (4 ln n) of it on average where values are normal (Embrechts, Klüppelberg & Mikosch 1997, chapter
    5.4); what this very series shows is learned. Evidence adds up over the rows of an hour, for an incident sets one record
    after another, luck a lone one.
    """

    __slots__ = ("_evidence", "_many", "_seen")

    def __init__(self, statistics: int) -> None:
        self._evidence = 0.0
        self._many = array("d", bytes(8 * statistics))
        self._seen = array("d", bytes(8 * statistics))

    def take(self, shares: tuple[float, ...], rows: int) -> None:
        """Take in by what share of its range each statistic set a record in a row, 0 for none; ``rows`` came so far."""
        self._evidence *= _EVIDENCE_KEEPS
        for place, share in enumerate(shares):
            if share:
                guessed = _GUESSED / (4 * log(max(rows, _UNTRUSTED)))
                self._evidence += share * (_GUESSED + self._many[place]) / (guessed + self._seen[place])
                self._many[place] += 1
                self._seen[place] += min(share, _FARTHEST)

    def is_ruled_out(self, rows: int, within: float) -> bool:
        """Whether luck would bring about as much in one statistic less than once in ``within`` rows, after ``rows``."""
        return self._evidence > max(0.0, log(2 * max(within, 1.0) / max(rows, 1)))


class Extremes:
    """The range of what a statistic has shown so far, and by how much of it a new value lies outside."""

    __slots__ = ("_high", "_low", "_rows")

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._rows = 0

    def beyond(self, value: float) -> float:
        """How far outside the range so far, as a share of the range; 0 within it. The range then takes it in."""
        self._rows += 1
        if self._rows <= _FIRST:
            self._low = value if self._rows == 1 or value < self._low else self._low
            self._high = value if self._rows == 1 or value > self._high else self._high
            return 0.0
        low, high = self._low, self._high
        if low <= value <= high:
            return 0.0
        width = high - low + 1e-9 + 1e-6 * abs(value)
        if value > high:
            share = (value - high) / width
            self._high = high + (min(_GROWS_BY, share)) * width
        else:
            share = (low - value) / width
            self._low = low - (min(_GROWS_BY, share)) * width
        return share if self._rows > _UNTRUSTED else 0.0


class Records:
    """Three statistics of a series whose new extremes are worth a look.

    The value itself; the mean of the last 12 rows against the time of day; the mean step of the last 48 rows (how
    restless the series is). Each record counts by how far it lies outside the range, against what is ordinary for that
    statistic.
    """

    __slots__ = (
        "_apart",
        "_around",
        "_compared",
        "_hour",
        "_luck",
        "_missed",
        "_previous",
        "_ranges",
        "_rows",
        "_slow",
        "_steps",
    )

    def __init__(self) -> None:
        self._ranges = tuple(Extremes() for _ in _ORDINARY)
        self._luck = Luck(len(_ORDINARY))
        self._rows = self._compared = 0
        self._previous = 0.0
        self._hour = self._slow = 0.0
        self._missed = self._steps = 0.0
        self._apart = self._around = 0.0

    def vote(self, value: float, missed: float) -> float:
        """How much a value speaks for an anomaly: 1 is an ordinary record, more a greater one, 0 none.

        Args:
            value: In units of the series.
            missed: By how much the profile of the day misses it; 0 while the time of day is new.
        """
        self._rows += 1
        self._average(value, missed)
        strongest = 0.0
        shown = (value, self._missed, self._steps)
        shares = tuple(of.beyond(statistic) for statistic, of in zip(shown, self._ranges, strict=True))
        self._luck.take(shares, self._rows)
        for share, ordinary in zip(shares, _ORDINARY, strict=True):
            if share:
                strongest = max(strongest, share / (share + ordinary))
        return strongest / _RECORD * self._seasonless()

    def is_no_luck(self, within: float) -> bool:
        """Whether luck would set such records as those of late less than once in ``within`` rows."""
        return self._luck.is_ruled_out(self._rows, within)

    def compare(self) -> None:
        """Note what the profile leaves unexplained beside what there is to explain; from the second day on."""
        self._compared += 1
        rate = 1.0 / min(self._compared, _COMPARED_ROWS)
        self._apart += rate * (abs(self._missed) - self._apart)
        self._around += rate * (abs(self._hour - self._slow) - self._around)

    def _average(self, value: float, missed: float) -> None:
        rows = self._rows
        if rows == 1:
            self._previous = self._hour = value
        self._missed += _HOUR_RATE * (missed - self._missed)
        self._hour += _HOUR_RATE * (value - self._hour)
        self._steps += _STEPS_RATE * (abs(value - self._previous) - self._steps)
        self._slow += (value - self._slow) / (min(_SLOW_ROWS, rows))
        self._previous = value

    def _seasonless(self) -> float:
        """1 where the time of day explains nothing, 0 where it explains most."""
        if not self._around:
            return 1.0
        left = self._apart / self._around
        return min(1.0, max(0.0, (left - _SEASON) / (_NO_SEASON - _SEASON)))
