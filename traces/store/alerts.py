"""Alerts and their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from traces import schema
from traces.clock import format_time, parse_time
from traces.model import Alert, AlertState, Direction
from traces.store.base import Part
from traces.store.rollups import segment_key, segment_of

_T = schema.alerts
_TIMES = ("updated_at", "acknowledged_at", "resolved_at", "snoozed_until")
LIVE = tuple(state for state in AlertState if state is not AlertState.RESOLVED)
"""The states of an alert that is not over."""
_COLUMNS = ("alert_id", "signal", "segment", "state", "started_at", "detected_at", "version")
_IN_BODY = tuple(f.name for f in fields(Alert) if f.name not in _COLUMNS)


class Alerts(Part):
    """Alerts by id and by state."""

    def add(self, alert: Alert) -> None:
        self._connection.execute(
            schema.alerts.insert(),
            {
                "workspace_id": self._workspace_id,
                "alert_id": alert.alert_id,
                "signal": alert.signal,
                "segment": segment_key(alert.segment),
                **_changing(alert),
            },
        )

    def replace(self, alert: Alert, *, expecting: int) -> bool:
        """Write a changed alert if it still has the version that the change was made from; whether it was written."""
        result = self._connection.execute(
            update(_T)
            .where(self._mine(), _T.c.alert_id == alert.alert_id, _T.c.version == expecting)
            .values(segment=segment_key(alert.segment), **_changing(alert))
        )
        return result.rowcount == 1

    def get(self, alert_id: str) -> Alert | None:
        row = self._connection.execute(select(_T).where(self._mine(), _T.c.alert_id == alert_id)).first()
        return None if row is None else _alert(row)

    def in_state(self, *states: AlertState) -> list[Alert]:
        """Alerts in any of the states, oldest first."""
        rows = self._connection.execute(
            select(_T).where(self._mine(), _T.c.state.in_(states)).order_by(_T.c.detected_at, _T.c.alert_id)
        )
        return [_alert(row) for row in rows]

    def all(self, limit: int | None = None) -> list[Alert]:
        """Alerts, the newest ``limit`` of them, oldest first."""
        rows = self._connection.execute(
            select(_T).where(self._mine()).order_by(_T.c.detected_at.desc(), _T.c.alert_id).limit(limit)
        ).fetchall()
        return [_alert(row) for row in reversed(rows)]

    def _mine(self) -> ColumnElement[bool]:
        return _T.c.workspace_id == self._workspace_id


def live(alerts: Sequence[Alert]) -> list[Alert]:
    """Those that are not resolved."""
    return [alert for alert in alerts if alert.state is not AlertState.RESOLVED]


def _changing(alert: Alert) -> dict[str, Any]:
    body = {name: getattr(alert, name) for name in _IN_BODY}
    for name in _TIMES:
        body[name] = None if body[name] is None else format_time(body[name])
    body["detail"] = dict(alert.detail)
    return {
        "state": alert.state.value,
        "started_at": alert.started_at,
        "detected_at": alert.detected_at,
        "version": alert.version,
        "body": body,
    }


def _alert(row: Any) -> Alert:
    body = dict(row.body)
    for name in _TIMES:
        body[name] = _time(body.get(name))
    body["direction"] = Direction(body["direction"])
    body["examples"] = tuple(body["examples"])
    return Alert(
        alert_id=row.alert_id,
        signal=row.signal,
        segment=segment_of(row.segment),
        state=AlertState(row.state),
        started_at=row.started_at,
        detected_at=row.detected_at,
        version=row.version,
        **body,
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
