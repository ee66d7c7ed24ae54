"""Was the clock set? The machine's time against a clock that only ever goes forward."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from alerts.health import vitals
from traces.clock import Clock
from traces.store import Tx

_LOG = logging.getLogger(__name__)
LEAST_STEP: Final = timedelta(seconds=30)
"""A leap second, or a clock that is slowly put right, is no step."""


class ClockSteps:
    """Notes the steps of a clock. Not safe to share between threads.

    Args:
        clock: The clock that people go by.
        seconds: A clock that only ever goes forward, and stands still while the machine sleeps.
    """

    def __init__(self, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds = seconds
        self._before: tuple[datetime, float] | None = None

    def look(self, tx: Tx) -> None:
        """Note a step since the last look."""
        now, seconds = self._clock.now(), self._seconds()
        before, self._before = self._before, (now, seconds)
        if before is None:
            return
        step = (now - before[0]) - timedelta(seconds=seconds - before[1])
        if abs(step) >= LEAST_STEP:
            _LOG.warning("the clock jumped by %.0f s", step.total_seconds())
            vitals.note_jump(tx, now, step.total_seconds())
