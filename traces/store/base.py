"""What every part of the store shares: its connection, its workspace, and an upsert that both databases speak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Table,
    and_,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from traces.columns import time_of

T = TypeVar("T")

# SQLite takes at most 32,766 bound parameters in a statement.
CHUNK = 500
_NOW = timedelta(0)
_IDLE, _WAITS, _LONGEST = "6s", "20s", "60s"
_LENGTH_SINCE = (17,)


class Part:
    """A part of the store, bound to one transaction and one workspace."""

    def __init__(self, connection: Connection, workspace_id: str) -> None:
        self._connection = connection
        self._workspace_id = workspace_id

    def _upsert(self, table: Table, rows: Sequence[dict[str, Any]], update: Sequence[str]) -> None:
        """Insert rows, or update the columns named in ``update`` where the primary key is taken."""
        if not rows:
            return
        statement = _upsert_of(table, tuple(update), self._connection.dialect.name)
        self._connection.execute(statement, [{"workspace_id": self._workspace_id, **row} for row in rows])

    def _insert_or_ignore(self, table: Table, row: dict[str, Any]) -> bool:
        """Insert one row unless its key is taken; whether it was inserted."""
        # Without the option PostgreSQL's driver gives no count for an insert.
        statement = self._insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        result: CursorResult[Any] = self._connection.execute(statement, {"workspace_id": self._workspace_id, **row})
        return result.rowcount == 1

    def _one_at_a_time(self, what: str) -> None:
        """Wait for other transactions that change ``what``, until this one ends; SQLite has one writer anyway.

        A process that is parted from the database meanwhile does not keep the others waiting: what it has begun is ended,
        and what waits for its turn does not get it any more after a while.
        """
        if self._is_postgresql:
            key = func.hashtextextended(f"{self._workspace_id}\n{what}", 0)
            waits = func.set_config("lock_timeout", _WAITS, True)
            self._connection.execute(select(*self._ends_when_left(_IDLE), waits, func.pg_advisory_xact_lock(key)))

    def _ends_when_left(self, idle: str) -> list[ColumnElement[str]]:
        """What has PostgreSQL end this transaction, which stands in the way of others, should nothing come of it any more.

        In the middle of rows that are sent together it is not idle: then only its length tells, since PostgreSQL 17.
        """
        limits = {"idle_in_transaction_session_timeout": idle}
        if (self._connection.dialect.server_version_info or ())[:1] >= _LENGTH_SINCE:
            limits["transaction_timeout"] = _LONGEST
        return [func.set_config(name, value, True) for name, value in limits.items()]

    def _latest_versions(self, table: Table, *columns: Column[Any]) -> Select[Any]:
        """The latest version of each name in ``table``: the given columns, or all of them."""
        mine = table.c.workspace_id == self._workspace_id
        last = (
            select(table.c.name, func.max(table.c.version).label("version"))
            .where(mine)
            .group_by(table.c.name)
            .subquery()
        )
        is_last = and_(table.c.name == last.c.name, table.c.version == last.c.version)
        return select(*columns or table.c).join(last, is_last).where(mine)

    @property
    def _now(self) -> ColumnElement[int]:
        """The database's own time in microseconds since 1970, as it passes within a transaction."""
        if self._is_postgresql:
            return literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", BigInteger)
        return literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)", BigInteger)

    def _db_time(self, later: timedelta = _NOW) -> datetime:
        """The database's own time, or a time after it."""
        micros: int = self._connection.execute(select(self._now)).scalar_one()
        return time_of(micros) + later

    def _insert(self, table: Table) -> Any:
        """An insert that knows ``on_conflict_do_update`` in the dialect of this database."""
        return insert_of(table, self._connection.dialect.name)

    @property
    def _is_postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"


def insert_of(table: Table, dialect: str) -> Any:
    """An insert that knows ``on_conflict_do_update`` in a dialect."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


@lru_cache(maxsize=100)
def _upsert_of(table: Table, update: tuple[str, ...], dialect: str) -> Any:
    """One for each use: building the statement costs more than running it for a few rows."""
    insert = insert_of(table, dialect)
    key = [column.name for column in table.primary_key]
    if not update:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_={c: insert.excluded[c] for c in update})


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
