"""A mergeable, subtractable summary of numbers, small enough for a table row.

Logarithmic buckets of constant relative width, as in DDSketch (Masson, Rim, Lee, VLDB 2019), kept as exact counts
so that a contribution can also be taken away again when a conversation is corrected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

RELATIVE_ACCURACY = 0.01
_GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_SMALLEST = 1e-9
_ZERO = 0
_OFFSET = math.ceil(math.log(_SMALLEST) / _LOG_GAMMA) - 1


def bin_of(value: float) -> int:
    """The bin that holds ``value``; bins rise with the values they hold. Tiny values count as zero."""
    if abs(value) < _SMALLEST:
        return _ZERO
    rank = math.ceil(math.log(abs(value)) / _LOG_GAMMA - 1e-9) - _OFFSET
    return rank if value > 0 else -rank


def value_of(bin_: int) -> float:
    """The number that stands for a bin, within ``RELATIVE_ACCURACY`` of every value in it."""
    if bin_ == _ZERO:
        return 0.0
    middle = float(2 * _GAMMA ** (abs(bin_) + _OFFSET) / (_GAMMA + 1))
    return middle if bin_ > 0 else -middle


class Rollup:
    """What one bucket holds of one signal in one segment.

    ``n`` values were seen, their sum is ``total``; ``log_total`` and ``log_square_total`` are the sums of ln(x)
    and ln(x)² over the positive ones; ``bins`` counts them by logarithmic bin. All are additive: rollups of
    disjoint parts add up to the rollup of the whole, and a part can be taken away again.

    ``written`` are bins as ``to_json`` gives them, which are read when they are asked for first: most never are.
    """

    __slots__ = ("_bins", "_written", "log_square_total", "log_total", "n", "total")

    def __init__(
        self,
        n: int = 0,
        total: float = 0.0,
        log_total: float = 0.0,
        log_square_total: float = 0.0,
        bins: dict[int, int] | None = None,
        *,
        written: Mapping[str, int] | None = None,
    ) -> None:
        self.n = n
        self.total = total
        self.log_total = log_total
        self.log_square_total = log_square_total
        self._bins: dict[int, int] = {} if bins is None else bins
        self._written = written

    @property
    def bins(self) -> dict[int, int]:
        if self._written is not None:
            self._bins, self._written = dict(zip(map(int, self._written), self._written.values(), strict=True)), None
        return self._bins

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rollup):
            return NotImplemented
        return self._numbers == other._numbers and self.bins == other.bins

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Rollup(n={self.n}, total={self.total}, bins={self.bins})"

    @property
    def _numbers(self) -> tuple[float, ...]:
        return self.n, self.total, self.log_total, self.log_square_total

    @classmethod
    def of(cls, values: Iterable[float], times: int = 1) -> Rollup:
        rollup = cls()
        for value in values:
            rollup.observe(value, times)
        return rollup

    def observe(self, value: float, times: int = 1) -> None:
        """Count ``value`` ``times`` times; a negative ``times`` takes it away."""
        self.n += times
        self.total += times * value
        if value > 0:
            log = math.log(value)
            self.log_total += times * log
            self.log_square_total += times * log * log
        bins, bin_ = self.bins, bin_of(value)
        if left := bins.get(bin_, 0) + times:
            bins[bin_] = left
        else:
            bins.pop(bin_, None)

    def add(self, other: Rollup, times: int = 1) -> None:
        """Merge ``other`` into this one; ``times=-1`` takes it away."""
        self.n += times * other.n
        self.total += times * other.total
        self.log_total += times * other.log_total
        self.log_square_total += times * other.log_square_total
        bins = self.bins
        for bin_, count in other.bins.items():
            left = bins.get(bin_, 0) + times * count
            if left:
                bins[bin_] = left
            else:
                bins.pop(bin_, None)

    def plus(self, other: Rollup) -> Rollup:
        """This very rollup, with ``other`` merged into it."""
        self.add(other)
        return self

    def copy(self) -> Rollup:
        """Another rollup of the same."""
        return Rollup(self.n, self.total, self.log_total, self.log_square_total, dict(self.bins))

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    def at_least(self, threshold: float) -> int:
        """How many values are at or above ``threshold``, to within the bin that holds it."""
        edge = _edge_of(threshold)
        if self._written is not None:
            return sum([count for bin_, count in self._written.items() if int(bin_) >= edge])
        return sum([count for bin_, count in self._bins.items() if bin_ >= edge])

    def quantile(self, q: float) -> float | None:
        """The ``q``-quantile within ``RELATIVE_ACCURACY``; ``None`` when nothing was seen."""
        if self.n <= 0:
            return None
        rank, seen, bins = q * (self.n - 1), 0, self.bins
        for bin_ in sorted(bins):
            seen += bins[bin_]
            if seen > rank:
                return value_of(bin_)
        return value_of(max(bins)) if bins else None

    def to_json(self) -> dict[str, int]:
        """The bins, with text keys."""
        return {str(bin_): count for bin_, count in self.bins.items()}


@lru_cache(maxsize=1_000)
def _edge_of(threshold: float) -> int:
    return bin_of(threshold)
