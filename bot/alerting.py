"""What people do with an alert: acknowledge, resolve (with an outcome), re-open. Each is audited and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeAlias

from bot.review import show
from bot.slack.access import Person
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import Alert, AlertState, AuditEntry
from traces.store import Store

Outcome: TypeAlias = Literal["resolved", "expected", "noise"]
_Step: TypeAlias = Callable[[Alert, Person, datetime], Alert | None]


class Alerting:
    """Changes the state of alerts on behalf of people."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def acknowledge(self, alert_id: str, person: Person, request_key: str) -> bool:
        """Somebody looks at it; whether that changed anything."""
        return self._change(alert_id, person, request_key, "alert.acknowledge", _acknowledged)

    def resolve(self, alert_id: str, person: Person, request_key: str, outcome: Outcome = "resolved") -> bool:
        """It is over: mended, expected, or noise; whether that changed anything."""
        return self._change(
            alert_id, person, request_key, f"alert.{outcome}", lambda a, p, at: _resolved(a, p, at, outcome)
        )

    def reopen(self, alert_id: str, person: Person, request_key: str) -> bool:
        """It is not over; whether that changed anything."""
        return self._change(alert_id, person, request_key, "alert.reopen", _reopened)

    def _change(self, alert_id: str, person: Person, request_key: str, action: str, step: _Step) -> bool:
        with self._store.begin() as tx:
            alert, now = tx.alerts.get(alert_id), self._clock.now()
            if alert is None:
                raise BadInput("this alert is no longer known")
            if not tx.state.first_time(request_key, now):
                return False
            changed = step(alert, person, now)
            if changed is None:
                return False
            tx.state.name_reviewer(person.user_id, person.name)
            tx.alerts.replace(replace(changed, updated_at=now, version=alert.version + 1), expecting=alert.version)
            tx.audit.add(
                AuditEntry(
                    at=now,
                    actor=person.user_id,
                    action=action,
                    subject=f"alert:{alert_id}",
                    before=alert.state.value,
                    after=changed.state.value,
                    request_key=request_key,
                )
            )
            show(tx, alert_id, now)
            return True


def _acknowledged(alert: Alert, person: Person, at: datetime) -> Alert | None:
    if alert.state is not AlertState.OPEN:
        return None
    return replace(alert, state=AlertState.ACKNOWLEDGED, acknowledged_by=person.user_id, acknowledged_at=at)


def _resolved(alert: Alert, person: Person, at: datetime, outcome: Outcome) -> Alert | None:
    if alert.state is AlertState.RESOLVED:
        return None
    detail = {**alert.detail, "outcome": outcome}
    return replace(alert, state=AlertState.RESOLVED, resolved_by=person.user_id, resolved_at=at, detail=detail)


def _reopened(alert: Alert, _person: Person, _at: datetime) -> Alert | None:
    if alert.state is not AlertState.RESOLVED:
        return None
    detail = {key: value for key, value in alert.detail.items() if key != "outcome"}
    return replace(
        alert,
        state=AlertState.OPEN,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_by=None,
        resolved_at=None,
        detail=detail,
    )
