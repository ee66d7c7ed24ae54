"""The tables. ``workspace_id`` leads every key, so that no query can reach another workspace's rows by accident.

Times are whole microseconds since 1970 UTC, bodies are JSON. The migrations in ``traces.migrations`` build the same tables;
a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from traces.columns import (
    JsonText,
    PackedJson,
    SealedBytes,
    SealedJson,
    SealedText,
    UtcTime,
    microseconds,
    packed,
    time_of,
    unpacked,
    unpacked_size,
)

__all__ = [
    "JsonText",
    "PackedJson",
    "SealedBytes",
    "SealedJson",
    "SealedText",
    "UtcTime",
    "metadata",
    "microseconds",
    "packed",
    "time_of",
    "unpacked",
    "unpacked_size",
]

metadata = MetaData()


def _partial(name: str, *columns: str, only: str, unique: bool = False) -> Index:
    """An index of the rows of which ``only`` holds."""
    return Index(name, *columns, unique=unique, sqlite_where=text(only), postgresql_where=text(only))


def _workspace() -> Column[str]:
    return Column("workspace_id", String(64), primary_key=True)


spans = Table(
    "spans",
    metadata,
    _workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("span_id", String(16), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("body", PackedJson, nullable=False),
)

traces = Table(
    "traces",
    metadata,
    _workspace(),
    Column("trace_id", String(32), primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("told", SealedBytes),
    Index("traces_by_conversation", "workspace_id", "conversation_id"),
)

unmerged = Table(
    "unmerged",
    metadata,
    _workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("due_at", UtcTime, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    _workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("settle_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("user_id", SealedText),
    Column("digest", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("arrival_version", Integer, nullable=False),
    Column("quiet_version", Integer, nullable=False),
    Column("judged_version", Integer, nullable=False, server_default="0"),
    Column("hidden_version", Integer, nullable=False, server_default="0"),
    Column("body", PackedJson, nullable=False),
    Index("conversations_by_end", "workspace_id", "ended_at"),
    _partial("conversations_awaiting_arrival", "workspace_id", "ended_at", only="arrival_version < version"),
    _partial("conversations_awaiting_quiet", "workspace_id", "settle_at", only="quiet_version < version"),
    _partial("conversations_in_words", "workspace_id", "ended_at", only="hidden_version < version"),
    _partial("conversations_awaiting_judges", "workspace_id", "settle_at", only="judged_version < quiet_version"),
)

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
    _partial(
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
    _partial("scores_superseded", "workspace_id", "conversation_id", only="superseded_at IS NOT NULL"),
    _partial("scores_failed", "workspace_id", "at", only="failure IS NOT NULL"),
)

facts = Table(
    "facts",
    metadata,
    _workspace(),
    Column("conversation_id", String(255), primary_key=True),
    Column("bucket_at", UtcTime, nullable=False),
    Column("body", JsonText, nullable=False),
    Index("facts_by_bucket", "workspace_id", "bucket_at"),
)

rollups = Table(
    "rollups",
    metadata,
    _workspace(),
    Column("resolution_s", Integer, primary_key=True),
    Column("segment", String(2500), primary_key=True),
    Column("bucket_at", UtcTime, primary_key=True),
    Column("body", JsonText, nullable=False),
    Index("rollups_by_bucket", "workspace_id", "resolution_s", "bucket_at"),
)

segment_values = Table(
    "segment_values",
    metadata,
    _workspace(),
    Column("key", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    _workspace(),
    Column("kind", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("application", String(255), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("changes_by_time", "workspace_id", "at"),
)

detector_states = Table(
    "detector_states",
    metadata,
    _workspace(),
    Column("panel", String(255), primary_key=True),
    Column("through_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    _workspace(),
    Column("alert_id", String(32), primary_key=True),
    Column("signal", String(255), nullable=False),
    Column("segment", String(2500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("detected_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", SealedJson, nullable=False),
    Index("alerts_by_state", "workspace_id", "state", "detected_at"),
)

review_items = Table(
    "review_items",
    metadata,
    _workspace(),
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

labels = Table(
    "labels",
    metadata,
    _workspace(),
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

reviewers = Table(
    "reviewers",
    metadata,
    _workspace(),
    Column("reviewer", String(255), primary_key=True),
    Column("name", Text, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    _workspace(),
    Column("bucket_at", UtcTime, primary_key=True),
)

requests = Table(
    "requests",
    metadata,
    _workspace(),
    Column("request_key", String(255), primary_key=True),
    Column("at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("before", JsonText),
    Column("after", JsonText),
    Column("request_key", String(255)),
    Column("digest", String(64)),
    Index("audit_by_time", "workspace_id", "at"),
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

outbox = Table(
    "outbox",
    metadata,
    _workspace(),
    Column("delivery_id", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("channel", String(255), nullable=False),
    Column("thread_of", String(255)),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("delivered_revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_at", UtcTime),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("posted_channel", String(64)),
    Column("posted_ts", String(32)),
    Column("problem", Text),
    Index("outbox_due", "workspace_id", "state", "due_at"),
    Index("outbox_by_subject", "workspace_id", "subject_id"),
)

sources = Table(
    "sources",
    metadata,
    _workspace(),
    Column("name", String(255), primary_key=True),
    Column("cursor", Text),
    Column("polled_at", UtcTime),
    Column("succeeded_at", UtcTime),
    Column("problem", Text),
)

job_runs = Table(
    "job_runs",
    metadata,
    _workspace(),
    Column("job", String(320), primary_key=True),
    Column("ran_at", UtcTime, nullable=False),
    Column("outcome", SealedJson),
)
