"""Spans as they came, and which conversation each trace belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, tuple_

from traces import schema
from traces.clock import parse_time
from traces.model import JsonMap, Span
from traces.store.base import Part, chunks
from traces.store.copying import copy_into


class Spans(Part):
    """Spans and traces."""

    def put(self, spans: Sequence[Span]) -> None:
        """Keep spans; one that was sent before is replaced by what was sent last."""
        rows = [
            {"trace_id": s.trace_id, "span_id": s.span_id, "started_at": s.started_at, "body": _to_json(s)}
            for s in {(s.trace_id, s.span_id): s for s in spans}.values()
        ]
        if self._is_postgresql:
            self._forget(rows)
            copy_into(self._connection, schema.spans, [{"workspace_id": self._workspace_id, **row} for row in rows])
        else:
            self._upsert(schema.spans, rows, update=["started_at", "body"])

    def _forget(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make room for spans that were sent before; of most traces there are none."""
        t = schema.spans
        known = self._of_which_there_are({row["trace_id"] for row in rows})
        again = [(row["trace_id"], row["span_id"]) for row in rows if row["trace_id"] in known]
        for chunk in chunks(again):
            self._connection.execute(
                delete(t).where(t.c.workspace_id == self._workspace_id, tuple_(t.c.trace_id, t.c.span_id).in_(chunk))
            )

    def _of_which_there_are(self, trace_ids: Iterable[str]) -> set[str]:
        """Those of these traces of which there are spans."""
        t = schema.spans
        found: set[str] = set()
        for chunk in chunks(trace_ids):
            rows = self._connection.execute(
                select(t.c.trace_id).where(t.c.workspace_id == self._workspace_id, t.c.trace_id.in_(chunk)).distinct()
            )
            found.update(row.trace_id for row in rows)
        return found

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

    def words_of(self, trace_ids: Iterable[str]) -> dict[str, list[Any]]:
        """The JSON of what these traces' spans were told, as it is stored; what they are called and came from is not among it."""
        t = schema.spans
        found: dict[str, list[Any]] = defaultdict(list)
        for chunk in chunks(trace_ids):
            query = select(t.c.trace_id, t.c.body).where(
                t.c.workspace_id == self._workspace_id, t.c.trace_id.in_(chunk)
            )
            for trace_id, body in self._connection.execute(query):
                found[trace_id].append((list(body["attributes"].values()), body["status"][1], body["events"]))
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

    def assign(self, conversation_of: Mapping[str, str], told: Mapping[str, bytes]) -> None:
        """Put traces into conversations, and keep what each of them tells."""
        rows = [{"trace_id": t, "conversation_id": c, "told": told.get(t)} for t, c in conversation_of.items()]
        self._upsert(schema.traces, rows, update=["conversation_id", "told"])

    def told_in(
        self, conversation_ids: Iterable[str], besides: Collection[str] = ()
    ) -> dict[str, dict[str, bytes | None]]:
        """What each trace of each conversation tells, ``None`` where it was not kept or is one of ``besides``."""
        t = schema.traces
        found: dict[str, dict[str, bytes | None]] = defaultdict(dict)
        for chunk in chunks(conversation_ids):
            mine = (t.c.workspace_id == self._workspace_id) & t.c.conversation_id.in_(chunk)
            rows = self._connection.execute(select(t.c.conversation_id, t.c.trace_id).where(mine))
            wanted = []
            for conversation_id, trace_id in rows:
                found[conversation_id][trace_id] = None
                if trace_id not in besides:
                    wanted.append(trace_id)
            for part in chunks(wanted):
                for conversation_id, trace_id, told in self._connection.execute(
                    select(t.c.conversation_id, t.c.trace_id, t.c.told).where(mine, t.c.trace_id.in_(part))
                ):
                    found[conversation_id][trace_id] = told
        return dict(found)

    def sizes(self, conversation_ids: Iterable[str]) -> dict[str, int]:
        """How many traces each conversation has."""
        t = schema.traces
        found: dict[str, int] = {}
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(t.c.conversation_id, func.count().label("n"))
                .where(t.c.workspace_id == self._workspace_id, t.c.conversation_id.in_(chunk))
                .group_by(t.c.conversation_id)
            )
            found.update({row.conversation_id: row.n for row in rows})
        return found

    def defer(self, due_at: Mapping[str, datetime]) -> None:
        """Note that conversations are to be merged later; one that is noted already keeps its time."""
        self._upsert(schema.unmerged, [{"conversation_id": c, "due_at": at} for c, at in due_at.items()], update=())

    def deferred(self, now: datetime) -> list[str]:
        """The conversations whose time to be merged has come."""
        u = schema.unmerged
        rows = self._connection.execute(
            select(u.c.conversation_id)
            .where(u.c.workspace_id == self._workspace_id, u.c.due_at <= now)
            .order_by(u.c.conversation_id)
        )
        return [row.conversation_id for row in rows]

    def no_longer_deferred(self, conversation_ids: Iterable[str]) -> None:
        u = schema.unmerged
        for chunk in chunks(conversation_ids):
            self._connection.execute(
                delete(u).where(u.c.workspace_id == self._workspace_id, u.c.conversation_id.in_(chunk))
            )

    def one_at_a_time(self) -> None:
        """Wait for other transactions that store spans: each sees what the one before it stored."""
        self._one_at_a_time("spans")


def _to_json(span: Span) -> dict[str, Any]:
    return {
        "parent": span.parent_id,
        "name": span.name,
        "start": span.started_at,
        "end": span.ended_at,
        "attributes": _plain(span.attributes),
        "resource": _plain(span.resource),
        "scope": span.scope,
        "status": [span.status_code, span.status_message],
        "events": [[name, at, _plain(attributes)] for name, at, attributes in span.events],
    }


def _plain(attributes: JsonMap) -> dict[str, Any]:
    return attributes if type(attributes) is dict else dict(attributes)


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
