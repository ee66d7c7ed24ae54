"""A lock whose waiters get it in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

_NOBODY: Final = 0


class Turns:
    """A reentrant lock that serves whoever waits longest.

    Python's own locks go to whichever thread happens to run when they are let go, which under load is again and again
    the one that let them go: a click then waits behind seconds of work that came after it.
    """

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
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
            self._waiting.append((me, gate))
        if gate.acquire(timeout=timeout):
            return True
        with self._door:
            if (me, gate) in self._waiting:
                self._waiting.remove((me, gate))
                return False
            return True  # handed over in the meantime

    def release(self) -> None:
        """Hand the turn to whoever waits longest."""
        with self._door:
            self._depth -= 1
            if self._depth:
                return
            if not self._waiting:
                self._owner = _NOBODY
                return
            (self._owner, gate), self._depth = self._waiting.popleft(), 1
            gate.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
