"""The tables of several Harks over one database: who does what there is one of, and what is being evaluated."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from traces.schema import UtcTime, metadata


def _workspace() -> Column[str]:
    return Column("workspace_id", String(64), primary_key=True)


leases = Table(
    "leases",
    metadata,
    _workspace(),
    Column("name", String(320), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until_at", UtcTime, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    _workspace(),
    Column("stage", String(16), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("until_at", UtcTime, nullable=False),
)
