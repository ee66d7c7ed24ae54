"""The tables of what became of alerts, and of what people asked not to be told."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from traces.schema import UtcTime, metadata

decisions = Table(
    "decisions",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
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
    Column("workspace_id", String(64), primary_key=True),
    Column("mute_id", String(32), primary_key=True),
    Column("signal", String(255), nullable=False),
    Column("segment", String(2500), nullable=False),
    Column("until_at", UtcTime, nullable=False),
    Column("muted_by", String(255), nullable=False),
    Column("muted_at", UtcTime, nullable=False),
    Column("lifted_at", UtcTime),
)
