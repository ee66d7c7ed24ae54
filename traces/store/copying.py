"""PostgreSQL's COPY: the fastest way to put in many rows, which know nothing of rows that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, Table

from traces.errors import StoreUnavailable


def copy_into(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows into a table that has none of their keys, within the connection's transaction.

    Measured with 1,500 rows of 1.5 kB: 2.4 times as fast as an upsert for each, and 1.5 times as fast as copying
    beside the table and inserting from there. Of what putting in spans takes, most is writing and compressing them: with
    that, 1,000 spans of 2.8 kB take 46 ms instead of 55.

    Raises:
        StoreUnavailable: The database cannot take them.
    """
    if not rows:
        return
    columns = list(table.columns)
    written = [(column.name, _writer_of(connection, column.type)) for column in columns]
    names = ", ".join(connection.dialect.identifier_preparer.quote(column.name) for column in columns)
    into = f"COPY {connection.dialect.identifier_preparer.format_table(table)} ({names}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor().copy(into) as copy:
            for row in rows:
                copy.write_row([write(row[name]) for name, write in written])
    except psycopg.Error as error:
        raise StoreUnavailable(f"the database cannot be used now: {str(error).splitlines()[0]}") from error


def _writer_of(connection: Connection, kind: Any) -> Callable[[Any], Any]:
    """How a value of a column's type is handed to the driver."""
    return kind.bind_processor(connection.dialect) or (lambda value: value)
