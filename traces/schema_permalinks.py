"""The table of addresses under which messages stand in Slack."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from traces.schema import metadata

permalinks = Table(
    "permalinks",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("delivery_id", String(255), primary_key=True),
    Column("url", Text, nullable=False),
)
