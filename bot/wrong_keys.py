"""Wrong keys, counted by the address that showed them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from traces.clock import Clock

_WRONG_A_MINUTE: Final = 20
_MINUTE: Final = timedelta(minutes=1)
_MOST_ADDRESSES: Final = 10_000


class WrongKeys:
    """Counts wrong keys by address, so that guessing is slow. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def add(self, address: str) -> bool:
        """Count one; whether that is too many for now."""
        now = self._clock.now()
        with self._lock:
            since, count = self._since.pop(address, (now, 0))
            if now - since >= _MINUTE:
                since, count = now, 0
            self._since[address] = (since, count + 1)
            while len(self._since) > _MOST_ADDRESSES:
                self._since.popitem(last=False)
        return count >= _WRONG_A_MINUTE
