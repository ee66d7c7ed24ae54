"""The series of one kind beside the detector that judges them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np

from alerts.detector import SUMS, Detector, Panel
from traces.histogram import Rollup, value_of
from traces.model import EVERYTHING, Change, Kind, Segment, Signal

Series: TypeAlias = tuple[str, Segment]
_INHERITING = ("model", "prompt_version", "release")
"""Keys whose new values are expected to behave like what they replace: they start with its baseline."""
WIDE = frozenset({"application", "environment"})
"""Keys whose values are whole parts of the traffic, in which every signal is watched."""


@dataclass(slots=True)
class Track:
    """The series of one kind, in the order in which their detector knows them."""

    kind: Kind
    detector: Detector
    series: list[Series] = field(default_factory=list)
    places: dict[Series, int] = field(default_factory=dict)

    def add(self, series: Series) -> int:
        """The place of a series, which is the next one where it is new."""
        place = self.places.setdefault(series, len(self.series))
        if place == len(self.series):
            self.series.append(series)
        return place

    def replace(self, names: Collection[str], part: Track | None) -> None:
        """Know of the series of these names what ``part`` knows, which is at the same hour, and nothing of its others."""
        known: list[Series] = [] if part is None else part.series
        places = [self.add(one) for one in known]
        self.detector.state.grow(len(self.series))
        left = [
            place for one, place in self.places.items() if one[0] in names and (part is None or one not in part.places)
        ]
        self.detector.state.clear(left)
        if part is not None:
            self.detector.state.put(places, part.detector.state)

    def panel(
        self, hour: datetime, values: Mapping[int, Rollup], thresholds: Mapping[str, float], *, observed: bool
    ) -> Panel:
        """What the series showed in an hour, by place."""
        n = np.zeros((1, len(self.series)))
        sums = {name: np.zeros_like(n) for name in SUMS[self.kind]}
        places = list(values)
        n[0, places] = [rollup.n for rollup in values.values()]
        for array, column in zip(sums.values(), self._columns(values, thresholds), strict=True):
            array[0, places] = column
        return Panel(kind=self.kind, starts=[hour], n=n, observed=np.full_like(n, observed, dtype=bool), **sums)

    def _columns(self, values: Mapping[int, Rollup], thresholds: Mapping[str, float]) -> list[list[float]]:
        """What a panel needs of rollups by place, in the order of ``SUMS``."""
        rollups = values.values()
        if self.kind is Kind.COUNT:
            return []
        if self.kind is Kind.RATE:
            return [[one.at_least(thresholds.get(self.series[place][0], 0.5)) for place, one in values.items()]]
        if self.kind is Kind.CONTINUOUS:
            return [[one.log_total for one in rollups], [one.log_square_total for one in rollups]]
        moments = [_moments(one) for one in rollups]
        return [[total for total, _ in moments], [square for _, square in moments]]

    def parent(self, series: Series, changes: Sequence[Change]) -> int:
        """Where a new model, prompt version or release takes its first baseline: its application, else all traffic."""
        name, segment = series
        if len(segment.pairs) != 1 or segment.pairs[0][0] not in _INHERITING:
            return -1
        key, value = segment.pairs[0]
        applications = {c.application for c in changes if c.kind == key and c.value == value and c.application}
        of = Segment.of(application=applications.pop()) if len(applications) == 1 else EVERYTHING
        return self.places.get((name, of), self.places.get((name, EVERYTHING), -1))


def put_in(tracks: Mapping[Kind, Track], names: Collection[str], parts: Mapping[Kind, Track]) -> None:
    """Let tracks know of the series of these signals what ``parts`` know, which have come as far."""
    for kind, track in tracks.items():
        if kind in parts or any(name in names for name, _ in track.places):
            track.replace(names, parts.get(kind))


def is_watched(signal: Signal, segment: Segment) -> bool:
    """Whether a signal is watched in a segment: everywhere, or only in all traffic and in whole applications."""
    return signal.by_segment or segment == EVERYTHING or all(key in WIDE for key, _ in segment.pairs)


def _moments(rollup: Rollup) -> tuple[float, float]:
    """The sums of the values and of their squares, as the bins tell them."""
    values = [(value_of(bin_), count) for bin_, count in rollup.bins.items()]
    return sum(v * count for v, count in values), sum(v * v * count for v, count in values)
