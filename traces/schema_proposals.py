"""The tables of what is proposed for judges' criteria: each revision with its trial, and the conversations that it shows."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from traces.schema import SealedJson, SealedText, UtcTime, metadata

proposals = Table(
    "proposals",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("proposal_id", String(64), primary_key=True),
    Column("evaluator", String(255), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("basis", String(64), nullable=False),
    Column("replaces", String(64), nullable=False),
    Column("before_version", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("guidance", SealedText, nullable=False),
    Column("report", SealedJson, nullable=False),
    Column("decided_by", String(255), nullable=False),
    Column("decided_at", UtcTime),
)

proposal_examples = Table(
    "proposal_examples",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("proposal_id", String(64), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("text", SealedText, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("explanation", SealedText, nullable=False),
)
