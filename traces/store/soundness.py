"""Whether a database is sound: what one table says of another, and the indexes of PostgreSQL.

An SQLite file is read whole instead, by ``traces.store.upkeep.damage``.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, cast, exists, func, select
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.exc import DBAPIError

from traces import schema
from traces.errors import HarkError

_LOOKED_AT: Final = 1_000
_DAMAGED: Final = ("XX001", "XX002")
_NOT_ALLOWED: Final = "42501"
_INDEXES: Final = """
    SELECT c.oid, c.oid::regclass::text AS name, i.indisvalid AND i.indisready AS is_valid,
           c.relkind = 'i' AND a.amname = 'btree' AS is_tree
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN (current_schema(), 'hark_parts', 'procrastinate')
    ORDER BY name
"""
_AMCHECK: Final = """
    SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'
"""


class NotLookedInto(HarkError):
    """What stands in indexes cannot be checked here; the message says what it takes."""


def homeless(connection: Connection) -> dict[str, list[str]]:
    """By table, the ids of conversations that are not there although rows of the table belong to them.

    Of each table a thousand such rows are looked at. Scores that labels are compared with stay when their conversation goes,
    without its words.
    """
    scores, labels, traces, unmerged = schema.scores, schema.labels, schema.traces, schema.unmerged
    left_over = _lost(connection, scores, scores.c.superseded_at.is_(None), ~_has_one(labels, scores))
    found = {
        "scores": {row.conversation_id for row in left_over if row.body or row.label},
        "traces": {row.conversation_id for row in _lost(connection, traces, ~_has_one(unmerged, traces))},
    }
    return {table: sorted(ids) for table, ids in found.items() if ids}


def _lost(connection: Connection, table: Any, *which: ColumnElement[bool]) -> list[Any]:
    found = select(table).where(~_has_one(schema.conversations, table), *which).limit(_LOOKED_AT)
    return list(connection.execute(found))


def _has_one(other: Any, table: Any) -> ColumnElement[bool]:
    """Whether another table has something of the conversation of a row."""
    return exists().where(
        other.c.workspace_id == table.c.workspace_id, other.c.conversation_id == table.c.conversation_id
    )


def invalid_indexes(connection: Connection) -> list[str]:
    """The indexes that PostgreSQL itself leaves unused, since they were not built to the end."""
    return [row.name for row in _indexes(connection) if not row.is_valid]


def damaged_indexes(connection: Connection) -> dict[str, str]:
    """By index, what PostgreSQL's extension amcheck says of what stands in it; every index and its table are read whole.

    Raises:
        NotLookedInto: The extension is not there, or this user may not use it.
    """
    where = connection.exec_driver_sql(_AMCHECK).scalar()
    if where is None:
        raise NotLookedInto("it takes the extension amcheck: CREATE EXTENSION amcheck")
    check = getattr(func, where).bt_index_check
    found = {
        row.name: _damage(connection, check(cast(row.oid, REGCLASS), True))
        for row in _indexes(connection)
        if row.is_valid and row.is_tree
    }
    return {name: said for name, said in found.items() if said is not None}


def _damage(connection: Connection, check: ColumnElement[Any]) -> str | None:
    try:
        with connection.begin_nested():
            connection.execute(select(check))
    except DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None)
        if code == _NOT_ALLOWED:
            raise NotLookedInto("it takes a user who may call bt_index_check, such as a superuser") from error
        if code not in _DAMAGED:
            raise
        return str(error.orig).splitlines()[0]
    return None


def _indexes(connection: Connection) -> list[Any]:
    return list(connection.exec_driver_sql(_INDEXES))
