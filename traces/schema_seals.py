"""The table of the keys under which words are stored, each by what names it, and how far each has come."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, String, Table

from traces.schema import JsonText, metadata

seals = Table(
    "seals",
    metadata,
    # Empty: a key is of the whole database.
    Column("workspace_id", String(64), primary_key=True),
    Column("key_id", String(10), primary_key=True),
    Column("place", JsonText),
    Column("is_done", Boolean, nullable=False),
)
