"""Datasets: conversations that reviewers keep, with what was said of them and what should have been answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from traces import schema
from traces.store.base import Part

_T = schema.dataset_items
_L = schema.labels
DEFAULT_DATASET = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetItem:
    """A conversation in a dataset.

    ``label`` names what was asked of it, ``expected`` is what the agent should have answered, if somebody wrote that.
    """

    conversation_id: str
    label: str
    added_by: str
    added_at: datetime
    expected: str | None = None
    dataset: str = DEFAULT_DATASET


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """An item with the newest value that a reviewer gave its label: 1, 0 or a word; ``None`` without one."""

    item: DatasetItem
    value: float | str | None


class Datasets(Part):
    """Dataset items by conversation."""

    def add(self, item: DatasetItem) -> bool:
        """Put a conversation into a dataset; whether it was not there.

        Where it is, its label is replaced, and its expected answer by a new one.
        """
        row = {name: getattr(item, name) for name in DatasetItem.__slots__}
        if self._insert_or_ignore(_T, row):
            return True
        self._upsert(_T, [row], update=["label", *(["expected"] if item.expected is not None else [])])
        return False

    def holds(self, conversation_id: str, dataset: str = DEFAULT_DATASET) -> bool:
        """Whether a conversation is in a dataset."""
        found = select(_T.c.conversation_id).where(
            _T.c.workspace_id == self._workspace_id, _T.c.dataset == dataset, _T.c.conversation_id == conversation_id
        )
        return self._connection.execute(found).first() is not None

    def item(self, conversation_id: str, dataset: str = DEFAULT_DATASET) -> DatasetItem | None:
        """A conversation as a dataset holds it."""
        row = self._connection.execute(
            select(_T).where(
                _T.c.workspace_id == self._workspace_id,
                _T.c.dataset == dataset,
                _T.c.conversation_id == conversation_id,
            )
        ).first()
        return None if row is None else DatasetItem(**{name: getattr(row, name) for name in DatasetItem.__slots__})

    def rows(self, dataset: str = DEFAULT_DATASET) -> list[DatasetRow]:
        """What is in a dataset, in the order in which it was added."""
        newest = select(func.max(_L.c.at)).where(*self._labelled()).correlate(_T).scalar_subquery()
        value = (
            select(_L.c.value)
            .where(*self._labelled(), _L.c.at == newest)
            .order_by(_L.c.reviewer)
            .limit(1)
            .correlate(_T)
            .scalar_subquery()
        )
        rows = self._connection.execute(
            select(_T, value.label("value"))
            .where(_T.c.workspace_id == self._workspace_id, _T.c.dataset == dataset)
            .order_by(_T.c.added_at, _T.c.conversation_id)
        )
        return [
            DatasetRow(
                item=DatasetItem(**{name: getattr(row, name) for name in DatasetItem.__slots__}), value=row.value
            )
            for row in rows
        ]

    def names(self) -> dict[str, int]:
        """How many conversations each dataset holds."""
        rows = self._connection.execute(
            select(_T.c.dataset, func.count().label("n"))
            .where(_T.c.workspace_id == self._workspace_id)
            .group_by(_T.c.dataset)
            .order_by(_T.c.dataset)
        )
        return {row.dataset: row.n for row in rows}

    def _labelled(self) -> list[ColumnElement[bool]]:
        return [
            _L.c.workspace_id == _T.c.workspace_id,
            _L.c.conversation_id == _T.c.conversation_id,
            _L.c.name == _T.c.label,
        ]
