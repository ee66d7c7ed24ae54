"""Named steps at which a process can be made to end at once, so that what a crash there leaves behind can be tried.

``HARK_CRASH_AT=deliver.posted:3`` ends ``hark run`` the third time that it comes by that step, as ``SIGKILL`` does.
Without it a step costs one comparison.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from threading import Lock
from typing import Final

from traces.errors import BadInput

VARIABLE: Final = "HARK_CRASH_AT"
POINTS: Final = (
    "ingest.taken",  # before the commit
    "ingest.stored",  # before the client is answered
    "evaluate.scored",  # before the commit
    "evaluate.stored",
    "detect.found",  # before the commit
    "detect.stored",
    "label.given",  # before the commit
    "label.stored",  # before Slack is told that the click was taken
    "deliver.claimed",  # before Slack is called
    "deliver.posted",  # before it is noted where the message stands
    "deliver.looked_up",  # after an interrupted message was looked for in its channel
    "deliver.noted",
)
"""Every step that can be named."""


@dataclass
class _Trap:
    point: str | None = None
    left: int = 0


_TRAP: Final = _Trap()
_LOCK: Final = Lock()


def arm(crash_at: str) -> None:
    """End this process when it comes by a step, ``NAME`` or ``NAME:TIMES``; never with an empty text.

    Raises:
        BadInput: There is no such step.
    """
    name, _, times = crash_at.partition(":")
    if not crash_at:
        _TRAP.point = None
        return
    if name not in POINTS or not (times or "1").isdecimal():
        raise BadInput(f"no step {crash_at[:60]!r}; write one of {', '.join(POINTS)}, as NAME:TIMES", VARIABLE)
    _TRAP.point, _TRAP.left = name, int(times or 1)


def passing(point: str) -> None:
    """Say that a step was reached."""
    if _TRAP.point == point:
        _spring()


def _spring() -> None:
    with _LOCK:
        _TRAP.left -= 1
        if _TRAP.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
