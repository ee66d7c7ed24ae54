"""Indexes by which what is forgotten is found, and tables that are tidied before much is left over"""

from alembic import op
import sqlalchemy as sa


revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_SUPERSEDED = sa.text("superseded_at IS NOT NULL")
# A fifth of ten million rows, PostgreSQL's usual measure, is weeks of what is deleted every day.
_TIDIED = (
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0.05"
)
_GROWING = ("scores", "conversations", "traces", "span_traces", "feedback", "facts")


def upgrade() -> None:
    op.create_index(
        "scores_superseded",
        "scores",
        ["workspace_id", "conversation_id"],
        sqlite_where=_SUPERSEDED,
        postgresql_where=_SUPERSEDED,
    )
    op.create_index("span_traces_by_trace", "span_traces", ["workspace_id", "trace_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in _GROWING:
            op.execute(f"ALTER TABLE {table} SET ({_TIDIED})")
