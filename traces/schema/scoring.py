"""The tables of what conversations are worth: scores, their sums, and what scores them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from traces.columns import JsonText, PackedJson, SealedJson, SealedText, UtcTime
from traces.schema.tables import metadata, partial, workspace

scores = Table(
    "scores",
    metadata,
    Column("score_id", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", String(64), nullable=False),
    Column("conversation_id", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("source", String(255), nullable=False),
    Column("evaluator_version", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("value", Float),
    Column("label", SealedText),
    Column("failure", String(64)),
    Column("inclusion_probability", Float, nullable=False),
    Column("cost_usd", Float),
    Column("body", SealedJson, nullable=False),
    Column("superseded_at", UtcTime),
    Column("place", Integer, nullable=False, server_default="0"),
    partial(
        "scores_current",
        "workspace_id",
        "conversation_id",
        "name",
        "source",
        "place",
        only="superseded_at IS NULL",
        unique=True,
    ),
    Index("scores_by_name", "workspace_id", "name", "at"),
    partial("scores_superseded", "workspace_id", "conversation_id", only="superseded_at IS NOT NULL"),
    partial("scores_failed", "workspace_id", "at", only="failure IS NOT NULL"),
)

facts = Table(
    "facts",
    metadata,
    workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("bucket_at", UtcTime, nullable=False),
    Column("body", JsonText, nullable=False),
    Index("facts_by_bucket", "workspace_id", "bucket_at"),
)

rollups = Table(
    "rollups",
    metadata,
    workspace(),
    Column("resolution_s", Integer, primary_key=True),
    Column("segment", String(2500), primary_key=True),
    Column("bucket_at", UtcTime, primary_key=True),
    Column("body", JsonText, nullable=False),
    Index("rollups_by_bucket", "workspace_id", "resolution_s", "bucket_at"),
)

segment_values = Table(
    "segment_values",
    metadata,
    workspace(),
    Column("key", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

judge_answers = Table(
    "judge_answers",
    metadata,
    workspace(),
    Column("digest", String(64), primary_key=True),
    Column("text", SealedText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("judge_answers_by_time", "workspace_id", "at"),
)

judge_spending = Table(
    "judge_spending",
    metadata,
    workspace(),
    Column("day", String(10), primary_key=True),
    Column("evaluator", String(255), primary_key=True),
    Column("usd", Float, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("spared", Integer, nullable=False, server_default="0"),
    Column("audited", Integer, nullable=False, server_default="0"),
    Column("agreed", Integer, nullable=False, server_default="0"),
)

judge_rules = Table(
    "judge_rules",
    metadata,
    workspace(),
    Column("digest", String(64), primary_key=True),
    Column("rule_id", String(32), nullable=False),
    Column("text", SealedText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("judge_rules_by_rule", "workspace_id", "rule_id"),
)

classifiers = Table(
    "classifiers",
    metadata,
    workspace(),
    Column("evaluator", String(255), primary_key=True),
    Column("learned_at", UtcTime, primary_key=True),
    Column("version", String(16), nullable=False),
    Column("n_labels", Integer, nullable=False),
    Column("takes_over", Boolean, nullable=False),
    Column("body", PackedJson, nullable=False),
    Column("held_out", PackedJson, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    workspace(),
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
    workspace(),
    Column("proposal_id", String(64), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("text", SealedText, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("explanation", SealedText, nullable=False),
)
