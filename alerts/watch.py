"""Runs the detectors over the rollups, hour by hour, and remembers how far they have come.

What a detector knows is a pure fold over the hours. It is kept in memory, saved from time to time, and folded
again from the stored hours whenever they changed behind it, so that a restart, a late conversation or a new threshold
gives the same alerts as if it had always been known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from alerts import kept
from alerts.detector import Anomaly, Detector, Since, Terms, Verdict, run_length
from alerts.excluded import is_excluded
from alerts.hours import HOUR, READ_AT_ONCE, Hour, fine, stored
from alerts.refold import Refold
from alerts.tailing import Tailing, usual_sizes
from alerts.terrain import Finding, Terrain, WatchSettings, terms_of
from alerts.track import Series, Track, is_watched
from alerts.values import Rows, Values
from traces.histogram import Rollup
from traces.model import Kind, Segment, Signal
from traces.store import Store, Tx
from traces.store.rollups import HOUR_S, Fact, bucket_start
from traces.store.state import DetectorCheckpoint

__all__ = ["TOLD", "Finding", "Terrain", "Watch", "WatchSettings"]

TOLD = "detected_through"
"""The job under which it is noted how far alerts have been brought in line."""
_SAVE_EVERY = timedelta(hours=24)
_FOLDED_ANEW = timedelta(weeks=4)
"""What was known from hours so much older than the history is not built upon: segments that are gone are left behind."""
_VALUES_PATIENCE = 3.0
"""At its usual patience a series of values gives some 0.3 false alerts a week: all of them together get a tenth of the budget."""
_ROWS_AT_ONCE, _ROWS_BETWEEN = 2_000, 24_000
"""Buckets read to fold a signal again: while others cannot write, and in all between two runs."""
_Route: TypeAlias = tuple[Kind | None, int]
"""Where a signal of a segment goes: its kind, and its place among the series of that; nowhere without a kind."""
_Fine: TypeAlias = Callable[[Series, datetime], Rows]


class Watch:
    """Detection over one store. Not safe to share between threads: whoever runs it holds the schedule's lock.

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
        self._saved: datetime | None = None
        self._told: datetime | None = None
        self._terms: dict[Kind, Terms] = {}
        self._judged_by: tuple[Terrain | None, int, int] = (None, 0, 0)
        self._census: list[datetime] = []
        self._refold: Refold | None = None
        self._routed_by: Mapping[str, Signal] | None = None
        self._routes: dict[Segment, dict[str, _Route]] = {}
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
        self._look_at_thresholds(tx, terrain)
        if self._through is not None and self._through >= until:
            return
        told = tx.state.job_ran_at(TOLD) or self._told or self._through
        self._forget_if_stale(tx, terrain, until)
        if not self._is_begun(tx, until):
            return
        assert self._through is not None
        news = told if told is not None else until - HOUR
        for hour, cut in stored(tx, self._through, until):
            self.take(hour, cut, terrain, partial(fine, tx))
            if kept.is_due(tx, hour + HOUR, until):
                kept.keep(tx, self._known(hour + HOUR), self._settings.excluded)
            if hour + HOUR > news:
                yield hour + HOUR

    def catch_up(self, store: Store, now: datetime, terrain_of: Callable[[Tx], Terrain | None]) -> None:
        """Take in what is no news of hours that were never taken in, or changed, in many small reads: others can write.

        What is left to ``hours`` is the last few of them. Without a terrain it is no time for that.
        """
        until = bucket_start(now - self._settings.grace, HOUR_S)
        if self._through is not None and self._through >= until:
            rows = 0
            while self._refold is not None and self._refold.through < self._through and rows < _ROWS_BETWEEN:
                with store.read() as tx:
                    rows += self._refold.go_on(tx, self._through, _ROWS_AT_ONCE)
            return
        with store.begin() as tx:
            if (terrain := terrain_of(tx)) is None:
                return
            if self._through is None:
                self._recall(kept.newest(tx, self._settings.excluded))
            self._look_at_thresholds(tx, terrain)
            told = tx.state.job_ran_at(TOLD) or self._through or until - HOUR
            self._forget_if_stale(tx, terrain, until)
            if not self._is_begun(tx, until):
                return
        self._told = told
        stop = min(told, until - kept.LAG - HOUR)
        while self._through is not None and self._through < stop:
            with store.read() as tx:
                for hour, cut in stored(tx, self._through, min(stop, self._through + READ_AT_ONCE)):
                    self.take(hour, cut, terrain, partial(fine, tx))

    def _is_begun(self, tx: Tx, until: datetime) -> bool:
        """Whether there is anything to take in; from where on, if nothing is known yet."""
        if self._through is None:
            first = tx.rollups.first_bucket(HOUR_S)
            if first is None or first >= until:
                return False
            self._began = self._through = max(first, bucket_start(until - self._settings.history, HOUR_S))
        return True

    def rehearse(self, tx: Tx, since: datetime, until: datetime, terrain: Terrain) -> Iterator[datetime]:
        """Take in the stored hours of ``[since, until)`` as if they came one by one, and note nothing in the store.

        For a watch that has taken nothing in before. Yields the end of each hour.
        """
        self.begin(terrain)
        for hour, cut in stored(tx, since, until):
            self.take(hour, cut, terrain, partial(fine, tx))
            yield hour + HOUR

    def begin(self, terrain: Terrain) -> None:
        """Judge by today's thresholds what is taken in from now on; for a watch that has taken nothing in before."""
        self._thresholds = terrain.thresholds

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
        self._census += [hour] * (self.series - len(self._census))
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
        """Go back to before an hour that was taken in has changed."""
        changed = tx.state.take_oldest_change()
        if changed is None:
            return
        kept.void(tx, changed)
        if self._refold is not None:
            self._refold.go_back(changed)
        if self._through is None or changed >= self._through:
            return
        self._forget()
        before = kept.newest(tx, self._settings.excluded)
        oldest = until - self._settings.history - _FOLDED_ANEW
        if before is not None and before.began is not None and before.began >= oldest:
            self._recall(before)
        self._look_at_thresholds(tx, terrain)

    def _forget(self) -> None:
        self._tracks, self._through, self._terms, self._tailing = {}, None, {}, Tailing()
        self._judged_by, self._values, self._began = (None, 0, 0), Values(), None
        self._thresholds, self._census, self._routed_by = {}, [], None

    def _look_at_thresholds(self, tx: Tx, terrain: Terrain) -> None:
        """Fold again what is judged by another threshold now, as far as that goes at once, and take over what is done."""
        thresholds = terrain.thresholds
        moved = {name: at for name, at in thresholds.items() if self._thresholds.get(name, at) != at}
        self._thresholds |= {name: at for name, at in thresholds.items() if name not in moved}
        if not moved or self._through is None:
            self._refold = None
            self._thresholds |= moved
            return
        if self._refold is None or self._refold.thresholds != moved:
            self._refold = self._refold_of(tx, terrain, moved, self._through)
        self._refold.go_on(tx, self._through, _ROWS_AT_ONCE)
        if self._refold.through == self._through:
            self._take_over(tx, self._refold, terrain)

    def _refold_of(self, tx: Tx, terrain: Terrain, moved: Mapping[str, float], through: datetime) -> Refold:
        oldest = bucket_start(through - self._settings.history, HOUR_S)
        began = max(self._began or oldest, oldest)
        beside = Watch(self._settings, lambda hour: bisect_right(self._census, hour))
        return Refold(beside, terrain, moved, began, kept.settled(tx))

    def _take_over(self, tx: Tx, refold: Refold, terrain: Terrain) -> None:
        assert self._through is not None
        refold.replace_in(self._tracks, self._through)
        self._thresholds |= refold.thresholds
        self._refold, self._saved = None, None
        self.reconsider(terrain)
        kept.amend(tx, refold, self._settings.excluded)

    @property
    def tracks(self) -> dict[Kind, Track]:
        """The series that are watched, by kind, with what is known of them."""
        return self._tracks

    def go_on_from(self, tracks: dict[Kind, Track], through: datetime) -> None:
        """Know what is given of the hours before ``through``, and nothing else; the thresholds stay."""
        thresholds = self._thresholds
        self._forget()
        self._tracks, self._through, self._thresholds = tracks, through, thresholds

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

    def _known(self, through: datetime) -> kept.Known:
        return kept.Known(
            tracks=self._tracks,
            thresholds=self._thresholds,
            tailing=self._tailing,
            values=self._values,
            through=through,
            began=self._began,
            census=self._census,
        )

    def _recall(self, known: kept.Known | None) -> None:
        """Go on from what was kept; without it the history is folded again."""
        if known is None:
            return
        self._tracks, self._thresholds, self._routed_by = known.tracks, known.thresholds, None
        self._tailing, self._values, self._census = known.tailing, known.values, known.census
        self._through, self._began, self._saved = known.through, known.began, known.through
