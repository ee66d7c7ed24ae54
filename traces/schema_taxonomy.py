"""The table of the words that reviewers label with, one row for each version of each."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from traces.schema import UtcTime, metadata

taxonomy = Table(
    "taxonomy",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("evaluator", String(255)),
    Column("state", String(16), nullable=False),
    Column("merged_into", String(255)),
    Column("changed_by", String(255), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
