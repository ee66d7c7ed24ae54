"""The tables of what has changed, what became of it, and what Slack is told."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from traces.columns import SealedJson, UtcTime
from traces.schema.tables import metadata, workspace

changes = Table(
    "changes",
    metadata,
    workspace(),
    Column("kind", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("application", String(255), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("changes_by_time", "workspace_id", "at"),
)

detector_states = Table(
    "detector_states",
    metadata,
    workspace(),
    Column("panel", String(255), primary_key=True),
    Column("through_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    workspace(),
    Column("alert_id", String(32), primary_key=True),
    Column("signal", String(255), nullable=False),
    Column("segment", String(2500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("detected_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", SealedJson, nullable=False),
    Index("alerts_by_state", "workspace_id", "state", "detected_at"),
)

decisions = Table(
    "decisions",
    metadata,
    workspace(),
    Column("alert_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("times", Integer, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("signal", String(255), nullable=False),
    Column("segment", String(2500), nullable=False),
    Index("decisions_by_time", "workspace_id", "last_at"),
)

mutes = Table(
    "mutes",
    metadata,
    workspace(),
    Column("mute_id", String(32), primary_key=True),
    Column("signal", String(255), nullable=False),
    Column("segment", String(2500), nullable=False),
    Column("until_at", UtcTime, nullable=False),
    Column("muted_by", String(255), nullable=False),
    Column("muted_at", UtcTime, nullable=False),
    Column("lifted_at", UtcTime),
)

outbox = Table(
    "outbox",
    metadata,
    workspace(),
    Column("delivery_id", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("channel", String(255), nullable=False),
    Column("thread_of", String(255)),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("delivered_revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_at", UtcTime),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("posted_channel", String(64)),
    Column("posted_ts", String(32)),
    Column("problem", Text),
    Index("outbox_due", "workspace_id", "state", "due_at"),
    Index("outbox_by_subject", "workspace_id", "subject_id"),
)

permalinks = Table(
    "permalinks",
    metadata,
    workspace(),
    Column("delivery_id", String(255), primary_key=True),
    Column("url", Text, nullable=False),
)
