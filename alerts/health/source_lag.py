"""Who has fallen silent: polled stores without new traces, clients, and applications, each by its own habit.

A source is behind when its lag is both longer than at this hour of the week it ever was, by the smallest change worth an
alert, and so long that chance does not explain it: as many traces as usually begin in the hours since would leave out none
of them only once in ten thousand times (a Poisson count; the longest lag seen before guards against bursts). Hours in which
Hark itself was not watching say nothing. Of a source without two days of history nothing is said at all.

A source that stopped when it usually rests, and does not come back, may have a day off. Where it is one that has days without
traces, it is given one more such day, its busiest; where it is known for less than two weeks, two, for its first weekend. One
that falls silent in the middle of its work is given none.

An application's habit is that of its conversations, whoever sends them. While a source is behind, the applications that fell
silent with it are not told of by themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from typing import Any, Final, TypeAlias

from alerts.explaining.incident import Numbers
from alerts.explaining.sighting import Shown, Sighting, exceeding
from alerts.own import NO_DATA, SOURCE_LAG
from traces.clock import format_time
from traces.model import Alert, Segment, Signal
from traces.store import Tx
from traces.store.alerts import live
from traces.store.arrivals import ArrivalHour, SourceKind
from traces.store.rollups import HOUR_S, bucket_start

Source: TypeAlias = tuple[SourceKind, str]
"""A source, or an application, by its kind and name."""
_KEYS: Final[Mapping[SourceKind, str]] = {"poll": "source", "push": "source", "application": "application"}
"""By kind, the segment key under which its alert names it."""
_SOURCE: Final[tuple[SourceKind, ...]] = ("poll", "push")
_APPLICATION: Final[tuple[SourceKind, ...]] = ("application",)
_WITH: Final = timedelta(minutes=30)
"""An application that fell silent so soon before or after a source fell silent with it."""
HISTORY: Final = timedelta(weeks=8)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_MINUTE: Final = timedelta(minutes=1)
_LEAST_HISTORY: Final = timedelta(days=2)
_WEEKLY_FROM: Final = timedelta(weeks=2)
_ASIDE: Final = timedelta(hours=1)
"""A lag is held against those of earlier days this long before and after the same time of day."""
_FEWEST_DAYS: Final = 2
_EXPECTED: Final = 9.2
"""Traces that should have come, of which none did: exp(-9.2) is once in ten thousand times."""
_BY_HABIT: Final = timedelta(hours=2)
_WEEKEND: Final = 2
_RESTING: Final = 0.75
"""What usually comes in the two hours after a silence began, as a share of what comes on average: below it the source rests."""
_POINTS: Final = 20
_STALLED: Final = timedelta(minutes=5)
"""While conversations have waited for so long, nobody can tell which application is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far behind a source is.

    Attributes:
        since: From when it counts: its newest trace, or the end of the last hour in which Hark was not watching.
        lag: How long that is ago.
        usual: The longest at this time on earlier days.
        missed: How many traces usually begin in so much time.
        spared: How many of them a day off may explain.
    """

    since: datetime
    lag: timedelta
    usual: timedelta
    missed: float
    spared: float = 0.0


class Habit:
    """What is known of one source.

    Args:
        hours: Its hours in order of time.
        watched: The hours in which Hark was watching.
    """

    def __init__(self, hours: Sequence[ArrivalHour], watched: Collection[datetime]) -> None:
        self._hours = [hour for hour in hours if hour.seen_at is not None]
        self._came = [hour.first_at for hour in self._hours if hour.first_at is not None]
        self._seen = list(accumulate((hour.seen_at for hour in self._hours if hour.seen_at is not None), max))
        self._counts = {hour.bucket_at: hour.traces for hour in self._hours}
        self._watched = watched

    @property
    def newest(self) -> datetime | None:
        """What the lag counts from, whether Hark was watching or not."""
        return self._seen[-1] if self._seen else None

    def lag(self, now: datetime) -> Lag | None:
        """How far behind the source is; ``None`` while too little is known, or Hark is not watching."""
        since = self._since(now)
        longest = [found for day in self._days(now) if (found := self._longest(now - day)) is not None]
        if since is None or len(longest) < _FEWEST_DAYS:
            return None
        return Lag(
            since=since,
            lag=now - since,
            usual=max(longest),
            missed=self._missed(since, now, now),
            spared=self._spared(since, now),
        )

    def an_hour(self, now: datetime) -> float:
        """How many traces usually begin in the hour before ``now``."""
        return self._missed(now - _HOUR, now, now)

    def at(self, when: datetime) -> timedelta | None:
        """The lag at a time; ``None`` where it is not known."""
        since = self._since(when)
        return None if since is None else when - since

    def _days(self, now: datetime) -> list[timedelta]:
        """How long ago the days are that this one is held against: of a source known for weeks, the same days of the week."""
        known = now - self._hours[0].bucket_at if self._hours else timedelta(0)
        if known < _LEAST_HISTORY:
            return []
        step = _WEEK if known >= _WEEKLY_FROM else _DAY
        return [n * step for n in range(1, known // step + 1)]

    def _since(self, when: datetime) -> datetime | None:
        known, hour = bisect_right(self._came, when), bucket_start(when, HOUR_S)
        if not known or hour not in self._watched:
            return None
        newest = min(self._seen[known - 1], when)
        while hour > newest and hour - _HOUR in self._watched:
            hour -= _HOUR
        return max(newest, hour)

    def _longest(self, about: datetime) -> timedelta | None:
        """The longest lag around a time; ``None`` where Hark was not watching all the while, or nothing was known yet."""
        begin, end = about - _ASIDE, about + _ASIDE
        first, last = bucket_start(begin, HOUR_S), bucket_start(end, HOUR_S)
        if self._hours[0].bucket_at > first or any(
            first + n * _HOUR not in self._watched for n in range((last - first) // _HOUR + 1)
        ):
            return None
        ended = [hour.first_at for hour in self._hours if hour.first_at is not None and begin <= hour.first_at <= end]
        at_ends = [self.at(moment - timedelta(microseconds=1)) for moment in [*ended, end]]
        within = [hour.longest for hour in self._hours if first <= hour.bucket_at <= last]
        return max([*(lag for lag in at_ends if lag is not None), *within], default=None)

    def _missed(self, since: datetime, until: datetime, now: datetime) -> float:
        """How many traces usually begin in ``[since, until)``, by the same hours of the days that this one is held against."""
        missed, hour = 0.0, bucket_start(since, HOUR_S)
        while hour < until:
            share = (min(until, hour + _HOUR) - max(since, hour)) / _HOUR
            past = [hour - day for day in self._days(now)]
            counts = [self._counts.get(then, 0) for then in past if then in self._watched]
            missed += share * (sum(counts) / len(counts) if counts else 0.0)
            hour += _HOUR
        return missed

    def _spared(self, since: datetime, now: datetime) -> float:
        """How many traces days off may explain that began when the source stopped."""
        by_day = self._by_day(since)
        per_hour = sum(by_day) / max(1.0, len(by_day) * (_DAY / _HOUR))
        until = since + _BY_HABIT
        if not by_day or until > now or self._missed(since, until, now) > _RESTING * per_hour * (_BY_HABIT / _HOUR):
            return 0.0
        if now - self._hours[0].bucket_at < _WEEKLY_FROM:
            return _WEEKEND * max(by_day)
        return float(max(by_day)) if 0 in by_day else 0.0

    def _by_day(self, until: datetime) -> list[int]:
        """How many traces began on each day on which Hark was watching; days end at the time of day of ``until``."""
        found = []
        end = bucket_start(until, HOUR_S) + _HOUR
        for day in range((end - self._hours[0].bucket_at) // _DAY):
            hours = [end - day * _DAY - n * _HOUR for n in range(1, 25)]
            if all(hour in self._watched for hour in hours):
                found.append(sum(self._counts.get(hour, 0) for hour in hours))
        return found


def is_behind(lag: Lag, signal: Signal) -> bool:
    """Whether a lag is worth an alert."""
    longer = lag.lag - lag.usual
    return (
        longer >= signal.min_absolute * _MINUTE
        and longer >= signal.min_relative * lag.usual
        and lag.missed >= _EXPECTED + lag.spared
    )


def sightings(
    hours: Mapping[Source, Sequence[ArrivalHour]],
    watched: Collection[datetime],
    alerted: Mapping[str, Alert],
    signal: Signal,
    now: datetime,
    silent_since: Sequence[datetime] = (),
) -> list[Sighting]:
    """The sources, or applications, that are behind as of ``now``.

    One that has an alert stays behind until it sends again, however its habit changes over the day.

    Args:
        hours: What came from each, in order of time.
        watched: The hours in which Hark was watching.
        alerted: The alerts of those that are behind, by name.
        signal: With the smallest change worth an alert.
        now: As of when.
        silent_since: Since when sources are behind that are told of already.
    """
    found = []
    for (kind, name), of_source in hours.items():
        habit, segment = Habit(of_source, watched), Segment.of(**{_KEYS[kind]: name})
        alert = alerted.get(name)
        if alert is not None and habit.newest is not None and habit.newest <= alert.started_at:
            found.append(_sighting(segment, habit, _standing(alert, now), signal, now))
        elif (lag := habit.lag(now)) is not None and is_behind(lag, signal) and not _is_told(lag, silent_since):
            found.append(_sighting(segment, habit, lag, signal, now))
    return found


def _is_told(lag: Lag, silent_since: Sequence[datetime]) -> bool:
    return any(abs(lag.since - since) <= _WITH for since in silent_since)


def _alerted(tx: Tx, signal: Signal) -> Mapping[str, Alert]:
    """The alerts of those that are behind."""
    alerts = [alert for alert in live(tx.alerts.all(limit=500)) if alert.signal == signal.name]
    return {value: alert for alert in alerts for _, value in alert.segment.pairs}


def _standing(alert: Alert, now: datetime) -> Lag:
    return Lag(
        since=alert.started_at, lag=now - alert.started_at, usual=alert.expected_high * _MINUTE, missed=_EXPECTED
    )


def _sighting(segment: Segment, habit: Habit, lag: Lag, signal: Signal, now: datetime) -> Sighting:
    minutes, usual, an_hour = lag.lag / _MINUTE, lag.usual / _MINUTE, habit.an_hour(lag.since)
    numbers = Numbers(
        segment=segment, value=minutes, expected=usual, expected_low=0.0, expected_high=usual, n=1, k=None
    )
    rate = f"usually {an_hour:,.0f} an hour, and" if an_hour >= 1 else "usually"
    text = f"no data; {rate} at this time it was never behind for more than {usual:,.0f} min"

    def show(_tx: Tx, _examples: int) -> Shown:
        chart = _chart(segment, habit, usual, now)
        return Shown(detail={"chart": chart, "conversations": 0, "rule": {"text": text}})

    return exceeding(signal, numbers, signal.name, since=lag.since, show=show)


def _chart(segment: Segment, habit: Habit, usual: float, now: datetime) -> dict[str, Any]:
    moments = [now - n * _HOUR for n in reversed(range(_POINTS))]
    lags = [(at, habit.at(at)) for at in moments]
    return {
        "of": [list(pair) for pair in segment.pairs],
        "points": [
            {"at": format_time(at), "value": lag / _MINUTE, "low": 0.0, "high": usual}
            for at, lag in lags
            if lag is not None
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Who is behind. ``is_news``: others than when it was last looked."""

    sightings: Sequence[Sighting] = ()
    is_news: bool = False


