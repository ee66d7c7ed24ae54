"""What classifiers answer in place of judges"""

from alembic import op
import sqlalchemy as sa


revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("spared", "audited", "agreed"):
        op.add_column("judge_spending", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
