"""A lock whose waiters get it in the order in which they came, those first for whom a person waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias

from traces.store.patience import PEOPLE_S, patience

_NOBODY: Final = 0
_AHEAD: Final = 4
"""How many may go ahead of others in a row: what is received and measured has its part even where people never rest."""
_Waiter: TypeAlias = tuple[int, threading.Lock]

_SOMEBODY_WAITS: ContextVar[bool] = ContextVar("somebody_waits", default=False)


@contextmanager
def somebody_waits() -> Iterator[None]:
    """Within it, this thread's turns come before those for whom nobody waits, and a silent database is given up soon."""
    token = _SOMEBODY_WAITS.set(True)
    try:
        with patience(PEOPLE_S):
            yield
    finally:
        _SOMEBODY_WAITS.reset(token)


class Turns:
    """A reentrant lock that serves whoever waits longest, and those who are waited for by a person before others.

    Python's own locks go to whichever thread happens to run when they are let go, which under load is again and again
    the one that let them go: a click then waits behind seconds of work that came after it.
    """

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._waiting: deque[_Waiter] = deque()
        self._waited_for: deque[_Waiter] = deque()
        self._went_ahead = 0
        self._owner = _NOBODY
        self._depth = 0

    def acquire(self, timeout: float = -1) -> bool:
        """Wait for one's turn, at most so many seconds unless that is -1; whether it came."""
        me = threading.get_ident()
        with self._door:
            if self._owner in {me, _NOBODY}:
                self._owner, self._depth = me, self._depth + 1
                return True
            gate = threading.Lock()
            gate.acquire()
            line = self._waited_for if _SOMEBODY_WAITS.get() else self._waiting
            line.append((me, gate))
        if gate.acquire(timeout=timeout):
            return True
        with self._door:
            if (me, gate) in line:
                line.remove((me, gate))
                return False
            return True  # handed over in the meantime

    def release(self) -> None:
        """Hand the turn to whoever is next."""
        with self._door:
            self._depth -= 1
            if self._depth:
                return
            line = self._next_line()
            if not line:
                self._owner = _NOBODY
                return
            (self._owner, gate), self._depth = line.popleft(), 1
            gate.release()

    def _next_line(self) -> deque[_Waiter]:
        goes_ahead = bool(self._waited_for) and (not self._waiting or self._went_ahead < _AHEAD)
        self._went_ahead = self._went_ahead + 1 if goes_ahead and self._waiting else 0
        return self._waited_for if goes_ahead else self._waiting

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
