"""An audit that cannot be changed unseen"""

from hashlib import sha256

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_REFUSAL = "the audit is append-only"
_FUNCTION = f"""
CREATE FUNCTION audit_is_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '{_REFUSAL}'; END;
$$ LANGUAGE plpgsql
"""


def upgrade() -> None:
    op.add_column("audit", sa.Column("digest", sa.String(length=64), nullable=True))
    _chain(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _chain(connection: sa.Connection) -> None:
    """What stands already is chained as it stands; what was changed before cannot be told."""
    rows = connection.execute(
        sa.text(
            "SELECT entry_id, workspace_id, at, actor, action, subject, before, after, request_key "
            "FROM audit ORDER BY entry_id"
        )
    ).all()
    last: dict[str, str] = {}
    for row in rows:
        before, after = (None if text is None else orjson.loads(text) for text in (row.before, row.after))
        written = [last.get(row.workspace_id, ""), row.at, row.actor, row.action, row.subject]
        body = orjson.dumps([*written, before, after, row.request_key], option=orjson.OPT_SORT_KEYS)
        last[row.workspace_id] = sha256(body).hexdigest()
        connection.execute(
            sa.text("UPDATE audit SET digest = :digest WHERE entry_id = :entry_id"),
            {"digest": last[row.workspace_id], "entry_id": row.entry_id},
        )
