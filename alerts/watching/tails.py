"""How many sizes lie above the usual 95 % quantile of their hour: heavy tails, of which the typical size says little.

Three in a hundred answers that take five times as long move the mean of ln x by 0.05, and the share above the usual p95 from
5 to 8 %: a quantile is tested as a share. What is usual at an hour of the week is what the baseline of the size expects of
ln x there, plus a distance that is the same at all hours: the 95 % quantile of how far values lie above what was
expected of them, kept as a faded histogram of each series; but no less than the 95 % quantile over all hours. For where sizes
are lumps, as the prices of two models are, an hour with less of the dear one does not make every dear conversation strange.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from traces.errors import BadInput
from traces.histogram import Rollup, bin_of, value_of
from traces.model import Segment

SHARE = 0.05
"""Of the values of usual hours, what lies above their usual quantile."""
BINS = 64
_FIRST, _STEP = -0.5, 0.08
"""Distances are kept from 0.6 times to 100 times the expected size, by steps of 8 %."""
_KINDS = 2
"""Distances from what is expected at the hour, and from one size for all hours."""
_FEWEST = 300.0
"""With fewer values the share above an estimated 95 % quantile is wrong by more than 1.3 points."""
_HALF_LIFE_H = 3 * 7 * 24
_LARGEST_LOG = 100.0
_ABOVE = bin_of(1.0)

_Series: TypeAlias = tuple[str, Segment]
Floats32: TypeAlias = npt.NDArray[np.float32]


@lru_cache(maxsize=20_000)
def _log(bin_: int) -> float:
    return math.log(value_of(bin_))


def above(rollup: Rollup, edge: float) -> Rollup:
    """The values of a bucket as a rate: 1 for each that lies above ``edge`` by more than its bin, 0 for the others."""
    last = bin_of(edge)
    k = sum(count for bin_, count in rollup.bins.items() if bin_ > last)
    return Rollup(n=rollup.n, total=float(k), bins={0: rollup.n - k, _ABOVE: k})


class Tails:
    """How far above the expected size the 95 % quantile lies, of series that are known by name and segment."""

    def __init__(self) -> None:
        self._places: dict[_Series, int] = {}
        self._held: Floats32 = np.zeros((0, _KINDS, BINS), dtype=np.float32)
        self._anchors: list[float] = []

    @property
    def series(self) -> list[_Series]:
        """Those of which anything was learned, in the order of ``to_bytes``."""
        return list(self._places)

    def edge(self, series: _Series, expected: float) -> float | None:
        """The usual 95 % quantile, in the unit of the size, at an hour at which ``expected`` is the usual ln x."""
        place = self._places.get(series)
        if place is None or not math.isfinite(expected) or self._held[place, 0].sum() < _FEWEST:
            return None
        distance, overall = (_quantile(held.astype(np.float64)) for held in self._held[place])
        edge = max(expected + distance, self._anchors[place] + overall)
        return math.exp(min(max(edge, -_LARGEST_LOG), _LARGEST_LOG))

    def pass_hour(self) -> None:
        """Let what was learned fade by an hour."""
        self._held *= np.float32(0.5 ** (1 / _HALF_LIFE_H))

    def learn(self, series: _Series, expected: float, rollup: Rollup) -> None:
        """Take in the sizes of a quiet hour at which ``expected`` was the usual ln x."""
        logs = {bin_: count for bin_, count in rollup.bins.items() if bin_ > 0 and count > 0}
        if not logs or not math.isfinite(expected):
            return
        if series not in self._places:
            self._places[series] = len(self._places)
            self._held = np.concatenate([self._held, np.zeros((1, _KINDS, BINS), dtype=np.float32)])
            self._anchors.append(expected)
        place, counts = self._places[series], list(logs.values())
        read = np.array([_log(bin_) for bin_ in logs])
        for held, usual in zip(self._held[place], (expected, self._anchors[place]), strict=True):
            far = (read - usual - _FIRST) / _STEP
            np.add.at(held, np.clip(far, 0, BINS - 1).astype(int), counts)

    def to_bytes(self) -> bytes:
        """What was learned, in the order of ``series``."""
        return self._held.astype("<f4").tobytes() + np.array(self._anchors, dtype="<f8").tobytes()

    @classmethod
    def from_bytes(cls, saved: bytes, series: list[_Series]) -> Tails:
        """What ``to_bytes`` wrote of these series.

        Raises:
            BadInput: It is not of so many series; fold the history again then.
        """
        held = 4 * _KINDS * BINS * len(series)
        if len(saved) != held + 8 * len(series):
            raise BadInput("not as many saved tails as series; fold the history again", "detector state")
        tails = cls()
        tails._places = {one: place for place, one in enumerate(series)}
        read = np.frombuffer(saved[:held], dtype="<f4")
        tails._held = read.reshape(len(series), _KINDS, BINS).astype(np.float32)
        tails._anchors = np.frombuffer(saved[held:], dtype="<f8").tolist()
        return tails


def _quantile(held: npt.NDArray[np.float64]) -> float:
    summed = np.cumsum(held)
    wanted = (1 - SHARE) * summed[-1]
    bin_ = min(int(np.searchsorted(summed, wanted)), BINS - 1)
    inside = (wanted - (summed[bin_] - held[bin_])) / held[bin_] if held[bin_] > 0 else 1.0
    return _FIRST + _STEP * (bin_ + float(inside))


def verdicts(values: Mapping[str, object], body: str, edge: float) -> list[float]:
    """Which of a conversation's sizes lie above an edge, 1 or 0 each, those above first."""
    sizes = values.get(body)
    found = [float(bin_of(size) > bin_of(edge)) for size in sizes] if isinstance(sizes, list | tuple) else []
    return sorted(found, reverse=True)
