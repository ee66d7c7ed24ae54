"""How long others wait while weeks of history are folded: the slices, the turns of who waits, what a backfill costs.

Called by ``benchmarks.scale``.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from benchmarks.quantiles import p95
from bot.jobs.detect import Detection
from bot.jobs.in_slices import detect_in_slices
from traces.clock import Clock
from traces.store import Store
from traces.store.turns import Turns

_ASK_EVERY_S: Final = 0.2


@dataclass(slots=True)
class Slices:
    """Seconds of each slice, by the wall's and the processor's time, and of each wait of others for their turn."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    wall_s: float = 0.0

    @property
    def cpu_s(self) -> float:
        return sum(self.cpus)

    def row(self, name: str) -> str:
        """What a table says of it."""
        most = max(range(len(self.cpus)), key=lambda n: self.cpus[n])
        return (
            f"| {name} | {self.wall_s:.1f} | {self.cpu_s:.1f} | {len(self.walls)} "
            f"| {p95(self.walls):.2f} / {max(self.walls):.2f} | {p95(self.cpus):.2f} / {self.cpus[most]:.2f} "
            f"| {p95(self.waits):.2f} / {max(self.waits, default=0):.2f} "
            f"| {p95(self.writes):.3f} / {max(self.writes, default=0):.3f} |"
        )


HEAD: Final = (
    "| | Wall s | CPU s | Slices | Slice, wall s, p95 / most | Slice, CPU s | Another job's wait s | Another's write s |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


class _Timed:
    """A lock that notes how long it is held each time."""

    def __init__(self, lock: Turns, found: Slices) -> None:
        self._lock, self._found = lock, found
        self._began = (0.0, 0.0)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._began = time.perf_counter(), time.thread_time()

    def __exit__(self, *_: object) -> None:
        wall, cpu = self._began
        self._found.walls.append(time.perf_counter() - wall)
        self._found.cpus.append(time.thread_time() - cpu)
        self._lock.release()


def sliced(store: Store, detect: Detection, clock: Clock) -> Slices:
    """Detect as ``hark run`` does, until nothing is left to fold, while another thread asks for its turn and writes."""
    found, lock, is_over = Slices(), Turns(), threading.Event()
    other = threading.Thread(target=_ask, args=(store, lock, is_over, found))
    began = time.perf_counter()
    other.start()
    detect_in_slices(detect, _Timed(lock, found), clock, is_over.wait, lambda: False)
    found.wall_s = time.perf_counter() - began
    is_over.set()
    other.join()
    return found


def _ask(store: Store, lock: Turns, is_over: threading.Event, found: Slices) -> None:
    while not is_over.wait(_ASK_EVERY_S):
        began = time.perf_counter()
        with lock:
            found.waits.append(time.perf_counter() - began)
        began = time.perf_counter()
        with store.begin() as tx:
            tx.state.job_ran("waited", datetime.fromisoformat("2026-11-20T10:00:00+00:00"))
        found.writes.append(time.perf_counter() - began)
