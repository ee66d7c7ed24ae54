"""What other settings would have told over stored history, beside what those of now would have.

Both are gone through side by side, hour by hour: all traffic, whole applications and environments, and of the narrower segments
those that are newest, which is where most things happen. Nothing is stored, and nobody is told.
"""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from alerts.detector import Anomaly
from alerts.watching.track import WIDE
from alerts.watching.watch import Terrain, Watch, WatchSettings
from traces.histogram import Rollup
from traces.model import EVERYTHING, Direction, Segment, Signal
from traces.store import Tx
from traces.store.rollups import BASE_S, HOUR_S, bucket_start

SEGMENTS_AT_MOST: Final = 12
_FEW: Final = 3
_LEARNED: Final = timedelta(weeks=4)
_LEARNED_OF_MANY: Final = timedelta(weeks=2)
"""How much before the time asked for is learned from at most: more takes longer, and hardly changes what is told."""
_SPARE: Final = 0.8
_FOR_FOLDING: Final = 0.7
"""While so much of the time is left, further segments are read."""
_HOUR: Final = timedelta(hours=1)
_TRIED: Final = 12
"""So many hours are gone through once, to learn how long an hour takes."""
_LEAST_LEARNED: Final = timedelta(weeks=1)
_LEAST: Final = timedelta(days=2)
_Cut: TypeAlias = dict[Segment, dict[str, Rollup]]
_Stored: TypeAlias = list[tuple[datetime, _Cut | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Settings to go through: the signals that are watched, and the weeks between false alerts over all series."""

    signals: Mapping[str, Signal]
    weeks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldOpen:
    """An alert that would have opened.

    Attributes:
        opened_at: When it would have been told.
        until: The end of the last hour in which it was open.
    """

    signal: Signal
    segment: Segment
    direction: Direction
    opened_at: datetime
    started_at: datetime
    until: datetime
    value: float
    expected: float

    def is_like(self, other: WouldOpen) -> bool:
        """Whether both tell of the same."""
        same = (self.signal.name, self.segment, self.direction) == (other.signal.name, other.segment, other.direction)
        return same and self.started_at < other.until and other.started_at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What would have opened by the settings of now and by others, each in order of time.

    Attributes:
        since: From when on alerts count: not before the first stored hour.
        until: How far it came; before ``wanted`` where time ran out.
        series: How many series were gone through, in so many ``segments``.
    """

    now: tuple[WouldOpen, ...]
    then: tuple[WouldOpen, ...]
    since: datetime
    until: datetime
    wanted: datetime
    series: int
    segments: int

    @property
    def is_cut_off(self) -> bool:
        return self.until < self.wanted

    @property
    def appear(self) -> tuple[WouldOpen, ...]:
        """Those that only the other settings tell of."""
        return tuple(one for one in self.then if not any(one.is_like(other) for other in self.now))

    @property
    def disappear(self) -> tuple[WouldOpen, ...]:
        """Those that the other settings do not tell of."""
        return tuple(one for one in self.now if not any(one.is_like(other) for other in self.then))


def compare(
    tx: Tx,
    now: Side,
    then: Side,
    *,
    terrain: Terrain,
    settings: WatchSettings,
    since: datetime,
    until: datetime,
    series: int = 1,
    left: Callable[[], float] = lambda: 1.0,
) -> Comparison:
    """Go through the stored hours by two settings at once.

    Args:
        tx: A transaction that reads.
        now: The settings that hold.
        then: The others.
        terrain: What detection takes as given besides the signals; today's thresholds and corrections are used throughout.
        settings: How detection runs besides the false alerts.
        since: From when on alerts count.
        until: Up to when.
        series: How many series share the budget of false alerts; those gone through are a part of them.
        left: Which share of the time for it is left, from 1 to 0; at 0, what was found so far is the answer.
    """
    until = bucket_start(until, HOUR_S)
    learned = min(settings.history, _LEARNED if len(then.signals) <= _FEW else _LEARNED_OF_MANY)
    first = tx.rollups.first_bucket(HOUR_S) or until
    start = min(until, max(first, bucket_start(since - learned, HOUR_S)))
    both = Side(signals={**then.signals, **now.signals}, weeks=now.weeks)
    learning = _Course(both, terrain, Watch(settings), budgeted=series)
    learning.watch.begin(learning.terrain)
    courses: list[_Course] = []
    reached = start
    names = {signal.tail_of or name for name, signal in both.signals.items()}
    segments, stored = _stored(tx, names, start, until, left)
    start, since = _fitting(
        start, max(since, start), until, _affordable(stored[-_TRIED:], tx, both, terrain, settings, left)
    )
    for hour, cut in stored[(start - stored[0][0]) // _HOUR :] if stored else ():
        if left() <= 0:
            break
        if not courses and hour + _HOUR > since:
            courses = [learning.going_on(side) for side in (now, then)]
        for course in courses or [learning]:
            course.take(tx, hour, cut)
        reached = hour + _HOUR
    told = [course.told() for course in courses] or [(), ()]
    return Comparison(
        now=told[0],
        then=told[1],
        since=since,
        until=reached,
        wanted=until,
        series=(courses or [learning])[0].watch.series,
        segments=len(segments),
    )


@dataclass(slots=True)
class _Course:
    """One side, as the hours pass."""

    side: Side
    terrain: Terrain
    watch: Watch
    budgeted: int
    counts: bool = False
    found: dict[tuple[str, Segment, datetime], WouldOpen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.terrain = replace(self.terrain, signals=self.side.signals)

    def going_on(self, side: Side) -> _Course:
        """A side that has learned the same, and from now on goes its own way."""
        return _Course(side, self.terrain, copy.deepcopy(self.watch), self.budgeted, counts=True)

    def take(self, tx: Tx, hour: datetime, cut: _Cut | None) -> None:
        self.watch.take(hour, cut, self.terrain, lambda one, at: _fine(tx, one[0], one[1], at))
        # The budget of false alerts is shared by all series; only some of them are gone through here.
        shared = max(1.0, self.budgeted / max(1, self.watch.series))
        if self.watch.accept_false_alerts(self.side.weeks * shared):
            self.watch.reconsider(self.terrain)
        if self.counts:
            for signal, segment, anomaly in self.watch.off(self.terrain):
                self._note(signal, segment, anomaly, hour + _HOUR)

    def _note(self, signal: Signal, segment: Segment, anomaly: Anomaly, through: datetime) -> None:
        self.found[signal.name, segment, anomaly.detected_at] = WouldOpen(
            signal=signal,
            segment=segment,
            direction=anomaly.direction,
            opened_at=anomaly.detected_at,
            started_at=anomaly.started_at,
            until=through,
            value=anomaly.value,
            expected=anomaly.expected,
        )

    def told(self) -> tuple[WouldOpen, ...]:
        """Those that are not part of a wider one, in order of time."""
        found = list(self.found.values())
        whole = [one for one in found if not any(_speaks_for(other, one) for other in found)]
        return tuple(sorted(whole, key=lambda one: (one.opened_at, one.signal.name, one.segment)))


def _speaks_for(wider: WouldOpen, one: WouldOpen) -> bool:
    is_wider = set(wider.segment.pairs) < set(one.segment.pairs)
    return is_wider and replace(one, segment=wider.segment).is_like(wider)


def _affordable(
    tried: _Stored, tx: Tx, side: Side, terrain: Terrain, settings: WatchSettings, left: Callable[[], float]
) -> float:
    """How many hours of one side there is time for."""
    before = left()
    course = _Course(side, terrain, Watch(settings), budgeted=1)
    course.watch.begin(course.terrain)
    for hour, cut in tried:
        course.take(tx, hour, cut)
    took = (before - left()) / max(1, len(tried))
    return math.inf if took <= 0 else _SPARE * left() / took


def _fitting(start: datetime, since: datetime, until: datetime, affordable: float) -> tuple[datetime, datetime]:
    """From when on is learned and counted: later where there is no time for all, so that the latest hours are among them."""
    learned, counted = (since - start) / _HOUR, (until - since) / _HOUR
    if learned + 2 * counted <= affordable:
        return start, since
    fits = _HOUR * int(max(_LEAST / _HOUR, (affordable - _LEAST_LEARNED / _HOUR) / 2))
    since = max(since, until - fits)
    return max(start, since - _LEAST_LEARNED), since


def _stored(
    tx: Tx, names: Collection[str], start: datetime, until: datetime, left: Callable[[], float]
) -> tuple[list[Segment], _Stored]:
    """The segments for which there is time, and each hour of them; ``None`` when nobody was watching and nothing came."""
    cuts: dict[datetime, _Cut] = defaultdict(dict)
    segments: list[Segment] = []
    for segment in _segments(tx):
        if segments and left() < _FOR_FOLDING:
            break
        segments.append(segment)
        for at, body in _read(tx, names, segment, start, until):
            cuts[at].setdefault(segment, {}).update(body)
    watched = tx.state.beats(start, until)
    hours = (start + n * _HOUR for n in range((until - start) // _HOUR))
    return segments, [(hour, cuts.get(hour) or ({} if hour in watched else None)) for hour in hours]


def _read(
    tx: Tx, names: Collection[str], segment: Segment, start: datetime, until: datetime
) -> Iterator[tuple[datetime, Mapping[str, Rollup]]]:
    """The hours of a segment, with all signals, or of few signals with those only, which takes less time."""
    if len(names) > _FEW:
        yield from tx.rollups.whole(segment, since=start, until=until, resolution_s=HOUR_S)
        return
    for name in names:
        for at, rollup in tx.rollups.series(name, segment, since=start, until=until, resolution_s=HOUR_S):
            yield at, {name: rollup}


def _segments(tx: Tx) -> Sequence[Segment]:
    """All traffic, whole applications and environments, and of the rest the newest, where there are many."""
    seen = tx.state.segment_values()
    values = [
        (key not in WIDE, -at.timestamp(), key, value) for key, values in seen.items() for value, at in values.items()
    ]
    return [EVERYTHING, *(Segment(((key, value),)) for *_, key, value in sorted(values)[: SEGMENTS_AT_MOST - 1])]


def _fine(tx: Tx, name: str, segment: Segment, hour: datetime) -> Sequence[tuple[datetime, Rollup]]:
    return tx.rollups.series(name, segment, since=hour, until=hour + _HOUR, resolution_s=BASE_S)
