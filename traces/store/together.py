"""What several threads write at about the same time, in one transaction: the disk is synced once for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeAlias, TypeVar

from traces.store.engine import Store, Tx

T = TypeVar("T")
_MOST: Final = 8
"""Done at once at most, so that others who write do not wait long."""
_Job: TypeAlias = tuple[Callable[[Tx], Any], "Future[Any]"]


class Together:
    """Groups the transactions of threads that wait for their turn at the database anyway.

    Whoever comes first waits for the turn, and then does the work of all who have come meanwhile. The work of each stands
    or falls by itself; a database that fails, fails for all of them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._door = threading.Lock()
        self._jobs: list[_Job] = []

    def do(self, work: Callable[[Tx], T]) -> T:
        """Do the work in a transaction, once it is committed return what it gave, or raise what it raised.

        Raises:
            StoreUnavailable: The database is locked, full, read-only or gone; nothing was written.
        """
        if self._store.dialect != "sqlite":
            with self._store.begin() as tx:
                return work(tx)
        done: Future[T] = Future()
        with self._door:
            is_first = len(self._jobs) % _MOST == 0
            self._jobs.append((work, done))
        if is_first:
            self._lead()
        return done.result()

    def _lead(self) -> None:
        group: list[_Job] = []
        try:
            with self._store.begin() as tx:
                group = self._next()
                outcomes = [_outcome(tx, work, done, is_alone=len(group) == 1) for work, done in group]
        except Exception as error:  # noqa: BLE001 - raised where the work came from
            for _, done in group or self._next():
                done.set_exception(error)
            return
        for tell in outcomes:
            tell()

    def _next(self) -> list[_Job]:
        """Those who wait longest; whoever comes once they are as many as go together is the first of the next group."""
        with self._door:
            group, self._jobs = self._jobs[:_MOST], self._jobs[_MOST:]
        return group


def _outcome(tx: Tx, work: Callable[[Tx], Any], done: Future[Any], *, is_alone: bool) -> Callable[[], None]:
    """Do one's work; what is to be told of it once all is committed."""
    if is_alone:
        found = work(tx)
        return lambda: done.set_result(found)
    try:
        with tx.apart():
            found = work(tx)
    except Exception as error:  # noqa: BLE001 - raised where the work came from
        failed = error
        return lambda: done.set_exception(failed)
    return lambda: done.set_result(found)
