"""Which trace a span belongs to, for messages about spans that do not say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select

from traces import schema
from traces.model import Span
from traces.store.base import Part, chunks
from traces.store.spans import Spans

_T = schema.span_traces


class Placing(Part):
    """The traces of spans that come in parts."""

    def traces_of(self, span_ids: Iterable[str]) -> dict[str, str]:
        """The trace of each span that is known."""
        found: dict[str, str] = {}
        for chunk in chunks(span_ids):
            rows = self._connection.execute(
                select(_T.c.span_id, _T.c.trace_id).where(
                    _T.c.workspace_id == self._workspace_id, _T.c.span_id.in_(chunk)
                )
            )
            found.update({row.span_id: row.trace_id for row in rows})
        return found

    def place(self, trace_of: Mapping[str, str]) -> None:
        """Note the trace of each span."""
        rows = [{"span_id": span_id, "trace_id": trace_id} for span_id, trace_id in trace_of.items()]
        self._upsert(_T, rows, update=["trace_id"])

    def take_out(self, trace_id: str, about: str) -> tuple[list[Span], list[Span]]:
        """Take what stands beneath the span ``about`` out of a trace.

        Returns:
            What was taken out, and what is left of the trace; one of which nothing is left belongs to nothing any more.
        """
        held = Spans(self._connection, self._workspace_id).of_traces([trace_id]).get(trace_id, [])
        taken = [span for span in held if span.parent_id == about]
        s, t = schema.spans, schema.traces
        for chunk in chunks(span.span_id for span in taken):
            self._connection.execute(
                delete(s).where(
                    s.c.workspace_id == self._workspace_id, s.c.trace_id == trace_id, s.c.span_id.in_(chunk)
                )
            )
        if len(taken) == len(held):
            self._connection.execute(delete(t).where(t.c.workspace_id == self._workspace_id, t.c.trace_id == trace_id))
        return taken, [span for span in held if span.parent_id != about]
