"""What judges answered, what they cost, and the rules that they judge by"""

from alembic import op
import sqlalchemy as sa


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "judge_answers",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "digest"),
    )
    op.create_index("judge_answers_by_time", "judge_answers", ["workspace_id", "at"])
    op.create_table(
        "judge_spending",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("evaluator", sa.String(length=255), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "evaluator"),
    )
    op.create_table(
        "judge_rules",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "digest"),
    )
    op.create_index("judge_rules_by_rule", "judge_rules", ["workspace_id", "rule_id"])
