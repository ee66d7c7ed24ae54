"""On PostgreSQL, spans in a partition for each day"""

from datetime import UTC, datetime, timedelta

from alembic import op
import sqlalchemy as sa


revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_DAY_US = 86_400_000_000
_FORMER = 400
_MAKE = """
CREATE SCHEMA IF NOT EXISTS hark_parts;
ALTER TABLE spans RENAME TO spans_whole;
ALTER INDEX spans_pkey RENAME TO spans_whole_pkey;
CREATE TABLE spans (
    workspace_id VARCHAR(64) NOT NULL,
    trace_id VARCHAR(32) NOT NULL,
    span_id VARCHAR(16) NOT NULL,
    started_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, trace_id, span_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE hark_parts.spans_other PARTITION OF spans DEFAULT;
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for statement in _MAKE.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
    days = connection.execute(
        sa.text("SELECT DISTINCT started_at / :day_us AS day FROM spans_whole ORDER BY day DESC LIMIT :most"),
        {"day_us": _DAY_US, "most": _FORMER},
    ).scalars()
    today = connection.execute(sa.text("SELECT floor(extract(epoch FROM now()) / 86400)::bigint")).scalar_one()
    known = {day for day in days if today - _FORMER < day <= today + 1}
    for day in sorted(known | {today + n for n in range(-1, 4)}):
        name = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y%m%d")
        connection.exec_driver_sql(
            f"CREATE TABLE hark_parts.spans_{name} PARTITION OF spans "
            f"FOR VALUES FROM ({day * _DAY_US}) TO ({(day + 1) * _DAY_US})"
        )
    connection.exec_driver_sql(
        "INSERT INTO spans SELECT workspace_id, trace_id, span_id, started_at, body FROM spans_whole"
    )
    connection.exec_driver_sql("DROP TABLE spans_whole")
