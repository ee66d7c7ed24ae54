"""For how long a PostgreSQL that says nothing is waited for.

A network that parts two machines tells neither: what is sent is lost, and nothing comes back. TCP by itself goes on trying
for a quarter of an hour, and while it only waits, for two hours. So each side gives up by itself: Linux is told how soon
(``tcp_user_timeout``, keepalives), the server ends transactions in which nothing happens, and here whoever waits for an answer
stops waiting, which also holds for what Linux takes for alive: a server that stands still, a proxy whose other side is gone.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.waiting import Ready

T = TypeVar("T")

PEOPLE_S: Final = 2.5
"""As long as somebody waits who has clicked: Slack shows a fault after three seconds."""
LONGEST_S: Final = 60.0
"""No statement of Hark's takes that long before it has something to say."""
DUTY_S: Final = 30.0
"""What is done again and again is done by somebody else, or later, if it takes that long."""
PROMPT_S: Final = 5.0
"""What takes no time, and somebody waits for."""
FIRST_S: Final = 5.0
"""The first answer of a transaction takes no work: it comes at once, or nobody is there."""
CONNECT: Final = {
    "fallback_application_name": "hark",
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "target_session_attrs": "read-write",
}
"""What a client's own side is told, in libpq's words: whoever is gone without a word is given up after 10 to 15 seconds, and a
standby that only reads is not taken for the database."""
SESSION: Final = (
    "SET tcp_user_timeout = '10s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; "
    "SET tcp_keepalives_count = 3; SET idle_in_transaction_session_timeout = '5min'"
)
"""What the server's side is told, once it is connected: poolers do not take it with the connection. Locks of a client that is
gone stand in the way of others."""

_PATIENCE: ContextVar[float] = ContextVar("hark_patience_s", default=LONGEST_S)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within it, this thread waits for so long for a database that says nothing; SQLite has a patience of its own."""
    token = _PATIENCE.set(seconds)
    try:
        yield
    finally:
        _PATIENCE.reset(token)


class Silent(psycopg.OperationalError):
    """Nothing was heard of the server for too long; the connection is closed."""


def _heard(connection: psycopg.BaseConnection[Any], waiting: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """The same steps, as long as each of them is taken in time. The driver looks every tenth of a second."""
    at_work = connection.pgconn
    is_first = at_work.transaction_status == TransactionStatus.IDLE and at_work.pipeline_status == PipelineStatus.OFF
    since = time.monotonic()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if ready:
                since, is_first = time.monotonic(), is_first and not ready & Ready.R
            elif at_work.transaction_status == TransactionStatus.ACTIVE:
                most_s = min(_PATIENCE.get(), FIRST_S) if is_first else _PATIENCE.get()
                if time.monotonic() - since > most_s:
                    at_work.finish()
                    raise Silent(f"nothing was heard of the server for {most_s:g} s")
            wanted = waiting.send(ready)
    except StopIteration as ended:
        found: T = ended.value
        return found


class Patient(psycopg.Connection[Any]):
    """A connection to a server that is given up when it is silent for longer than this thread's patience."""

    def wait(self, gen: Generator[Any, Any, T], *told: Any, **named: Any) -> T:
        return super().wait(_heard(self, gen), *told, **named)


class PatientAsync(psycopg.AsyncConnection[Any]):
    """The same for an event loop."""

    async def wait(self, gen: Generator[Any, Any, T], *told: Any, **named: Any) -> T:
        return await super().wait(_heard(self, gen), *told, **named)


def connected(*where: Any, **named: Any) -> Patient:
    """A connection that neither side keeps for longer than it serves.

    Raises:
        psycopg.OperationalError: There is none, within three seconds for each address.
    """
    connection = Patient.connect(*where, **named)
    try:
        connection.autocommit = True
        connection.execute(SESSION)
        connection.autocommit = False
    except psycopg.Error:
        connection.close()
        raise
    return connection


async def settled(connection: psycopg.AsyncConnection[Any]) -> None:
    """Tell the server's side of a connection that was made elsewhere."""
    was = connection.autocommit
    await connection.set_autocommit(True)
    await connection.execute(SESSION)
    await connection.set_autocommit(was)
