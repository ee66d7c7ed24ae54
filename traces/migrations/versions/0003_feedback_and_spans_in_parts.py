"""Feedback that comes by itself, and the traces of spans that come in parts"""

from alembic import op
import sqlalchemy as sa


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "span_traces",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("span_id", sa.String(length=16), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "span_id"),
    )
    op.create_table(
        "feedback",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("feedback_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=True),
        sa.Column("trace_id", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "feedback_id"),
    )
    op.create_index("feedback_by_conversation", "feedback", ["workspace_id", "conversation_id"])
    op.create_index("feedback_by_trace", "feedback", ["workspace_id", "trace_id"])
