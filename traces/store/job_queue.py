"""Jobs for several Harks over PostgreSQL: procrastinate, in a schema of its own beside Hark's tables.

A job is deferred in the transaction that claims what it is about: there is neither a claim without a job nor a job without
its claim. It names conversations, a batch at a time; what there is to do about them is looked up when it runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate import PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AppNotOpen, ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool

from traces.errors import StoreUnavailable
from traces.store.engine import Store, Tx
from traces.store.patience import CONNECT, PatientAsync, connected, patience, settled

SCHEMA: Final = "procrastinate"
_PATH: Final = f"-c search_path={SCHEMA},public"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('hark procrastinate', 0))"
_TURNS: Final = """
    SELECT max(priority), min(priority) FILTER (WHERE queue_name = %(queue)s)
    FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %(task)s
"""
_NUMBERS: Final = re.compile(r"\d+")
_CONNECTIONS: Final = 4
_POOL_WAIT_S: Final = 5.0
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, ConnectorException, AppNotOpen)
"""What is raised where jobs are read from a database that is away."""
_MANAGER: Final = JobManager(SyncPsycopgConnector())


def prepare(store: Store) -> None:
    """Make procrastinate's tables, or bring them up to what this version of it needs.

    Raises:
        StoreUnavailable: The database cannot be changed.
    """
    try:
        with patience(math.inf), connected(store.secret_location, **_told(store)) as connection:
            connection.execute(_LOCK)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for script in _missing(_version_in(connection)):
                connection.execute(script)
            connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{procrastinate.__version__}'")
    except psycopg.Error as error:
        raise StoreUnavailable(f"the tables of jobs cannot be made: {str(error).splitlines()[0]}") from error


def _version_in(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [SCHEMA]
    ).fetchone()
    return None if row is None else row[0]


def _missing(version: str | None) -> Sequence[Any]:
    """Procrastinate's scripts that were not run yet: all of it at once, or its migrations since a version."""
    if version is None:
        return [SchemaManager.get_schema()]
    paths = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [path.read_text(encoding="utf-8") for path in paths if _numbers(path.name)[:3] > _numbers(version)[:3]]


def _numbers(name: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(name)]


def connector_of(store: Store) -> PsycopgConnector:
    """What a worker reads its jobs with: besides the store's connections at most four."""
    return PsycopgConnector(
        pool_factory=_Pool,
        conninfo=store.secret_location,
        connection_class=PatientAsync,
        kwargs=_told(store),
        configure=settled,
        min_size=1,
        max_size=_CONNECTIONS,
        timeout=_POOL_WAIT_S,
    )


class _Pool(AsyncConnectionPool):
    """One that is not waited for while the database is away: its tries come ever more seldom, a new pool's at once."""

    async def open(self, wait: bool = False, timeout: float = _POOL_WAIT_S) -> None:  # noqa: ASYNC109, FBT001, FBT002
        await super().open(wait, timeout)


def _told(store: Store) -> dict[str, Any]:
    """How the database is connected to, beside what its address says."""
    said = conninfo_to_dict(store.secret_location)
    return {name: value for name, value in CONNECT.items() if name not in said} | {"options": _PATH}


def queue_of(task: str, workspace_id: str) -> str:
    """Where the jobs of a task wait: a process takes up those of the workspaces that it serves."""
    return f"{task}:{workspace_id}"


def workspace_in(queue: str) -> str:
    """Whose jobs wait in a queue."""
    return queue.partition(":")[2]


def defer(tx: Tx, task: str, workspace_id: str, batches: Collection[Sequence[str]]) -> None:
    """Have a task done for each batch of conversations once this transaction is committed.

    Each workspace's jobs are done in the order in which they were deferred, and workspaces take turns: one with a single job
    does not wait behind the hundreds of another (start-time fair queueing; Goyal et al., 1996).

    Raises:
        StoreUnavailable: The database cannot take it; nothing of the transaction is to be kept.
    """
    if not batches:
        return
    connection = tx.driver_connection()
    try:
        _defer(connection, task, workspace_id, batches)
    except (psycopg.Error, ConnectorException) as error:
        raise StoreUnavailable(f"the database cannot be used now: {type(error).__name__}") from error


def _defer(
    connection: psycopg.Connection[Any], task: str, workspace_id: str, batches: Collection[Sequence[str]]
) -> None:
    before = connection.execute("SELECT current_setting('search_path')").fetchone()
    _set_path(connection, f"{SCHEMA}, public")
    queue = queue_of(task, workspace_id)
    turn = _next_turn(connection, task, queue)
    _MANAGER.batch_defer_jobs(
        [
            Job(
                id=None,
                queue=queue,
                lock=None,
                queueing_lock=None,
                task_name=task,
                task_kwargs={"conversation_ids": list(batch)},
                priority=-(turn + n),
            )
            for n, batch in enumerate(batches)
        ],
        connection=connection,
    )
    _set_path(connection, "" if before is None else before[0])


def _next_turn(connection: psycopg.Connection[Any], task: str, queue: str) -> int:
    """The turn of a queue's next job: after its own that wait, and not before the one that is next of all."""
    row = connection.execute(_TURNS, {"task": task, "queue": queue}).fetchone()
    front, own = (None, None) if row is None else row
    return max(0 if front is None else -front, 0 if own is None else 1 - own)


def _set_path(connection: psycopg.Connection[Any], path: str) -> None:
    connection.execute("SELECT set_config('search_path', %s, true)", [path])
