"""Folds the hours again for a few signals, beside a watch that goes on meanwhile: those that are judged by another threshold now,
or whose hours have changed.

A series is judged by itself, and by how many others there are. So what is known of all others stays, and of these is put in
its place once as many hours have been folded: to the last bit what it would be had all been folded again, as long as there are
as many series at every hour as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from alerts.detector import Detector
from alerts.watching.hours import stored
from alerts.watching.terrain import Terrain
from alerts.watching.track import Series, Track
from traces.model import Kind
from traces.store import Tx

if TYPE_CHECKING:
    from alerts.watching.watch import Watch

_ALONE = frozenset({Kind.RATE, Kind.SCORE, Kind.CONTINUOUS})
"""Kinds whose series are judged each by itself, whatever the others of their kind are."""


class Refold:
    """A fold of some signals that is under way.

    Args:
        watch: One that has taken nothing in, and knows how many series there are besides.
        terrain: What detection takes as given.
        names: The signals.
        began: The first hour to fold.
        stops: The hours before which others may want to go on from what was known then.
    """

    def __init__(
        self, watch: Watch, terrain: Terrain, names: Collection[str], began: datetime, stops: Collection[datetime]
    ) -> None:
        self._watch = watch
        self._terrain = replace(terrain, signals={name: terrain.signals[name] for name in names})
        self.names = frozenset(names)
        self.thresholds = self._terrain.thresholds
        self._began = began
        self._stops = frozenset(stops)
        self._known: dict[datetime, dict[Kind, tuple[list[Series], bytes]]] = {}
        watch.begin(self._terrain, began)

    @property
    def through(self) -> datetime:
        """Every hour before this has been folded."""
        return self._watch.through or self._began

    @property
    def watch(self) -> Watch:
        """What is known of these signals so far."""
        return self._watch

    def go_on(self, tx: Tx, until: datetime, is_enough: Callable[[], bool]) -> None:
        """Take in hours up to ``until``, or to the next stop, or until it is enough."""
        for hour, cut in stored(tx, self.through, until, only=self.names):
            self._watch.take(hour, cut, self._terrain)
            if self.through in self._stops:
                self._known[self.through] = {
                    kind: (list(track.series), track.detector.to_bytes()) for kind, track in self._watch.tracks.items()
                }
                return
            if is_enough():
                return

    def go_back(self, changed: datetime) -> None:
        """An hour has changed: go on from before it, where it was taken in already."""
        if changed >= self.through:
            return
        self._known = {at: known for at, known in self._known.items() if at <= changed}
        through = max(self._known, default=self._began)
        self._watch.recall(self._watch.known().as_of(through, _tracks_of(self._known.get(through, {}))))

    def parts(self, through: datetime) -> Mapping[Kind, Track] | None:
        """What was known of these signals at an hour, where that is known still."""
        if through == self.through:
            return self._watch.tracks
        return _tracks_of(self._known[through]) if through in self._known else None


def can_be_folded_alone(names: Collection[str], terrain: Terrain, watch: Watch) -> bool:
    """Whether these signals can be folded again without the others, and there may be as many series afterwards."""
    sizes = {signal.tail_of for signal in terrain.signals.values()}
    known = {name for _, (name, _) in watch.born(names)}
    return known == set(names) and all(
        name in terrain.signals
        and terrain.signals[name].kind in _ALONE
        and terrain.signals[name].tail_of is None
        and name not in sizes
        for name in names
    )


def _tracks_of(known: Mapping[Kind, tuple[Iterable[Series], bytes]]) -> dict[Kind, Track]:
    tracks = {}
    for kind, (series, body) in known.items():
        tracks[kind] = Track(kind, Detector.from_bytes(body))
        for one in series:
            tracks[kind].add(one)
    return tracks
