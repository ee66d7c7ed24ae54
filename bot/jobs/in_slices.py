"""Detection in slices that leave time to others: what it folds of weeks of history, it folds a quarter of a second at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from alerts.watching.fold import Left
from bot.jobs.detect import Detection
from traces.clock import Clock

RUN_S: Final = 5.0
"""A run may take so long, and while something is folded there is one as often: rules and labels do not wait for it."""
_SLICE_S: Final = 0.25
_PAUSES_S: Final = (0.01, 0.1)
_LONG_S: Final = 2.0
_PAUSE_PRESSED_S: Final = 1.0
"""Between slices clicks and the rest have their time: little at first, so that a late conversation of some hours ago is soon
done with."""


def detect_in_slices(
    detect: Detection,
    lock: AbstractContextManager[None],
    clock: Clock,
    wait: Callable[[float], bool],
    is_pressed: Callable[[], bool],
) -> None:
    """Detect until nothing is left to fold.

    Args:
        detect: What to run.
        lock: Held in each slice, and let go between two of them: whoever waits has their turn.
        clock: Tells as of when.
        wait: Waits for so many seconds; whether to go no further.
        is_pressed: Whether most of the time goes into receiving.
    """
    began, run_at, left = time.monotonic(), -math.inf, Left.BESIDE
    while left is not Left.NOTHING:
        with lock:
            left = detect.go_on(clock.now(), _lasting(_SLICE_S))
        if left is Left.NOTHING or time.monotonic() - run_at >= RUN_S:
            with lock:
                detect.run(clock.now(), _lasting(RUN_S))
            run_at = time.monotonic()
        detect.keep()
        pause = _PAUSES_S[time.monotonic() - began > _LONG_S]
        if left is not Left.NOTHING and wait(_PAUSE_PRESSED_S if is_pressed() else pause):
            return


def _lasting(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until
