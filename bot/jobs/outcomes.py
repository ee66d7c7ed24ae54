"""How the jobs of a running Hark end, so that one that fails each time is told."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from alerts.health import vitals
from alerts.health.vitals import Failing
from traces.clock import Clock
from traces.errors import HarkError
from traces.redact import redact
from traces.store import Store

_LOG = logging.getLogger(__name__)
_LONG: Final = 160
NOTED_AFTER: Final = timedelta(minutes=1)
"""A job that fails once, and not again, is no news for anybody."""


class Outcomes:
    """Notes which jobs fail; safe between threads.

    Args:
        store: Where it is noted.
        clock: Tells the time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._failing: dict[str, tuple[datetime, str]] = {}
        self._noted: frozenset[str] | None = None

    def went_well(self, job: str) -> None:
        """A job has ended without an error."""
        if self._failing.pop(job, None) is not None or self._noted is None:
            self._note()

    def failed(self, job: str, error: Exception) -> None:
        """A job has ended with an error."""
        why = error.message if isinstance(error, HarkError) else type(error).__name__
        since, _ = self._failing.get(job, (self._clock.now(), why))
        self._failing[job] = since, redact(why).text[:_LONG]
        self._note()

    def _note(self) -> None:
        now = self._clock.now()
        with self._lock:
            found = {job: of for job, of in list(self._failing.items()) if now - of[0] >= NOTED_AFTER}
            if self._noted is not None and self._noted == found.keys():
                return
            try:
                with self._store.begin() as tx:
                    told = {job: Failing(since=vitals.written(since), why=why) for job, (since, why) in found.items()}
                    vitals.note_failing(tx, now, told)
            except HarkError as error:
                # The store itself may be why the job fails: /readyz and the heartbeat tell that.
                _LOG.debug("cannot note which jobs fail: %s", error.message)
                return
            self._noted = frozenset(found)
