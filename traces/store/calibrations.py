"""Calibrations: the current one of each evaluator, and those before it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update

from traces import schema
from traces.clock import format_time, parse_time
from traces.model import Calibration
from traces.store.base import Part

_T = schema.calibrations


class Calibrations(Part):
    """Calibrations by evaluator."""

    def put(self, calibration: Calibration) -> None:
        """Make this the evaluator's current calibration; the one before is kept as history."""
        assert calibration.computed_at is not None
        mine = (_T.c.workspace_id == self._workspace_id) & (_T.c.evaluator == calibration.evaluator)
        self._connection.execute(update(_T).where(mine, _T.c.current).values(current=False))
        body = asdict(calibration)
        body["computed_at"] = format_time(calibration.computed_at)
        self._connection.execute(
            insert(_T),
            {
                "workspace_id": self._workspace_id,
                "evaluator": calibration.evaluator,
                "computed_at": calibration.computed_at,
                "current": True,
                "body": body,
            },
        )

    def current(self) -> dict[str, Calibration]:
        """The current calibration by evaluator."""
        rows = self._connection.execute(
            select(_T).where(_T.c.workspace_id == self._workspace_id, _T.c.current).order_by(_T.c.evaluator)
        )
        return {row.evaluator: _calibration(row.body) for row in rows}

    def history(self, evaluator: str) -> list[Calibration]:
        """All calibrations of an evaluator, oldest first."""
        rows = self._connection.execute(
            select(_T)
            .where(_T.c.workspace_id == self._workspace_id, _T.c.evaluator == evaluator)
            .order_by(_T.c.calibration_id)
        )
        return [_calibration(row.body) for row in rows]


_PAIRS = ("labelled_positive", "labelled_negative", "recent_positive", "verdicts", "refresh")


def _calibration(body: dict[str, Any]) -> Calibration:
    pairs = {name: tuple(body.get(name, (0.0, 0.0))) for name in _PAIRS}
    return Calibration(**{**body, **pairs, "computed_at": parse_time(body["computed_at"])})
