"""Runs the detectors over the rollups, hour by hour, and remembers how far they have come.

What a detector knows is a pure fold over the hours. It is kept in memory, saved from time to time, and folded
again from the stored hours whenever they changed behind it, so that a restart, a late conversation or a new threshold
gives the same alerts as if it had always been known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

import numpy as np
import orjson

from alerts.correction import Reviewed, line_of
from alerts.detector import SUMS, Anomaly, Detector, Panel, Since, Terms, Verdict, run_length
from alerts.excluded import Excluded, is_excluded
from alerts.signals import threshold_of
from traces.clock import format_time
from traces.errors import BadInput
from traces.histogram import Rollup, value_of
from traces.model import EVERYTHING, Calibration, Change, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import HOUR_S, bucket_start, segment_key, segment_of
from traces.store.state import DetectorCheckpoint

_HOUR = timedelta(hours=1)
TOLD = "detected_through"
"""The job under which it is noted how far alerts have been brought in line."""
_CHECKPOINT = "hourly"
_SAVE_EVERY = timedelta(hours=24)
_INHERITING = ("model", "prompt_version", "release")
"""Keys whose new values are expected to behave like what they replace: they start with its baseline."""
_WIDE = frozenset({"application", "environment"})

_Series: TypeAlias = tuple[str, Segment]
_Hour: TypeAlias = dict[Segment, dict[str, Rollup]]


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


@dataclass(slots=True)
class _Track:
    """The series of one kind, in the order in which their detector knows them."""

    detector: Detector
    series: list[_Series] = field(default_factory=list)
    places: dict[_Series, int] = field(default_factory=dict)
    terrain: Terrain | None = None
    watched: int = 0

    def add(self, series: _Series) -> None:
        if series not in self.places:
            self.places[series] = len(self.series)
            self.series.append(series)


class Watch:
    """Detection over one store. Not safe to share between threads: whoever runs it holds the schedule's lock."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._tracks: dict[Kind, _Track] = {}
        self._thresholds: dict[str, float] = {}
        self._through: datetime | None = None
        self._saved: datetime | None = None
        self._terms: dict[Kind, Terms] = {}

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
            self._load(tx.state.checkpoint(_CHECKPOINT))
        if self._through is not None and self._through >= until:
            return
        told = tx.state.job_ran_at(TOLD) or self._through
        self._forget_if_stale(tx, terrain)
        if self._through is None:
            first = tx.rollups.first_bucket(HOUR_S)
            if first is None or first >= until:
                return
            self._through = max(first, bucket_start(until - self._settings.history, HOUR_S))
        news = told if told is not None else until - _HOUR
        for hour, cut in self._stored(tx, self._through, until):
            self._take(hour, cut, terrain, observed=cut is not None and not is_excluded(self._settings.excluded, hour))
            self._through = hour + _HOUR
            if self._through > news:
                yield self._through

    def rehearse(self, tx: Tx, since: datetime, until: datetime, terrain: Terrain) -> Iterator[datetime]:
        """Take in the stored hours of ``[since, until)`` as if they came one by one, and note nothing in the store.

        For a watch that has taken nothing in before. Yields the end of each hour.
        """
        self._thresholds = _thresholds_of(terrain)
        for hour, cut in self._stored(tx, since, until):
            self._take(hour, cut, terrain, observed=cut is not None and not is_excluded(self._settings.excluded, hour))
            self._through = hour + _HOUR
            yield self._through

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
        return sum(len(track.series) for track in self._tracks.values())

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
        return found

    def reconsider(self, terrain: Terrain) -> bool:
        """Judge what is known by what calibration says now; whether there is anything to judge."""
        total = sum(len(track.series) for track in self._tracks.values())
        for kind, track in self._tracks.items():
            self._terms[kind] = self._terms_of(track, terrain, total)
            track.terrain, track.watched = terrain, total
        return bool(self._tracks)

    def since(self, signal: Signal, segment: Segment, start: datetime) -> Since | None:
        """What a series showed and should have shown since a time; ``None`` when it is not watched."""
        track = self._tracks.get(signal.kind)
        place = None if track is None else track.places.get((signal.name, segment))
        if track is None or place is None or signal.kind not in self._terms:
            return None
        return track.detector.since(place, start, self._terms[signal.kind])

    def verdict(self, signal: Signal, segment: Segment) -> Verdict | None:
        """What is known of a series now; ``None`` when it is not watched."""
        track = self._tracks.get(signal.kind)
        place = None if track is None else track.places.get((signal.name, segment))
        if track is None or place is None or signal.kind not in self._terms:
            return None
        return track.detector.verdict(place, self._terms[signal.kind])

    def has_accepted(self, signal: str, segment: Segment, since: datetime) -> bool:
        """Whether a changed level of a series has been taken for its usual one after ``since``."""
        for track in self._tracks.values():
            place = track.places.get((signal, segment))
            at = None if place is None else track.detector.accepted_at(place)
            if at is not None and at > since:
                return True
        return False

    def segments_of(self, signal: Signal) -> list[Segment]:
        """The segments in which a signal is watched."""
        track = self._tracks.get(signal.kind)
        return [] if track is None else [segment for name, segment in track.series if name == signal.name]

    def save(self, tx: Tx, *, always: bool = False) -> None:
        """Store how far detection has come, once for a day's worth of hours or when asked."""
        if self._through is None or self._through == self._saved:
            return
        if always or self._saved is None or self._through - self._saved >= _SAVE_EVERY:
            tx.state.put_checkpoint(
                DetectorCheckpoint(panel=_CHECKPOINT, through_at=self._through, body=self._to_bytes())
            )
            self._saved = self._through

    def _forget_if_stale(self, tx: Tx, terrain: Terrain) -> None:
        """Start anew when an hour that was taken in has changed since, or a threshold has."""
        thresholds = _thresholds_of(terrain)
        changed = tx.state.take_oldest_change()
        stale = self._through is not None and changed is not None and changed < self._through
        if stale or any(self._thresholds.get(name, t) != t for name, t in thresholds.items()):
            self._tracks, self._through, self._terms = {}, None, {}
        self._thresholds |= thresholds

    def _stored(self, tx: Tx, since: datetime, until: datetime) -> Iterator[tuple[datetime, _Hour | None]]:
        """Each hour in ``[since, until)`` with what it holds; ``None`` when nobody was watching and nothing came."""
        rows = tx.rollups.buckets(since=since, until=until, resolution_s=HOUR_S)
        cuts: dict[datetime, _Hour] = {
            at: {segment: body for _, segment, body in group if body} for at, group in groupby(rows, key=itemgetter(0))
        }
        watched = tx.state.beats(since, until)
        hour = since
        while hour < until:
            cut = cuts.get(hour) or None
            yield hour, cut if cut is not None else {} if hour in watched else None
            hour += _HOUR

    def _take(self, hour: datetime, cut: _Hour | None, terrain: Terrain, *, observed: bool) -> None:
        values: dict[Kind, dict[int, Rollup]] = defaultdict(dict)
        for segment, body in sorted((cut or {}).items()):
            for name, rollup in body.items():
                signal = terrain.signals.get(name)
                if signal is None or not is_watched(signal, segment):
                    continue
                track = self._track(signal.kind)
                track.add((name, segment))
                values[signal.kind][track.places[name, segment]] = rollup
        total = sum(len(track.series) for track in self._tracks.values())
        for kind, track in self._tracks.items():
            # Folding weeks of history asks for the same terms a thousand times.
            if kind not in self._terms or track.terrain is not terrain or track.watched != total:
                self._terms[kind] = self._terms_of(track, terrain, total)
                track.terrain, track.watched = terrain, total
            self._accept(track, hour, terrain, self._terms[kind])
            track.detector.step(self._panel(kind, track, hour, values[kind], observed=observed), self._terms[kind])

    def _accept(self, track: _Track, hour: datetime, terrain: Terrain, terms: Terms) -> None:
        """What people called expected within an hour is usual from that hour on, however often it is folded."""
        expected = {name for name, at in terrain.accepted if hour <= at < hour + _HOUR}
        for place in [place for (name, _), place in track.places.items() if name in expected] if expected else ():
            # Series that came with this very hour are known to the terms, but not yet to the detector.
            if place < track.detector.series:
                track.detector.accept(place, terms)

    def _track(self, kind: Kind) -> _Track:
        if kind not in self._tracks:
            self._tracks[kind] = _Track(Detector.start(kind, bucket_s=HOUR_S, zone=self._settings.timezone))
        return self._tracks[kind]

    def _panel(
        self, kind: Kind, track: _Track, hour: datetime, values: Mapping[int, Rollup], *, observed: bool
    ) -> Panel:
        n = np.zeros((1, len(track.series)))
        sums = {name: np.zeros_like(n) for name in SUMS[kind]}
        for place, rollup in values.items():
            n[0, place] = rollup.n
            read = _sums_of(kind, rollup, self._thresholds.get(track.series[place][0], 0.5))
            for array, value in zip(sums.values(), read, strict=True):
                array[0, place] = value
        return Panel(kind=kind, starts=[hour], n=n, observed=np.full_like(n, observed, dtype=bool), **sums)

    def _terms_of(self, track: _Track, terrain: Terrain, total: int) -> Terms:
        # A signal that was switched off keeps its place; nobody is told of what it finds.
        fallback = next(iter(terrain.signals.values()))
        signals = [terrain.signals.get(name, fallback) for name, _ in track.series]
        return Terms.of(
            signals,
            run_length=run_length(
                total, weeks_between_false_alerts=self._settings.weeks_between_false_alerts, bucket_s=HOUR_S
            ),
            parent=[_parent(series, track, terrain.changes) for series in track.series],
            corrections=[line_of(signal, terrain.calibrations) for signal in signals],
        )

    def _to_bytes(self) -> bytes:
        bodies = {kind: track.detector.to_bytes() for kind, track in self._tracks.items()}
        head = orjson.dumps(
            {
                "thresholds": self._thresholds,
                "excluded": _written(self._settings.excluded),
                "tracks": [
                    {
                        "kind": kind.value,
                        "bytes": len(bodies[kind]),
                        "series": [[name, segment_key(segment)] for name, segment in track.series],
                    }
                    for kind, track in self._tracks.items()
                ],
            }
        )
        return len(head).to_bytes(4, "big") + head + b"".join(bodies.values())

    def _load(self, checkpoint: DetectorCheckpoint | None) -> None:
        if checkpoint is None:
            return
        size = int.from_bytes(checkpoint.body[:4], "big")
        head, rest = orjson.loads(checkpoint.body[4 : 4 + size]), checkpoint.body[4 + size :]
        if head.get("excluded", []) != _written(self._settings.excluded):
            return  # other hours are left out now: the history is folded again
        tracks: dict[Kind, _Track] = {}
        for saved in head["tracks"]:
            try:
                detector = Detector.from_bytes(rest[: saved["bytes"]])
            except BadInput:
                return  # written by another version of the detector: the history is folded again
            track = tracks[Kind(saved["kind"])] = _Track(detector)
            for name, segment in saved["series"]:
                track.add((name, segment_of(segment)))
            rest = rest[saved["bytes"] :]
        self._tracks, self._thresholds = tracks, head["thresholds"]
        self._through = self._saved = checkpoint.through_at


