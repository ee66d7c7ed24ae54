"""How long it takes until a conversation has gone quiet, learned anew once a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from traces.quiet import STATE, learned_from, quiet_times, written
from traces.store import Store

_LATEST: Final = 500
_EVERY: Final = timedelta(days=1)
_FIRST_EVERY: Final = timedelta(hours=1)


class LearningQuiet:
    """Learns from the latest conversations; where ``is_fixed`` by the settings, forgets what was learned."""

    def __init__(self, store: Store, *, is_fixed: bool) -> None:
        self._store = store
        self._is_fixed = is_fixed
        self._next_at: datetime | None = None

    def run(self, now: datetime) -> None:
        """Learn when it is time: every hour until something is known, then every day."""
        if self._next_at is not None and self._next_at - _EVERY <= now < self._next_at:
            return
        with self._store.read() as tx:
            last_at, known = tx.state.job_ran_at(STATE), quiet_times(tx, timedelta(0)).learned
            due_at = None if last_at is None else last_at + (_EVERY if known else _FIRST_EVERY)
            is_due = due_at is None or not due_at - _EVERY <= now < due_at
            latest = tx.conversations.newest(_LATEST, now) if is_due and not self._is_fixed else []
        self._next_at = due_at
        if not is_due and not (self._is_fixed and known):
            return
        found = {} if self._is_fixed else {**known, **learned_from(latest)}
        with self._store.begin() as tx:
            tx.state.job_ran(STATE, now, written(found))
        self._next_at = now + (_EVERY if found else _FIRST_EVERY)
