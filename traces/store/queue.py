"""Who is to review which item: reservations, assignments, and what somebody does not want to see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select

from traces import schema
from traces.model import GOLD
from traces.store.base import Part, chunks
from traces.store.reviews import ReviewItem, item_of

_Q = schema.queue_entries
_I = schema.review_items
_L = schema.labels
_C = schema.conversations


class EntryState(StrEnum):
    """How an item stands to a reviewer."""

    RESERVED = "reserved"
    ASSIGNED = "assigned"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One reviewer's part in one item.

    Reserved and assigned items are nobody else's until ``until_at``; ``None`` is for good. ``put_by`` is who said so:
    the reviewer, another person, or ``hark``.
    """

    item_id: str
    reviewer: str
    state: EntryState
    at: datetime
    put_by: str
    until_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the item is kept for the reviewer."""
        return self.state is not EntryState.SKIPPED and (self.until_at is None or self.until_at > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that a reviewer may be asked, and how many reviewers have answered it."""

    item: ReviewItem
    votes: int


class ReviewQueue(Part):
    """Queue entries by item and reviewer."""

    def one_at_a_time(self) -> None:
        """Wait for others who take items from the queue, until this transaction ends."""
        self._one_at_a_time("review queue")

    def put(self, entries: Iterable[QueueEntry]) -> None:
        """Store entries, each in place of the reviewer's earlier one for the same item."""
        rows = [{name: getattr(entry, name) for name in QueueEntry.__slots__} for entry in entries]
        self._upsert(_Q, rows, update=["state", "until_at", "put_by", "at"])

    def drop(self, item_id: str, *states: EntryState, reviewer: str | None = None) -> int:
        """Forget the entries of an item in these states, of one reviewer or of all; returns how many there were."""
        chosen = [_Q.c.reviewer == reviewer] if reviewer is not None else []
        result = self._connection.execute(
            delete(_Q).where(self._mine(), _Q.c.item_id == item_id, _Q.c.state.in_(states), *chosen)
        )
        return result.rowcount

    def release(self, reviewer: str, *, keeping: Iterable[str] = ()) -> None:
        """Give back what a reviewer has reserved, but for some items."""
        kept = list(keeping)
        self._connection.execute(
            delete(_Q).where(
                self._mine(),
                _Q.c.reviewer == reviewer,
                _Q.c.state == EntryState.RESERVED,
                _Q.c.item_id.not_in(kept),
            )
        )

    def entries(self, item_ids: Iterable[str]) -> dict[str, list[QueueEntry]]:
        """Entries by item, oldest first."""
        found: dict[str, list[QueueEntry]] = defaultdict(list)
        for chunk in chunks(item_ids):
            rows = self._connection.execute(
                select(_Q).where(self._mine(), _Q.c.item_id.in_(chunk)).order_by(_Q.c.at, _Q.c.reviewer)
            )
            for row in rows:
                found[row.item_id].append(_entry(row))
        return dict(found)

    def assigned(self, now: datetime) -> dict[str, int]:
        """By reviewer, how many items that the reviewer has not answered are assigned."""
        rows = self._connection.execute(
            select(_Q.c.reviewer, func.count().label("n"))
            .join(_I, and_(_I.c.workspace_id == _Q.c.workspace_id, _I.c.item_id == _Q.c.item_id))
            .where(self._mine(), _Q.c.state == EntryState.ASSIGNED, self._stands(now), ~_answered(_Q.c.reviewer))
            .group_by(_Q.c.reviewer)
        )
        return {row.reviewer: row.n for row in rows}

    def open(
        self, reviewer: str | None, *, since: datetime, now: datetime, most_votes: int, limit: int = 500
    ) -> list[Candidate]:
        """The items picked ``since`` a time that a reviewer may be asked, newest first.

        Left out is what ``most_votes`` reviewers, or this one, have answered, what this one has skipped, and what is
        kept for another. Without a reviewer: what anybody may be asked.
        """
        votes = _votes()
        rows = self._connection.execute(
            select(_I, votes.label("votes"))
            .where(
                _I.c.workspace_id == self._workspace_id,
                _I.c.picked_at >= since,
                votes < most_votes,
                _conversation_is_there(),
                *(() if reviewer is None else self._is_for(reviewer, now)),
            )
            .order_by(_I.c.picked_at.desc(), _I.c.item_id)
            .limit(limit)
        )
        return [Candidate(item=item_of(row), votes=row.votes) for row in rows]

    def known(self, reviewer: str, limit: int) -> list[ReviewItem]:
        """Items whose answer is known and that a reviewer has neither answered nor skipped, the oldest first."""
        known = exists().where(_of_item(), _L.c.reviewer == GOLD)
        of_item = and_(_Q.c.workspace_id == _I.c.workspace_id, _Q.c.item_id == _I.c.item_id)
        skipped = exists().where(of_item, _Q.c.reviewer == reviewer, _Q.c.state == EntryState.SKIPPED)
        rows = self._connection.execute(
            select(_I)
            .where(
                _I.c.workspace_id == self._workspace_id,
                known,
                ~_answered(reviewer),
                ~skipped,
                _conversation_is_there(),
            )
            .order_by(_I.c.picked_at, _I.c.item_id)
            .limit(limit)
        )
        return [item_of(row) for row in rows]

    def taps(self, reviewer: str, since: datetime) -> int:
        """How often a reviewer has answered since a time; words given together are one tap."""
        return self._connection.execute(
            select(func.count(_L.c.at.distinct())).where(
                _L.c.workspace_id == self._workspace_id, _L.c.reviewer == reviewer, _L.c.at >= since
            )
        ).scalar_one()

    def _is_for(self, reviewer: str, now: datetime) -> list[ColumnElement[bool]]:
        of_item = and_(_Q.c.workspace_id == _I.c.workspace_id, _Q.c.item_id == _I.c.item_id)
        skipped = exists().where(of_item, _Q.c.reviewer == reviewer, _Q.c.state == EntryState.SKIPPED)
        taken = exists().where(of_item, _Q.c.reviewer != reviewer, _Q.c.state != EntryState.SKIPPED, self._stands(now))
        return [~_answered(reviewer), ~skipped, ~taken]

    def _stands(self, now: datetime) -> ColumnElement[bool]:
        return or_(_Q.c.until_at.is_(None), _Q.c.until_at > now)

    def _mine(self) -> ColumnElement[bool]:
        return _Q.c.workspace_id == self._workspace_id


def _of_item() -> ColumnElement[bool]:
    return and_(
        _L.c.workspace_id == _I.c.workspace_id,
        _L.c.conversation_id == _I.c.conversation_id,
        _L.c.name == _I.c.evaluator,
    )


def _answered(reviewer: Any) -> ColumnElement[bool]:
    return exists().where(_of_item(), _L.c.reviewer == reviewer)


def _votes() -> Any:
    others = and_(_of_item(), _L.c.reviewer != GOLD)
    return select(func.count()).select_from(_L).where(others).correlate(_I).scalar_subquery()


def _conversation_is_there() -> ColumnElement[bool]:
    return exists().where(_C.c.workspace_id == _I.c.workspace_id, _C.c.conversation_id == _I.c.conversation_id)


def _entry(row: Any) -> QueueEntry:
    fields = {name: getattr(row, name) for name in QueueEntry.__slots__}
    return QueueEntry(**{**fields, "state": EntryState(row.state)})
