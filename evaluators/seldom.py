"""Says the same thing to the log once an hour, with how often it happened."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

HOUR_S: Final = 3_600.0
_MOST_KINDS: Final = 1_000
"""Kinds that are told apart; beyond these, whatever made so many, all count as one."""
_OTHER: Final = ("other evaluators", "other errors")


class Seldom:
    """Tells of a failure when it first happens, and of those that follow once an hour, all in one line.

    Args:
        log: Where it is told.
        monotonic: Seconds that never go back.
    """

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._monotonic = monotonic
        self._told: dict[tuple[str, str], float] = {}
        self._since: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def tell(self, evaluator: str, error: str) -> None:
        """Take note that ``evaluator`` failed with ``error``, the name of its kind; say so if it is time."""
        with self._lock:
            kind = (f"evaluator {evaluator}", error)
            if kind not in self._told and len(self._told) >= _MOST_KINDS:
                kind = _OTHER
            now, told = self._monotonic(), self._told.get(kind)
            self._since[kind] = self._since.get(kind, 0) + 1
            if told is not None and now - told < HOUR_S:
                return
            times, self._told[kind] = self._since.pop(kind), now
        if told is None:
            self._log.warning("%s failed with %s; if it goes on, that is told once an hour", *kind)
        else:
            self._log.warning("%s failed with %s %s more times since", *kind, f"{times:,}")
