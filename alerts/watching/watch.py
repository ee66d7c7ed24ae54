"""Runs the detectors over the rollups, hour by hour, and remembers how far they have come.

What a detector knows is a pure fold over the hours: ``alerts.watching.fold`` keeps it in line with those that are stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from alerts.detector import Anomaly, Course, Detector, Since, Terms, Verdict, run_length
from alerts.excluded import is_excluded
from alerts.watching.hours import HOUR, Hour, fine, stored
from alerts.watching.kept import Known
from alerts.watching.tailing import Tailing, usual_sizes
from alerts.watching.terrain import Finding, Terrain, WatchSettings, terms_of
from alerts.watching.track import Series, Track, is_watched, put_in
from alerts.watching.values import Rows, Values
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import HOUR_S, Fact

__all__ = ["Finding", "Terrain", "Watch", "WatchSettings"]

_VALUES_PATIENCE = 3.0
"""At its usual patience a series of values gives some 0.3 false alerts a week: all of them together get a tenth of the budget."""
_Route: TypeAlias = tuple[Kind | None, int]
"""Where a signal of a segment goes: its kind, and its place among the series of that; nowhere without a kind."""
_Fine: TypeAlias = Callable[[Series, datetime], Rows]


class Watch:
    """What is known of the hours of one store. Not safe to share between threads: whoever runs it holds the schedule's lock.

    Args:
        settings: How it runs.
        count: Tells how many series there are at an hour, where this one takes in only some of them.
    """

    def __init__(self, settings: WatchSettings, count: Callable[[datetime], int] | None = None) -> None:
        self._settings = settings
        self._count = count
        self._tracks: dict[Kind, Track] = {}
        self._thresholds: dict[str, float] = {}
        self._began: datetime | None = None
        self._through: datetime | None = None
        self._terms: dict[Kind, Terms] = {}
        self._judged_by: tuple[Terrain | None, int, int] = (None, 0, 0)
        self._born: dict[tuple[Kind, Series], datetime] = {}
        self._routed_by: Mapping[str, Signal] | None = None
        self._routes: dict[Segment, dict[str, _Route]] = {}
        self._tailing = Tailing()
        self._values = Values()

    @property
    def through(self) -> datetime | None:
        """Every hour before this has been taken in."""
        return self._through

    @property
    def began(self) -> datetime | None:
        """The first hour that was taken in, as far as that is known."""
        return self._began

    @property
    def thresholds(self) -> dict[str, float]:
        """By which threshold each share of verdicts is judged."""
        return self._thresholds

    def rehearse(self, tx: Tx, since: datetime, until: datetime, terrain: Terrain) -> Iterator[datetime]:
        """Take in the stored hours of ``[since, until)`` as if they came one by one, and note nothing in the store.

        For a watch that has taken nothing in before. Yields the end of each hour.
        """
        self.begin(terrain)
        for hour, cut in stored(tx, since, until):
            self.take(hour, cut, terrain, partial(fine, tx))
            yield hour + HOUR

    def begin(self, terrain: Terrain, hour: datetime | None = None) -> None:
        """Judge by today's thresholds what is taken in, from ``hour`` on; for a watch that has taken nothing in before."""
        self._thresholds, self._began, self._through = terrain.thresholds, hour, hour

    def accept_false_alerts(self, weeks_between: float) -> bool:
        """From now on accept one false alert in so many weeks, over all series; whether that is news."""
        is_news = weeks_between != self._settings.weeks_between_false_alerts
        self._settings = replace(self._settings, weeks_between_false_alerts=weeks_between)
        return is_news

    def take(self, hour: datetime, cut: Hour | None, terrain: Terrain, read_fine: _Fine | None = None) -> None:
        """Take in what came in an hour.

        Args:
            hour: Its start.
            cut: What came, by segment and signal; ``None`` where nobody was watching.
            terrain: What detection takes as given.
            read_fine: Reads the five minutes of the hour, for series of values; without it an hour is one value.
        """
        observed = cut is not None and not is_excluded(self._settings.excluded, hour)
        values: dict[Kind, dict[int, Rollup]] = defaultdict(dict)
        tails = self._tailing.among(terrain.signals, terrain.changes)
        usual = usual_sizes(self._tracks, hour)
        if self._routed_by != terrain.signals:
            self._routed_by, self._routes = terrain.signals, defaultdict(dict)
        for segment, body in sorted((cut or {}).items()):
            routes = self._routes[segment]
            for name, rollup in (body | tails.shares(self._tracks, usual, segment, body)).items():
                route = routes.get(name) or routes.setdefault(name, self._route(terrain.signals.get(name), segment))
                if route[0] is Kind.VALUE:
                    rows = [(hour, rollup)] if read_fine is None else read_fine((name, segment), hour)
                    self._take_value(terrain.signals[name], segment, hour, rows if observed else ())
                elif route[0] is not None:
                    values[route[0]][route[1]] = rollup
        if len(self._born) != self.series:
            self._note_births(hour)
        # Folding weeks of history asks for the same terms a thousand times.
        if self._judged_by[0] is not terrain or self._judged_by[1:] != (self.series, self._others(hour)):
            self.reconsider(terrain, hour)
        for kind, track in self._tracks.items():
            self._accept(track, hour, terrain, self._terms[kind])
            panel = track.panel(hour, values[kind], self._thresholds, observed=observed)
            track.detector.step(panel, self._terms[kind])
        tails.learn(self._tracks, usual, (cut or {}) if observed else {})
        self._values.accept(terrain.expected(hour))
        self._through = hour + HOUR

    def _note_births(self, hour: datetime) -> None:
        for kind, track in self._tracks.items():
            for one in track.series:
                self._born.setdefault((kind, one), hour)
        for one in self._values.series:
            self._born.setdefault((Kind.VALUE, one), hour)

    def born(self, names: Collection[str]) -> dict[tuple[Kind, Series], datetime]:
        """When each series of these signals was first seen."""
        return {one: hour for one, hour in self._born.items() if one[1][0] in names}

    def counting(self) -> Callable[[datetime], int]:
        """Tells how many series there were at an hour that has been taken in, or will be."""
        births: list[datetime] = []

        def count(hour: datetime) -> int:
            if len(births) != len(self._born):
                births[:] = sorted(self._born.values())
            return bisect_right(births, hour)

        return count

    def _route(self, signal: Signal | None, segment: Segment) -> _Route:
        if signal is None or not is_watched(signal, segment):
            return None, -1
        if signal.kind is Kind.VALUE:
            return signal.kind, -1
        return signal.kind, self._track(signal.kind).add((signal.name, segment))

    def _take_value(self, signal: Signal, segment: Segment, hour: datetime, rows: Rows) -> None:
        patience = _VALUES_PATIENCE * self._settings.weeks_between_false_alerts * max(1, len(self._values.series))
        self._values.take((signal.name, segment), hour, rows, patience=patience * signal.patience)

    @property
    def zone(self) -> str:
        """The team's time zone."""
        return self._settings.timezone

    @property
    def weeks_between_false_alerts(self) -> float:
        """The budget of false alerts over all series."""
        return self._settings.weeks_between_false_alerts

    @property
    def series(self) -> int:
        """How many series are watched, over all kinds."""
        return sum(len(track.series) for track in self._tracks.values()) + len(self._values.series)

    def findings(self, terrain: Terrain) -> list[Finding]:
        """The series that are off their baseline after the last hour taken in."""
        return [
            Finding(signal=signal, segment=segment, anomaly=anomaly, verdict=verdict)
            for signal, segment, anomaly in self.off(terrain)
            if (verdict := self.verdict(signal, segment)) is not None
        ]

    def off(self, terrain: Terrain) -> Iterator[tuple[Signal, Segment, Anomaly]]:
        """The series that are off their baseline, without what a chart would show."""
        for kind, track in self._tracks.items():
            for anomaly in track.detector.open_anomalies(self._terms[kind]):
                name, segment = track.series[anomaly.series]
                if name in terrain.signals:
                    yield terrain.signals[name], segment, anomaly
        for (name, segment), anomaly in self._values.found(terrain.signals):
            yield terrain.signals[name], segment, anomaly

    def reconsider(self, terrain: Terrain, hour: datetime | None = None) -> bool:
        """Judge what is known by what calibration says now; whether there is anything to judge."""
        self._judged_by = terrain, self.series, self._others(hour)
        patience = run_length(
            self._judged_by[2],
            weeks_between_false_alerts=self._settings.weeks_between_false_alerts,
            bucket_s=HOUR_S,
        )
        self._terms = {kind: terms_of(track, terrain, patience) for kind, track in self._tracks.items()}
        return bool(self._tracks) or bool(self._values.series)

    def since(self, signal: Signal, segment: Segment, start: datetime) -> Since | None:
        """What a series showed and should have shown since a time; ``None`` when it is not watched."""
        found = self._place(signal, segment)
        return None if found is None else found[0].detector.since(found[1], start, self._terms[signal.kind])

    def verdict(self, signal: Signal, segment: Segment) -> Verdict | None:
        """What is known of a series now; ``None`` when it is not watched."""
        if signal.kind is Kind.VALUE:
            return self._values.verdict(signal, (signal.name, segment))
        found = self._place(signal, segment)
        return None if found is None else found[0].detector.verdict(found[1], self._terms[signal.kind])

    def course(self, signal: Signal, segment: Segment, points: int) -> Course | None:
        """How a series went lately, in at most so many points; ``None`` when it is not watched."""
        found = None if signal.kind is Kind.VALUE else self._place(signal, segment)
        if found is not None:
            return found[0].detector.course(found[1], self._terms[signal.kind], points)
        verdict = self.verdict(signal, segment)
        return None if verdict is None else Course(HOUR, verdict.points[-points:])

    def _place(self, signal: Signal, segment: Segment) -> tuple[Track, int] | None:
        track = self._tracks.get(signal.kind)
        place = None if track is None else track.places.get((signal.name, segment))
        return None if track is None or place is None or signal.kind not in self._terms else (track, place)

    def with_tail(self, signal: Signal, segment: Segment, facts: Sequence[Fact]) -> list[Fact]:
        """The same conversations with which of their sizes lie above the quantile that is usual there at their hour."""
        return self._tailing.with_tail(self._tracks, self._terms, signal, segment, facts)

    def has_accepted(self, signal: str, segment: Segment, since: datetime) -> bool:
        """Whether a changed level of a series has been taken for its usual one after ``since``."""
        for track in self._tracks.values():
            place = track.places.get((signal, segment))
            at = None if place is None else track.detector.accepted_at(place)
            if at is not None and at > since:
                return True
        at = self._values.accepted_at((signal, segment))
        return at is not None and at > since

    def segments_of(self, signal: Signal) -> list[Segment]:
        """The segments in which a signal is watched."""
        if signal.kind is Kind.VALUE:
            return [segment for name, segment in self._values.series if name == signal.name]
        track = self._tracks.get(signal.kind)
        return [] if track is None else [segment for name, segment in track.series if name == signal.name]

    @property
    def tracks(self) -> dict[Kind, Track]:
        """The series that are watched, by kind, with what is known of them."""
        return self._tracks

    def known(self) -> Known:
        """All that is known of the hours that were taken in.

        Raises:
            BadInput: None was.
        """
        if self._through is None:
            raise BadInput("nothing has been taken in", "detector state")
        return Known(
            tracks=self._tracks,
            thresholds=self._thresholds,
            tailing=self._tailing,
            values=self._values,
            through=self._through,
            began=self._began,
            born=self._born,
        )

    def recall(self, known: Known) -> None:
        """Go on from what was known at a time; what is known now is forgotten."""
        self._terms, self._judged_by, self._routed_by = {}, (None, 0, 0), None
        self._tracks, self._thresholds, self._born = known.tracks, known.thresholds, known.born
        self._tailing, self._values = known.tailing, known.values
        self._through, self._began = known.through, known.began

    def replace(self, names: Collection[str], parts: Mapping[Kind, Track], thresholds: Mapping[str, float]) -> None:
        """Know of the series of these signals what ``parts`` know, which have come as far, by their thresholds."""
        put_in(self._tracks, names, parts)
        self._thresholds |= thresholds

    def adopt(self, thresholds: Mapping[str, float]) -> None:
        """From now on judge by these thresholds signals that are to be judged by them already, or were never judged."""
        self._thresholds |= thresholds

    def _accept(self, track: Track, hour: datetime, terrain: Terrain, terms: Terms) -> None:
        """What people called expected within an hour is usual from that hour on, however often it is folded."""
        expected = terrain.expected(hour)
        for place in [place for (name, _), place in track.places.items() if name in expected] if expected else ():
            # Series that came with this very hour are known to the terms, but not yet to the detector.
            if place < track.detector.series:
                track.detector.accept(place, terms)

    def _track(self, kind: Kind) -> Track:
        if kind not in self._tracks:
            self._tracks[kind] = Track(kind, Detector.start(kind, bucket_s=HOUR_S, zone=self._settings.timezone))
        return self._tracks[kind]

    def _others(self, hour: datetime | None) -> int:
        """How many series there are at an hour, those that others take in among them."""
        return self.series if self._count is None or hour is None else self._count(hour)
