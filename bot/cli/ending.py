"""The end of a running Hark: once it is asked to stop it has ten seconds.

What is stored is safe from a crash at any moment, so that work which is not done by then is cut off, and taken up again by
the next start. Whoever waits for an answer comes first, then the jobs that run.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Final

_LOG = logging.getLogger(__name__)

ANSWER_S: Final = 5
"""For so long requests that are in flight are waited for."""
_WORK_S: Final = 9.0
_LAST_S: Final = 9.7
"""A thread that holds on to the interpreter lets no other thread end the process; the kernel does, later than this."""


def end_in_time() -> None:
    """From now on this process has less than ten seconds. For the main thread, which handles signals."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _LAST_S)
    timer = threading.Timer(_WORK_S, _cut_off)
    timer.daemon = True
    timer.start()


def _cut_off() -> None:
    _LOG.warning("work that was not done within %.0f s is cut off; the next start takes it up again", _WORK_S)
    logging.shutdown()
    os._exit(0)
