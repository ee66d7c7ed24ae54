"""Opens the database, brings its schema up to date, and hands out transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from traces.errors import BadInput, NewerSchema, StoreUnavailable
from traces.store.alerts import Alerts
from traces.store.anchors import Anchors
from traces.store.answers import Answers
from traces.store.arrivals import Arrivals
from traces.store.audit import Audit
from traces.store.calibrations import Calibrations
from traces.store.choices import Choices
from traces.store.classifiers import Classifiers
from traces.store.conversations import Conversations
from traces.store.datasets import Datasets
from traces.store.decisions import Decisions
from traces.store.feedback import GivenFeedback
from traces.store.judge_cache import JudgeAnswers, JudgeRules, JudgeSpending
from traces.store.keys import Keys
from traces.store.label_writes import LabelWrites
from traces.store.mutes import Mutes
from traces.store.origins import Origins
from traces.store.outbox import Outbox
from traces.store.placing import Placing
from traces.store.queue import ReviewQueue
from traces.store.retention import Retention
from traces.store.reviews import Reviews
from traces.store.rollups import Rollups
from traces.store.scores import Scores
from traces.store.spans import Spans
from traces.store.state import State
from traces.store.taxonomy import Taxonomy
from traces.store.thresholds import Thresholds

DEFAULT_WORKSPACE = "default"
_BUSY_TIMEOUT_MS = 15_000
_WRITE = "hark_write"
_WAIT = "hark_wait_s"
_IMPATIENT = "hark_impatient"


class Tx:
    """One transaction over one workspace; its parts are the nouns of the store."""

    def __init__(self, connection: Connection, workspace_id: str) -> None:
        self._connection = connection
        self._workspace_id = workspace_id

    @cached_property
    def spans(self) -> Spans:
        return Spans(self._connection, self._workspace_id)

    @cached_property
    def conversations(self) -> Conversations:
        return Conversations(self._connection, self._workspace_id)

    @cached_property
    def scores(self) -> Scores:
        return Scores(self._connection, self._workspace_id)

    @cached_property
    def rollups(self) -> Rollups:
        return Rollups(self._connection, self._workspace_id)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self._connection, self._workspace_id)

    @cached_property
    def decisions(self) -> Decisions:
        return Decisions(self._connection, self._workspace_id)

    @cached_property
    def mutes(self) -> Mutes:
        return Mutes(self._connection, self._workspace_id)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self._connection, self._workspace_id)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self._connection, self._workspace_id)

    @cached_property
    def queue(self) -> ReviewQueue:
        return ReviewQueue(self._connection, self._workspace_id)

    @cached_property
    def answers(self) -> Answers:
        return Answers(self._connection, self._workspace_id)

    @cached_property
    def datasets(self) -> Datasets:
        return Datasets(self._connection, self._workspace_id)

    @cached_property
    def calibrations(self) -> Calibrations:
        return Calibrations(self._connection, self._workspace_id)

    @cached_property
    def thresholds(self) -> Thresholds:
        return Thresholds(self._connection, self._workspace_id)

    @cached_property
    def anchors(self) -> Anchors:
        return Anchors(self._connection, self._workspace_id)

    @cached_property
    def classifiers(self) -> Classifiers:
        return Classifiers(self._connection, self._workspace_id)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self._connection, self._workspace_id)

    @cached_property
    def placing(self) -> Placing:
        return Placing(self._connection, self._workspace_id)

    @cached_property
    def feedback(self) -> GivenFeedback:
        return GivenFeedback(self._connection, self._workspace_id)

    @cached_property
    def origins(self) -> Origins:
        return Origins(self._connection, self._workspace_id)

    @cached_property
    def arrivals(self) -> Arrivals:
        return Arrivals(self._connection, self._workspace_id)

    @cached_property
    def label_writes(self) -> LabelWrites:
        return LabelWrites(self._connection, self._workspace_id)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self._connection, self._workspace_id)

    @cached_property
    def judge_answers(self) -> JudgeAnswers:
        return JudgeAnswers(self._connection, self._workspace_id)

    @cached_property
    def judge_spending(self) -> JudgeSpending:
        return JudgeSpending(self._connection, self._workspace_id)

    @cached_property
    def judge_rules(self) -> JudgeRules:
        return JudgeRules(self._connection, self._workspace_id)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self._connection, self._workspace_id)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        return Taxonomy(self._connection, self._workspace_id)

    @cached_property
    def choices(self) -> Choices:
        return Choices(self._connection, self._workspace_id)

    @cached_property
    def state(self) -> State:
        return State(self._connection, self._workspace_id)


class Store:
    """The database of one workspace. Safe to share between threads."""

    def __init__(self, engine: Engine, workspace_id: str = DEFAULT_WORKSPACE) -> None:
        self._engine = engine
        self._workspace_id = workspace_id
        # SQLite has one writer anyway; queueing here is fair, SQLite's own busy loop is not.
        self._writers = threading.RLock() if engine.dialect.name == "sqlite" else None
        # A database in memory is one connection, which has room for one transaction, of whichever kind.
        is_shared = isinstance(engine.pool, StaticPool) and self._writers is not None
        self._readers: AbstractContextManager[Any] = self._writers if is_shared and self._writers else nullcontext()

    @contextmanager
    def begin(self, wait_s: float | None = None) -> Iterator[Tx]:
        """A transaction that writes: committed when the block ends, rolled back when it raises.

        With ``wait_s`` an SQLite database that others hold is waited for no longer; without, up to 15 seconds.

        Raises:
            StoreUnavailable: The database is locked, full, read-only or gone; nothing was written.
        """
        with self._turn(wait_s), self._transaction(write=True, wait_s=wait_s) as tx:
            yield tx

    @contextmanager
    def _turn(self, wait_s: float | None) -> Iterator[None]:
        """This process's turn to write."""
        if self._writers is None:
            yield
            return
        if not self._writers.acquire(timeout=-1 if wait_s is None else wait_s):
            raise StoreUnavailable("the database cannot be used now: something else is writing to it")
        try:
            yield
        finally:
            self._writers.release()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads, from one consistent state.

        Raises:
            StoreUnavailable: The database cannot be read.
        """
        with self._readers, self._transaction(write=False) as tx:
            yield tx

    @contextmanager
    def _transaction(self, *, write: bool, wait_s: float | None = None) -> Iterator[Tx]:
        options = {_WRITE: write, _WAIT: wait_s}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield Tx(connection, self._workspace_id)
        except DatabaseError as error:
            if isinstance(error, DataError | IntegrityError | ProgrammingError):
                raise  # a statement is wrong, not the database
            raise StoreUnavailable(f"the database cannot be used now: {_first_line(error)}") from error

    def close(self) -> None:
        self._engine.dispose()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; ``None`` for PostgreSQL and for one in memory."""
        path = self._engine.url.database
        return Path(path) if self.dialect == "sqlite" and path and path != ":memory:" else None

    @property
    def location(self) -> str:
        """Where the database is, without its password."""
        return self._engine.url.render_as_string(hide_password=True)


