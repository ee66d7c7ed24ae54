"""Threads on a fake clock: exactly one runs at a time, and time passes only while all of them wait.

What is submitted here runs in a thread of its own until it waits for a time, ``sleep``, or has ended; whoever submitted it
then goes on. So the same calls at the same times lead to the same order of everything, however fast the machine is.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import Any

from traces.clock import FakeClock

_PASS = timedelta(seconds=1)


class Killed(BaseException):
    """The process has ended."""


class _Strand(threading.Thread):
    """A thread that runs when it is told to, until it waits; kept for the next work when it has done its own."""

    def __init__(self, idle: list[_Strand]) -> None:
        super().__init__(daemon=True)
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self._idle = idle
        self.work: Callable[[], None] = lambda: None
        self.start()

    def run(self) -> None:
        while True:
            self._go.acquire()
            self.work()
            self._idle.append(self)
            self._waits.release()

    def go_on(self) -> None:
        self._go.release()
        self._waits.acquire()

    def wait(self) -> None:
        self._waits.release()
        self._go.acquire()


_IDLE: list[_Strand] = []


class SimulatedTime(Executor):
    """A pool of threads, and what happens at which time.

    Attributes:
        clock: Moved by ``step``, and by whatever calls that.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._number = 0
        self._waiting: set[_Strand] = set()
        self._is_dead = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to happen any more."""
        return not self._events

    def at(self, when: datetime, do: Callable[[], None]) -> None:
        """Do something at a time; of what is due at the same one, what was said first."""
        self._number += 1
        heapq.heappush(self._events, (when, self._number, do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.clock.now() + timedelta(seconds=seconds), do)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                future.set_exception(error)

        strand = _IDLE.pop() if _IDLE else _Strand(_IDLE)
        strand.work = work
        strand.go_on()
        return future

    def sleep(self, seconds: float) -> None:
        """Wait, in a thread that was submitted; whoever calls this outside of one moves the clock."""
        self._hold(self.clock.now() + timedelta(seconds=seconds))

    def hang(self) -> None:
        """Wait for nothing, until the process ends."""
        self._hold(None)

    def _hold(self, until: datetime | None) -> None:
        strand = threading.current_thread()
        if not isinstance(strand, _Strand):
            assert until is not None
            self.run_until(until)
            return
        if not self._is_dead:
            self._waiting.add(strand)
            if until is not None:
                self.at(until, lambda: self._wake(strand))
            strand.wait()
        if self._is_dead:
            raise Killed

    def _wake(self, strand: _Strand) -> None:
        if strand in self._waiting:
            self._waiting.remove(strand)
            strand.go_on()

    def step(self, until: datetime) -> None:
        """Let the next thing happen that happens until then; without one it is then."""
        if self._events and self._events[0][0] <= until:
            when, _, do = heapq.heappop(self._events)
            self.clock.set(max(when, self.clock.now()))
            do()
        else:
            self.clock.set(until)

    def run_until(self, until: datetime) -> None:
        while self.clock.now() < until or (self._events and self._events[0][0] <= until):
            self.step(until)

    def pause(self, moved: threading.Event) -> None:
        """Wait as a pass over the outbox does: until something has moved, or for a second."""
        until = self.clock.now() + _PASS
        while not moved.is_set() and self.clock.now() < until:
            self.step(until)

    def kill(self) -> None:
        """End every thread where it waits; what else is to happen still does."""
        self._is_dead = True
        for strand in list(self._waiting):
            self._wake(strand)
        self._is_dead = False
