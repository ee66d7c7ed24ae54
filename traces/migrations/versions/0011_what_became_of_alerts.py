"""What became of alerts, and mutes"""

from alembic import op
import sqlalchemy as sa


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signal", sa.String(length=255), nullable=False),
        sa.Column("segment", sa.String(length=2500), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "alert_id", "number"),
    )
    op.create_index("decisions_by_time", "decisions", ["workspace_id", "last_at"])
    op.create_table(
        "mutes",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("mute_id", sa.String(length=32), nullable=False),
        sa.Column("signal", sa.String(length=255), nullable=False),
        sa.Column("segment", sa.String(length=2500), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("muted_by", sa.String(length=255), nullable=False),
        sa.Column("muted_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "mute_id"),
    )
