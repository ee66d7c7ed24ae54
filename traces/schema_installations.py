"""The tables of installations: which Slack workspace has Hark, and the keys of installing that were used up."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from traces.schema import UtcTime, metadata

installations = Table(
    "installations",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("team_id", String(64), nullable=False),
    Column("team_name", Text, nullable=False),
    Column("enterprise_id", String(64)),
    Column("app_id", String(64)),
    Column("bot_id", String(64)),
    Column("bot_user_id", String(64)),
    Column("scopes", Text, nullable=False),
    Column("installed_by", String(64), nullable=False),
    Column("installed_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", UtcTime),
    Column("alerts_channel", String(255)),
    Column("review_channel", String(255)),
    Column("version", Integer, nullable=False),
)

spent_states = Table(
    "spent_states",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("until_at", UtcTime, nullable=False),
)
