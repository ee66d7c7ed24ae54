"""What traces tell in the form in which it is kept, and the latest of it at hand.

A conversation under way is merged with each of its turns, so what its earlier traces told is read again and again. It is
found by its own bytes: what another process wrote, or a transaction that was rolled back, can never be taken for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from traces.columns import packed, unpacked, unpacked_size
from traces.normalise.told import Told, read_back, written

_AT_HAND: Final = 600
_LARGEST: Final = 64 * 1024
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of JSON; as Python's values it takes two to four times as much."""


class Kept:
    """Packs and unpacks what traces tell. Safe to share between threads: what is told never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_hand: OrderedDict[tuple[str, bytes], Told] = OrderedDict()
        self._held = 0

    def pack(self, told: Told) -> bytes:
        body = packed(written(told))
        self._remember(body, told)
        return body

    def unpack(self, trace_id: str, body: bytes | None) -> Told | None:
        """What was packed; ``None`` when there is nothing, or an older version packed it."""
        if body is None:
            return None
        with self._lock:
            told = self._at_hand.get((trace_id, body))
        if told is None and (told := read_back(trace_id, unpacked(body))) is not None:
            self._remember(body, told)
        return told

    def _remember(self, body: bytes, told: Told) -> None:
        if (size := unpacked_size(body)) > _LARGEST:
            return
        with self._lock:
            if (told.trace_id, body) not in self._at_hand:
                self._held += size
            self._at_hand[told.trace_id, body] = told
            while len(self._at_hand) > _AT_HAND or self._held > _MOST_BYTES:
                (_, forgotten), _told = self._at_hand.popitem(last=False)
                self._held -= unpacked_size(forgotten)


KEPT: Final = Kept()
