"""The outbox: one row per message that Slack should show, and how far it has got there.

A row says *which* message (its kind and subject), not its text: what is delivered is drawn from the state at the
time of delivery. Asking again for the same message raises its ``revision``, so that any number of changes between
two deliveries are one update of one message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from traces import columns, schema
from traces.store.base import Part
from traces.store.deliveries import NOTHING_TO_TELL, NOTICE, REPEAT, UNANSWERED, Delivery, DeliveryState, GivenUp

__all__ = ["NOTHING_TO_TELL", "NOTICE", "REPEAT", "UNANSWERED", "Delivery", "DeliveryState", "GivenUp", "Outbox"]

_T = schema.outbox
_AT_ONCE = timedelta(0)


class Outbox(Part):
    """Deliveries by id."""

    def request(
        self,
        *,
        kind: str,
        subject_id: str,
        channel: str,
        at: datetime,
        thread_of: str | None = None,
        apart: timedelta = _AT_ONCE,
    ) -> str:
        """Ask for a message to stand, or to be brought up to date where it already does; returns its delivery id.

        ``apart`` is how long after it was sent last a message may wait to be brought up to date: what comes until then is
        one update.
        """
        delivery_id = f"{kind}:{subject_id}"
        row = {
            "delivery_id": delivery_id,
            "kind": kind,
            "subject_id": subject_id,
            "channel": channel,
            "thread_of": thread_of,
            "state": DeliveryState.PENDING.value,
            "revision": 1,
            "delivered_revision": 0,
            "attempts": 0,
            "due_at": at,
            "created_at": at,
        }
        if not self._insert_or_ignore(_T, row):
            self._renew(delivery_id, at, apart)
        return delivery_id

    def _renew(self, delivery_id: str, at: datetime, apart: timedelta) -> None:
        asked = {"at": columns.microseconds(at), "apart": apart // timedelta(microseconds=1)}
        self._connection.execute(_RENEW, {"workspace": self._workspace_id, "delivery": delivery_id, **asked})

    def hasten(self, delivery_ids: Collection[str], at: datetime) -> None:
        """Let messages that do not stand yet, and were to wait for a later time, be due at once."""
        self._connection.execute(
            update(_T)
            .where(
                self._mine(),
                _T.c.delivery_id.in_(delivery_ids),
                _T.c.state == DeliveryState.PENDING,
                _T.c.attempts == 0,
                _T.c.posted_ts.is_(None),
                _T.c.due_at > at,
            )
            .values(due_at=at)
        )

    def due(
        self,
        now: datetime,
        limit: int = 50,
        without: Collection[str] = (),
        *,
        notices: bool = False,
        standing: bool | None = None,
    ) -> list[Delivery]:
        """Pending messages whose time has come and whose parent stands, oldest first, but for some channels.

        With ``notices`` those to receivers outside Slack, instead of those to Slack. ``standing``: only those that stand
        already and are to be edited, or only those that do not; ``None`` for both.
        """
        kinds = [] if standing is None else [_T.c.posted_ts.is_not(None) if standing else _T.c.posted_ts.is_(None)]
        parent = _T.alias("parent")
        parent_stands = exists().where(
            parent.c.workspace_id == _T.c.workspace_id,
            parent.c.delivery_id == _T.c.thread_of,
            parent.c.posted_ts.is_not(None),
        )
        rows = self._connection.execute(
            select(_T)
            .where(
                self._mine(),
                _T.c.state == DeliveryState.PENDING,
                _T.c.due_at <= now,
                _is_notice() if notices else ~_is_notice(),
                _T.c.channel.not_in(without),
                or_(_T.c.thread_of.is_(None), parent_stands),
                *kinds,
            )
            .order_by(_T.c.due_at, _T.c.created_at, _T.c.delivery_id)
            .limit(limit)
        )
        return [_delivery(row) for row in rows]

    def waiting_since(self, now: datetime, *, notices: bool | None = None) -> datetime | None:
        """When the message that has waited longest was asked for: of those that do not stand yet, or are due again.

        What is only due later, such as when quiet hours are over, does not wait. ``notices``: of these alone, or of the
        others; ``None`` of all.
        """
        # A retry moves when a message is due, but not when it was first asked for.
        since = case(
            ((_T.c.attempts == 0) & _T.c.posted_ts.is_(None), func.coalesce(_T.c.due_at, _T.c.created_at)),
            (_T.c.posted_ts.is_(None), _T.c.created_at),
            else_=_T.c.due_at,
        )
        states = [DeliveryState.PENDING.value, DeliveryState.SENDING.value]
        is_overdue = (_T.c.due_at <= now) | (_T.c.attempts > 0)
        kind = [] if notices is None else [_is_notice() if notices else ~_is_notice()]
        micros: int | None = self._connection.execute(
            select(func.min(type_coerce(since, BigInteger))).where(
                self._mine(), _T.c.state.in_(states), is_overdue, *kind
            )
        ).scalar_one()
        return None if micros is None else columns.time_of(micros)

    def given_up(self, since: datetime) -> GivenUp | None:
        """What was given up since a time; ``None`` when nothing was. What had nothing left to tell does not count."""
        found = and_(
            self._mine(),
            _T.c.state == DeliveryState.DEAD,
            _T.c.attempt_at >= since,
            _T.c.problem != NOTHING_TO_TELL,
        )
        rows = self._connection.execute(
            select(_T.c.attempt_at, _T.c.problem).where(found).order_by(_T.c.attempt_at)
        ).fetchall()
        if not rows:
            return None
        return GivenUp(messages=len(rows), first_at=rows[0].attempt_at, problem=str(rows[-1].problem or "no reason"))

    def claim(self, delivery_id: str, now: datetime) -> Delivery | None:
        """Take a pending delivery for sending; ``None`` when somebody else has."""
        result = self._connection.execute(
            update(_T)
            .where(self._is(delivery_id), _T.c.state == DeliveryState.PENDING)
            .values(state=DeliveryState.SENDING.value, attempt_at=now, attempts=_T.c.attempts + 1)
        )
        return self.get(delivery_id) if result.rowcount == 1 else None

    def sent(
        self, delivery: Delivery, *, channel: str, ts: str, at: datetime, again_at: datetime | None = None
    ) -> None:
        """Note that the message stands as of the claimed revision; if it was asked for since, it is pending again.

        With ``again_at`` it is sent once more then, or when it is asked for: an older try may still arrive over this one.
        A possible repeat stays one.
        """
        self._connection.execute(
            update(_T)
            .where(self._is(delivery.delivery_id))
            .values(
                state=DeliveryState.SENT.value,
                delivered_revision=delivery.revision,
                posted_channel=channel,
                posted_ts=ts,
                attempt_at=at,
                problem=delivery.remembering(is_unsure=again_at is not None) or None,
                attempts=0,
            )
        )
        self._connection.execute(
            update(_T)
            .where(self._is(delivery.delivery_id), _T.c.revision > delivery.revision)
            .values(state=DeliveryState.PENDING.value)
        )
        if again_at is not None:
            row = update(_T).where(self._is(delivery.delivery_id))
            self._connection.execute(row.values(state=DeliveryState.PENDING.value))
            self._connection.execute(row.where(_T.c.revision == delivery.revision).values(due_at=again_at))

    def found(self, delivery_id: str, *, channel: str, ts: str, at: datetime, is_repeat: bool = False) -> None:
        """Note that the message of an interrupted delivery stands. Which revision it shows is not known: it is due again.

        ``is_repeat``: whether it says that it may be a repeat.
        """
        self._connection.execute(
            update(_T)
            .where(self._is(delivery_id))
            .values(
                state=DeliveryState.PENDING.value,
                posted_channel=channel,
                posted_ts=ts,
                problem=REPEAT if is_repeat else None,
                attempts=0,
                due_at=at,
            )
        )

    def retry(self, delivery_id: str, *, due_at: datetime, problem: str) -> None:
        self._connection.execute(
            update(_T)
            .where(self._is(delivery_id))
            .values(state=DeliveryState.PENDING.value, due_at=due_at, problem=problem)
        )

    def bury(self, delivery_id: str, *, problem: str) -> None:
        """Give up on a delivery and on what was to stand in its thread; they stay, with the reason."""
        thread = and_(self._mine(), _T.c.thread_of == delivery_id, _T.c.posted_ts.is_(None))
        self._connection.execute(
            update(_T).where(or_(self._is(delivery_id), thread)).values(state=DeliveryState.DEAD.value, problem=problem)
        )

    def interrupted(self, before: datetime, *, notices: bool = False) -> list[Delivery]:
        """Messages that were being sent since before a time, or notices: the process that sent them is gone.

        A message comes before those in its thread.
        """
        rows = self._connection.execute(
            select(_T)
            .where(
                self._mine(),
                _T.c.state == DeliveryState.SENDING,
                _T.c.attempt_at < before,
                _is_notice() if notices else ~_is_notice(),
            )
            .order_by(_T.c.attempt_at, _T.c.thread_of.is_not(None), _T.c.delivery_id)
        )
        return [_delivery(row) for row in rows]

    def get(self, delivery_id: str) -> Delivery | None:
        row = self._connection.execute(select(_T).where(self._is(delivery_id))).first()
        return None if row is None else _delivery(row)

    def of_subjects(self, subject_ids: Sequence[str]) -> list[Delivery]:
        """Every delivery about these subjects."""
        rows = self._connection.execute(
            select(_T).where(self._mine(), _T.c.subject_id.in_(subject_ids)).order_by(_T.c.delivery_id)
        )
        return [_delivery(row) for row in rows]

    def standing_at(self, posted_channel: str, posted_ts: str) -> Delivery | None:
        """The delivery whose message stands in a channel at a ``ts`` of Slack's."""
        row = self._connection.execute(
            select(_T).where(self._mine(), _T.c.posted_channel == posted_channel, _T.c.posted_ts == posted_ts)
        ).first()
        return None if row is None else _delivery(row)

    def channel_id(self, channel: str) -> str | None:
        """Slack's id of a channel that is asked for by name, as the newest message posted to it told."""
        return self._connection.execute(
            select(_T.c.posted_channel)
            .where(self._mine(), _T.c.channel == channel, _T.c.posted_channel.is_not(None))
            .order_by(_T.c.created_at.desc())
            .limit(1)
        ).scalar()

    def requested(self, kind: str, channel: str, since: datetime) -> int:
        """How many messages of a kind have been asked for in a channel since a time."""
        return self._connection.execute(
            select(func.count())
            .select_from(_T)
            .where(self._mine(), _T.c.kind == kind, _T.c.channel == channel, _T.c.created_at >= since)
        ).scalar_one()

    def undelivered(self, states: Collection[DeliveryState], limit: int = 200) -> list[Delivery]:
        """Deliveries in these states, the oldest first."""
        rows = self._connection.execute(
            select(_T)
            .where(self._mine(), _T.c.state.in_([state.value for state in states]))
            .order_by(_T.c.created_at, _T.c.delivery_id)
            .limit(limit)
        )
        return [_delivery(row) for row in rows]

    def revive(self, at: datetime, delivery_id: str | None = None) -> int:
        """Let what was given up be due again: one delivery with what was to stand in its thread, or all; returns how many."""
        chosen = self._mine()
        if delivery_id is not None:
            thread = and_(self._mine(), _T.c.thread_of == delivery_id)
            chosen = or_(self._is(delivery_id), thread)
        revived = (
            update(_T)
            .where(chosen, _T.c.state == DeliveryState.DEAD)
            .values(state=DeliveryState.PENDING.value, due_at=at, attempts=0)
        )
        return self._connection.execute(revived).rowcount

    def counts(self) -> dict[DeliveryState, int]:
        rows = self._connection.execute(select(_T.c.state, func.count()).where(self._mine()).group_by(_T.c.state))
        return {DeliveryState(state): count for state, count in rows}

    def posted(self) -> int:
        """How many messages stand in Slack."""
        return self._connection.execute(
            select(func.count()).select_from(_T).where(self._mine(), _T.c.posted_ts.is_not(None), ~_is_notice())
        ).scalar_one()

    def _is(self, delivery_id: str) -> ColumnElement[bool]:
        return and_(self._mine(), _T.c.delivery_id == delivery_id)

    def _mine(self) -> ColumnElement[bool]:
        return _T.c.workspace_id == self._workspace_id


