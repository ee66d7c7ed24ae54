"""The table of classifiers: every one that was learned, by evaluator."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from traces.schema import PackedJson, UtcTime, metadata

classifiers = Table(
    "classifiers",
    metadata,
    Column("workspace_id", String(64), primary_key=True),
    Column("evaluator", String(255), primary_key=True),
    Column("learned_at", UtcTime, primary_key=True),
    Column("version", String(16), nullable=False),
    Column("n_labels", Integer, nullable=False),
    Column("takes_over", Boolean, nullable=False),
    Column("body", PackedJson, nullable=False),
    Column("held_out", PackedJson, nullable=False),
)
