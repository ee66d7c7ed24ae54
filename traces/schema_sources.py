"""The tables of sources: which trace came from where, what each sent when, how it is, and the labels on their way back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from traces.schema import UtcTime, metadata


def _workspace() -> Column[str]:
    return Column("workspace_id", String(64), primary_key=True)


trace_origins = Table(
    "trace_origins",
    metadata,
    _workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("target", String(255)),
    Column("at", UtcTime, nullable=False),
    Index("trace_origins_by_time", "workspace_id", "source", "at"),
)

source_health = Table(
    "source_health",
    metadata,
    _workspace(),
    Column("name", String(255), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("not_before", UtcTime),
    Column("refused", Integer, nullable=False),
    Column("reason", Text),
)

label_writes = Table(
    "label_writes",
    metadata,
    _workspace(),
    Column("source", String(255), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("reviewer", String(255), primary_key=True),
    Column("target", String(255), nullable=False),
    Column("label_at", UtcTime, nullable=False),
    Column("is_withdrawal", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("written_as", String(255)),
    Column("problem", Text),
    Index("label_writes_due", "workspace_id", "state", "due_at"),
)

arrivals = Table(
    "arrivals",
    metadata,
    _workspace(),
    Column("kind", String(16), primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("bucket_at", UtcTime, primary_key=True),
    Column("first_at", UtcTime),
    Column("seen_at", UtcTime),
    Column("trace_at", UtcTime),
    Column("longest_us", BigInteger, nullable=False),
    Column("traces", Integer, nullable=False),
    Column("spans", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", Text),
    Column("reason_at", UtcTime),
)
