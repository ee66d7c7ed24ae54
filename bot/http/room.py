"""Room for large bodies: how many bytes of them are read, and worked on, at the same time.

A body takes several times its size in memory until it is stored. Small bodies are not counted: what waits to be stored is
bounded by the writer. Large ones wait for each other, in the order they came, and after some seconds are told to come again.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections import deque
from contextlib import suppress
from typing import Final

from traces import limits
from traces.errors import Busy

SMALL: Final = 256 * 1024
"""Up to this size a body is not counted."""
_READING: Final = limits.WIRE_BYTES + limits.WIRE_BYTES // 2
_WORKING: Final = limits.INFLATED_BYTES + limits.INFLATED_BYTES // 4
_PATIENCE_S: Final = 4.0
"""Exporters give up on an answer after ten seconds, and the wait for the database comes after this."""
_READ_WITHIN_S: Final = 60.0
_RETRY_AFTER_S: Final = 1
_TRIMMED_FROM: Final = 4 * 1024 * 1024


class _Bytes:
    """A number of bytes that are lent out, first come, first served. For one event loop."""

    def __init__(self, most: int, patience_s: float) -> None:
        self.most = self._free = most
        self._patience_s = patience_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take_now(self, size: int) -> bool:
        """Whether there was room at once."""
        if self._waiting or size > self._free:
            return False
        self._free -= size
        return True

    async def take(self, size: int) -> None:
        if self.take_now(size):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await asyncio.wait_for(turn, self._patience_s)
        except TimeoutError:
            self._withdraw(size, turn)
            raise Busy("too many large bodies at once; send this one again", _RETRY_AFTER_S) from None
        except asyncio.CancelledError:
            self._withdraw(size, turn)
            raise

    def _withdraw(self, size: int, turn: asyncio.Future[None]) -> None:
        if (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
            self.give_back(0)
        elif turn.done() and not turn.cancelled():
            self.give_back(size)

    def give_back(self, size: int) -> None:
        self._free += size
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)


class Room:
    """What all requests share.

    Args:
        reading: Bytes of large bodies that may be in memory as they came, at least ``limits.WIRE_BYTES``.
        working: Bytes of large bodies, unpacked, of which what they hold may be in memory until it is stored; at least
            ``limits.INFLATED_BYTES``.
        patience_s: For so long a body waits for either.
        read_within_s: Within this time a body must have come.
    """

    def __init__(
        self,
        *,
        reading: int = _READING,
        working: int = _WORKING,
        patience_s: float = _PATIENCE_S,
        read_within_s: float = _READ_WITHIN_S,
    ) -> None:
        self._reading = _Bytes(reading, patience_s)
        self._working = _Bytes(working, patience_s)
        self.read_within_s = read_within_s

    def place(self) -> Place:
        """The place of one request."""
        return Place(self._reading, self._working)


class Place:
    """What one request holds of the room."""

    def __init__(self, reading: _Bytes, working: _Bytes) -> None:
        self._reading, self._read = reading, 0
        self._working, self._work = working, 0

    async def to_read(self, size: int) -> None:
        """Have room for a body of ``size`` bytes, of which some may have come.

        Raises:
            Busy: There was none in time.
        """
        if size > max(SMALL, self._read):
            await self._reading.take(size - self._read)
            self._read = size

    async def to_read_some(self, size: int, step: int) -> None:
        """Have room for ``size`` bytes that have come, and for more of them, up to ``step``.

        Raises:
            Busy: There was none in time.
        """
        if size > max(SMALL, self._read):
            await self.to_read(size + step)

    def to_work_now(self, size: int) -> bool:
        """Have room to work on an unpacked body, if there is some at once; one worth more than all of it has it alone."""
        size = min(size, self._working.most)
        if size > SMALL and not self._working.take_now(size):
            return False
        self._hold(size)
        return True

    async def to_work(self, size: int) -> None:
        """Have room to work on an unpacked body.

        Raises:
            Busy: There was none in time.
        """
        size = min(size, self._working.most)
        if size > SMALL:
            await self._working.take(size)
        self._hold(size)

    def _hold(self, size: int) -> None:
        self._work += size if size > SMALL else 0

    def was_read(self) -> None:
        """The body as it came is needed no more."""
        self._reading.give_back(self._read)
        self._read = 0

    def leave(self) -> None:
        """Give back all that is held."""
        if self._work > _TRIMMED_FROM:
            _trim()
        self.was_read()
        self._working.give_back(self._work)
        self._work = 0


def _trim() -> None:
    """Give the memory of a large body back, of which glibc would keep what lies between other things."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
