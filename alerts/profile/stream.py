"""One series as it comes: each value judged by what came before it, and by nothing else."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from alerts.profile.calibration import OwnScale
from alerts.profile.episode import Episode
from alerts.profile.extremes import Records
from alerts.profile.saved import restore, state_of
from alerts.profile.season import DAY_S, Season

_CARRIES = 0.6
"""How much of the evidence of a row is left at the next: an event of half an hour adds up."""
_NORM = (1 - _CARRIES**2) ** 0.5
_ROW_MOST = 7.0
"""The most spreads that one row can speak for: a lone outlier is not twice as strange for being twice as far."""
_PEAK_MOST = 2.2
"""How far beyond its usual peaks a seasonal series must be, to be as strange as one that sets a record."""
_RECORD_MOST = 1.2
"""No record is as strange as this many ordinary ones: a series without a rhythm sets many while it is young."""
_LARGEST = 1e150
_GAP_STEPS = 10.0
_SETTLES_ROWS = 6
"""Rows after a gap until the level of the last half hour is known again; until then a deviation speaks for less."""
_RESET_AFTER = 12
"""Rows that are not later than the last one before the clock is believed to have been set back."""
_WARM_ROWS, _WARM_S = 500, 2 * DAY_S
_RECORDS_FROM_ROWS, _RECORDS_LEAST_ROWS = 550, 150
_BAND = 1.5
_PEAK_PER_NAT = 0.1
"""How much farther beyond its usual peaks a series must be for e times fewer false alerts."""
_LUCK_S = 21 * DAY_S
"""An alert opens on records that luck sets less than once in three weeks in each of three statistics."""


class Judged(NamedTuple):
    """What is said of one row.

    Attributes:
        expected_low: The usual range at that time, in units of the series; ``None`` while nothing is known.
        expected_high: Its upper end.
        score: From 0 to below 1, higher is stranger, comparable across series; 0 for a row that cannot be judged.
        alert: Whether an alert is open.
        fault: Why the row was not judged: ``late``, ``repeated``, ``no number``, ``no count``; empty when it was.
        profile: What the time of day alone makes expect, without the level of the last half hour.
    """

    expected_low: float | None
    expected_high: float | None
    score: float
    alert: bool
    fault: str = ""
    profile: float | None = None


class ValueDetector:
    """Judges a series of times and values, strictly causally and in bounded memory (about 6 kB).

    Two opinions: how far a value lies from the profile of its time of day and the level of the last half hour, in
    units of what this very series reaches now and then; and, where the time of day explains little, whether it sets a
    record. After a strange row only a stranger one is news for a while, so that one incident is one peak of the score.
    All parameters are fixed.
    """

    __slots__ = (
        "_began", "_carried", "_early", "_episode", "_last", "_patience", "_records", "_rows", "_scale", "_season", "_settling", "_step",
        "_typical_count",
    )  # fmt: skip

    def __init__(self) -> None:
        self._season = Season()
        self._records = Records()
        self._scale = OwnScale()
        self._episode = Episode()
        self._rows = self._early = self._settling = 0
        self._began = self._last = self._step = 0.0
        self._carried = 0.0
        self._typical_count = 0.0
        self._patience = 1.0

    def be_patient(self, patience: float) -> None:
        """Accept false alerts so many times more rarely than at the usual 0.3 a week of values without any rhythm."""
        self._patience = max(1.0, patience)

    def to_bytes(self) -> bytes:
        """All that is known, in less than 6 kB."""
        return state_of(self)

    @classmethod
    def from_bytes(cls, saved: bytes) -> ValueDetector:
        """What ``to_bytes`` wrote.

        Raises:
            BadInput: It is no saved detector of this version; fold the history again then.
        """
        detector = cls()
        restore(detector, saved)
        return detector

    def take(self, at: float | None, value: float | None, count: float | None = None) -> Judged:
        """Judge a row and learn from it.

        Args:
            at: Seconds since the epoch; ``None`` when the row has no readable time.
            value: ``None`` or not finite when the row has no number.
            count: How many observations the value stands for, when that is known: few count for little.
        """
        fault = self._fault(at, value, count)
        if fault or at is None or value is None:
            return Judged(None, None, 0.0, self._episode.is_open, fault)
        self._pass_time(at)
        usual = self._season.expect(at, value)
        if self._rows == 1:
            self._season.learn(usual, value)
            self._records.vote(value, 0.0)
            return Judged(None, None, 0.0, alert=False)
        if count is not None:
            value = self._shrunk(value, usual.value, count)
        away = (value - usual.value) / usual.spread
        self._season.learn(usual, value)
        peaks = self._peaks(away)
        seen = value - usual.profile if usual.seen else 0.0
        record = self._record(value, seen, at)
        trust = self._trust(at)
        strange = max(peaks, record) * trust
        is_no_luck = record > 0 and self._records.is_no_luck(_LUCK_S * self._patience / max(self._step, 1.0))
        least = 1.0 + _PEAK_PER_NAT * log(self._patience)
        score, is_open = self._episode.take(
            strange / (1.0 + strange), at, is_peak=peaks * trust >= least, is_no_luck=is_no_luck
        )
        band = _BAND * self._scale.usual * usual.spread
        return Judged(usual.value - band, usual.value + band, score, is_open, profile=usual.profile)

    def _fault(self, at: float | None, value: float | None, count: float | None) -> str:
        if at is None or not -_LARGEST < at < _LARGEST:
            return "no time"
        if value is None or not -_LARGEST < value < _LARGEST:
            return "no number"
        if count is not None and not 0 < count < _LARGEST:
            return "no count"
        if self._rows and at <= self._last and self._early < _RESET_AFTER:
            self._early += 1
            return "repeated" if at == self._last else "late"
        return ""

    def _pass_time(self, at: float) -> None:
        passed = at - self._last
        if not self._rows:
            self._began = at
        elif passed <= 0 or (self._step and passed > _GAP_STEPS * self._step):
            # What was under way before a gap says nothing about what comes after it.
            self._carried = 0.0
            self._settling = _SETTLES_ROWS
            self._began += min(passed, 0.0)
        if self._rows and passed > 0:
            self._step += (min(passed, 4 * self._step or passed) - self._step) / min(self._rows, 50)
        self._last, self._early = at, 0
        self._rows += 1

    def _shrunk(self, value: float, usual: float, count: float) -> float:
        """A value that stands for fewer observations than usual, moved to what is expected: it strays further."""
        typical = self._typical_count = self._typical_count or count
        self._typical_count += (min(count, 4 * typical) - typical) / min(self._rows, 500)
        return value if count >= typical else usual + (value - usual) * (count / typical) ** 0.5

    def _peaks(self, away: float) -> float:
        away = _ROW_MOST if away > _ROW_MOST else max(away, -_ROW_MOST)
        if self._settling:
            away *= 1 - self._settling / (_SETTLES_ROWS + 1)
            self._settling -= 1
        self._carried = _CARRIES * self._carried + away
        return self._scale.relative(abs(self._carried) * _NORM) / _PEAK_MOST

    def _record(self, value: float, missed: float, at: float) -> float:
        vote = self._records.vote(value, missed)
        if at - self._began > DAY_S:
            self._records.compare()
        old = self._rows > _RECORDS_FROM_ROWS or (self._rows > _RECORDS_LEAST_ROWS and at - self._began > _WARM_S)
        if not old or vote <= 1.0:
            return vote if old else 0.0
        return _RECORD_MOST - (_RECORD_MOST - 1.0) / vote

    def _trust(self, at: float) -> float:
        return min(1.0, max(self._rows / _WARM_ROWS, (at - self._began) / _WARM_S))
