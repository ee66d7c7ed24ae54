"""Runs the detectors over the rollups, hour by hour, and remembers how far they have come.

What a detector knows is a pure fold over the hours. It is kept in memory, saved from time to time, and folded
again from the stored hours whenever they changed behind it, so that a restart, a late conversation or a new threshold
gives the same alerts as if it had always been known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from alerts import kept
from alerts.correction import Reviewed, line_of
from alerts.detector import Anomaly, Detector, Since, Terms, Verdict, run_length
from alerts.excluded import Excluded, is_excluded
from alerts.signals import threshold_of
from alerts.tailing import Tailing, usual_sizes
from alerts.track import Series, Track, is_watched
from alerts.values import Rows, Values
from traces.histogram import Rollup
from traces.model import Calibration, Change, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import BASE_S, HOUR_S, Fact, bucket_start
from traces.store.state import DetectorCheckpoint

_HOUR = timedelta(hours=1)
TOLD = "detected_through"
"""The job under which it is noted how far alerts have been brought in line."""
_SAVE_EVERY = timedelta(hours=24)
_READ_AT_ONCE = timedelta(hours=6)
"""Weeks of many signals do not fit into memory."""
_FOLDED_ANEW = timedelta(weeks=4)
"""What was known from hours so much older than the history is not built upon: segments that are gone are left behind."""
_VALUES_PATIENCE = 3.0
"""At its usual patience a series of values gives some 0.3 false alerts a week: all of them together get a tenth of the budget."""
_Hour: TypeAlias = dict[Segment, dict[str, Rollup]]
_Fine: TypeAlias = Callable[[Series, datetime], Rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How detection runs: time zone of the week's rhythm, the false-alarm budget, how far back baselines learn.

    What is ``excluded`` is neither tested nor learned.
    """

    timezone: str = "UTC"
    weeks_between_false_alerts: float = 1.0
    history: timedelta = timedelta(weeks=8)
    grace: timedelta = timedelta(minutes=10)
    excluded: tuple[Excluded, ...] = ()


def _nobody(_tx: Tx, _evaluator: str) -> Mapping[str, Reviewed]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What detection takes as given in one run: the signals, what calibration says of them, the changes known.

    ``accepted`` are signals whose changed level was said to be expected, and when.
    ``reviewed`` reads what reviewers said of an evaluator's question, by conversation.
    """

    signals: Mapping[str, Signal]
    calibrations: Mapping[str, Calibration]
    changes: Sequence[Change]
    accepted: Sequence[tuple[str, datetime]] = ()
    reviewed: Callable[[Tx, str], Mapping[str, Reviewed]] = _nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A series that is off its baseline after an hour."""

    signal: Signal
    segment: Segment
    anomaly: Anomaly
    verdict: Verdict


