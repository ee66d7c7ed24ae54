"""The table of the questions that were answered to one person, and may be shown to others."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from traces.schema import UtcTime, metadata

answers = Table(
    "answers",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("answer_id", String(32), primary_key=True),
    Column("query", Text, nullable=False),
    Column("question", Text),
    Column("asked_by", String(255), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("shared_at", UtcTime),
    Index("answers_by_time", "workspace_id", "asked_at"),
)
