"""The tables of judges: answers that are kept, what each day has cost, and the rules that were found in system prompts."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table

from traces.schema import SealedText, UtcTime, metadata


def _workspace() -> Column[str]:
    return Column("workspace_id", String(64), primary_key=True)


judge_answers = Table(
    "judge_answers",
    metadata,
    _workspace(),
    Column("digest", String(64), primary_key=True),
    Column("text", SealedText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("judge_answers_by_time", "workspace_id", "at"),
)

judge_spending = Table(
    "judge_spending",
    metadata,
    _workspace(),
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
    _workspace(),
    Column("digest", String(64), primary_key=True),
    Column("rule_id", String(32), nullable=False),
    Column("text", SealedText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("judge_rules_by_rule", "workspace_id", "rule_id"),
)
