"""Spans that come in parts: some clients send the beginning of a span and its end as two messages, in any order, or twice.

Each message is kept as a record of its own beneath the span that it is about, named ``PART``, like log records are. Reading
a trace puts the parts together, so that neither order nor repetition matters. What was said later counts; what a message
leaves out stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson

from traces.clock import format_time, parse_time
from traces.model import JsonMap, Span
from traces.otlp_span import SPAN_ID_BYTES, TRACE_ID_BYTES

PART: Final = "hark.part"
"""The name of a record that holds a part of a span."""

UNFINISHED: Final = "hark.unfinished"
"""Attribute of a span whose end nobody told: how long it took is not known."""

_SAID: Final = "hark.said"
_AT: Final = "hark.said_at"
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Parts:
    """What one request said.

    Attributes:
        spans: Parts, and records that belong beneath a span.
        placed_by: For those of the spans, by their own id, that did not name their trace, the span whose trace it is;
            until that is known they stand in a trace of their own.
    """

    spans: list[Span] = field(default_factory=list)
    placed_by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def joined(cls, many: Iterable[Parts]) -> Parts:
        spans: list[Span] = []
        placed_by: dict[str, str] = {}
        for parts in many:
            spans += parts.spans
            placed_by |= parts.placed_by
        return cls(spans, placed_by)


def trace_id_of(named: str) -> str:
    """A trace id of 32 hexadecimal digits: the id itself, a UUID without its dashes, or a digest of anything else."""
    text = named.strip().lower()
    if len(text) == 2 * TRACE_ID_BYTES and _HEX.issuperset(text):
        return text
    try:
        return UUID(text).hex
    except ValueError:
        return digest(named, TRACE_ID_BYTES)


def span_id_of(product: str, named: str) -> str:
    """A span id of 16 hexadecimal digits out of another product's id, which is mostly longer."""
    return digest(f"{product}\n{named}", SPAN_ID_BYTES)


def digest(key: str, size: int = SPAN_ID_BYTES) -> str:
    return blake2b(key.encode(errors="replace"), digest_size=size).hexdigest()


def part_of(
    span_id: str,
    *,
    trace_id: str,
    at: datetime,
    rank: int = 0,
    message_id: str | None = None,
    name: str | None = None,
    parent_id: str | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    error: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    resource: Mapping[str, Any] | None = None,
    events: Sequence[tuple[str, datetime, JsonMap]] = (),
) -> Span:
    """One message about a span; what it does not say is ``None``.

    ``at`` is when it was said, which decides between messages of the same ``rank``: 0 for what begins a span, 1 for what
    changes it, so that a change counts whichever came first. ``message_id`` is what the client calls the message, the same
    each time that it is sent; without it its content decides whether it came before.
    """
    said = {
        "rank": rank,
        "name": name,
        "parent": parent_id,
        "start": None if started_at is None else format_time(started_at),
        "end": None if ended_at is None else format_time(ended_at),
        "error": error,
    }
    spoken = {key: value for key, value in said.items() if value is not None}
    held = {**(attributes or {}), _SAID: spoken}
    key = message_id or orjson.dumps([held, dict(resource or {}), events], option=orjson.OPT_SORT_KEYS).decode()
    return Span(
        trace_id=trace_id,
        span_id=digest(f"{PART}\n{span_id}\n{key}"),
        parent_id=span_id,
        name=PART,
        started_at=started_at or at,
        ended_at=ended_at or started_at or at,
        attributes=held | {_AT: format_time(at)},
        resource=resource or {},
        scope=PART,
        events=tuple(events),
    )


def completed(spans: Iterable[Span]) -> list[Span]:
    """The spans, each put together from its parts where it came in parts."""
    whole: list[Span] = []
    parts: dict[str, list[Span]] = {}
    for span in spans:
        # A client may call a span of its own by this name.
        if span.name == PART and span.parent_id is not None and _is_part(span):
            parts.setdefault(span.parent_id, []).append(span)
        else:
            whole.append(span)
    return [*whole, *(_together(span_id, held) for span_id, held in parts.items())] if parts else whole


def _is_part(span: Span) -> bool:
    said, at = span.attributes.get(_SAID), span.attributes.get(_AT)
    if span.scope != PART or type(said) is not dict or type(at) is not str or type(said.get("rank")) is not int:
        return False
    if any(type(value) is not str for key, value in said.items() if key != "rank"):
        return False
    try:
        return all(parse_time(said[key]) for key in ("start", "end") if key in said)
    except (ValueError, OverflowError):
        return False


def _together(span_id: str, parts: list[Span]) -> Span:
    parts.sort(key=lambda part: (part.attributes[_SAID]["rank"], part.attributes[_AT], part.span_id))
    said: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    for part in parts:
        said |= part.attributes[_SAID]
        attributes |= part.attributes
        resource |= part.resource
    del attributes[_SAID], attributes[_AT]
    started_at = parse_time(said["start"]) if "start" in said else min(part.started_at for part in parts)
    if "end" not in said:
        attributes[UNFINISHED] = True
    ended_at = max(started_at, parse_time(said["end"])) if "end" in said else started_at
    events = {orjson.dumps(event): event for part in parts for event in part.events}
    return Span(
        trace_id=parts[0].trace_id,
        span_id=span_id,
        parent_id=said.get("parent"),
        name=said.get("name", ""),
        started_at=started_at,
        ended_at=ended_at,
        attributes=attributes,
        resource=resource,
        status_code=2 if "error" in said else 0,
        status_message=said.get("error", ""),
        events=tuple(events[key] for key in sorted(events)),
    )
