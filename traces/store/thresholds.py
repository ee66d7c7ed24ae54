"""Thresholds: every one that was applied, proposed, rejected or undone, in order. Entries are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert, select

from traces.schema import threshold_moves
from traces.store.base import Part

_T = threshold_moves


class MoveState(StrEnum):
    """What became of a threshold."""

    APPLIED = "applied"
    PROPOSED = "proposed"
    REJECTED = "rejected"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step: to ``threshold``, where ``before`` was in force; ``by`` a person, or ``hark``; ``reason`` for people.

    What was undone goes back to ``threshold``.
    """

    evaluator: str
    at: datetime
    state: MoveState
    threshold: float
    before: float
    by: str
    reason: str = ""


class Thresholds(Part):
    """Moves of thresholds by evaluator."""

    def add(self, move: Move) -> None:
        self._one_at_a_time(f"threshold {move.evaluator}")
        number = self._connection.execute(
            select(func.coalesce(func.max(_T.c.number), 0)).where(
                _T.c.workspace_id == self._workspace_id, _T.c.evaluator == move.evaluator
            )
        ).scalar_one()
        row = {name: getattr(move, name) for name in Move.__slots__} | {"state": move.state.value}
        self._connection.execute(insert(_T), {"workspace_id": self._workspace_id, "number": number + 1, **row})

    def moves(self, evaluator: str | None = None) -> list[Move]:
        """Moves in the order in which they were made, of one evaluator or of all."""
        query = select(_T).where(_T.c.workspace_id == self._workspace_id).order_by(_T.c.evaluator, _T.c.number)
        if evaluator is not None:
            query = query.where(_T.c.evaluator == evaluator)
        return [
            Move(**{name: getattr(row, name) for name in Move.__slots__} | {"state": MoveState(row.state)})
            for row in self._connection.execute(query)
        ]
