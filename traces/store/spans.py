"""Spans as they came, and which conversation each trace belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from traces import schema
from traces.clock import format_time, parse_time
from traces.model import Span
from traces.store.base import Part, chunks


class Spans(Part):
    """Spans and traces."""

    def put(self, spans: Sequence[Span]) -> None:
        """Keep spans; one that was sent before is replaced by what was sent last."""
        rows = [
            {"trace_id": s.trace_id, "span_id": s.span_id, "started_at": s.started_at, "body": _to_json(s)}
            for s in {(s.trace_id, s.span_id): s for s in spans}.values()
        ]
        self._upsert(schema.spans, rows, update=["started_at", "body"])

    def of_traces(self, trace_ids: Iterable[str]) -> dict[str, list[Span]]:
        """All spans of the traces, in order of their start."""
        found: dict[str, list[Span]] = defaultdict(list)
        t = schema.spans
        for chunk in chunks(trace_ids):
            rows = self._connection.execute(
                select(t.c.trace_id, t.c.span_id, t.c.body)
                .where(t.c.workspace_id == self._workspace_id, t.c.trace_id.in_(chunk))
                .order_by(t.c.started_at, t.c.span_id)
            )
            for trace_id, span_id, body in rows:
                found[trace_id].append(_from_json(trace_id, span_id, body))
        return dict(found)

    def conversations_of(self, trace_ids: Iterable[str]) -> dict[str, str]:
        """The conversation that each known trace was last put into."""
        t = schema.traces
        found: dict[str, str] = {}
        for chunk in chunks(trace_ids):
            rows = self._connection.execute(
                select(t.c.trace_id, t.c.conversation_id).where(
                    t.c.workspace_id == self._workspace_id, t.c.trace_id.in_(chunk)
                )
            )
            found.update({row.trace_id: row.conversation_id for row in rows})
        return found

    def assign(self, conversation_of: dict[str, str]) -> None:
        """Put traces into conversations."""
        rows = [{"trace_id": t, "conversation_id": c} for t, c in conversation_of.items()]
        self._upsert(schema.traces, rows, update=["conversation_id"])

    def traces_in(self, conversation_ids: Iterable[str]) -> dict[str, list[str]]:
        """The traces of each conversation."""
        t = schema.traces
        found: dict[str, list[str]] = defaultdict(list)
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(t.c.conversation_id, t.c.trace_id)
                .where(t.c.workspace_id == self._workspace_id, t.c.conversation_id.in_(chunk))
                .order_by(t.c.trace_id)
            )
            for conversation_id, trace_id in rows:
                found[conversation_id].append(trace_id)
        return dict(found)


def _to_json(span: Span) -> dict[str, Any]:
    return {
        "parent": span.parent_id,
        "name": span.name,
        "start": format_time(span.started_at),
        "end": format_time(span.ended_at),
        "attributes": dict(span.attributes),
        "resource": dict(span.resource),
        "scope": span.scope,
        "status": [span.status_code, span.status_message],
        "events": [[name, format_time(at), dict(attributes)] for name, at, attributes in span.events],
    }


def _from_json(trace_id: str, span_id: str, body: dict[str, Any]) -> Span:
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=body["parent"],
        name=body["name"],
        started_at=parse_time(body["start"]),
        ended_at=parse_time(body["end"]),
        attributes=body["attributes"],
        resource=body["resource"],
        scope=body["scope"],
        status_code=body["status"][0],
        status_message=body["status"][1],
        events=tuple((name, parse_time(at), attributes) for name, at, attributes in body["events"]),
    )
