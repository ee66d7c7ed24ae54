"""Writes labels back into the trace stores that their conversations came from; each until the store has it.

What is to be written follows from the labels themselves: those that are new, changed or withdrawn since a store was
told. So a store that is away, or a crash, loses nothing, and a label that is given twice stands there once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.jobs.poll import Polled
from traces.errors import BadInput, Busy
from traces.model import Label
from traces.sources.base import LabelStore, LabelWrite, label_id_of
from traces.store import Store
from traces.store.label_writes import PendingWrite

_LOG = logging.getLogger(__name__)
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=6)
_MOST_ATTEMPTS = 16
"""A refusal may be a key that somebody corrects: nearly two days of attempts before a label is given up."""
_MOST_REFUSED = 3
"""After so many refusals in a row a store is left alone until the next pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBack:
    """What a pass did, in labels."""

    written: int = 0
    failed: int = 0

    def __add__(self, other: WrittenBack) -> WrittenBack:
        return WrittenBack(written=self.written + other.written, failed=self.failed + other.failed)


class WritingBack:
    """Brings the trace stores in line with the labels."""

    def __init__(self, store: Store, sources: Sequence[Polled]) -> None:
        self._store = store
        self._stores: dict[str, LabelStore] = {
            polled.source.name: polled.source
            for polled in sources
            if polled.takes_labels and isinstance(polled.source, LabelStore)
        }
        self._not_before: dict[str, datetime] = {}

    def run(self, now: datetime) -> WrittenBack:
        """Write what is due as of ``now``; one store's trouble leaves the others alone."""
        if not self._stores:
            return WrittenBack()
        names = tuple(self._stores)
        with self._store.read() as tx:
            is_behind = tx.label_writes.is_behind(names, now)
        if is_behind:
            with self._store.begin() as tx:
                tx.label_writes.request(names, now)
        return sum((self._write_into(name, now) for name in self._stores), WrittenBack())

    def _write_into(self, name: str, now: datetime) -> WrittenBack:
        written = failed = 0
        if now < self._not_before.get(name, now):
            return WrittenBack()
        while failed < _MOST_REFUSED and (due := self._due(name, now)):
            for write in due:
                try:
                    self._write(write)
                    written += 1
                except Busy as error:
                    asked = timedelta(seconds=error.retry_after_s)
                    self._not_before[name] = now + asked
                    self._failed(write, now + max(asked, _backoff(write.attempts)), error.message, is_final=False)
                    return WrittenBack(written=written, failed=failed + 1)
                except BadInput as error:
                    failed += 1
                    is_final = write.attempts + 1 >= _MOST_ATTEMPTS
                    self._failed(write, now + _backoff(write.attempts), str(error), is_final=is_final)
                    if failed >= _MOST_REFUSED:
                        break
        return WrittenBack(written=written, failed=failed)

    def _due(self, name: str, now: datetime) -> list[PendingWrite]:
        with self._store.read() as tx:
            return tx.label_writes.due(name, now)

    def _write(self, write: PendingWrite) -> None:
        """Tell the store what the label says now, outside any transaction, then note that it knows."""
        with self._store.read() as tx:
            label = tx.reviews.standing_label(write.conversation_id, write.name, write.reviewer)
        into = self._stores[write.source]
        told = LabelWrite(
            label_id=label_id_of(write.source, write.target, write.reviewer, write.name),
            target=write.target,
            label=label or _gone(write),
            written_as=write.written_as,
        )
        if label is None:
            into.withdraw_label(told)
            with self._store.begin() as tx:
                tx.label_writes.withdrawn(write)
            return
        written_as = into.write_label(told)
        with self._store.begin() as tx:
            tx.label_writes.written(write, written_as)

    def _failed(self, write: PendingWrite, due_at: datetime, problem: str, *, is_final: bool) -> None:
        _LOG.warning("label %s for source %s: %s", write.name, write.source, problem)
        with self._store.begin() as tx:
            tx.label_writes.failed(write, due_at=due_at, problem=problem, is_final=is_final)


def _gone(write: PendingWrite) -> Label:
    return Label(
        conversation_id=write.conversation_id, name=write.name, value=0.0, reviewer=write.reviewer, at=write.label_at
    )


def _backoff(attempts: int) -> timedelta:
    return min(_LONGEST_RETRY, _FIRST_RETRY * (1 << min(attempts, 12)))
