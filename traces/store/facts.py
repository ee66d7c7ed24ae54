"""What one conversation contributes to the rollups, and how its place among them is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from traces.model import Segment

BASE_S, HOUR_S, DAY_S = 300, 3600, 86_400
RESOLUTIONS_S = (BASE_S, HOUR_S, DAY_S)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one conversation contributes: values by signal, at a time, in segments (``EVERYTHING`` among them)."""

    conversation_id: str
    at: datetime
    segments: tuple[Segment, ...]
    values: Mapping[str, Sequence[float]]


def bucket_start(at: datetime, resolution_s: int) -> datetime:
    """The start of the bucket that holds ``at``; buckets are aligned to UTC."""
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    return _EPOCH + timedelta(seconds=seconds - seconds % resolution_s)


@lru_cache(maxsize=10_000)
def segment_key(segment: Segment) -> str:
    """The segment as the text that stands in a key."""
    return urlencode(segment.pairs)


@lru_cache(maxsize=10_000)
def segment_of(key: str) -> Segment:
    """The segment that stands in a key."""
    return Segment(tuple(parse_qsl(key, keep_blank_values=True)))


def signals_alike(one: Fact, other: Fact) -> set[str]:
    """The signals to which two facts of a conversation contribute the same, in the same places."""
    if bucket_start(one.at, BASE_S) != bucket_start(other.at, BASE_S) or set(one.segments) != set(other.segments):
        return set()
    return {signal for signal, values in one.values.items() if list(other.values.get(signal, ())) == list(values)}


def fact_json(fact: Fact) -> dict[str, Any]:
    """What is written of a fact."""
    return {
        "at": (fact.at - _EPOCH) / timedelta(seconds=1),
        "segments": [segment_key(segment) for segment in fact.segments],
        "values": {signal: list(values) for signal, values in fact.values.items()},
    }


def fact_of(row: Any) -> Fact:
    """The fact of a row."""
    body = row.body
    return Fact(
        conversation_id=row.conversation_id,
        at=_EPOCH + timedelta(seconds=body["at"]),
        segments=_segments_of(tuple(body["segments"])),
        values=body["values"],
    )


@lru_cache(maxsize=10_000)
def _segments_of(keys: tuple[str, ...]) -> tuple[Segment, ...]:
    """The segments that stand in keys: most conversations are in the same as others."""
    return tuple(segment_of(key) for key in keys)
