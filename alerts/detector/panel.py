"""What the detector is given: buckets of many series, and the terms on which each series is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from traces.clock import as_utc
from traces.errors import BadInput
from traces.model import Direction, Kind, Signal

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

WEEK_S = 604_800
BUCKETS_BY_SERIES = 2
"""Axes of a panel's arrays."""
_LARGEST = 1e15
"""Beyond this a count is a mistake, and float arithmetic on it would no longer be exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """B buckets of S series of one kind.

    ``starts`` are the B starts of the buckets (aware UTC; naive ones are taken as UTC), the arrays have shape
    (B, S). ``n`` counts conversations or values (for ``Kind.COUNT`` it is the count itself). ``k`` counts the
    positives (``Kind.RATE``). ``log_total`` and ``log_square_total`` sum ln(x) and ln(x)² over the n (positive)
    values (``Kind.CONTINUOUS``), ``total`` and ``square_total`` the values themselves and their squares (``Kind.SCORE``).
    ``observed`` says where the ingester was alive, shape (B, S) or (B,): no data is
    not zero.

    A reading that cannot be (nan, negative, more positives than conversations) counts as not observed.

    Raises:
        BadInput: When shapes disagree or an array that the kind needs is missing.
    """

    kind: Kind
    starts: Sequence[datetime]
    n: npt.ArrayLike
    k: npt.ArrayLike | None = None
    log_total: npt.ArrayLike | None = None
    log_square_total: npt.ArrayLike | None = None
    total: npt.ArrayLike | None = None
    square_total: npt.ArrayLike | None = None
    observed: npt.ArrayLike | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.n)
        if len(shape) != BUCKETS_BY_SERIES or shape[0] != len(self.starts):
            raise BadInput(f"expected shape ({len(self.starts)}, series), got {shape}", "panel.n")
        for name in SUMS[self.kind]:
            if getattr(self, name) is None:
                raise BadInput(f"a panel of kind {self.kind} needs it", f"panel.{name}")
        for name in ("k", "log_total", "log_square_total", "total", "square_total"):
            given = getattr(self, name)
            if given is not None and np.shape(given) != shape:
                raise BadInput(f"expected shape {shape}, got {np.shape(given)}", f"panel.{name}")
        if self.observed is not None and np.shape(self.observed) not in (shape, shape[:1]):
            raise BadInput(f"expected shape {shape} or {shape[:1]}", "panel.observed")

    @property
    def series(self) -> int:
        """S, the number of series."""
        return int(np.shape(self.n)[1])

    def bucket_numbers(self, bucket_s: int) -> Ints:
        """The number of each bucket since the epoch, shape (B,)."""
        seconds = [int(as_utc(start).timestamp()) for start in self.starts]
        return np.asarray(seconds, dtype=np.int64) // bucket_s

    def readings(self) -> Readings:
        """The panel as sums that the tests work on, with everything impossible marked as not observed."""
        n = np.array(self.n, dtype=np.float64)
        observed = np.ones(n.shape, dtype=bool)
        if self.observed is not None:
            given = np.asarray(self.observed, dtype=bool)
            observed &= given if given.ndim == BUCKETS_BY_SERIES else given[:, None]
        total, within = self._sums(n)
        with np.errstate(invalid="ignore"):
            possible = np.isfinite(n) & np.isfinite(total) & np.isfinite(within)
            possible &= (n >= 0) & (n <= _LARGEST) & (np.abs(total) <= _LARGEST)
            possible &= (within >= 0) & (within <= _LARGEST)
            if self.kind is Kind.RATE:
                possible &= (total >= 0) & (total <= n)
        observed &= possible
        n, total, within = (np.where(observed, part, 0.0) for part in (n, total, within))
        return Readings(n, total, within, observed)

    def _sums(self, n: Floats) -> tuple[Floats, Floats]:
        if self.kind is Kind.COUNT:
            return n, np.zeros_like(n)
        if self.kind is Kind.RATE:
            return np.array(self.k, dtype=np.float64), np.zeros_like(n)
        total, square = (np.array(getattr(self, name), dtype=np.float64) for name in SUMS[self.kind])
        with np.errstate(all="ignore"):
            within = np.where(n > 0, square - total * total / np.maximum(n, 1.0), 0.0)
            # Rounding in the caller's sums may leave a variance a hair below zero; anything more is a mistake.
            within = np.where(within > -1e-6 * np.maximum(square, 1.0), np.maximum(within, 0.0), within)
        return total, within


SUMS: dict[Kind, tuple[str, ...]] = {
    Kind.COUNT: (),
    Kind.RATE: ("k",),
    Kind.CONTINUOUS: ("log_total", "log_square_total"),
    Kind.SCORE: ("total", "square_total"),
}
"""The arrays of a panel beside ``n``, by kind."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Clean sums, each (B, S): conversations, what they sum to, squares within the bucket, observed."""

    n: Floats
    total: Floats
    within: Floats
    observed: Bools


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On which terms each of S series is judged; all arrays have shape (S,).

    ``up`` and ``down`` say which directions are bad. A change must reach ``min_absolute`` (in the signal's unit)
    and ``min_relative``: for rates relative to the smaller of the rate and its complement, so that
    "95 % succeed" and "5 % fail" are the same signal. ``precision`` and ``miss_rate`` correct a rate ``q``
    to ``q * precision + (1 - q) * miss_rate``, kept within 0 to 1; they may lie outside of it. nan leaves it as it is.
    ``parent`` is the index of the series whose
    baseline a newcomer takes until it has a week of its own, -1 for none. Give a parent only where the part is
    expected to behave like the whole (model, prompt version, release); a scenario with its own rate is not
    "worse than the rest" on its first day.
    ``run_length`` is c: the mean number of buckets between false alerts of one series (see ``run_length``), of a signal of
    patience 1; that of others is as many times as long.
    """

    up: Bools
    down: Bools
    min_relative: Floats
    min_absolute: Floats
    precision: Floats
    miss_rate: Floats
    parent: Ints
    patience: Floats
    run_length: float

    @classmethod
    def of(
        cls,
        signals: Sequence[Signal],
        *,
        run_length: float,
        parent: Sequence[int] | None = None,
        corrections: Sequence[tuple[float, float] | None] | None = None,
    ) -> Terms:
        """The terms of one signal per series.

        ``corrections`` holds (precision, miss_rate) or ``None`` per series.

        Raises:
            BadInput: When lengths disagree, a parent is no series, or ``run_length`` is below 1.
        """
        size = len(signals)
        parents = np.full(size, -1) if parent is None else np.asarray(parent, dtype=np.int64)
        pairs = [None] * size if corrections is None else list(corrections)
        if parents.shape != (size,) or len(pairs) != size:
            raise BadInput(f"one entry for each of the {size} series is needed", "terms.parent, terms.corrections")
        if size and (parents.max() >= size or parents.min() < -1):
            raise BadInput("a parent is the index of a series, or -1", "terms.parent")
        if not run_length >= 1:
            raise BadInput("at least 1 bucket between false alerts is needed", "terms.run_length")
        correction = np.array([(np.nan, np.nan) if pair is None else pair for pair in pairs]).reshape(size, 2)
        return cls(
            up=np.array([signal.bad is not Direction.DOWN for signal in signals], dtype=bool),
            down=np.array([signal.bad is not Direction.UP for signal in signals], dtype=bool),
            min_relative=np.array([signal.min_relative for signal in signals], dtype=np.float64),
            min_absolute=np.array([signal.min_absolute for signal in signals], dtype=np.float64),
            precision=correction[:, 0],
            miss_rate=correction[:, 1],
            parent=parents.astype(np.int64),
            patience=np.array([signal.patience for signal in signals], dtype=np.float64),
            run_length=float(run_length),
        )

    @property
    def log_bar(self) -> Floats:
        """The logarithm of 2c of each series, which evidence has to reach."""
        bar: Floats = np.log(2 * np.maximum(self.run_length * self.patience, 1.0))
        return bar

    def only(self, series: int) -> Terms:
        """The terms of one series."""
        arrays = {f.name: getattr(self, f.name)[series : series + 1] for f in fields(self) if f.name != "run_length"}
        return Terms(**arrays, run_length=self.run_length)

    def corrected(self, rate: Floats) -> Floats:
        """Raw rates, shape (..., S), as corrected ones."""
        slope, floor, as_it_is = self._correction
        corrected: Floats = floor + slope * rate
        return np.where(as_it_is, corrected, np.clip(corrected, 0.0, 1.0))

    @cached_property
    def _correction(self) -> tuple[Floats, Floats, Bools]:
        """What a rate is multiplied by, what is added, and where neither is: every bucket asks several times."""
        as_it_is = np.isnan(self.precision + self.miss_rate)
        slope = np.where(as_it_is, 1.0, self.precision - self.miss_rate)
        return slope, np.where(as_it_is, 0.0, self.miss_rate), np.isnan(self.precision)


def run_length(series: int, *, weeks_between_false_alerts: float = 1.0, bucket_s: int = 3600) -> float:
    """Buckets between false alerts of one series, so that the workspace sees one in that many weeks.

    ``series`` counts every watched series of the workspace, over all kinds.
    """
    return max(1.0, WEEK_S / bucket_s * max(1, series) * weeks_between_false_alerts)
