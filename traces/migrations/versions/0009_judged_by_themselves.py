"""Judges run by themselves: which version of a conversation they have seen; failures are counted by themselves"""

from alembic import op
import sqlalchemy as sa


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AWAITING = sa.text("judged_version < quiet_version")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("judged_version", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE conversations SET judged_version = quiet_version")
    op.create_index(
        "conversations_awaiting_judges",
        "conversations",
        ["workspace_id", "settle_at"],
        sqlite_where=_AWAITING,
        postgresql_where=_AWAITING,
    )
    failed = sa.text("failure IS NOT NULL")
    op.create_index("scores_failed", "scores", ["workspace_id", "at"], sqlite_where=failed, postgresql_where=failed)
