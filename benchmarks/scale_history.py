"""A long history, written straight into a store: what so many turns leave in the rollups, and conversations besides.

Rollups are put together from rollups that were drawn for each signal at each volume, so that ten million turns take minutes:
every row is as large and as varied as that of real conversations, though hours repeat each other's numbers.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from traces.columns import microseconds, packed
from traces.histogram import Rollup
from traces.model import EVERYTHING, Segment
from traces.store import open_store
from traces.store.bodies import written
from traces.store.rollups import BASE_S, DAY_S, HOUR_S, segment_key

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
_MICRO = 1_000_000
TURNS_OF_A_CONVERSATION = 4
VARIANTS = 8
"""So many different rollups of a signal are drawn for each volume."""
SIZES = ("latency", "ttft", "cost", "tokens_in", "tokens_out", "turns", "answer_length", "tools_used")
FINE_DAYS = 2
"""Five-minute rollups are written of so many days: nothing that is measured here reads older ones."""
VALUES = {
    "application": 3,
    "environment": 2,
    "model": 6,
    "provider": 3,
    "prompt_version": 10,
    "release": 12,
    "scenario": 20,
    "language": 5,
}
FEW_VALUES = {"application": 2, "environment": 2, "model": 6, "release": 9}
"""With all traffic, 20 segments."""
_TEXT = "My parcel has not come, though it was to be here on Monday; the order is number {n}. What can I do about it? "


@dataclass(frozen=True, slots=True)
class Extent:
    """How much history: signals that are rates, values by segment key, conversations an hour, days until ``NOW``."""

    rates: int
    values: Mapping[str, int]
    hourly: int
    days: int
    fine_days: int = FINE_DAYS

    @property
    def segments(self) -> list[tuple[Segment, int]]:
        """Each segment, with the part of all traffic that it has, as one in so many."""
        one_key = [(Segment(((key, f"{key}-{n}"),)), count) for key, count in self.values.items() for n in range(count)]
        return [(EVERYTHING, 1), *one_key]

    @property
    def names(self) -> list[str]:
        return [rate_name(n) for n in range(self.rates)]


def rate_name(number: int) -> str:
    return f"check_{number:03d}"


def write_rollups(file: Path, extent: Extent, seed: int = 1) -> int:
    """Write the rollups of a history into a fresh database; returns how many rows."""
    open_store(f"sqlite:///{file}").close()
    bodies = _Bodies(extent, np.random.default_rng(seed))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        count = connection.total_changes
        connection.executemany("INSERT INTO rollups VALUES ('default', ?, ?, ?, ?)", _rows(extent, bodies))
        rows = connection.total_changes - count
        day_0 = NOW - timedelta(days=extent.days)
        beats = [("default", microseconds(at)) for at in _starts(day_0, HOUR_S)]
        connection.executemany("INSERT OR IGNORE INTO heartbeats VALUES (?, ?)", beats)
        seen = [(pair, microseconds(day_0), microseconds(NOW)) for s, _ in extent.segments for pair in s.pairs]
        connection.executemany(
            "INSERT INTO segment_values VALUES ('default', ?, ?, ?, ?)",
            [(key, value, first, last) for (key, value), first, last in seen],
        )
    connection.close()
    return rows


def repeat_hour(file: Path, hour: datetime) -> None:
    """Let an hour be as the one before it, with Hark running."""
    with sqlite3.connect(file) as connection:
        connection.execute(
            "INSERT INTO rollups SELECT workspace_id, resolution_s, segment, bucket_at + ?, body FROM rollups"
            " WHERE workspace_id = 'default' AND resolution_s = ? AND bucket_at = ?",
            (HOUR_S * _MICRO, HOUR_S, microseconds(hour - HOUR)),
        )
        connection.execute("INSERT OR IGNORE INTO heartbeats VALUES ('default', ?)", (microseconds(hour),))
    connection.close()


class _Bodies:
    """Texts of rollups, drawn once for each signal and volume."""

    def __init__(self, extent: Extent, rng: np.random.Generator) -> None:
        self._extent = extent
        self._rng = rng
        self._drawn: dict[int, list[list[str]]] = {}

    def body(self, n: int) -> str:
        """A bucket of ``n`` conversations with all signals."""
        pools = self._drawn.get(n)
        if pools is None:
            pools = self._drawn[n] = list(self._pools(n))
        picks = self._rng.integers(0, VARIANTS, len(pools)).tolist()
        return "{" + ",".join([pool[pick] for pool, pick in zip(pools, picks, strict=True)]) + "}"

    def _pools(self, n: int) -> Iterator[list[str]]:
        yield [_written("volume", np.ones(n))] * VARIANTS
        for place, name in enumerate(self._extent.names):
            # Every second is a yes or no, the others say how sure they are.
            drawn = [(self._rng.random(n) < 0.08).astype(float) for _ in range(VARIANTS)]
            if place % 2:
                drawn = [np.round(0.02 + 0.93 * v * self._rng.beta(4, 2, n), 1) for v in drawn]
            yield [_written(name, values) for values in drawn]
        for place, name in enumerate(SIZES):
            times = TURNS_OF_A_CONVERSATION if name in {"latency", "ttft"} else 1
            yield [_written(name, self._rng.lognormal(place / 2, 0.6, n * times)) for _ in range(VARIANTS)]


def _written(name: str, values: np.ndarray) -> str:
    """A signal's entry of a body; equal values are observed at once."""
    rollup = Rollup()
    # Values within a bin of each other differ by less than the bin: three digits keep as many bins.
    for value, times in zip(*np.unique(np.round(values, 3), return_counts=True), strict=True):
        rollup.observe(float(value), int(times))
    return f"{json.dumps(name)}:{json.dumps(written(rollup), separators=(',', ':'))}"


