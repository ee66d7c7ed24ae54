"""Folds the hours again for the few signals that are judged by another threshold now, beside a watch that goes on meanwhile.

A series is judged by itself, and by how many others there are. So what is known of all others stays, and of these is put in
its place once as many hours have been folded: to the last bit what it would be had all been folded again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from alerts.detector import Detector
from alerts.hours import HOUR, stored
from alerts.terrain import Terrain
from alerts.track import Series, Track
from traces.model import Kind
from traces.store import Tx

if TYPE_CHECKING:
    from alerts.watch import Watch


class Refold:
    """A fold of some signals that is under way.

    Args:
        watch: One that has taken nothing in, and knows how many series there are besides.
        terrain: What detection takes as given.
        thresholds: The signals, and by which thresholds they are judged now.
        began: The first hour to fold.
        stops: The hours before which others may want to go on from what was known then.
    """

    def __init__(
        self,
        watch: Watch,
        terrain: Terrain,
        thresholds: Mapping[str, float],
        began: datetime,
        stops: Collection[datetime],
    ) -> None:
        self._watch = watch
        self._terrain = replace(terrain, signals={name: terrain.signals[name] for name in thresholds})
        self.thresholds = dict(thresholds)
        self._began = began
        self._stops = frozenset(stops)
        self._known: dict[datetime, dict[Kind, tuple[list[Series], bytes]]] = {}
        self.through = began
        watch.begin(self._terrain)

    def go_on(self, tx: Tx, until: datetime, rows: int) -> int:
        """Take in hours up to ``until``, and no more once so many buckets were read; returns how many were."""
        read = 0
        for hour, cut in stored(tx, self.through, until, only=self.thresholds):
            if read >= rows:
                break
            read += 1 + len(cut or ())
            self._watch.take(hour, cut, self._terrain)
            self.through = hour + HOUR
            if self.through in self._stops:
                self._known[self.through] = {
                    kind: (list(track.series), track.detector.to_bytes()) for kind, track in self._watch.tracks.items()
                }
        return read

    def go_back(self, changed: datetime) -> None:
        """An hour has changed: go on from before it, where it was taken in already."""
        if changed >= self.through:
            return
        self._known = {at: known for at, known in self._known.items() if at <= changed}
        self.through = max(self._known, default=self._began)
        self._watch.go_on_from(_tracks_of(self._known.get(self.through, {})), self.through)

    def replace_in(self, tracks: dict[Kind, Track], through: datetime) -> bool:
        """Let tracks that have come as far know of these signals what is known here; whether that is known."""
        if through == self.through:
            parts = self._watch.tracks
        elif through in self._known:
            parts = _tracks_of(self._known[through])
        else:
            return False
        kinds = {self._terrain.signals[name].kind for name in self.thresholds}
        for kind in sorted(kinds & tracks.keys()):
            tracks[kind].replace(self.thresholds, parts.get(kind))
        return True


def _tracks_of(known: Mapping[Kind, tuple[Iterable[Series], bytes]]) -> dict[Kind, Track]:
    tracks = {}
    for kind, (series, body) in known.items():
        tracks[kind] = Track(kind, Detector.from_bytes(body))
        for one in series:
            tracks[kind].add(one)
    return tracks
