"""Forgets conversations past their time, a few at a time, so that nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from traces.store import Store
from traces.unkept import hide

_AT_ONCE = 100
_BATCHES = 20
_HIDDEN_AT_ONCE = 20


class Retaining:
    """Deletes what is older than the retention; without one nothing is ever deleted."""

    def __init__(self, store: Store, keep: timedelta | None, keep_words: timedelta | None = None) -> None:
        self._store = store
        self._keep = keep
        self._keep_words = keep_words

    def run(self, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
        """Delete a part of what is due, and seal a part of what was stored before there was a key.

        Returns:
            How many conversations were deleted: at most 2,000, and no more once ``is_over`` says so.
        """
        seal(self._store, _BATCHES)
        if self._keep_words is not None:
            hide_words(self._store, now - self._keep_words, evaluated=not self._keep_words, batches=_BATCHES)
        with self._store.begin() as tx:
            tx.partitions.ahead(now)
            if self._keep is not None:
                tx.partitions.drop(now - self._keep, now)
        if self._keep is None:
            return 0
        return purge(self._store, now - self._keep, _BATCHES, is_over)


def seal(store: Store, batches: int | None = None) -> bool:
    """Bring what was stored before under the newest key, each batch in a transaction of its own; whether more is left."""
    done = 0
    while store.seal_some():
        done += 1
        if done == batches:
            return True
    return False


def hide_words(store: Store, before: datetime, *, evaluated: bool, batches: int | None = None) -> int:
    """Take personal data and secrets out of conversations that ended before a time; returns how many conversations.

    With ``evaluated`` only out of those that nothing awaits any more.
    """
    hidden = done = 0
    while batches is None or done < batches:
        with store.begin() as tx:
            tx.retention.purge_answers(before)
            ids = tx.words.due(before, _HIDDEN_AT_ONCE, evaluated=evaluated)
            hide(tx, ids)
        hidden, done = hidden + len(ids), done + 1
        if len(ids) < _HIDDEN_AT_ONCE:
            break
    return hidden


def purge(
    store: Store, before: datetime, batches: int | None = None, is_over: Callable[[], bool] = lambda: False
) -> int:
    """Delete conversations that ended before a time, each batch in a transaction of its own; returns how many."""
    purged = done = 0
    while (batches is None or done < batches) and not is_over():
        with store.begin() as tx:
            tx.retention.purge_answers(before)
            ids = tx.retention.purge(before, _AT_ONCE)
        purged, done = purged + len(ids), done + 1
        if len(ids) < _AT_ONCE:
            break
    return purged
