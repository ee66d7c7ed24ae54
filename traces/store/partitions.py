"""Spans by day: on PostgreSQL a table for each, made ahead of time, and dropped whole when its time is over.

Spans are what grows fastest, and deleting them one by one costs as much as putting them in. A span of a day that has no table,
such as one of history that is read in later, stands in the table of all other days until a table is made for its own.
SQLite has one table for all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from traces import columns
from traces.store.base import Part
from traces.store.rollups import DAY_S, bucket_start
from traces.store.spans import Spans

_SCHEMA: Final = "hark_parts"
_OTHER: Final = f"{_SCHEMA}.spans_other"
_NAMED: Final = re.compile(r"spans_(\d{8})")
_DAY: Final = timedelta(days=1)
_AHEAD: Final = 3
_PATIENCE: Final = "SET LOCAL lock_timeout = '3s'"
"""Whoever reads spans is not kept waiting for long behind one who waits to change their tables."""
_LATE: Final = timedelta(days=7)
"""Spans of a trace are together by then: of one that is older, those of the day's beginning may go before its end."""


class Partitions(Part):
    """The days of which there are tables."""

    def ahead(self, now: datetime) -> None:
        """Make the tables of today and of the days that come next."""
        if not self._is_postgresql:
            return
        today = bucket_start(now, DAY_S)
        missing = {today + n * _DAY for n in range(_AHEAD + 1)} - set(self._days())
        if missing:
            self._alone()
        for day in sorted(missing):
            self._make(day)

    def drop(self, before: datetime, now: datetime, alike: Collection[str] = ()) -> None:
        """Forget the spans of the days before a time, with the day of that time, unless that was less than a week ago.

        Spans of other workspaces stay: where there are any, ours go one by one. The workspaces ``alike`` are those whose spans
        are kept no longer than ours, and are gone with them.
        """
        if not self._is_postgresql:
            return
        over = [day for day in self._days() if day + _DAY <= before or (day < before and day + _DAY <= now - _LATE)]
        if over:
            self._alone()
        for day in over:
            table = _table_of(day)
            mine = {"workspace_id": self._workspace_id}
            self._connection.exec_driver_sql(
                f"DELETE FROM {table} WHERE workspace_id = %(workspace_id)s"  # noqa: S608 - the name is made of digits
                if self._has_others(table, alike)
                else f"DROP TABLE {table}",
                mine,
            )

    def _has_others(self, table: str, alike: Collection[str]) -> bool:
        found = self._connection.exec_driver_sql(
            f"SELECT EXISTS (SELECT FROM {table} WHERE workspace_id <> ALL(%(ours)s))",  # noqa: S608 - as above
            {"ours": [self._workspace_id, *alike]},
        )
        return bool(found.scalar_one())

    def _alone(self) -> None:
        """Wait until nobody puts spans in."""
        Spans(self._connection, self._workspace_id).one_at_a_time()
        self._connection.exec_driver_sql(_PATIENCE)

    def _make(self, day: datetime) -> None:
        """A day's table, with what of that day stands among the others by now."""
        table, start, end = _table_of(day), columns.microseconds(day), columns.microseconds(day + _DAY)
        self._connection.exec_driver_sql(f"CREATE TABLE {table} (LIKE {_OTHER})")
        self._connection.exec_driver_sql(
            f"WITH gone AS (DELETE FROM {_OTHER} WHERE started_at >= {start} AND started_at < {end} RETURNING *) "  # noqa: S608 - as above
            f"INSERT INTO {table} SELECT * FROM gone"
        )
        self._connection.exec_driver_sql(
            f"ALTER TABLE spans ATTACH PARTITION {table} FOR VALUES FROM ({start}) TO ({end})"
        )

    def _days(self) -> Iterator[datetime]:
        rows = self._connection.exec_driver_sql(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'spans'::regclass ORDER BY c.relname"
        )
        for (name,) in rows.fetchall():
            if found := _NAMED.fullmatch(name):
                yield datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)


def _table_of(day: datetime) -> str:
    return f"{_SCHEMA}.spans_{day:%Y%m%d}"