class Lagging:
    """Looks after the sources and the applications once a minute. Not safe to share between threads.

    Args:
        polled: The names of the stores that are polled.
    """

    def __init__(self, polled: Collection[str]) -> None:
        self._polled = frozenset(polled)
        self._hours: dict[Source, list[ArrivalHour]] = {}
        self._read_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._found: list[Sighting] = []

    def look(self, tx: Tx, signals: Mapping[str, Signal], now: datetime, *, is_blind: bool = False) -> Behind:
        """Who is behind as of ``now``; nothing where the team has switched the signal off.

        While nobody can tell how late it is (``is_blind``), only those are that have an alert.
        """
        if self._looked_at is not None and abs(now - self._looked_at) < _MINUTE:
            return Behind(sightings=self._found)
        alerted = {signal.name: _alerted(tx, signal) for signal in (SOURCE_LAG, NO_DATA)}
        before = _told(alerted) if self._looked_at is None else _names(self._found)
        self._looked_at = now
        self._read(tx, now)
        self._found = self._silent(tx, signals, alerted, now)
        if is_blind:
            self._found = [s for s in self._found if s.segment.pairs[0][1] in alerted[s.signal.name]]
        return Behind(sightings=self._found, is_news=_names(self._found) != before)

    def _silent(
        self, tx: Tx, signals: Mapping[str, Signal], alerted: Mapping[str, Mapping[str, Alert]], now: datetime
    ) -> list[Sighting]:
        watched = tx.state.beats(bucket_start(now - HISTORY, HOUR_S), now + _HOUR)
        found: list[Sighting] = []
        if (signal := signals.get(SOURCE_LAG.name)) is not None:
            found = sightings(self._of(_SOURCE), watched, alerted[SOURCE_LAG.name], signal, now)
        if (signal := signals.get(NO_DATA.name)) is not None:
            applications, told = self._of(_APPLICATION), alerted[NO_DATA.name]
            if tx.conversations.waiting_since(now - _STALLED, judges=False) is not None:
                # What waits to be looked at has not been counted yet: nobody knows who is silent.
                applications = {key: of for key, of in applications.items() if key[1] in told}
            found += sightings(applications, watched, told, signal, now, [s.started_at for s in found])
        return found

    def _of(self, kinds: Collection[SourceKind]) -> dict[Source, list[ArrivalHour]]:
        return {key: hours for key, hours in self._hours.items() if key[0] in kinds}

    def _read(self, tx: Tx, now: datetime) -> None:
        """Bring what is known of them up to date: all of it at first, then only the hours that may have changed."""
        since = bucket_start(now - HISTORY, HOUR_S)
        if self._read_at is None or now < self._read_at:
            self._hours, changed_since = {}, since
        else:
            changed_since = bucket_start(self._read_at - _HOUR, HOUR_S)
        if self._read_at is None or bucket_start(now, HOUR_S) > self._read_at:
            tx.arrivals.trim(since - _DAY)
        self._read_at = now
        changed = {
            key: list(hours)
            for key, hours in groupby(tx.arrivals.hours(changed_since), key=lambda hour: (hour.kind, hour.source))
            if key[0] in _KEYS and (key[0] != "poll" or key[1] in self._polled)
        }
        self._hours = {
            key: [*(h for h in self._hours.get(key, ()) if since <= h.bucket_at < hours[0].bucket_at), *hours]
            for key, hours in changed.items()
        }


def _names(found: Sequence[Sighting]) -> set[tuple[str, str]]:
    return {(sighting.signal.name, value) for sighting in found for _, value in sighting.segment.pairs}


def _told(alerted: Mapping[str, Mapping[str, Alert]]) -> set[tuple[str, str]]:
    return {(signal, name) for signal, of_signal in alerted.items() for name in of_signal}
