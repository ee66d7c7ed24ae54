"""The tables of what comes in: spans, traces, conversations, feedback, and the sources that tell of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from traces.columns import PackedJson, SealedBytes, SealedJson, SealedText, UtcTime
from traces.schema.tables import metadata, partial, workspace

spans = Table(
    "spans",
    metadata,
    workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("span_id", String(16), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("body", PackedJson, nullable=False),
)

traces = Table(
    "traces",
    metadata,
    workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("told", SealedBytes),
    Index("traces_by_conversation", "workspace_id", "conversation_id"),
)

span_traces = Table(
    "span_traces",
    metadata,
    workspace(),
    Column("span_id", String(16), primary_key=True),
    Column("trace_id", String(32), nullable=False),
    Index("span_traces_by_trace", "workspace_id", "trace_id"),
)

unmerged = Table(
    "unmerged",
    metadata,
    workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("due_at", UtcTime, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("settle_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("user_id", SealedText),
    Column("digest", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("arrival_version", Integer, nullable=False),
    Column("quiet_version", Integer, nullable=False),
    Column("judged_version", Integer, nullable=False, server_default="0"),
    Column("hidden_version", Integer, nullable=False, server_default="0"),
    Column("body", PackedJson, nullable=False),
    Index("conversations_by_end", "workspace_id", "ended_at"),
    partial("conversations_awaiting_arrival", "workspace_id", "ended_at", only="arrival_version < version"),
    partial("conversations_awaiting_quiet", "workspace_id", "settle_at", only="quiet_version < version"),
    partial("conversations_in_words", "workspace_id", "ended_at", only="hidden_version < version"),
    partial("conversations_awaiting_judges", "workspace_id", "settle_at", only="judged_version < quiet_version"),
)

feedback = Table(
    "feedback",
    metadata,
    workspace(),
    Column("feedback_id", String(32), primary_key=True),
    Column("conversation_id", String(255)),
    Column("trace_id", String(32)),
    Column("body", SealedJson, nullable=False),
    Index("feedback_by_conversation", "workspace_id", "conversation_id"),
    Index("feedback_by_trace", "workspace_id", "trace_id"),
)

sources = Table(
    "sources",
    metadata,
    workspace(),
    Column("name", String(255), primary_key=True),
    Column("cursor", Text),
    Column("polled_at", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("problem", Text),
)

trace_origins = Table(
    "trace_origins",
    metadata,
    workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("target", String(255)),
    Column("at", UtcTime, nullable=False),
    Index("trace_origins_by_time", "workspace_id", "source", "at"),
)

source_health = Table(
    "source_health",
    metadata,
    workspace(),
    Column("name", String(255), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("not_before", UtcTime),
    Column("refused", Integer, nullable=False),
    Column("reason", Text),
)

arrivals = Table(
    "arrivals",
    metadata,
    workspace(),
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
