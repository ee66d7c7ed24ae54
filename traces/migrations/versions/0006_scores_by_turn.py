"""Several scores of one name and source in a conversation, such as one for each turn"""

from alembic import op
import sqlalchemy as sa


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = ["workspace_id", "conversation_id", "name", "source", "place"]
_CURRENT = sa.text("superseded_at IS NULL")


def upgrade() -> None:
    op.add_column("scores", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("scores_current", table_name="scores")
    op.create_index("scores_current", "scores", _KEY, unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT)
