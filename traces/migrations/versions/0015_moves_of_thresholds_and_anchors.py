"""Moves of thresholds, and anchors"""

from alembic import op
import sqlalchemy as sa


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "threshold_moves",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("evaluator", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "evaluator", "number"),
    )
    op.create_table(
        "anchors",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("evaluator", sa.String(length=255), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.Column("truth", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "evaluator", "conversation_id"),
    )
    op.create_table(
        "anchor_runs",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("evaluator", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("evaluator_version", sa.String(length=255), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "evaluator", "at"),
    )
