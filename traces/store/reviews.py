"""What reviewers are asked, and the labels they gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, delete, func, select, type_coerce

from traces import schema
from traces.model import Label
from traces.store.base import Part, chunks
from traces.store.taxonomy import Taxonomy, label_of

_I = schema.review_items
_L = schema.labels
_KEY = ("conversation_id", "name", "reviewer")
_SAID = ("value", "note", "at", "inclusion_probability", "question_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One question about one conversation.

    ``reason`` is why it was picked, for the reviewer. ``alert_id`` is the alert whose example it is, if any.
    ``inclusion_probability`` is the chance with which it was picked; ``None`` when it was not drawn by chance.
    """

    item_id: str
    conversation_id: str
    evaluator: str
    reason: str
    picked_at: datetime
    alert_id: str | None = None
    inclusion_probability: float | None = None


class LabelChange(StrEnum):
    """What storing a label did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Reviews(Part):
    """Review items and labels."""

    def __init__(self, connection: Connection, workspace_id: str, taxonomy: Taxonomy) -> None:
        super().__init__(connection, workspace_id)
        self._taxonomy = taxonomy

    def pick(self, item: ReviewItem) -> ReviewItem:
        """Store an item; where the same question about the same conversation stands already, that one is returned."""
        row = {name: getattr(item, name) for name in ReviewItem.__slots__}
        if self._insert_or_ignore(_I, row):
            return item
        standing = self._connection.execute(
            select(_I).where(
                self._items(), _I.c.conversation_id == item.conversation_id, _I.c.evaluator == item.evaluator
            )
        ).one()
        return item_of(standing)

    def picked_since(self, at: datetime) -> dict[str, int]:
        """By evaluator: how many items were picked for review by themselves, not for an alert, since a time."""
        rows = self._connection.execute(
            select(_I.c.evaluator, func.count().label("n"))
            .where(self._items(), _I.c.picked_at >= at, _I.c.alert_id.is_(None))
            .group_by(_I.c.evaluator)
        )
        return {row.evaluator: row.n for row in rows}

    def item(self, item_id: str) -> ReviewItem | None:
        row = self._connection.execute(select(_I).where(self._items(), _I.c.item_id == item_id)).first()
        return None if row is None else item_of(row)

    def items_of(self, conversation_ids: Iterable[str]) -> list[ReviewItem]:
        found: list[ReviewItem] = []
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_I).where(self._items(), _I.c.conversation_id.in_(chunk)).order_by(_I.c.picked_at, _I.c.item_id)
            )
            found += [item_of(row) for row in rows]
        return found

    def asked_besides(self, item: ReviewItem) -> set[str]:
        """The names of the other questions about an item's conversation."""
        return {other.evaluator for other in self.items_of([item.conversation_id])} - {item.evaluator}

    def unlabelled(self) -> int:
        """How many items nobody has answered."""
        answered = (
            select(_L.c.conversation_id)
            .where(
                _L.c.workspace_id == _I.c.workspace_id,
                _L.c.conversation_id == _I.c.conversation_id,
                _L.c.name == _I.c.evaluator,
            )
            .exists()
        )
        return self._connection.execute(
            select(func.count()).select_from(_I).where(self._items(), ~answered)
        ).scalar_one()

    def put_label(self, label: Label) -> LabelChange:
        """Store a reviewer's label in place of that reviewer's earlier one of the same name.

        An older label (by ``at``) never replaces a newer one. A word that was merged counts as the one it was merged into.
        """
        assert label.at is not None
        label = self._counted(label)
        standing = self._label(label)
        if standing is not None and (_same(standing, label) or _later(standing, label)):
            return LabelChange.UNCHANGED
        row = {name: getattr(label, name) for name in (*_KEY, *_SAID)}
        self._upsert(_L, [row], update=_SAID)
        return LabelChange.ADDED if standing is None else LabelChange.CHANGED

    def _counted(self, label: Label) -> Label:
        target = self._target(label.name)
        if target == label.name:
            return label
        return replace(label, name=target, question_version=label.question_version or label.name)

    def _target(self, name: str) -> str:
        return self._taxonomy.targets([name])[name]

    def _label(self, label: Label) -> Label | None:
        row = self._connection.execute(
            select(_L).where(
                self._labels(),
                _L.c.conversation_id == label.conversation_id,
                _L.c.name == label.name,
                _L.c.reviewer == label.reviewer,
            )
        ).first()
        return None if row is None else label_of(row)

    def standing_label(self, conversation_id: str, name: str, reviewer: str) -> Label | None:
        """The label that a reviewer has given under a name, if any."""
        sought = Label(conversation_id=conversation_id, name=self._target(name), reviewer=reviewer, value=0)
        return self._label(sought)

    def withdraw_label(self, conversation_id: str, name: str, reviewer: str) -> bool:
        """Take a label back; whether there was one."""
        result = self._connection.execute(
            delete(_L).where(
                self._labels(),
                _L.c.conversation_id == conversation_id,
                _L.c.name == self._target(name),
                _L.c.reviewer == reviewer,
            )
        )
        return result.rowcount == 1

    def labels_of(self, conversation_ids: Iterable[str]) -> dict[str, list[Label]]:
        """Labels by conversation, oldest first."""
        found: dict[str, list[Label]] = defaultdict(list)
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_L)
                .where(self._labels(), _L.c.conversation_id.in_(chunk))
                .order_by(_L.c.at, _L.c.name, _L.c.reviewer)
            )
            for row in rows:
                found[row.conversation_id].append(label_of(row))
        return dict(found)

    def labels_by(self, reviewer: str, limit: int) -> list[Label]:
        """The latest labels of a reviewer, the latest first."""
        rows = self._connection.execute(
            select(_L)
            .where(self._labels(), _L.c.reviewer == reviewer)
            .order_by(_L.c.at.desc(), _L.c.conversation_id, _L.c.name)
            .limit(limit)
        )
        return [label_of(row) for row in rows]

    def noted(self, since: datetime, limit: int) -> list[Label]:
        """The latest labels with a note that were given since a time, the latest first."""
        rows = self._connection.execute(
            select(_L)
            .where(self._labels(), _L.c.at >= since, _L.c.note.is_not(None), _L.c.note != "")
            .order_by(_L.c.at.desc(), _L.c.conversation_id, _L.c.name, _L.c.reviewer)
            .limit(limit)
        )
        return [label_of(row) for row in rows]

    def labels_named(self, name: str) -> list[Label]:
        """Every label of a name, oldest first."""
        rows = self._connection.execute(
            select(_L).where(self._labels(), _L.c.name == self._target(name)).order_by(_L.c.at, _L.c.conversation_id)
        )
        return [label_of(row) for row in rows]

    def label_counts(self, since: datetime | None = None, reviewer: str | None = None) -> dict[str, int]:
        """How many labels each name has: of all, of those given since a time, of those of one reviewer."""
        only = [_L.c.at >= since] if since is not None else []
        only += [_L.c.reviewer == reviewer] if reviewer is not None else []
        rows = self._connection.execute(
            select(_L.c.name, func.count().label("labels"))
            .where(self._labels(), *only)
            .group_by(_L.c.name)
            .order_by(_L.c.name)
        )
        return {row.name: row.labels for row in rows}

    def tally(self, since: datetime, until: datetime | None = None) -> dict[tuple[str, str], int]:
        """By name and reviewer, how many of the labels that stand were given since a time, and before another."""
        given = [_L.c.at >= since] if until is None else [_L.c.at >= since, _L.c.at < until]
        rows = self._connection.execute(
            select(_L.c.name, _L.c.reviewer, func.count().label("labels"))
            .where(self._labels(), *given)
            .group_by(_L.c.name, _L.c.reviewer)
            .order_by(_L.c.name, _L.c.reviewer)
        )
        return {(row.name, row.reviewer): row.labels for row in rows}

    def last_answer(self, reviewer: str, since: datetime) -> tuple[ReviewItem, Label] | None:
        """What a reviewer answered last, since a time."""
        row = self._connection.execute(
            select(_L, _I.c.item_id)
            .join(
                _I,
                and_(
                    _I.c.workspace_id == _L.c.workspace_id,
                    _I.c.conversation_id == _L.c.conversation_id,
                    _I.c.evaluator == _L.c.name,
                ),
            )
            .where(self._labels(), _L.c.reviewer == reviewer, _L.c.at >= since)
            .order_by(_L.c.at.desc(), _I.c.item_id)
            .limit(1)
        ).first()
        item = None if row is None else self.item(row.item_id)
        return None if row is None or item is None else (item, label_of(row))

    def fingerprint(self, name: str) -> list[int]:
        """A few numbers that change when the labels of a name do."""
        count, latest, total = self._connection.execute(
            select(
                func.count(),
                func.max(_L.c.at),
                func.sum(func.length(_L.c.value) + type_coerce(_L.c.at, BigInteger) % 1_000_003),
            ).where(self._labels(), _L.c.name == name)
        ).one()
        return [count, 0 if latest is None else round(latest.timestamp() * 1_000_000), int(total or 0)]

    def _items(self) -> ColumnElement[bool]:
        return _I.c.workspace_id == self._workspace_id

    def _labels(self) -> ColumnElement[bool]:
        return _L.c.workspace_id == self._workspace_id


def _same(standing: Label, new: Label) -> bool:
    """Whether a label says what stands already; the version of a question that is not told is no news."""
    is_told = new.question_version is not None
    return (
        standing.value == new.value
        and standing.note == new.note
        and not (is_told and standing.question_version != new.question_version)
    )


def _later(standing: Label, new: Label) -> bool:
    return standing.at is not None and new.at is not None and standing.at > new.at


def item_of(row: Any) -> ReviewItem:
    """The item in a row of its table."""
    return ReviewItem(**{name: getattr(row, name) for name in ReviewItem.__slots__})