class Watch:
    """Detection over one store. Not safe to share between threads: whoever runs it holds the schedule's lock."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._tracks: dict[Kind, Track] = {}
        self._thresholds: dict[str, float] = {}
        self._began: datetime | None = None
        self._through: datetime | None = None
        self._saved: datetime | None = None
        self._terms: dict[Kind, Terms] = {}
        self._judged_by: tuple[Terrain | None, int] = (None, 0)
        self._tailing = Tailing()
        self._values = Values()

    @property
    def through(self) -> datetime | None:
        """Every hour before this has been taken in."""
        return self._through

    def hours(self, tx: Tx, now: datetime, terrain: Terrain) -> Iterator[datetime]:
        """Take in the hours that have become complete, one by one; yields the end of each that is news.

        History that is folded for the first time, or again, is no news: only its last hour is yielded.
        """
        until = bucket_start(now - self._settings.grace, HOUR_S)
        if self._through is None:
            self._recall(kept.newest(tx, self._settings.excluded))
        if self._through is not None and self._through >= until:
            return
        told = tx.state.job_ran_at(TOLD) or self._through
        self._forget_if_stale(tx, terrain, until)
        if self._through is None:
            first = tx.rollups.first_bucket(HOUR_S)
            if first is None or first >= until:
                return
            self._began = self._through = max(first, bucket_start(until - self._settings.history, HOUR_S))
        news = told if told is not None else until - _HOUR
        for hour, cut in self._stored(tx, self._through, until):
            self.take(hour, cut, terrain, partial(_fine, tx))
            if kept.is_due(tx, hour + _HOUR, until):
                kept.keep(tx, self._known(hour + _HOUR), self._settings.excluded)
            if hour + _HOUR > news:
                yield hour + _HOUR

    def rehearse(self, tx: Tx, since: datetime, until: datetime, terrain: Terrain) -> Iterator[datetime]:
        """Take in the stored hours of ``[since, until)`` as if they came one by one, and note nothing in the store.

        For a watch that has taken nothing in before. Yields the end of each hour.
        """
        self.begin(terrain)
        for hour, cut in self._stored(tx, since, until):
            self.take(hour, cut, terrain, partial(_fine, tx))
            yield hour + _HOUR

    def begin(self, terrain: Terrain) -> None:
        """Judge by today's thresholds what is taken in from now on; for a watch that has taken nothing in before."""
        self._thresholds = _thresholds_of(terrain)

    def accept_false_alerts(self, weeks_between: float) -> bool:
        """From now on accept one false alert in so many weeks, over all series; whether that is news."""
        is_news = weeks_between != self._settings.weeks_between_false_alerts
        self._settings = replace(self._settings, weeks_between_false_alerts=weeks_between)
        return is_news

    def take(self, hour: datetime, cut: _Hour | None, terrain: Terrain, fine: _Fine | None = None) -> None:
        """Take in what came in an hour.

        Args:
            hour: Its start.
            cut: What came, by segment and signal; ``None`` where nobody was watching.
            terrain: What detection takes as given.
            fine: Reads the five minutes of the hour, for series of values; without it an hour is one value.
        """
        observed = cut is not None and not is_excluded(self._settings.excluded, hour)
        values: dict[Kind, dict[int, Rollup]] = defaultdict(dict)
        tails = self._tailing.among(terrain.signals, terrain.changes)
        usual = usual_sizes(self._tracks, hour)
        for segment, body in sorted((cut or {}).items()):
            for name, rollup in (body | tails.shares(self._tracks, usual, segment, body)).items():
                signal = terrain.signals.get(name)
                if signal is None or not is_watched(signal, segment):
                    continue
                if signal.kind is Kind.VALUE:
                    rows = [(hour, rollup)] if fine is None else fine((name, segment), hour)
                    self._take_value(signal, segment, hour, rows if observed else ())
                else:
                    values[signal.kind][self._track(signal.kind).add((name, segment))] = rollup
        # Folding weeks of history asks for the same terms a thousand times.
        if self._judged_by[0] is not terrain or self._judged_by[1] != self.series:
            self.reconsider(terrain)
        for kind, track in self._tracks.items():
            self._accept(track, hour, terrain, self._terms[kind])
            panel = track.panel(hour, values[kind], self._thresholds, observed=observed)
            track.detector.step(panel, self._terms[kind])
        tails.learn(self._tracks, usual, (cut or {}) if observed else {})
        self._values.accept(_expected(terrain, hour))
        self._through = hour + _HOUR

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
        found = []
        for kind, track in self._tracks.items():
            for anomaly in track.detector.open_anomalies(self._terms[kind]):
                name, segment = track.series[anomaly.series]
                if name in terrain.signals:
                    verdict = track.detector.verdict(anomaly.series, self._terms[kind])
                    found.append(
                        Finding(signal=terrain.signals[name], segment=segment, anomaly=anomaly, verdict=verdict)
                    )
        for series, anomaly in self._values.found(terrain.signals):
            signal = terrain.signals[series[0]]
            if (seen := self._values.verdict(signal, series)) is not None:
                found.append(Finding(signal=signal, segment=series[1], anomaly=anomaly, verdict=seen))
        return found

    def off(self, terrain: Terrain) -> Iterator[tuple[Signal, Segment, Anomaly]]:
        """The series that are off their baseline, without what a chart would show."""
        for kind, track in self._tracks.items():
            for anomaly in track.detector.open_anomalies(self._terms[kind]):
                name, segment = track.series[anomaly.series]
                if name in terrain.signals:
                    yield terrain.signals[name], segment, anomaly
        for (name, segment), anomaly in self._values.found(terrain.signals):
            yield terrain.signals[name], segment, anomaly

    def reconsider(self, terrain: Terrain) -> bool:
        """Judge what is known by what calibration says now; whether there is anything to judge."""
        self._judged_by = terrain, self.series
        self._terms = {kind: self._terms_of(track, terrain) for kind, track in self._tracks.items()}
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

    def save(self, tx: Tx, *, always: bool = False) -> None:
        """Store how far detection has come, once for a day's worth of hours or when asked."""
        if self._through is None or self._through == self._saved:
            return
        if always or self._saved is None or self._through - self._saved >= _SAVE_EVERY:
            body = self._known(self._through).to_bytes(self._settings.excluded)
            tx.state.put_checkpoint(DetectorCheckpoint(panel=kept.LATEST, through_at=self._through, body=body))
            self._saved = self._through

    def _forget_if_stale(self, tx: Tx, terrain: Terrain, until: datetime) -> None:
        """Go back to before an hour that was taken in has changed; start anew when a threshold has."""
        thresholds = _thresholds_of(terrain)
        changed = tx.state.take_oldest_change()
        is_judged_otherwise = any(self._thresholds.get(name, t) != t for name, t in thresholds.items())
        if is_judged_otherwise:
            kept.void_all(tx)
        elif changed is not None:
            kept.void(tx, changed)
        is_stale = self._through is not None and changed is not None and changed < self._through
        if is_stale or is_judged_otherwise:
            self._tracks, self._through, self._terms, self._tailing = {}, None, {}, Tailing()
            self._judged_by, self._values, self._began = (None, 0), Values(), None
            before = kept.newest(tx, self._settings.excluded)
            oldest = until - self._settings.history - _FOLDED_ANEW
            if before is not None and before.began is not None and before.began >= oldest:
                self._recall(before)
        self._thresholds |= thresholds

    def _stored(self, tx: Tx, since: datetime, until: datetime) -> Iterator[tuple[datetime, _Hour | None]]:
        """Each hour in ``[since, until)`` with what it holds; ``None`` when nobody was watching and nothing came."""
        hour, cuts, read_until = since, dict[datetime, _Hour](), since
        watched = tx.state.beats(since, until)
        while hour < until:
            if hour >= read_until:
                read_until = min(until, hour + _READ_AT_ONCE)
                rows = tx.rollups.buckets(since=hour, until=read_until, resolution_s=HOUR_S)
                cuts = {at: {s: body for _, s, body in group if body} for at, group in groupby(rows, key=itemgetter(0))}
            cut = cuts.pop(hour, None) or None
            yield hour, cut if cut is not None else {} if hour in watched else None
            hour += _HOUR

    def _accept(self, track: Track, hour: datetime, terrain: Terrain, terms: Terms) -> None:
        """What people called expected within an hour is usual from that hour on, however often it is folded."""
        expected = _expected(terrain, hour)
        for place in [place for (name, _), place in track.places.items() if name in expected] if expected else ():
            # Series that came with this very hour are known to the terms, but not yet to the detector.
            if place < track.detector.series:
                track.detector.accept(place, terms)

    def _track(self, kind: Kind) -> Track:
        if kind not in self._tracks:
            self._tracks[kind] = Track(kind, Detector.start(kind, bucket_s=HOUR_S, zone=self._settings.timezone))
        return self._tracks[kind]

    def _terms_of(self, track: Track, terrain: Terrain) -> Terms:
        # A signal that was switched off keeps its place; nobody is told of what it finds.
        fallback = next(iter(terrain.signals.values()))
        signals = [terrain.signals.get(name, fallback) for name, _ in track.series]
        return Terms.of(
            signals,
            run_length=run_length(
                self.series, weeks_between_false_alerts=self._settings.weeks_between_false_alerts, bucket_s=HOUR_S
            ),
            parent=[track.parent(series, terrain.changes) for series in track.series],
            corrections=[line_of(signal, terrain.calibrations) for signal in signals],
        )

    def _known(self, through: datetime) -> kept.Known:
        return kept.Known(
            tracks=self._tracks,
            thresholds=self._thresholds,
            tailing=self._tailing,
            values=self._values,
            through=through,
            began=self._began,
        )

    def _recall(self, known: kept.Known | None) -> None:
        """Go on from what was kept; without it the history is folded again."""
        if known is None:
            return
        self._tracks, self._thresholds = known.tracks, known.thresholds
        self._tailing, self._values = known.tailing, known.values
        self._through, self._began, self._saved = known.through, known.began, known.through


def _expected(terrain: Terrain, hour: datetime) -> set[str]:
    """The signals whose changed level people called expected within an hour."""
    return {name for name, at in terrain.accepted if hour <= at < hour + _HOUR}


def _fine(tx: Tx, series: Series, hour: datetime) -> Rows:
    name, segment = series
    return tx.rollups.series(name, segment, since=hour, until=hour + _HOUR, resolution_s=BASE_S)


def _thresholds_of(terrain: Terrain) -> dict[str, float]:
    return {
        name: threshold_of(signal, terrain.calibrations)
        for name, signal in terrain.signals.items()
        if signal.evaluator is not None
    }
