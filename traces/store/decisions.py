"""What became of each alert and why, in the order in which it was decided; the same again is counted, not repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from traces import schema
from traces.model import EVERYTHING, Segment
from traces.store.base import Part
from traces.store.rollups import segment_key, segment_of

_T = schema.decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision about an alert: ``reason`` has a name, ``text`` says it in a sentence.

    ``signal`` and ``segment`` are the series that it was about. It was made first ``at``, and the same way ``times`` times until
    ``last_at``. ``number`` counts the decisions about the alert from 1.
    """

    alert_id: str
    number: int
    at: datetime
    last_at: datetime
    reason: str
    text: str
    signal: str
    segment: Segment = EVERYTHING
    times: int = 1


class Decisions(Part):
    """Decisions by alert."""

    def note(
        self, alert_id: str, *, at: datetime, reason: str, text: str, signal: str, segment: Segment = EVERYTHING
    ) -> int:
        """Note a decision; when the last one about the same series was the same, count it once more.

        Returns:
            The number of the decision.
        """
        self._one_at_a_time("decisions")
        key = segment_key(segment)
        last = self._connection.execute(
            select(_T)
            .where(self._of(alert_id), _T.c.signal == signal, _T.c.segment == key)
            .order_by(_T.c.number.desc())
            .limit(1)
        ).first()
        if last is not None and (last.reason, last.text) == (reason, text):
            self._connection.execute(
                update(_T)
                .where(self._of(alert_id), _T.c.number == last.number)
                .values(last_at=at, times=_T.c.times + 1)
            )
            return int(last.number)
        highest = select(func.max(_T.c.number)).where(self._of(alert_id))
        number = int(self._connection.execute(highest).scalar() or 0) + 1
        row = {
            "workspace_id": self._workspace_id,
            "alert_id": alert_id,
            "number": number,
            "at": at,
            "last_at": at,
            "times": 1,
            "reason": reason,
            "text": text,
            "signal": signal,
            "segment": key,
        }
        self._connection.execute(_T.insert(), row)
        return number

    def of(self, alert_id: str) -> list[Decided]:
        """What was decided about an alert, in order."""
        rows = self._connection.execute(select(_T).where(self._of(alert_id)).order_by(_T.c.number))
        return [_decided(row) for row in rows]

    def get(self, alert_id: str, number: int) -> Decided | None:
        row = self._connection.execute(select(_T).where(self._of(alert_id), _T.c.number == number)).first()
        return None if row is None else _decided(row)

    def latest(self, limit: int) -> list[Decided]:
        """The decisions that were made last, about any alert, newest first."""
        rows = self._connection.execute(
            select(_T)
            .where(_T.c.workspace_id == self._workspace_id)
            .order_by(_T.c.last_at.desc(), _T.c.alert_id, _T.c.number.desc())
            .limit(limit)
        )
        return [_decided(row) for row in rows]

    def _of(self, alert_id: str) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & (_T.c.alert_id == alert_id)


def _decided(row: Any) -> Decided:
    return Decided(
        alert_id=row.alert_id,
        number=row.number,
        at=row.at,
        last_at=row.last_at,
        reason=row.reason,
        text=row.text,
        signal=row.signal,
        segment=segment_of(row.segment),
        times=row.times,
    )