def _renewing() -> Update:
    """The update by which a message is asked for again, built once: every click comes by here.

    A row that is being sent keeps its state: whoever sends it sees the higher revision and sends once more, at the soonest
    time asked for. What waits only to be one with other updates goes at once when somebody waits for it.
    """
    asked, apart = bindparam("at", type_=BigInteger), bindparam("apart", type_=BigInteger)
    due, attempted = type_coerce(_T.c.due_at, BigInteger), type_coerce(_T.c.attempt_at, BigInteger)
    settled = attempted + apart
    wished = case((settled > asked, settled), else_=asked)
    pending, sending, sent = (_T.c.state == one.value for one in DeliveryState if one is not DeliveryState.DEAD)
    waits_for_others = and_(apart == 0, _T.c.attempts == 0, _T.c.posted_ts.is_not(None), due > asked)
    return (
        update(_T)
        .where(_T.c.workspace_id == bindparam("workspace"), _T.c.delivery_id == bindparam("delivery"))
        .values(
            revision=_T.c.revision + 1,
            state=case((sent, DeliveryState.PENDING.value), else_=_T.c.state),
            attempts=case((sent, 0), else_=_T.c.attempts),
            due_at=case(
                (and_(sending, due > attempted, due < wished), due),
                (or_(sending, sent), wished),
                (and_(pending, waits_for_others), asked),
                else_=due,
            ),
        )
    )


def _delivery(row: Any) -> Delivery:
    fields = {name: getattr(row, name) for name in Delivery.__slots__}
    return Delivery(**{**fields, "state": DeliveryState(row.state)})


def _is_notice() -> ColumnElement[bool]:
    return _T.c.kind.startswith(NOTICE, autoescape=True)


_RENEW: Final = _renewing()
