"""One lock, one counter of changes and one source of ids and timestamps for a whole workspace."""

from __future__ import annotations

import random
import string
import threading
from dataclasses import dataclass, field
from datetime import timedelta

from traces.clock import Clock

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass
class Revisions:
    """Orders everything that happens in a workspace.

    Attributes:
        clock: Stamps what happens.
        ages_by: Lets keys grow old; another than ``clock`` where that one runs faster than people do.
        latest: Rises by one with every change; what changed carries the number, so that a page can ask for
            what it has not seen.
        lock: Held around every read and change of the workspace; re-entrant.
    """

    clock: Clock
    rng: random.Random
    ages_by: Clock
    latest: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _last_us: int = 0

    def next(self) -> int:
        with self.lock:
            self.latest += 1
            return self.latest

    def next_ts(self) -> str:
        """A message timestamp, unique and rising even when the clock stands still."""
        with self.lock:
            self._last_us = max(self._last_us + 1, int(self.clock.now().timestamp() * 1e6))
            return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def seconds(self) -> float:
        """Seconds since 1970 on the clock by which keys grow old."""
        return self.ages_by.now().timestamp()

    def next_id(self, prefix: str, length: int = 10) -> str:
        with self.lock:
            return prefix + "".join(self.rng.choices(_ALPHABET, k=length))

    def is_past(self, began_s: float, age: timedelta) -> bool:
        return self.seconds() - began_s > age.total_seconds()
