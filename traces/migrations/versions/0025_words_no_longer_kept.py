"""Which version of a conversation has had its personal data replaced"""

from alembic import op
import sqlalchemy as sa


revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_IN_WORDS = sa.text("hidden_version < version")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("hidden_version", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "conversations_in_words",
        "conversations",
        ["workspace_id", "ended_at"],
        sqlite_where=_IN_WORDS,
        postgresql_where=_IN_WORDS,
    )