def _rows(extent: Extent, bodies: _Bodies) -> Iterator[tuple[int, str, int, str]]:
    spans = {DAY_S: extent.days, HOUR_S: extent.days, BASE_S: min(extent.days, extent.fine_days)}
    for resolution_s, days in spans.items():
        starts = _starts(NOW - timedelta(days=days), resolution_s)
        for key, at, body in _of_resolution(extent, bodies, starts, resolution_s):
            yield resolution_s, key, at, body


def _of_resolution(
    extent: Extent, bodies: _Bodies, starts: Sequence[datetime], resolution_s: int
) -> Iterator[tuple[str, int, str]]:
    for segment, one_in in sorted(extent.segments, key=lambda pair: segment_key(pair[0])):
        n = max(1, math.ceil(extent.hourly * resolution_s / HOUR_S / one_in))
        for at in starts:
            yield segment_key(segment), microseconds(at), bodies.body(n)


def _starts(since: datetime, resolution_s: int) -> list[datetime]:
    """The buckets of a resolution from the start of a day until the last hour that is over."""
    begin, end = since.replace(hour=0, minute=0), NOW.replace(minute=0)
    step = timedelta(seconds=resolution_s)
    return [begin + step * n for n in range(-(-(end - begin) // step))]


def write_conversations(file: Path, extent: Extent, conversations: int, labels: int, seed: int = 2) -> None:
    """Write conversations with their scores and facts over the last days, and labels of the newest of them."""
    rng = np.random.default_rng(seed)
    version = extent.names
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for start in range(0, conversations, 1_000):
            ids = range(start, min(conversations, start + 1_000))
            scores = (rng.random((len(ids), len(version))) < 0.08).astype(float)
            _insert(connection, ids, conversations, version, scores, labels)
    connection.close()


def _insert(
    connection: sqlite3.Connection, ids: range, of: int, names: Sequence[str], scores: np.ndarray, labels: int
) -> None:
    said: list[tuple[object, ...]] = []
    found: list[tuple[object, ...]] = []
    told: list[tuple[object, ...]] = []
    facts: list[tuple[object, ...]] = []
    for number, row in zip(ids, scores.tolist(), strict=True):
        at = NOW - timedelta(days=13) * (1 - number / of) - HOUR
        when, name = microseconds(at), f"c{number:07d}"
        said.append((name, when, when, when, when, when, None, f"{number:064x}", 1, 1, 1, 1, packed(_body(name, at))))
        found += [(name, score, when, value) for score, value in zip(names, row, strict=True)]
        values = {score: [value] for score, value in zip(names, row, strict=True)}
        fact = {"at": when / _MICRO, "segments": ["", f"model=model-{number % 6}"], "values": values}
        facts.append((name, when - when % (BASE_S * _MICRO), json.dumps(fact)))
        if number >= of - labels:
            # People agree with nine in ten.
            right = [value if (number + place) % 10 else 1 - value for place, value in enumerate(row)]
            told += [(name, score, json.dumps(value), when) for score, value in zip(names, right, strict=True)]
    connection.executemany(
        "INSERT INTO conversations (workspace_id, conversation_id, started_at, ended_at, settle_at, received_at, updated_at,"
        " user_id, digest, version, arrival_version, quiet_version, judged_version, body)"
        " VALUES ('default', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        said,
    )
    connection.executemany(
        "INSERT INTO scores (workspace_id, conversation_id, name, source, evaluator_version, at, value,"
        " inclusion_probability, body) VALUES ('default', ?, ?, 'evaluator', '1', ?, ?, 1.0, '{}')",
        found,
    )
    connection.executemany("INSERT INTO facts VALUES ('default', ?, ?, ?)", facts)
    connection.executemany(
        "INSERT INTO labels (workspace_id, conversation_id, name, reviewer, value, at)"
        " VALUES ('default', ?, ?, 'U1', ?, ?)",
        told,
    )


def _body(name: str, at: datetime) -> dict[str, object]:
    texts = [_TEXT.format(n=int(name[1:]) * 31 + place) * 2 for place in range(2 * TURNS_OF_A_CONVERSATION)]
    return {
        "conversation_id": name,
        "started_at": at.isoformat(),
        "ended_at": at.isoformat(),
        "messages": [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)],
    }