def open_store(url: str, workspace_id: str = DEFAULT_WORKSPACE) -> Store:
    """Open the database at an SQLAlchemy URL and bring its schema up to date.

    Raises:
        BadInput: The URL names no database that Hark can use.
        NewerSchema: A newer Hark wrote this database.
        StoreUnavailable: It cannot be opened.
    """
    engine = _engine(url)
    try:
        _migrate(engine)
    except DBAPIError as error:
        raise StoreUnavailable(
            f"cannot open the database {engine.url.render_as_string(hide_password=True)}: {_first_line(error)}"
        ) from error
    return Store(engine, workspace_id)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise BadInput(f"{parsed.drivername} is neither sqlite nor postgresql", "HARK_DATABASE_URL")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed.database)
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise BadInput(
            "not a database URL; write sqlite:///path/to/hark.db or postgresql://user:password@host/name",
            "HARK_DATABASE_URL",
        ) from error


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
    write, wait_s = options.get(_WRITE, True), options.get(_WAIT)
    if wait_s is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wait_s * 1000)}")
        connection.info[_IMPATIENT] = True
    elif connection.info.pop(_IMPATIENT, False):
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "traces:migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == script.get_current_head():
            return
        if current is not None and current not in {r.revision for r in script.walk_revisions()}:
            raise NewerSchema(
                f"the database {engine.url.render_as_string(hide_password=True)} was written by a newer Hark "
                f"(schema {current}); upgrade this one with: pip install --upgrade hark"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
