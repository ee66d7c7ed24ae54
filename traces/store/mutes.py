"""What people asked not to be told, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from traces import schema
from traces.model import EVERYTHING, Segment
from traces.store.base import Part
from traces.store.rollups import segment_key, segment_of

_T = schema.mutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Until ``until_at`` nobody is told of a signal in a segment or any part of it."""

    mute_id: str
    signal: str
    until_at: datetime
    muted_by: str
    muted_at: datetime
    segment: Segment = EVERYTHING

    def covers(self, signal: str, segment: Segment) -> bool:
        """Whether a series is one that nobody wants to be told of."""
        return signal == self.signal and set(self.segment.pairs) <= set(segment.pairs)


class Mutes(Part):
    """Mutes by id."""

    def add(self, mute: Mute) -> None:
        """Store a mute; one of the same id is replaced and stands again."""
        row = {
            "mute_id": mute.mute_id,
            "signal": mute.signal,
            "segment": segment_key(mute.segment),
            "until_at": mute.until_at,
            "muted_by": mute.muted_by,
            "muted_at": mute.muted_at,
            "lifted_at": None,
        }
        self._upsert(_T, [row], update=["until_at", "muted_by", "muted_at", "lifted_at"])

    def lift(self, signal: str, at: datetime) -> int:
        """End every mute of a signal; returns how many there were."""
        result = self._connection.execute(
            update(_T)
            .where(
                _T.c.workspace_id == self._workspace_id,
                _T.c.signal == signal,
                _T.c.until_at > at,
                _T.c.lifted_at.is_(None),
            )
            .values(lifted_at=at)
        )
        return result.rowcount

    def lift_one(self, mute_id: str, at: datetime) -> str | None:
        """End one mute; returns its signal, or ``None`` where it does not hold any more."""
        mine = (_T.c.workspace_id == self._workspace_id) & (_T.c.mute_id == mute_id)
        holds = mine & (_T.c.until_at > at) & _T.c.lifted_at.is_(None)
        signal = self._connection.execute(select(_T.c.signal).where(holds)).scalar()
        self._connection.execute(update(_T).where(holds).values(lifted_at=at))
        return signal

    def standing(self, now: datetime) -> list[Mute]:
        """The mutes that hold now, those that end first before others."""
        rows = self._connection.execute(
            select(_T)
            .where(_T.c.workspace_id == self._workspace_id, _T.c.until_at > now, _T.c.lifted_at.is_(None))
            .order_by(_T.c.until_at, _T.c.mute_id)
        )
        return [
            Mute(
                mute_id=row.mute_id,
                signal=row.signal,
                segment=segment_of(row.segment),
                until_at=row.until_at,
                muted_by=row.muted_by,
                muted_at=row.muted_at,
            )
            for row in rows
        ]
