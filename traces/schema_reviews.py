"""The tables of who is to review what, and of what reviewers keep for tests of the agent."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from traces.schema import SealedText, UtcTime, metadata

queue_entries = Table(
    "queue_entries",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("item_id", String(32), primary_key=True),
    Column("reviewer", String(255), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("until_at", UtcTime),
    Column("put_by", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("queue_entries_by_reviewer", "workspace_id", "reviewer", "state"),
)

dataset_items = Table(
    "dataset_items",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("dataset", String(64), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("label", String(255), nullable=False),
    Column("expected", SealedText),
    Column("added_by", String(255), nullable=False),
    Column("added_at", UtcTime, nullable=False),
)
