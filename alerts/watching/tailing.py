"""Watches the tails of sizes beside the sizes themselves: which values lie above what is usual at their hour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.detector import Terms
from alerts.watching.tails import Tails, above, verdicts
from alerts.watching.track import Series, Track
from traces.histogram import Rollup
from traces.model import EVERYTHING, Change, Kind, Segment, Signal
from traces.store.rollups import HOUR_S, Fact, bucket_start


@dataclass(slots=True)
class Tailing:
    """Where the tails of all sizes begin, and which signals tell of them."""

    tails: Tails = field(default_factory=Tails)

    def among(self, signals: Mapping[str, Signal], changes: Sequence[Change]) -> Tailed:
        """With the signals as they are now."""
        told = {s.name: s.tail_of for s in signals.values() if s.tail_of is not None and s.tail_of in signals}
        return Tailed(self.tails, told, changes)

    def with_tail(
        self,
        tracks: Mapping[Kind, Track],
        terms: Mapping[Kind, Terms],
        signal: Signal,
        segment: Segment,
        facts: Sequence[Fact],
    ) -> list[Fact]:
        """The same conversations with which of their sizes lie above the quantile that is usual there at their hour.

        A value of the signal is 1 for a size above it and 0 for another, those above first.
        """
        track = tracks.get(Kind.CONTINUOUS)
        if signal.tail_of is None or track is None or Kind.CONTINUOUS not in terms:
            return list(facts)
        places = (segment, EVERYTHING)
        edges = next((e for s in places if (e := self._edges(track, terms, (signal.tail_of, s)))), None)
        if edges is None:
            return list(facts)
        typical = sorted(edges.values())[len(edges) // 2]
        told = []
        for fact in facts:
            found = verdicts(fact.values, signal.tail_of, edges.get(bucket_start(fact.at, HOUR_S), typical))
            told.append(replace(fact, values={**fact.values, signal.name: found}) if found else fact)
        return told

    def _edges(self, track: Track, terms: Mapping[Kind, Terms], size: Series) -> dict[datetime, float]:
        place = track.places.get(size)
        points = () if place is None else track.detector.verdict(place, terms[Kind.CONTINUOUS]).points
        usual = {point.start: point.expected for point in points if point.expected is not None and point.expected > 0}
        edges = {start: self.tails.edge(size, math.log(expected)) for start, expected in usual.items()}
        return {start: edge for start, edge in edges.items() if edge is not None}


@dataclass(frozen=True, slots=True)
class Tailed:
    """The tails of an hour; ``told`` holds by signal the size of which it tells."""

    tails: Tails
    told: Mapping[str, str]
    changes: Sequence[Change]

    def shares(
        self, tracks: Mapping[Kind, Track], usual: Mapping[Series, float], segment: Segment, body: Mapping[str, Rollup]
    ) -> dict[str, Rollup]:
        """By signal, how many sizes of an hour lie above their usual 95 % quantile; nothing while that is not known."""
        track = tracks.get(Kind.CONTINUOUS)
        if track is None:
            return {}
        found = {}
        for name, size in self.told.items():
            if size in body and (edge := self._edge(track, usual, (size, segment))) is not None:
                found[name] = above(body[size], edge)
        return found

    def learn(
        self, tracks: Mapping[Kind, Track], usual: Mapping[Series, float], cut: Mapping[Segment, Mapping[str, Rollup]]
    ) -> None:
        """Let an hour pass. A quiet one says where the tail usually begins; an incident would hide itself."""
        self.tails.pass_hour()
        for segment, body in sorted(cut.items()):
            for tail, size in self.told.items():
                series = size, segment
                if size in body and series in usual and not _is_off(tracks, series, (tail, segment)):
                    self.tails.learn(series, usual[series], body[size])

    def _edge(self, track: Track, usual: Mapping[Series, float], size: Series) -> float | None:
        """Its own, or while that is not known what a new version takes over from its application."""
        edge = self.tails.edge(size, usual.get(size, math.nan))
        if edge is None and (parent := track.parent(size, self.changes)) >= 0:
            edge = self.tails.edge(track.series[parent], usual.get(track.series[parent], math.nan))
        return edge


def usual_sizes(tracks: Mapping[Kind, Track], hour: datetime) -> Mapping[Series, float]:
    """What is expected of ln x in an hour that was not taken in yet, by series."""
    track = tracks.get(Kind.CONTINUOUS)
    return {} if track is None else dict(zip(track.series, track.detector.usual(hour).tolist(), strict=False))


def _is_off(tracks: Mapping[Kind, Track], *series: Series) -> bool:
    return any(
        track.detector.is_off(track.places[one]) for track in tracks.values() for one in series if one in track.places
    )
