"""Hands out transactions, each over one workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import StaticPool

from traces.columns import seal_in
from traces.errors import StoreUnavailable
from traces.store.across import Across
from traces.store.alerts import Alerts
from traces.store.anchors import Anchors
from traces.store.answers import Answers
from traces.store.arrivals import Arrivals
from traces.store.audit import Audit
from traces.store.calibrations import Calibrations
from traces.store.choices import Choices
from traces.store.claims import Claims
from traces.store.classifiers import Classifiers
from traces.store.conversations import Conversations
from traces.store.datasets import Datasets
from traces.store.decisions import Decisions
from traces.store.feedback import GivenFeedback
from traces.store.fence import look
from traces.store.installations import Installations
from traces.store.judge_cache import JudgeAnswers, JudgeRules, JudgeSpending
from traces.store.keys import Keys
from traces.store.label_writes import LabelWrites
from traces.store.leases import Leases
from traces.store.mutes import Mutes
from traces.store.origins import Origins
from traces.store.outbox import Outbox
from traces.store.partitions import Partitions
from traces.store.permalinks import Permalinks
from traces.store.placing import Placing
from traces.store.proposals import Proposals
from traces.store.queue import ReviewQueue
from traces.store.retention import Retention
from traces.store.reviews import Reviews
from traces.store.rollups import Rollups
from traces.store.scores import Scores
from traces.store.sealed import begin_anew, seal_some
from traces.store.spans import Spans
from traces.store.state import State
from traces.store.taxonomy import Taxonomy
from traces.store.thresholds import Thresholds
from traces.store.turns import Turns
from traces.store.words import Words

DEFAULT_WORKSPACE = "default"
_ROWS_SEALED = 200
WRITE, WAIT = "hark_write", "hark_wait_s"
"""Options of a connection: whether its transaction writes, and for how long it waits for its turn."""


class Tx:
    """One transaction over one workspace; its parts are the nouns of the store."""

    def __init__(self, connection: Connection, workspace_id: str) -> None:
        self._connection = connection
        self._workspace_id = workspace_id

    def look_at_the_fence(self) -> None:
        """Begin to write.

        Raises:
            LeaseLost: This thread writes under a lease that has become somebody else's.
        """
        look(self._connection)

    def driver_connection(self) -> Any:
        """The driver's own connection, for a library that joins this transaction."""
        return self._connection.connection.driver_connection

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself when it raises."""
        with self._connection.begin_nested():
            yield

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
    def permalinks(self) -> Permalinks:
        return Permalinks(self._connection, self._workspace_id)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self._connection, self._workspace_id, self.taxonomy)

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
    def proposals(self) -> Proposals:
        return Proposals(self._connection, self._workspace_id)

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
    def words(self) -> Words:
        return Words(self._connection, self._workspace_id)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        return Taxonomy(self._connection, self._workspace_id)

    @cached_property
    def choices(self) -> Choices:
        return Choices(self._connection, self._workspace_id)

    @cached_property
    def installations(self) -> Installations:
        return Installations(self._connection, self._workspace_id)

    @cached_property
    def partitions(self) -> Partitions:
        return Partitions(self._connection, self._workspace_id)

    @cached_property
    def leases(self) -> Leases:
        return Leases(self._connection, self._workspace_id)

    @cached_property
    def claims(self) -> Claims:
        return Claims(self._connection, self._workspace_id)

    @cached_property
    def state(self) -> State:
        return State(self._connection, self._workspace_id)


class Store:
    """The database of one workspace. Safe to share between threads."""

    def __init__(self, engine: Engine, workspace_id: str = DEFAULT_WORKSPACE) -> None:
        self._engine = engine
        self._seal = seal_in(engine.dialect)
        self._workspace_id = workspace_id
        # SQLite has one writer anyway; queueing here is fair, SQLite's own busy loop is not.
        self._writers = Turns() if engine.dialect.name == "sqlite" else None
        # A database in memory is one connection, which has room for one transaction, of whichever kind.
        is_shared = isinstance(engine.pool, StaticPool) and self._writers is not None
        self._readers: AbstractContextManager[Any] = self._writers if is_shared and self._writers else nullcontext()

    @property
    def workspace_id(self) -> str:
        return self._workspace_id

    def of(self, workspace_id: str) -> Store:
        """The same database, bound to another workspace; all of them take turns at writing."""
        other = Store(self._engine, workspace_id)
        other._writers, other._readers = self._writers, self._readers
        return other

    @contextmanager
    def across(self) -> Iterator[Across]:
        """A transaction that reads which workspaces there are.

        Raises:
            StoreUnavailable: The database cannot be read.
        """
        with self._readers, self._connected(write=False) as connection:
            yield Across(connection)

    @property
    def is_sealed(self) -> bool:
        """Whether what holds words of conversations is stored under a key."""
        return self._seal is not None

    def seal_some(self, rows: int = _ROWS_SEALED) -> bool:
        """Bring some of what was stored before under the newest key, of all workspaces; whether more is left.

        Raises:
            StoreUnavailable: The database cannot be written.
        """
        if self._seal is None:
            return False
        with self._turn(None), self._connected(write=True) as connection:
            return seal_some(connection, self._seal, rows)

    def seal_anew(self) -> None:
        """Let ``seal_some`` look at everything again.

        Raises:
            StoreUnavailable: The database cannot be written.
        """
        if self._seal is not None:
            with self._turn(None), self._connected(write=True) as connection:
                begin_anew(connection, self._seal)

    @contextmanager
    def begin(self, wait_s: float | None = None) -> Iterator[Tx]:
        """A transaction that writes: committed when the block ends, rolled back when it raises.

        With ``wait_s`` an SQLite database that others hold is waited for no longer; without, up to 15 seconds.

        Raises:
            StoreUnavailable: The database is locked, full, read-only or gone; nothing was written.
        """
        with self._turn(wait_s), self._transaction(write=True, wait_s=wait_s) as tx:
            tx.look_at_the_fence()
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
        with self._connected(write=write, wait_s=wait_s) as connection:
            yield Tx(connection, self._workspace_id)

    @contextmanager
    def _connected(self, *, write: bool, wait_s: float | None = None) -> Iterator[Connection]:
        options = {WRITE: write, WAIT: wait_s}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            if isinstance(error, DataError | IntegrityError | ProgrammingError) and not error.connection_invalidated:
                raise  # a statement is wrong, not the database
            raise StoreUnavailable(f"the database cannot be used now: {first_line(error)}") from error
        except NoneFree as error:
            raise StoreUnavailable("the database cannot be used now: others wait for it already") from error

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
    def secret_location(self) -> str:
        """Where the database is, with its password, as PostgreSQL's own clients read it."""
        return self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def location(self) -> str:
        """Where the database is, without its password."""
        return self._engine.url.render_as_string(hide_password=True)


def first_line(error: DBAPIError) -> str:
    """What a database said, without the statement that it said it to."""
    return str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
