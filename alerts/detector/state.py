"""What the detector remembers of each series: a few thousand bytes, without the history itself."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from alerts.detector.panel import WEEK_S, Bools, Floats, Ints
from alerts.detector.slots import HOURS_OF_DAY, HOURS_OF_WEEK, LIKE_DAYS, zone_named
from traces.errors import BadInput
from traces.model import Kind

FORMAT = 1
DAY_S = 86_400
_SHORTEST_BUCKET_S = 60
EFFECTS = 8
WINDOW = 5
UNITS, TOTAL, EXPECTED, SPREAD, BUCKETS = range(WINDOW)
"""Rows of a window: exposure, what was seen, what was expected, exposure times spread, buckets."""


def _series(*shape: int, dtype: type = np.float64) -> npt.NDArray[np.generic]:
    return field(default_factory=lambda: np.zeros((*shape, 0), dtype=dtype), metadata={"per_series": True})


@dataclass(slots=True, kw_only=True)
class State:
    """Arrays whose last axis is the series, and a few that all series share. Changed in place by the detector.

    ``week_*`` and ``like_*`` are discounted sums by hour of the week and by hour of like days; they are
    discounted only when touched, so ``week_at`` and ``like_at`` keep the bucket of the last touch. ``recent_*`` is
    a ring of the last week's buckets: those younger than a day are not yet learned.
    """

    kind: Kind
    bucket_s: int = 3600
    zone: str = "UTC"
    last: int = -1

    week_at: Floats = field(default_factory=lambda: np.zeros(HOURS_OF_WEEK))
    like_at: Floats = field(default_factory=lambda: np.zeros(LIKE_DAYS * HOURS_OF_DAY))
    recent_bucket: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    week_weight: Floats = _series(HOURS_OF_WEEK)  # type: ignore[assignment]
    week_total: Floats = _series(HOURS_OF_WEEK)  # type: ignore[assignment]
    like_weight: Floats = _series(LIKE_DAYS * HOURS_OF_DAY)  # type: ignore[assignment]
    like_total: Floats = _series(LIKE_DAYS * HOURS_OF_DAY)  # type: ignore[assignment]
    all_weight: Floats = _series()  # type: ignore[assignment]
    all_total: Floats = _series()  # type: ignore[assignment]
    level_seen: Floats = _series()  # type: ignore[assignment]
    level_profile: Floats = _series()  # type: ignore[assignment]
    within_square: Floats = _series()  # type: ignore[assignment]
    within_free: Floats = _series()  # type: ignore[assignment]
    spread_product: Floats = _series()  # type: ignore[assignment]
    spread_square: Floats = _series()  # type: ignore[assignment]
    spread_buckets: Floats = _series()  # type: ignore[assignment]
    lag_product: Floats = _series()  # type: ignore[assignment]
    lag_square: Floats = _series()  # type: ignore[assignment]

    age: Ints = _series(dtype=np.int64)  # type: ignore[assignment]
    newcomer: Bools = _series(dtype=np.bool_)  # type: ignore[assignment]

    evidence: Floats = _series(EFFECTS)  # type: ignore[assignment]
    window_from: Ints = _series(EFFECTS, dtype=np.int64)  # type: ignore[assignment]
    window: Floats = _series(WINDOW, EFFECTS)  # type: ignore[assignment]

    opened: Ints = _series(dtype=np.int64)  # type: ignore[assignment]
    opened_at: Ints = _series(dtype=np.int64)  # type: ignore[assignment]
    opened_from: Ints = _series(dtype=np.int64)  # type: ignore[assignment]
    opened_window: Floats = _series(WINDOW)  # type: ignore[assignment]
    opened_peak: Floats = _series()  # type: ignore[assignment]
    quiet: Ints = _series(dtype=np.int64)  # type: ignore[assignment]
    log_evidence: Floats = _series()  # type: ignore[assignment]

    recent_n: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_total: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_within: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_mean: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_spread: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_doubt: npt.NDArray[np.float32] = _series(0, dtype=np.float32)  # type: ignore[assignment]
    recent_seen: Bools = _series(0, dtype=np.bool_)  # type: ignore[assignment]
    recent_learnable: Bools = _series(0, dtype=np.bool_)  # type: ignore[assignment]

    @classmethod
    def start(cls, kind: Kind, *, bucket_s: int = 3600, zone: str = "UTC") -> State:
        """An empty state.

        Raises:
            BadInput: When the bucket is shorter than a minute, longer than a day, or the zone is unknown.
        """
        if not _SHORTEST_BUCKET_S <= bucket_s <= DAY_S:
            raise BadInput(f"from {_SHORTEST_BUCKET_S} to {DAY_S} seconds", "bucket_s")
        zone_named(zone)
        state = cls(kind=kind, bucket_s=bucket_s, zone=zone)
        rows = max(WEEK_S // bucket_s, 1)
        state.recent_bucket = np.full(rows, -1, dtype=np.int64)
        for name in (name for name in _per_series() if name.startswith("recent_")):
            setattr(state, name, np.zeros((rows, 0), dtype=getattr(state, name).dtype))
        return state

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
        for name in _per_series() if extra else ():
            array = getattr(self, name)
            empty = np.zeros((*array.shape[:-1], extra), dtype=array.dtype)
            setattr(self, name, np.concatenate([array, empty], axis=-1))
        self.log_evidence[series - extra :] = -np.inf

    def to_bytes(self) -> bytes:
        """The state as a compressed numpy archive, without pickles."""
        head = {"format": FORMAT, "kind": self.kind, "bucket_s": self.bucket_s, "zone": self.zone, "last": self.last}
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in head}
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
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
                state = cls(**{**head, "kind": Kind(head["kind"])})
                for name in (f.name for f in fields(cls) if f.name not in head):
                    setattr(state, name, archive[name])
        except (ValueError, KeyError, EOFError, OSError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise BadInput("not a saved detector state; fold the history again", "detector state") from error
        return state


def _per_series() -> list[str]:
    return [f.name for f in fields(State) if f.metadata.get("per_series")]
