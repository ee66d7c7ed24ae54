"""What people do with an alert: acknowledge, snooze, resolve (with an outcome), re-open, mute. Each is audited and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID, uuid5

from alerts.telling.decision import Reason
from alerts.telling.life import stands_anew
from alerts.words import until_text
from bot.alerting_periods import Snooze, period_of
from bot.reviewing.review import show
from bot.slack.access import Person
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import EVERYTHING, Alert, AlertState, AuditEntry, Segment
from traces.store import Store, Tx
from traces.store.mutes import Mute
from traces.store.rollups import segment_key

Outcome: TypeAlias = Literal["resolved", "expected", "noise"]
LONGEST_SILENCE = timedelta(days=30)
_MUTES = UUID("0c8f0f5e-6a53-4f0f-9d0e-9a1a3c3b7a51")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """An alert after a person's step, and how the step is told."""

    alert: Alert
    reason: Reason
    text: str


_Step: TypeAlias = Callable[[Alert, Person, datetime], _Change | None]


class Alerting:
    """Changes the state of alerts on behalf of people."""

    def __init__(self, store: Store, clock: Clock, zone: str = "UTC") -> None:
        self._store = store
        self._clock = clock
        self._zone = zone

    def acknowledge(self, alert_id: str, person: Person, request_key: str) -> bool:
        """Somebody looks at it; whether that changed anything."""
        return self._change(alert_id, person, request_key, "alert.acknowledge", _acknowledged)

    def snooze(self, alert_id: str, person: Person, request_key: str, period: timedelta) -> bool:
        """Nobody is told of it for some time; whether that changed anything.

        Raises:
            BadInput: The alert is gone, or the time is longer than a month.
        """
        _check_silence(period)
        return self._change(
            alert_id, person, request_key, "alert.snooze", lambda a, p, at: _snoozed(a, p, at, at + period, self._zone)
        )

    def snooze_for(self, alert_id: str, person: Person, request_key: str, chosen: Snooze) -> bool:
        """Nobody is told of it for one of the times that are to choose from; whether that changed anything."""
        return self.snooze(alert_id, person, request_key, period_of(chosen, self._clock.now(), self._zone))

    def resolve(self, alert_id: str, person: Person, request_key: str, outcome: Outcome = "resolved") -> bool:
        """It is over: mended, expected, or noise; whether that changed anything."""
        return self._change(
            alert_id, person, request_key, f"alert.{outcome}", lambda a, p, at: _resolved(a, p, at, outcome)
        )

    def reopen(self, alert_id: str, person: Person, request_key: str) -> bool:
        """It is not over; whether that changed anything."""
        return self._change(alert_id, person, request_key, "alert.reopen", _reopened)

    def mute(
        self, signal: str, period: timedelta, person: Person, segment: Segment = EVERYTHING, *, request_key: str
    ) -> Mute:
        """Nobody is told of a signal, in a segment or anywhere, for some time.

        Raises:
            BadInput: The time is longer than a month.
        """
        _check_silence(period)
        now = self._clock.now()
        mute = Mute(
            mute_id=uuid5(_MUTES, f"{signal}\n{segment_key(segment)}").hex,
            signal=signal,
            segment=segment,
            until_at=now + period,
            muted_by=person.user_id,
            muted_at=now,
        )
        with self._store.begin() as tx:
            if not tx.state.first_time(request_key, now):
                return mute
            tx.state.name_reviewer(person.user_id, person.name)
            tx.mutes.add(mute)
            _audit(tx, now, person, "signal.mute", f"signal:{signal}", after=until_text(mute.until_at, now, "UTC"))
        return mute

    def unmute(self, signal: str, person: Person, *, request_key: str) -> int:
        """People are told of a signal again; returns how many mutes that ended."""
        now = self._clock.now()
        with self._store.begin() as tx:
            if not tx.state.first_time(request_key, now):
                return 0
            lifted = tx.mutes.lift(signal, now)
            _audit(tx, now, person, "signal.unmute", f"signal:{signal}", after=lifted)
        return lifted

    def _change(self, alert_id: str, person: Person, request_key: str, action: str, step: _Step) -> bool:
        with self._store.begin() as tx:
            alert, now = tx.alerts.get(alert_id), self._clock.now()
            if alert is None:
                raise BadInput("this alert is no longer known")
            if not tx.state.first_time(request_key, now):
                return False
            change = step(alert, person, now)
            if change is None:
                return False
            changed = change.alert
            tx.state.name_reviewer(person.user_id, person.name)
            tx.alerts.replace(replace(changed, updated_at=now, version=alert.version + 1), expecting=alert.version)
            tx.decisions.note(
                alert_id,
                at=now,
                reason=change.reason.value,
                text=change.text,
                signal=alert.signal,
                segment=alert.segment,
            )
            subject, before, after = f"alert:{alert_id}", alert.state.value, changed.state.value
            _audit(tx, now, person, action, subject, before=before, after=after, request_key=request_key)
            show(tx, now, alert_id)
            return True


def _audit(
    tx: Tx,
    at: datetime,
    person: Person,
    action: str,
    subject: str,
    *,
    after: object,
    before: object = None,
    request_key: str | None = None,
) -> None:
    tx.audit.add(
        AuditEntry(
            at=at,
            actor=person.user_id,
            action=action,
            subject=subject,
            before=before,
            after=after,
            request_key=request_key,
        )
    )


def _check_silence(period: timedelta) -> None:
    if not timedelta(0) < period <= LONGEST_SILENCE:
        raise BadInput(f"from 1h to {LONGEST_SILENCE.days}d", "period")


def _acknowledged(alert: Alert, person: Person, at: datetime) -> _Change | None:
    if alert.state not in {AlertState.OPEN, AlertState.SNOOZED}:
        return None
    seen = replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_by=person.user_id,
        acknowledged_at=at,
        snoozed_by=None,
        snoozed_until=None,
    )
    return _Change(alert=seen, reason=Reason.ACKNOWLEDGED, text=f"Acknowledged by {person.name}.")


def _snoozed(alert: Alert, person: Person, at: datetime, until: datetime, zone: str) -> _Change | None:
    if alert.state is AlertState.RESOLVED:
        return None
    asleep = replace(alert, state=AlertState.SNOOZED, snoozed_by=person.user_id, snoozed_until=until)
    text = f"Snoozed by {person.name} until {until_text(until, at, zone)}."
    return _Change(alert=asleep, reason=Reason.SNOOZED, text=text)


def _resolved(alert: Alert, person: Person, at: datetime, outcome: Outcome) -> _Change | None:
    if alert.state is AlertState.RESOLVED:
        return None
    over = replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_by=person.user_id,
        resolved_at=at,
        snoozed_by=None,
        snoozed_until=None,
        detail={**alert.detail, "outcome": outcome},
    )
    text = f"Resolved by {person.name}." if outcome == "resolved" else f"Marked as {outcome} by {person.name}."
    return _Change(alert=over, reason=Reason.RESOLVED, text=text)


def _reopened(alert: Alert, person: Person, _at: datetime) -> _Change | None:
    if alert.state is not AlertState.RESOLVED:
        return None
    return _Change(alert=stands_anew(alert), reason=Reason.REOPENED, text=f"Re-opened by {person.name}.")
