"""What is being evaluated: conversations that are due and were given to a worker, so that they are given to one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import BigInteger, Column, ColumnElement, and_, delete, func, or_, select, type_coerce

from traces import schema
from traces.columns import SealedBytes, unpacked, unpacked_size
from traces.conversation_format import parse_conversation
from traces.schema import claims
from traces.store.base import Part, chunks
from traces.store.conversations import Pending

ClaimStage: TypeAlias = Literal["evaluate", "judge"]
"""For which evaluation a conversation is claimed: by all that takes no time, or by judges."""

_C = schema.conversations
_TEXT_AT_ONCE = 4_000_000
"""Bytes of conversations that are evaluated together: what they hold is in memory."""
_UNTIL = type_coerce(claims.c.until_at, BigInteger)


class Claims(Part):
    """Claims by stage and conversation. A claim that nobody gave back ends by the database's clock."""

    def take(self, stage: ClaimStage, now: datetime, limit: int, term: timedelta) -> list[str]:
        """Claim conversations that are due as of ``now`` and that nobody has; the oldest first.

        Args:
            stage: For which evaluation.
            now: As of when they are due.
            limit: The most that may be claimed at once for the stage, by anybody.
            term: When a claim ends that is not given back.

        Returns:
            Their ids.
        """
        self._connection.execute(delete(claims).where(self._mine(), claims.c.stage == stage, self._now >= _UNTIL))
        held = self._connection.execute(
            select(func.count()).select_from(claims).where(self._mine(), claims.c.stage == stage)
        ).scalar_one()
        found: dict[str, None] = {}
        for due, order in _due(stage, now):
            if (room := limit - held - len(found)) > 0:
                found |= dict.fromkeys(self._unclaimed(stage, due, order, room))
        until = self._db_time(term)
        rows = [{"stage": stage, "conversation_id": i, "until_at": until} for i in found]
        self._upsert(claims, rows, update=[])
        return list(found)

    def _unclaimed(
        self, stage: ClaimStage, due: ColumnElement[bool], order: Column[datetime], limit: int
    ) -> Sequence[str]:
        is_claimed = (
            select(claims.c.conversation_id)
            .where(self._mine(), claims.c.stage == stage, claims.c.conversation_id == _C.c.conversation_id)
            .exists()
        )
        return (
            self._connection.execute(
                select(_C.c.conversation_id)
                .where(_C.c.workspace_id == self._workspace_id, due, ~is_claimed)
                .order_by(order, _C.c.conversation_id)
                .limit(limit)
            )
            .scalars()
            .all()
        )

    def give_back(self, stage: ClaimStage, conversation_ids: Iterable[str]) -> None:
        """What was claimed is evaluated, or may be claimed anew."""
        for chunk in chunks(conversation_ids):
            self._connection.execute(
                delete(claims).where(self._mine(), claims.c.stage == stage, claims.c.conversation_id.in_(chunk))
            )

    def count(self, stage: ClaimStage) -> int:
        """How many conversations are claimed for a stage, by claims that have ended too."""
        return self._connection.execute(
            select(func.count()).select_from(claims).where(self._mine(), claims.c.stage == stage)
        ).scalar_one()

    def pending(self, stage: ClaimStage, conversation_ids: Collection[str], now: datetime) -> list[Pending]:
        """Those of these conversations that are due for a stage as of ``now``; where they are long, the first of them."""
        found: list[Pending] = []
        held = 0
        for row in self._due_among(stage, conversation_ids, now):
            held += unpacked_size(row.packed)
            if found and held > _TEXT_AT_ONCE:
                break
            found.append(
                Pending(
                    conversation=parse_conversation(unpacked(row.packed), received_at=row.received_at),
                    version=row.version,
                    has_arrived=stage == "evaluate" and row.arrival_version < row.version,
                    has_settled=stage == "judge" or (row.quiet_version < row.version and row.settle_at <= now),
                )
            )
        return found

    def _due_among(self, stage: ClaimStage, conversation_ids: Collection[str], now: datetime) -> Sequence[Any]:
        columns = (_C.c.received_at, _C.c.settle_at, _C.c.version, _C.c.arrival_version, _C.c.quiet_version)
        is_due = or_(*(due for due, _ in _due(stage, now)))
        packed = type_coerce(_C.c.body, SealedBytes()).label("packed")
        mine = (_C.c.workspace_id == self._workspace_id) & _C.c.conversation_id.in_(list(conversation_ids))
        return self._connection.execute(
            select(*columns, packed).where(mine, is_due).order_by(_C.c.ended_at, _C.c.conversation_id)
        ).fetchall()

    def still_due(self, pending: Sequence[Pending], stage: ClaimStage) -> list[Pending]:
        """Those of ``pending`` that nobody has evaluated meanwhile at their version or a later one."""
        versions: dict[str, Any] = {}
        for chunk in chunks(p.conversation.conversation_id for p in pending):
            rows = self._connection.execute(
                select(
                    _C.c.conversation_id, _C.c.version, _C.c.arrival_version, _C.c.quiet_version, _C.c.judged_version
                ).where(_C.c.workspace_id == self._workspace_id, _C.c.conversation_id.in_(chunk))
            )
            versions |= {row.conversation_id: row for row in rows}

        def awaits(one: Pending) -> bool:
            row = versions.get(one.conversation.conversation_id)
            if row is None or row.version < one.version:
                return False
            if stage == "judge":
                return bool(row.judged_version < one.version)
            return (one.has_arrived and row.arrival_version < one.version) or (
                one.has_settled and row.quiet_version < one.version
            )

        return [one for one in pending if awaits(one)]

    def _mine(self) -> ColumnElement[bool]:
        return claims.c.workspace_id == self._workspace_id


def _due(stage: ClaimStage, now: datetime) -> Collection[tuple[ColumnElement[bool], Column[datetime]]]:
    """What is due for a stage, in which order; each condition has an index of its own."""
    if stage == "judge":
        awaits = and_(_C.c.judged_version < _C.c.quiet_version, _C.c.quiet_version == _C.c.version)
        return [(awaits, _C.c.settle_at)]
    return [
        (and_(_C.c.quiet_version < _C.c.version, _C.c.settle_at <= now), _C.c.settle_at),
        (and_(_C.c.arrival_version < _C.c.version, _C.c.ended_at <= now), _C.c.ended_at),
    ]
