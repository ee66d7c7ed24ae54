"""The table of settings that admins made in Slack, one row for each version of each."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from traces.schema import JsonText, UtcTime, metadata

choices = Table(
    "choices",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JsonText),
    Column("changed_by", String(255), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
