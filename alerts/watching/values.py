"""Watches numbers of which only the value counts: queue lengths, temperatures, what another system measures.

Such a number has no share and no size whose chance is known, so that its mean in every five minutes is judged as a series of
values is (``alerts.profile``): against the time of day and the level of the last half hour, or as a record. What
opened stays open until the values are back where they were expected before, by the time of day, or for four days.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import TypeAlias

from alerts.detector import Anomaly, Point, Verdict
from alerts.profile import Judged, ValueDetector
from alerts.watching.checkpoint import packed, unpacked
from alerts.watching.track import Series
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import Direction, Signal

Rows: TypeAlias = Sequence[tuple[datetime, Rollup]]

_HOURS_KEPT = 72
_HOUR = struct.Struct("<6d")
_FOLLOWS = 1 / 6
_BACK = 0.3
"""Values are back when those of half an hour stray by no more than this share of the usual range from its middle."""
_QUIET_ROWS = 6
_LONGEST_S = 96 * 3600.0
_READY_ROWS = 500


@dataclass(slots=True)
class _Open:
    """A change that lasts: times in seconds, sums over its rows, and how far values are from where they were."""

    started_at: float
    level: float
    sign: float
    rows: float = 0.0
    n: float = 0.0
    total: float = 0.0
    expected: float = 0.0
    band: float = 0.0
    away: float = 0.0
    quiet: float = 0.0


@dataclass(slots=True)
class _Course:
    """One series: its detector, the change that is open, the hours of a chart."""

    detector: ValueDetector
    hours: deque[tuple[float, ...]]
    change: _Open | None = None
    rows: float = 0.0
    accepted_at: float = 0.0

    def take(self, hour: datetime, rows: Rows, patience: float) -> None:
        self.detector.be_patient(patience)
        shown = []
        for at, rollup in rows:
            mean = rollup.mean
            if mean is None:
                continue
            seconds = at.timestamp()
            judged = self.detector.take(seconds, mean, float(rollup.n))
            if judged.fault or judged.expected_low is None or judged.expected_high is None or judged.profile is None:
                continue
            self.rows += 1
            middle, band = self._usual(judged)
            shown.append((rollup.n, mean, middle, middle - band, middle + band))
            self._follow(seconds, rollup.n, mean, middle, band, judged)
        if shown:
            n, *means = (sum(column) for column in zip(*shown, strict=True))
            self.hours.append((hour.timestamp(), n, *(total / len(shown) for total in means)))

    def _usual(self, judged: Judged) -> tuple[float, float]:
        """What was to be expected, and by how much a value may stray; of a change, by the level before it."""
        low, high = judged.expected_low or 0.0, judged.expected_high or 0.0
        middle = (low + high) / 2
        if self.change is not None and judged.profile is not None:
            middle = judged.profile + self.change.level
        return middle, (high - low) / 2

    def _follow(self, at: float, n: int, value: float, middle: float, band: float, judged: Judged) -> None:
        if self.change is None:
            if not judged.alert:
                return
            self.change = _Open(at, middle - (judged.profile or 0.0), 1.0 if value > middle else -1.0, away=1.0)
        change, off = self.change, (value - middle) / max(band, 1e-12)
        change.rows += 1
        change.n += n
        change.total += value
        change.expected += middle
        change.band += band
        change.away += _FOLLOWS * (max(-2.0, min(2.0, change.sign * off)) - change.away)
        change.quiet = change.quiet + 1 if change.away < _BACK else 0
        is_back = change.quiet >= _QUIET_ROWS and not judged.alert
        is_usual_now = at - change.started_at >= _LONGEST_S
        if is_usual_now:
            self.accepted_at = at
        if is_back or is_usual_now:
            self.change = None

    def anomaly(self, signal: Signal) -> Anomaly | None:
        """The change that is open, where it is bad and large enough."""
        change = self.change
        if change is None or not change.rows:
            return None
        value, expected, band = (total / change.rows for total in (change.total, change.expected, change.band))
        is_up = value > expected
        if signal.bad is (Direction.DOWN if is_up else Direction.UP):
            return None
        if abs(value - expected) < max(signal.min_absolute, signal.min_relative * abs(expected)):
            return None
        began = datetime.fromtimestamp(change.started_at, UTC)
        return Anomaly(
            series=0,
            direction=Direction.UP if is_up else Direction.DOWN,
            started_at=began,
            detected_at=began,
            ended_at=None,
            end=None,
            evidence=1.0,
            n=round(change.n),
            k=None,
            value=value,
            expected=expected,
            expected_low=expected - band,
            expected_high=expected + band,
        )

    def points(self) -> tuple[Point, ...]:
        return tuple(Point(datetime.fromtimestamp(at, UTC), round(n), *rest) for at, n, *rest in self.hours)

    def to_bytes(self) -> bytes:
        head = {
            "change": None if self.change is None else list(astuple(self.change)),
            "rows": self.rows,
            "accepted_at": self.accepted_at,
        }
        return packed(head, [self.detector.to_bytes(), b"".join(_HOUR.pack(*hour) for hour in self.hours)])

    @classmethod
    def from_bytes(cls, saved: bytes) -> _Course:
        head, parts = unpacked(saved)
        change = head["change"]
        if len(parts) != len(("detector", "hours")) or (change is not None and len(change) != len(fields(_Open))):
            raise BadInput("not a saved series of values; fold the history again", "detector state")
        hours = deque(_HOUR.iter_unpack(parts[1]), maxlen=_HOURS_KEPT)
        is_open = None if change is None else _Open(*change)
        return cls(ValueDetector.from_bytes(parts[0]), hours, is_open, head["rows"], head["accepted_at"])


class Values:
    """All series of values, by signal and segment; at most 10 kB each."""

    def __init__(self) -> None:
        self._courses: dict[Series, _Course] = {}

    @property
    def series(self) -> list[Series]:
        """Those of which anything was seen, in the order of ``bodies``."""
        return list(self._courses)

    def take(self, series: Series, hour: datetime, rows: Rows, *, patience: float) -> None:
        """Take in the rows of an hour.

        Args:
            series: Which one.
            hour: When it began.
            rows: Its buckets in order, each with what it holds.
            patience: How many times more rarely than usual a false alert is accepted.
        """
        course = self._courses.setdefault(series, _Course(ValueDetector(), deque(maxlen=_HOURS_KEPT)))
        course.take(hour, rows, patience)

    def accept(self, names: Iterable[str]) -> None:
        """Take what these signals show for usual."""
        wanted = set(names)
        for (name, _), course in self._courses.items():
            if name in wanted and course.change is not None:
                course.accepted_at, course.change = course.change.started_at, None

    def accepted_at(self, series: Series) -> datetime | None:
        """When a changed level of a series was last taken for its usual one."""
        course = self._courses.get(series)
        return None if course is None or not course.accepted_at else datetime.fromtimestamp(course.accepted_at, UTC)

    def verdict(self, signal: Signal, series: Series) -> Verdict | None:
        """What is known of a series; ``None`` when nothing is."""
        course = self._courses.get(series)
        if course is None:
            return None
        anomaly = course.anomaly(signal)
        return Verdict(
            series=0,
            ready=course.rows >= _READY_ROWS,
            evidence=0.0 if anomaly is None else anomaly.evidence,
            anomaly=anomaly,
            points=course.points(),
        )

    def found(self, signals: Mapping[str, Signal]) -> list[tuple[Series, Anomaly]]:
        """The series that are off."""
        off = ((one, course.anomaly(signals[one[0]])) for one, course in self._courses.items() if one[0] in signals)
        return [(series, anomaly) for series, anomaly in off if anomaly is not None]

    def bodies(self) -> list[bytes]:
        """What is known of each series."""
        return [course.to_bytes() for course in self._courses.values()]

    @classmethod
    def from_bodies(cls, series: Sequence[Series], bodies: Sequence[bytes]) -> Values:
        """What ``bodies`` wrote.

        Raises:
            BadInput: It is not of this version; fold the history again then.
        """
        values = cls()
        values._courses = {one: _Course.from_bytes(body) for one, body in zip(series, bodies, strict=True)}
        return values
