"""The tables of what people say of conversations, and of what that proves."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text

from traces.columns import JsonText, PackedJson, SealedText, UtcTime
from traces.schema.tables import metadata, workspace

review_items = Table(
    "review_items",
    metadata,
    workspace(),
    Column("item_id", String(32), primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("evaluator", String(255), nullable=False),
    Column("alert_id", String(32)),
    Column("reason", SealedText, nullable=False),
    Column("picked_at", UtcTime, nullable=False),
    Column("inclusion_probability", Float),
    Index("review_items_once", "workspace_id", "conversation_id", "evaluator", unique=True),
    Index("review_items_by_alert", "workspace_id", "alert_id"),
)

queue_entries = Table(
    "queue_entries",
    metadata,
    workspace(),
    Column("item_id", String(32), primary_key=True),
    Column("reviewer", String(255), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("until_at", UtcTime),
    Column("put_by", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("queue_entries_by_reviewer", "workspace_id", "reviewer", "state"),
)

labels = Table(
    "labels",
    metadata,
    workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("reviewer", String(255), primary_key=True),
    Column("value", JsonText, nullable=False),
    Column("note", SealedText),
    Column("at", UtcTime, nullable=False),
    Column("inclusion_probability", Float),
    Column("question_version", Text),
    Index("labels_by_name", "workspace_id", "name", "at"),
)

label_writes = Table(
    "label_writes",
    metadata,
    workspace(),
    Column("source", String(255), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("reviewer", String(255), primary_key=True),
    Column("target", String(255), nullable=False),
    Column("label_at", UtcTime, nullable=False),
    Column("is_withdrawal", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("written_as", String(255)),
    Column("problem", Text),
    Index("label_writes_due", "workspace_id", "state", "due_at"),
)

reviewers = Table(
    "reviewers",
    metadata,
    workspace(),
    Column("reviewer", String(255), primary_key=True),
    Column("name", Text, nullable=False),
)

dataset_items = Table(
    "dataset_items",
    metadata,
    workspace(),
    Column("dataset", String(64), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("label", String(255), nullable=False),
    Column("expected", SealedText),
    Column("added_by", String(255), nullable=False),
    Column("added_at", UtcTime, nullable=False),
)

taxonomy = Table(
    "taxonomy",
    metadata,
    workspace(),
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

calibrations = Table(
    "calibrations",
    metadata,
    Column("calibration_id", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", String(64), nullable=False),
    Column("evaluator", String(255), nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("body", JsonText, nullable=False),
    Index("calibrations_by_evaluator", "workspace_id", "evaluator", "computed_at"),
)

threshold_moves = Table(
    "threshold_moves",
    metadata,
    workspace(),
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
    workspace(),
    Column("evaluator", String(255), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("frozen_at", UtcTime, nullable=False),
    Column("truth", Boolean, nullable=False),
    Column("body", PackedJson, nullable=False),
)

anchor_runs = Table(
    "anchor_runs",
    metadata,
    workspace(),
    Column("evaluator", String(255), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("evaluator_version", String(255), nullable=False),
    Column("values", JsonText, nullable=False),
)
