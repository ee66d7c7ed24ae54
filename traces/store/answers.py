"""What was asked and answered to one person alone: enough to give the same answer again where others see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from traces import schema
from traces.store.base import Part

_T = schema.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query as it is typed, and as of when it was answered.

    ``question`` is what the person asked in words of their own, where the query was made of it. ``shared_at`` is when the
    answer was shown to others.
    """

    answer_id: str
    query: str
    asked_by: str
    asked_at: datetime
    question: str | None = None
    shared_at: datetime | None = None


class Answers(Part):
    """Answers by id."""

    def put(self, answer: Answer) -> None:
        """Keep an answer; one of the same id stays as it is."""
        self._insert_or_ignore(_T, {name: getattr(answer, name) for name in Answer.__slots__})

    def get(self, answer_id: str) -> Answer | None:
        row = self._connection.execute(select(_T).where(self._is(answer_id))).first()
        return None if row is None else Answer(**{name: getattr(row, name) for name in Answer.__slots__})

    def shared(self, answer_id: str, at: datetime) -> bool:
        """Note that an answer is shown to others; false when it is already."""
        result = self._connection.execute(
            update(_T).where(self._is(answer_id), _T.c.shared_at.is_(None)).values(shared_at=at)
        )
        return result.rowcount == 1

    def trim(self, before: datetime) -> int:
        """Forget what was asked before a time; returns how many answers that were."""
        result = self._connection.execute(
            delete(_T).where(_T.c.workspace_id == self._workspace_id, _T.c.asked_at < before)
        )
        return result.rowcount

    def _is(self, answer_id: str) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & (_T.c.answer_id == answer_id)