def _written(excluded: Sequence[Excluded]) -> list[list[str]]:
    return [[format_time(one.start), format_time(one.end)] for one in excluded]


def _thresholds_of(terrain: Terrain) -> dict[str, float]:
    return {
        name: threshold_of(signal, terrain.calibrations)
        for name, signal in terrain.signals.items()
        if signal.evaluator is not None
    }


def is_watched(signal: Signal, segment: Segment) -> bool:
    """Whether a signal is watched in a segment: everywhere, or only in all traffic and in whole applications."""
    return signal.by_segment or segment == EVERYTHING or all(key in _WIDE for key, _ in segment.pairs)


def _sums_of(kind: Kind, rollup: Rollup, threshold: float) -> tuple[float, ...]:
    """What a panel of that kind needs of a rollup, in the order of ``SUMS``."""
    if kind is Kind.COUNT:
        return ()
    if kind is Kind.RATE:
        return (rollup.at_least(threshold),)
    if kind is Kind.CONTINUOUS:
        return rollup.log_total, rollup.log_square_total
    values = [(value_of(bin_), count) for bin_, count in rollup.bins.items()]
    return sum(v * count for v, count in values), sum(v * v * count for v, count in values)


def _parent(series: _Series, track: _Track, changes: Sequence[Change]) -> int:
    """Where a new model, prompt version or release takes its first baseline: its application, else all traffic."""
    name, segment = series
    if len(segment.pairs) != 1 or segment.pairs[0][0] not in _INHERITING:
        return -1
    key, value = segment.pairs[0]
    applications = {c.application for c in changes if c.kind == key and c.value == value and c.application}
    of = Segment.of(application=applications.pop()) if len(applications) == 1 else EVERYTHING
    return track.places.get((name, of), track.places.get((name, EVERYTHING), -1))
