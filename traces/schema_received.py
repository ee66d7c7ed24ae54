"""The tables of what comes in pieces: which trace a span in parts belongs to, and feedback apart from its conversation."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from traces.schema import SealedJson, metadata


def _workspace() -> Column[str]:
    return Column("workspace_id", String(64), primary_key=True)


span_traces = Table(
    "span_traces",
    metadata,
    _workspace(),
    Column("span_id", String(16), primary_key=True),
    Column("trace_id", String(32), nullable=False),
    Index("span_traces_by_trace", "workspace_id", "trace_id"),
)

feedback = Table(
    "feedback",
    metadata,
    _workspace(),
    Column("feedback_id", String(32), primary_key=True),
    Column("conversation_id", String(255)),
    Column("trace_id", String(32)),
    Column("body", SealedJson, nullable=False),
    Index("feedback_by_conversation", "workspace_id", "conversation_id"),
    Index("feedback_by_trace", "workspace_id", "trace_id"),
)
