"""Forgets conversations past their time, a few at a time, so that nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bot.jobs.hide import Hiding
from traces.store import Store

_AT_ONCE = 100
_BATCHES = 20


class Retaining:
    """Deletes what is older than the retention; without one nothing is ever deleted.

    Args:
        store: Of one workspace.
        keep: How long conversations are kept; ``None``: for ever.
        keep_words: How long they are kept word by word, where nothing else sees to that: of a workspace that is no longer
            served.
        is_chosen: Whether somebody has said how long they are.
        alike: The workspaces for which the same holds: days that are over for all of them are dropped whole.
    """

    def __init__(
        self,
        store: Store,
        keep: timedelta | None,
        keep_words: timedelta | None = None,
        *,
        is_chosen: bool = False,
        alike: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._store = store
        self._keep = keep
        self._alike = alike
        self._hiding = None if keep_words is None else Hiding(store, keep_words, is_chosen=is_chosen)

    def run(self, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
        """Delete a part of what is due, and seal a part of what was stored before there was a key.

        Returns:
            How many conversations were deleted: at most 2,000, and no more once ``is_over`` says so.
        """
        seal(self._store, _BATCHES)
        if self._hiding is not None:
            self._hiding.run(now)
        with self._store.begin() as tx:
            tx.partitions.ahead(now)
            if self._keep is not None:
                tx.partitions.drop(now - self._keep, now, self._alike())
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
