"""Labels on their way into the trace stores that their conversations came from.

A row says *which* label (conversation, name, reviewer) stands or should stand in which store, not what it says: that is
read when it is written. So any number of changes while a store is away are one write, and the labels themselves are
the only record of what people said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from traces import schema
from traces.store.base import Part

_W = schema.label_writes
_L = schema.labels
_T = schema.traces
_O = schema.trace_origins


class WriteState(StrEnum):
    PENDING = "pending"
    WRITTEN = "written"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWrite:
    """A label that a store should hold, or, with ``is_withdrawal``, no longer hold.

    Attributes:
        target: The store's own id of what is labelled; it stays the same while the label stands.
        label_at: When the label was given that the row is about.
        written_as: The store's own id of the label from an earlier write.
        problem: Why the last attempt failed.
    """

    source: str
    conversation_id: str
    name: str
    reviewer: str
    target: str
    label_at: datetime
    is_withdrawal: bool = False
    state: WriteState = WriteState.PENDING
    attempts: int = 0
    due_at: datetime
    written_as: str | None = None
    problem: str | None = None


_KEY = ("source", "conversation_id", "name", "reviewer")
_REST = tuple(name for name in PendingWrite.__slots__ if name not in _KEY)


class LabelWrites(Part):
    """Label writes by source, conversation, name and reviewer."""

    def is_behind(self, sources: Sequence[str], at: datetime) -> bool:
        """Whether there is anything that ``request`` would ask for."""
        gone = select(_W.c.name).where(self._without_label(sources), _W.c.is_withdrawal.is_(False)).limit(1)
        return bool(self._changed(sources, at)) or self._connection.execute(gone).first() is not None

    def request(self, sources: Sequence[str], at: datetime) -> int:
        """Ask for every label to be written that is new, changed or gone since it was; returns how many those are."""
        writes = [*self._changed(sources, at), *self._gone(sources, at)]
        self._upsert(_W, [self._row(write) for write in writes], update=_REST)
        return len(writes)

    def _changed(self, sources: Sequence[str], at: datetime) -> list[PendingWrite]:
        """Labels that differ from what was written, each on the last of its conversation's traces in a source."""
        rows = self._connection.execute(
            select(
                _O.c.source,
                _L.c.conversation_id,
                _L.c.name,
                _L.c.reviewer,
                _L.c.at,
                _O.c.target,
                _W.c.target.label("before"),
                _W.c.written_as,
            )
            .join(_T, and_(_T.c.workspace_id == _L.c.workspace_id, _T.c.conversation_id == _L.c.conversation_id))
            .join(_O, and_(_O.c.workspace_id == _T.c.workspace_id, _O.c.trace_id == _T.c.trace_id))
            .outerjoin(_W, and_(_same(_L), _W.c.source == _O.c.source))
            .where(
                _L.c.workspace_id == self._workspace_id,
                _O.c.source.in_(sources),
                _O.c.target.is_not(None),
                or_(_W.c.label_at.is_(None), _W.c.label_at != _L.c.at),
            )
            .order_by(_O.c.at, _O.c.trace_id)
        )
        last = {(row.source, row.conversation_id, row.name, row.reviewer): row for row in rows}
        return [
            PendingWrite(
                source=row.source,
                conversation_id=row.conversation_id,
                name=row.name,
                reviewer=row.reviewer,
                target=row.before or row.target,
                label_at=row.at,
                due_at=at,
                written_as=row.written_as,
            )
            for row in last.values()
        ]

    def _gone(self, sources: Sequence[str], at: datetime) -> list[PendingWrite]:
        """Labels that were withdrawn; those that no store has seen are forgotten at once."""
        mine = self._without_label(sources)
        unseen = and_(mine, _W.c.attempts == 0, _W.c.written_as.is_(None), _W.c.state == WriteState.PENDING)
        self._connection.execute(delete(_W).where(unseen))
        rows = self._connection.execute(select(_W).where(mine, _W.c.is_withdrawal.is_(False)))
        return [_write(row, is_withdrawal=True, state=WriteState.PENDING, attempts=0, due_at=at) for row in rows]

    def _without_label(self, sources: Sequence[str]) -> ColumnElement[bool]:
        stands = select(_L.c.name).where(_same(_L)).exists()
        return and_(_W.c.workspace_id == self._workspace_id, _W.c.source.in_(sources), ~stands)

    def due(self, source: str, now: datetime, limit: int = 50) -> list[PendingWrite]:
        """What is to be written into a source, oldest first."""
        rows = self._connection.execute(
            select(_W)
            .where(
                _W.c.workspace_id == self._workspace_id,
                _W.c.source == source,
                _W.c.state == WriteState.PENDING,
                _W.c.due_at <= now,
            )
            .order_by(_W.c.due_at, *(_W.c[name] for name in _KEY))
            .limit(limit)
        )
        return [_write(row) for row in rows]

    def written(self, write: PendingWrite, written_as: str) -> None:
        """Note that the store holds the label as of ``write.label_at``."""
        self._change(write, state=WriteState.WRITTEN.value, attempts=0, written_as=written_as or None, problem=None)

    def withdrawn(self, write: PendingWrite) -> None:
        """Note that the store no longer holds the label."""
        self._connection.execute(delete(_W).where(self._is(write)))

    def failed(self, write: PendingWrite, *, due_at: datetime, problem: str, is_final: bool) -> None:
        """Note an attempt that failed, to be repeated unless it was the last."""
        state = WriteState.DEAD if is_final else WriteState.PENDING
        self._change(write, state=state.value, attempts=write.attempts + 1, due_at=due_at, problem=problem)

    def unwritten(self, states: Collection[WriteState], limit: int = 200) -> list[PendingWrite]:
        """Writes in these states, the oldest labels first."""
        rows = self._connection.execute(
            select(_W)
            .where(_W.c.workspace_id == self._workspace_id, _W.c.state.in_([state.value for state in states]))
            .order_by(_W.c.label_at, *(_W.c[name] for name in _KEY))
            .limit(limit)
        )
        return [_write(row) for row in rows]

    def revive(self, writes: Sequence[PendingWrite], at: datetime) -> int:
        """Let writes that were given up be due again; returns how many were."""
        revived = 0
        for write in writes:
            is_dead = and_(self._is(write), _W.c.state == WriteState.DEAD)
            again = update(_W).where(is_dead).values(state=WriteState.PENDING.value, attempts=0, due_at=at)
            revived += self._connection.execute(again).rowcount
        return revived

    def counts(self) -> dict[str, dict[WriteState, int]]:
        """By source, how many labels are in which state."""
        found: dict[str, dict[WriteState, int]] = {}
        rows = self._connection.execute(
            select(_W.c.source, _W.c.state, func.count().label("labels"))
            .where(_W.c.workspace_id == self._workspace_id)
            .group_by(_W.c.source, _W.c.state)
        )
        for source, state, labels in rows:
            found.setdefault(source, {})[WriteState(state)] = labels
        return found

    def problems(self) -> dict[str, str]:
        """By source, why the last failed attempt failed."""
        rows = self._connection.execute(
            select(_W.c.source, _W.c.problem)
            .where(_W.c.workspace_id == self._workspace_id, _W.c.problem.is_not(None))
            .order_by(_W.c.due_at)
        )
        return {row.source: row.problem for row in rows}

    def _change(self, write: PendingWrite, **values: Any) -> None:
        # A label that was given anew in the meantime has been asked for again, and stays so.
        self._connection.execute(update(_W).where(self._is(write), _W.c.label_at == write.label_at).values(**values))

    def _is(self, write: PendingWrite) -> ColumnElement[bool]:
        return and_(
            _W.c.workspace_id == self._workspace_id,
            *(_W.c[name] == getattr(write, name) for name in _KEY),
        )

    def _row(self, write: PendingWrite) -> dict[str, Any]:
        return {name: getattr(write, name) for name in PendingWrite.__slots__} | {"state": write.state.value}


def _same(labels: Any) -> ColumnElement[bool]:
    return and_(
        _W.c.workspace_id == labels.c.workspace_id,
        _W.c.conversation_id == labels.c.conversation_id,
        _W.c.name == labels.c.name,
        _W.c.reviewer == labels.c.reviewer,
    )


def _write(row: Any, **changed: Any) -> PendingWrite:
    values = {name: getattr(row, name) for name in PendingWrite.__slots__} | {"state": WriteState(row.state)}
    return PendingWrite(**(values | changed))
