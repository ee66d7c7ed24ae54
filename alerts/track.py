"""The series of one kind beside the detector that judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def panel(
        self, hour: datetime, values: Mapping[int, Rollup], thresholds: Mapping[str, float], *, observed: bool
    ) -> Panel:
        """What the series showed in an hour, by place."""
        n = np.zeros((1, len(self.series)))
        sums = {name: np.zeros_like(n) for name in SUMS[self.kind]}
        for place, rollup in values.items():
            n[0, place] = rollup.n
            read = _sums_of(self.kind, rollup, thresholds.get(self.series[place][0], 0.5))
            for array, value in zip(sums.values(), read, strict=True):
                array[0, place] = value
        return Panel(kind=self.kind, starts=[hour], n=n, observed=np.full_like(n, observed, dtype=bool), **sums)

    def parent(self, series: Series, changes: Sequence[Change]) -> int:
        """Where a new model, prompt version or release takes its first baseline: its application, else all traffic."""
        name, segment = series
        if len(segment.pairs) != 1 or segment.pairs[0][0] not in _INHERITING:
            return -1
        key, value = segment.pairs[0]
        applications = {c.application for c in changes if c.kind == key and c.value == value and c.application}
        of = Segment.of(application=applications.pop()) if len(applications) == 1 else EVERYTHING
        return self.places.get((name, of), self.places.get((name, EVERYTHING), -1))


def is_watched(signal: Signal, segment: Segment) -> bool:
    """Whether a signal is watched in a segment: everywhere, or only in all traffic and in whole applications."""
    return signal.by_segment or segment == EVERYTHING or all(key in WIDE for key, _ in segment.pairs)


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
