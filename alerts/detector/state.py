"""What the detector remembers of each series: a few thousand bytes, without the history itself."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from alerts.detector.panel import WEEK_S, Bools, Floats, Ints
from alerts.detector.slots import HOURS_OF_DAY, HOURS_OF_WEEK, LIKE_DAYS, zone_named
from traces.errors import BadInput
from traces.model import Kind

FORMAT = 2
DAY_S = 86_400
_SHORTEST_BUCKET_S = 60
_FAST = 1
"""The usual compression takes three times as long and makes it a tenth smaller."""
EFFECTS = 8
WINDOW = 5
UNITS, TOTAL, EXPECTED, SPREAD, BUCKETS = range(WINDOW)
"""Rows of a window: exposure, what was seen, what was expected, exposure times spread, buckets."""


_RING = -1
"""Stands for the length of the ring, which depends on the bucket."""
_PER_SERIES: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
    "week_weight": ((HOURS_OF_WEEK,), np.float64),
    "week_total": ((HOURS_OF_WEEK,), np.float64),
    "week_odd": ((HOURS_OF_WEEK,), np.float32),
    "week_own": ((HOURS_OF_WEEK,), np.bool_),
    "like_weight": ((LIKE_DAYS * HOURS_OF_DAY,), np.float64),
    "like_total": ((LIKE_DAYS * HOURS_OF_DAY,), np.float64),
    "all_weight": ((), np.float64),
    "all_total": ((), np.float64),
    "level_seen": ((), np.float64),
    "level_profile": ((), np.float64),
    "within_square": ((), np.float64),
    "within_free": ((), np.float64),
    "spread_product": ((), np.float64),
    "spread_square": ((), np.float64),
    "spread_buckets": ((), np.float64),
    "lag_product": ((), np.float64),
    "lag_square": ((), np.float64),
    "age": ((), np.int64),
    "newcomer": ((), np.bool_),
    "evidence": ((EFFECTS,), np.float64),
    "window_from": ((EFFECTS,), np.int64),
    "window": ((WINDOW, EFFECTS), np.float64),
    "lately": ((WINDOW,), np.float64),
    "opened": ((), np.int64),
    "opened_at": ((), np.int64),
    "opened_from": ((), np.int64),
    "opened_window": ((WINDOW,), np.float64),
    "opened_top": ((EFFECTS,), np.float64),
    "opened_peak": ((), np.float64),
    "quiet": ((), np.int64),
    "accepted_at": ((), np.int64),
    "log_evidence": ((), np.float64),
    "recent_n": ((_RING,), np.float32),
    "recent_total": ((_RING,), np.float32),
    "recent_within": ((_RING,), np.float32),
    "recent_mean": ((_RING,), np.float32),
    "recent_spread": ((_RING,), np.float32),
    "recent_doubt": ((_RING,), np.float32),
    "recent_seen": ((_RING,), np.bool_),
    "recent_learnable": ((_RING,), np.bool_),
}


@dataclass(slots=True, kw_only=True)
class State:
    """Arrays whose last axis is the series, and a few that all series share. Changed in place by the detector.

    ``week_weight``, ``week_total`` and ``like_*`` are discounted sums by hour of the week and by hour of like days; they are
    discounted only when touched, so ``week_at`` and ``like_at`` keep the bucket of the last touch.
    ``week_odd`` is by how much (ln) an hour of the week was out of its range the last time, ``week_own`` whether it was so
    twice in a row. ``recent_*`` is
    a ring of the last week's buckets: those younger than a day are not yet learned.
    """

    kind: Kind
    bucket_s: int
    zone: str
    last: int = -1

    week_at: Floats
    like_at: Floats
    recent_bucket: Ints

    week_weight: Floats
    week_total: Floats
    week_odd: npt.NDArray[np.float32]
    week_own: Bools
    like_weight: Floats
    like_total: Floats
    all_weight: Floats
    all_total: Floats
    level_seen: Floats
    level_profile: Floats
    within_square: Floats
    within_free: Floats
    spread_product: Floats
    spread_square: Floats
    spread_buckets: Floats
    lag_product: Floats
    lag_square: Floats
    age: Ints
    newcomer: Bools
    evidence: Floats
    window_from: Ints
    window: Floats
    lately: Floats
    opened: Ints
    opened_at: Ints
    opened_from: Ints
    opened_window: Floats
    opened_top: Floats
    opened_peak: Floats
    quiet: Ints
    accepted_at: Ints
    log_evidence: Floats
    recent_n: npt.NDArray[np.float32]
    recent_total: npt.NDArray[np.float32]
    recent_within: npt.NDArray[np.float32]
    recent_mean: npt.NDArray[np.float32]
    recent_spread: npt.NDArray[np.float32]
    recent_doubt: npt.NDArray[np.float32]
    recent_seen: Bools
    recent_learnable: Bools

    @classmethod
    def start(cls, kind: Kind, *, bucket_s: int = 3600, zone: str = "UTC") -> State:
        """An empty state.

        Raises:
            BadInput: When the bucket is shorter than a minute, longer than a day, or the zone is unknown.
        """
        if not _SHORTEST_BUCKET_S <= bucket_s <= DAY_S:
            raise BadInput(f"from {_SHORTEST_BUCKET_S} to {DAY_S} seconds", "bucket_s")
        zone_named(zone)
        ring = max(WEEK_S // bucket_s, 1)
        empty: dict[str, Any] = {
            name: np.zeros((*(ring if size == _RING else size for size in shape), 0), dtype=dtype)
            for name, (shape, dtype) in _PER_SERIES.items()
        }
        return cls(
            kind=kind,
            bucket_s=bucket_s,
            zone=zone,
            week_at=np.zeros(HOURS_OF_WEEK),
            like_at=np.zeros(LIKE_DAYS * HOURS_OF_DAY),
            recent_bucket=np.full(ring, -1, dtype=np.int64),
            **empty,
        )

    @property
    def series(self) -> int:
        return int(self.age.shape[0])

    @property
    def ring(self) -> int:
        """How many buckets are kept."""
        return int(self.recent_bucket.shape[0])

    def buckets(self, seconds: float) -> int:
        """How many buckets last that long, at least one."""
        return max(1, round(seconds / self.bucket_s))

    def grow(self, series: int) -> None:
        """Add empty series behind those that are there.

        Raises:
            BadInput: When there would be fewer than before.
        """
        extra = series - self.series
        if extra < 0:
            raise BadInput(f"series may be added but not taken away: had {self.series}, got {series}", "panel.n")
        for name in _PER_SERIES if extra else ():
            array = getattr(self, name)
            empty = np.zeros((*array.shape[:-1], extra), dtype=array.dtype)
            setattr(self, name, np.concatenate([array, empty], axis=-1))
        self.log_evidence[series - extra :] = -np.inf

    def clear(self, places: Sequence[int]) -> None:
        """Know nothing of the series at these places any more."""
        for name in _PER_SERIES:
            getattr(self, name)[..., places] = 0
        self.log_evidence[places] = -np.inf

    def put(self, places: Sequence[int], other: State) -> None:
        """Know of the series at these places what ``other`` knows of its own, in order.

        Raises:
            BadInput: It has come less or more far.
        """
        if other.last != self.last:
            raise BadInput("one detector has come farther than the other", "detector state")
        for name in _PER_SERIES:
            getattr(self, name)[..., places] = getattr(other, name)

    def to_bytes(self) -> bytes:
        """The state as a compressed numpy archive, without pickles."""
        head = {"format": FORMAT, "kind": self.kind, "bucket_s": self.bucket_s, "zone": self.zone, "last": self.last}
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in head}
        out = io.BytesIO()
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, saved: bytes) -> State:
        """What ``to_bytes`` wrote.

        Raises:
            BadInput: When it is no saved state, or one of another format.
        """
        try:
            with np.load(io.BytesIO(saved), allow_pickle=False) as archive:
                head = json.loads(archive["head"].tobytes())
                if head.pop("format") != FORMAT:
                    raise BadInput("saved in another format; fold the history again", "detector state")
                arrays = {f.name: archive[f.name] for f in fields(cls) if f.name not in head}
                return cls(**{**head, "kind": Kind(head["kind"])}, **arrays)
        except (ValueError, KeyError, EOFError, OSError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise BadInput("not a saved detector state; fold the history again", "detector state") from error
