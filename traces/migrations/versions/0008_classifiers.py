"""Classifiers learned from labels"""

from alembic import op
import sqlalchemy as sa


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "classifiers",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("evaluator", sa.String(length=255), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("n_labels", sa.Integer(), nullable=False),
        sa.Column("takes_over", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("held_out", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "evaluator", "learned_at"),
    )
