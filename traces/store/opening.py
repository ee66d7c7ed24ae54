"""Opens the database and brings its schema up to date."""

from __future__ import annotations

import math
import sqlite3
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from traces.columns import seal_with
from traces.encryption import Unopened
from traces.errors import BadInput, NewerSchema, StoreUnavailable
from traces.sealing import Seal
from traces.store.engine import DEFAULT_WORKSPACE, WAIT, WRITE, Store, Tx, first_line
from traces.store.patience import CONNECT, connected, patience
from traces.store.sealed import agree

_BUSY_TIMEOUT_MS = 15_000
_IMPATIENT = "hark_impatient"
_MIGRATING: Final = 0x6861726B
_POOL_WAIT_S: Final = 3.0
"""Whoever waits for one of this process's connections waits behind others who wait for the database."""


def open_store(url: str, workspace_id: str = DEFAULT_WORKSPACE, seal: Seal | None = None) -> Store:
    """Open the database at an SQLAlchemy URL and bring its schema up to date.

    With a ``seal`` what holds words of conversations is stored under it.

    Raises:
        BadInput: The URL names no database that Hark can use.
        Unopened: What is stored was sealed under a key that is not there.
        NewerSchema: A newer Hark wrote this database.
        StoreUnavailable: It cannot be opened.
    """
    engine = _engine(url)
    seal_with(engine, seal)
    try:
        _migrate(engine)
        _agree(engine, seal)
    except Unopened:
        engine.dispose()
        raise
    except DBAPIError as error:
        raise StoreUnavailable(
            f"cannot open the database {engine.url.render_as_string(hide_password=True)}: {first_line(error)}"
        ) from error
    return Store(engine, workspace_id)


def _agree(engine: Engine, seal: Seal | None) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        agree(connection, seal)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise BadInput(f"{parsed.drivername} is neither sqlite nor postgresql", "HARK_DATABASE_URL")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed.database)
        return _postgresql_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise BadInput(
            "not a database URL; write sqlite:///path/to/hark.db or postgresql://user:password@host/name",
            "HARK_DATABASE_URL",
        ) from error


def _postgresql_engine(url: URL) -> Engine:
    """What the URL says of time-outs holds; of what it does not say, what Hark needs."""
    told = {name: value for name, value in CONNECT.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=_POOL_WAIT_S, connect_args=told)
    event.listen(engine, "do_connect", lambda _dialect, _entry, where, named: connected(*where, **named))
    return engine


def _sqlite_engine(path: str | None) -> Engine:
    in_memory = path in {None, "", ":memory:"}
    if in_memory:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        assert path is not None
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"cannot open the database {path}: its directory cannot be made: {error.strerror}"
            ) from error
        engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not open transactions by itself: BEGIN below says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that later writes can fail with "locked" in its middle; an immediate one waits at its start.
    options = connection.get_execution_options()
    write, wait_s = options.get(WRITE, True), options.get(WAIT)
    if wait_s is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wait_s * 1000)}")
        connection.info[_IMPATIENT] = True
    elif connection.info.pop(_IMPATIENT, False):
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _migrate(engine: Engine) -> None:
    # Tables that hold much are changed in one statement, and others that are started now wait for it.
    with patience(math.inf):
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "traces:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Several Harks may be started at once: one migrates, and the others wait until it has.
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        current = MigrationContext.configure(connection).get_current_revision()
        if current == _newest():
            return
        if current is not None and current not in _known(config):
            raise NewerSchema(
                f"the database {engine.url.render_as_string(hide_password=True)} was written by a newer Hark "
                f"(schema {current}); upgrade this one with: pip install --upgrade hark"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if current is None:
            Tx(connection, DEFAULT_WORKSPACE).words.kept_until(datetime.fromtimestamp(0, UTC))


def _newest() -> str:
    """The newest migration's revision, which its file's name begins with: alembic would run all of them to tell."""
    written = (files("traces") / "migrations" / "versions").iterdir()
    return max(file.name for file in written if file.name.endswith(".py")).partition("_")[0]


def _known(config: Config) -> frozenset[str]:
    return frozenset(revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions())
