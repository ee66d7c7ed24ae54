"""The tables of Hark itself: who may do what, what was done, and what runs where."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from traces.columns import JsonText, SealedJson, UtcTime
from traces.schema.tables import metadata, workspace

installations = Table(
    "installations",
    metadata,
    workspace(),
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
    workspace(),
    Column("digest", String(64), primary_key=True),
    Column("until_at", UtcTime, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    workspace(),
    Column("key_id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("application", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

choices = Table(
    "choices",
    metadata,
    workspace(),
    Column("name", String(255), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JsonText),
    Column("changed_by", String(255), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    workspace(),
    Column("answer_id", String(32), primary_key=True),
    Column("query", Text, nullable=False),
    Column("question", Text),
    Column("asked_by", String(255), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("shared_at", UtcTime),
    Index("answers_by_time", "workspace_id", "asked_at"),
)

requests = Table(
    "requests",
    metadata,
    workspace(),
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

seals = Table(
    "seals",
    metadata,
    # Empty: a key is of the whole database.
    workspace(),
    Column("key_id", String(10), primary_key=True),
    Column("place", JsonText),
    Column("is_done", Boolean, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    workspace(),
    Column("bucket_at", UtcTime, primary_key=True),
)

job_runs = Table(
    "job_runs",
    metadata,
    workspace(),
    Column("job", String(320), primary_key=True),
    Column("ran_at", UtcTime, nullable=False),
    Column("outcome", SealedJson),
)

leases = Table(
    "leases",
    metadata,
    workspace(),
    Column("name", String(320), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until_at", UtcTime, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    workspace(),
    Column("stage", String(16), primary_key=True),
    Column("conversation_id", String(255), primary_key=True),
    Column("until_at", UtcTime, nullable=False),
)
