"""The tables of what labels decide: every move of a threshold, and the conversations by which judges are watched."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, String, Table, Text

from traces.schema import JsonText, PackedJson, UtcTime, metadata

threshold_moves = Table(
    "threshold_moves",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("evaluator", String(255), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("before", Float, nullable=False),
    Column("by", String(255), nullable=False),
    Column("reason", Text, nullable=False),
)

anchors = Table(
    "anchors",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("evaluator", String(255), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("frozen_at", UtcTime, nullable=False),
    Column("truth", Boolean, nullable=False),
    Column("body", PackedJson, nullable=False),
)

anchor_runs = Table(
    "anchor_runs",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("evaluator", String(255), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("evaluator_version", String(255), nullable=False),
    Column("values", JsonText, nullable=False),
)
