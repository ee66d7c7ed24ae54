"""Calibrations: the current one of each evaluator, and those before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, select, update

from traces import schema
from traces.clock import format_time, parse_time
from traces.model import Calibration
from traces.store.base import Part, chunks

_T = schema.calibrations
_S = schema.scores
_C = schema.conversations
_OURS = "evaluator"


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

    def first_since(self, at: datetime) -> dict[str, Calibration]:
        """By evaluator, the first calibration from a time on."""
        firsts = (
            select(func.min(_T.c.calibration_id))
            .where(_T.c.workspace_id == self._workspace_id, _T.c.computed_at >= at)
            .group_by(_T.c.evaluator)
        )
        rows = self._connection.execute(select(_T).where(_T.c.calibration_id.in_(firsts)).order_by(_T.c.evaluator))
        return {row.evaluator: _calibration(row.body) for row in rows}

    def history(self, evaluator: str) -> list[Calibration]:
        """All calibrations of an evaluator, oldest first."""
        rows = self._connection.execute(
            select(_T)
            .where(_T.c.workspace_id == self._workspace_id, _T.c.evaluator == evaluator)
            .order_by(_T.c.calibration_id)
        )
        return [_calibration(row.body) for row in rows]

    def as_of(self, evaluator: str, at: datetime) -> Calibration | None:
        """The calibration that an evaluator had at a time."""
        row = self._connection.execute(
            select(_T)
            .where(_T.c.workspace_id == self._workspace_id, _T.c.evaluator == evaluator, _T.c.computed_at <= at)
            .order_by(_T.c.calibration_id.desc())
            .limit(1)
        ).first()
        return None if row is None else _calibration(row.body)

    def oldest_version(self, name: str) -> str | None:
        """The evaluator version of the oldest score of a name that still counts; ``None`` without any."""
        row = self._connection.execute(
            select(_S.c.evaluator_version).where(self._scores(name)).order_by(_S.c.at, _S.c.score_id).limit(1)
        ).first()
        return None if row is None else str(row.evaluator_version)

    def values_by_version(self, name: str) -> dict[str, dict[str, float]]:
        """The current values of a score by evaluator version and conversation id; of several, Hark's own."""
        found: dict[str, tuple[str, float]] = {}
        rows = self._connection.execute(
            select(_S.c.conversation_id, _S.c.evaluator_version, _S.c.value)
            .where(self._scores(name))
            .order_by(case((_S.c.source == _OURS, 1), else_=0), _S.c.source.desc(), _S.c.place)
        )
        for conversation_id, version, value in rows:
            found[conversation_id] = (version, value)
        versions: dict[str, dict[str, float]] = {}
        for conversation_id, (version, value) in found.items():
            versions.setdefault(version, {})[conversation_id] = value
        return versions

    def values_of(self, name: str, conversation_ids: Iterable[str]) -> dict[str, tuple[str, float]]:
        """By conversation, the evaluator version and current value of a score; of several, Hark's own."""
        found: dict[str, tuple[str, float]] = {}
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_S.c.conversation_id, _S.c.evaluator_version, _S.c.value)
                .where(self._scores(name), _S.c.conversation_id.in_(chunk))
                .order_by(case((_S.c.source == _OURS, 1), else_=0), _S.c.source.desc(), _S.c.place)
            )
            found |= {conversation_id: (version, value) for conversation_id, version, value in rows}
        return found

    def users(self, conversation_ids: Iterable[str]) -> dict[str, str]:
        """Whose conversations these are, where it is known."""
        found: dict[str, str] = {}
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_C.c.conversation_id, _C.c.user_id).where(
                    _C.c.workspace_id == self._workspace_id,
                    _C.c.conversation_id.in_(chunk),
                    _C.c.user_id.is_not(None),
                )
            )
            found |= {row.conversation_id: row.user_id for row in rows}
        return found

    def _scores(self, name: str) -> ColumnElement[bool]:
        return and_(
            _S.c.workspace_id == self._workspace_id,
            _S.c.superseded_at.is_(None),
            _S.c.name == name,
            _S.c.value.is_not(None),
        )


_PAIRS = ("labelled_positive", "labelled_negative", "recent_positive", "verdicts", "refresh")


def _calibration(body: dict[str, Any]) -> Calibration:
    pairs = {name: tuple(body.get(name, (0.0, 0.0))) for name in _PAIRS}
    return Calibration(**{**body, **pairs, "computed_at": parse_time(body["computed_at"])})
