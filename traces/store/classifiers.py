"""Classifiers that were learned from labels: the latest of each evaluator counts, those before it are its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from traces import schema
from traces.model import JsonMap
from traces.store.base import Part

_T = schema.classifiers

KEPT = 20
"""How many classifiers of an evaluator are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A classifier as it is stored.

    ``body`` is the classifier itself, whatever its learner writes. ``held_out`` is what it gives to each conversation that it
    was learned from, by a model that had not seen it: the only values of these that say how good it is.
    """

    evaluator: str
    learned_at: datetime
    version: str
    n_labels: int
    takes_over: bool
    body: JsonMap
    held_out: dict[str, float] = field(default_factory=dict)


class Classifiers(Part):
    """Classifiers by evaluator."""

    def put(self, learned: Learned) -> None:
        """Make this the evaluator's current classifier."""
        row = {name: getattr(learned, name) for name in Learned.__slots__}
        self._upsert(_T, [row], update=["version", "n_labels", "takes_over", "body", "held_out"])
        kept = (
            select(_T.c.learned_at).where(self._of(learned.evaluator)).order_by(_T.c.learned_at.desc()).limit(KEPT)
        ).scalar_subquery()
        self._connection.execute(delete(_T).where(self._of(learned.evaluator), _T.c.learned_at.not_in(kept)))

    def stamps(self) -> dict[str, datetime]:
        """When the current classifier of each evaluator was learned."""
        rows = self._connection.execute(
            select(_T.c.evaluator, func.max(_T.c.learned_at).label("learned_at"))
            .where(_T.c.workspace_id == self._workspace_id)
            .group_by(_T.c.evaluator)
            .order_by(_T.c.evaluator)
        )
        return {row.evaluator: row.learned_at for row in rows}

    def current(self, evaluator: str) -> Learned | None:
        """The latest classifier of an evaluator."""
        row = self._connection.execute(
            select(_T).where(self._of(evaluator)).order_by(_T.c.learned_at.desc()).limit(1)
        ).first()
        return None if row is None else _learned(row)

    def history(self, evaluator: str) -> list[Learned]:
        """All that are kept, oldest first."""
        rows = self._connection.execute(select(_T).where(self._of(evaluator)).order_by(_T.c.learned_at))
        return [_learned(row) for row in rows]

    def _of(self, evaluator: str) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & (_T.c.evaluator == evaluator)


def _learned(row: Any) -> Learned:
    return Learned(**{name: getattr(row, name) for name in Learned.__slots__})
