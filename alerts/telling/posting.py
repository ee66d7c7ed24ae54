"""What an alert asks the outbox for: its message, what stands in its thread, and that receivers outside Slack hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from alerts.telling.routes import Routing, Way
from alerts.telling.taught import has_been_taught
from traces.model import Alert, AlertState, Kind, Signal
from traces.store import Tx
from traces.store.outbox import NOTICE
from traces.store.reviews import ReviewItem

IDS = UUID("6f2c3c4e-5d0b-4b7e-9b57-0a5a8f0c7d11")
ALERT, EXAMPLE, UPDATE, BREAKDOWN, TAUGHT = "alert", "example", "update", "breakdown", "taught"
_APART = timedelta(seconds=30)
"""How long after one edit of a message the next one comes at the earliest, unless its state has changed."""
_AT_ONCE = timedelta(0)
_DIVIDED = frozenset({Kind.RATE, Kind.COUNT, Kind.CONTINUOUS, Kind.SCORE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Where alerts are posted and how many examples go into their thread; without a channel nothing is posted to Slack.

    ``routing`` sends some of them elsewhere, and tells receivers outside Slack.
    """

    channel: str | None
    examples: int = 5
    routing: Routing | None = None

    def way_of(self, alert: Alert, at: datetime) -> Way:
        """Where an alert that opens goes."""
        if self.routing is None:
            return Way(channel=self.channel or "", receivers=(), at=at)
        return self.routing.way_of(alert, at)

    def told_from(self, alert: Alert, at: datetime) -> datetime:
        """From when on people are told of what is new about an alert."""
        return at if self.routing is None else self.routing.told_from(alert, at)

    def channel_of(self, alert: Alert) -> str | None:
        """Where an alert stands in Slack."""
        return None if self.channel is None else str(_way(alert).get("channel") or self.channel)


def breakdown_key(alert: Alert) -> str | None:
    """By which key an alert's figures are divided: the one that explains it, else the one of its segment."""
    attribution = alert.detail.get("attribution")
    explains = attribution.get("key") if isinstance(attribution, Mapping) else None
    keys = [explains, *(key for key, _ in alert.segment.pairs)]
    return next((str(key) for key in keys if key), None)


def ask_for_thread(tx: Tx, posting: Posting, alert: Alert, signal: Signal, *, at: datetime, now: datetime) -> None:
    """Ask that an alert be told from ``at`` on: its message, and in its thread the breakdown and the examples."""
    tell_receivers(tx, alert, at)
    if (channel := posting.channel_of(alert)) is None:
        return
    root = tx.outbox.request(kind=ALERT, subject_id=alert.alert_id, channel=channel, at=at)
    _ask_for_breakdown(tx, alert, signal, channel, now)
    for conversation_id in alert.examples:
        item = tx.reviews.pick(
            ReviewItem(
                item_id=uuid5(IDS, f"{alert.signal}\n{conversation_id}").hex,
                conversation_id=conversation_id,
                evaluator=alert.signal,
                alert_id=alert.alert_id,
                reason=f"Example of the alert on {alert.signal.replace('_', ' ')}.",
                picked_at=now,
            )
        )
        tx.outbox.request(kind=EXAMPLE, subject_id=item.item_id, channel=channel, thread_of=root, at=now)


def ask_for_update(tx: Tx, posting: Posting, alert: Alert, number: int, now: datetime) -> None:
    """Ask that a decision be said in the thread; in quiet hours, when they are over."""
    if (channel := posting.channel_of(alert)) is not None:
        tx.outbox.request(
            kind=UPDATE,
            subject_id=f"{alert.alert_id}.{number}",
            channel=channel,
            thread_of=f"{ALERT}:{alert.alert_id}",
            at=posting.told_from(alert, now),
        )


def ask_again(tx: Tx, posting: Posting, before: Alert, after: Alert, signal: Signal | None, now: datetime) -> None:
    """Ask that an alert's messages be brought up to date after a change."""
    channel, has_turned = posting.channel_of(after), before.state is not after.state
    if posting.told_from(after, now) == now:
        # What was held back as less than urgent may have become urgent.
        notices = [f"{NOTICE}{name}:{after.alert_id}" for name in _receivers(after)]
        tx.outbox.hasten([f"{ALERT}:{after.alert_id}", *notices], now)
    if channel is None:
        return
    # A change of its state is news; new figures may wait for the next ones.
    apart = _AT_ONCE if has_turned else _APART
    tx.outbox.request(kind=ALERT, subject_id=after.alert_id, channel=channel, at=now, apart=apart)
    if after.state is not AlertState.RESOLVED:
        _ask_for_breakdown(tx, after, signal, channel, now)
    if has_been_taught(after):
        root = f"{ALERT}:{after.alert_id}"
        tx.outbox.request(kind=TAUGHT, subject_id=after.alert_id, channel=channel, thread_of=root, at=now, apart=_APART)


def tell_receivers(tx: Tx, alert: Alert, at: datetime) -> None:
    """Ask that the receivers of an alert's route hear how it stands, from a time on."""
    for name in _receivers(alert):
        tx.outbox.request(kind=f"{NOTICE}{name}", subject_id=alert.alert_id, channel=f"{NOTICE}{name}", at=at)


def _ask_for_breakdown(tx: Tx, alert: Alert, signal: Signal | None, channel: str, now: datetime) -> None:
    if signal is None or signal.kind not in _DIVIDED or signal.tail_of is not None or breakdown_key(alert) is None:
        return
    if signal.counts == "conversation":
        root = f"{ALERT}:{alert.alert_id}"
        tx.outbox.request(
            kind=BREAKDOWN, subject_id=alert.alert_id, channel=channel, thread_of=root, at=now, apart=_APART
        )


def _receivers(alert: Alert) -> list[str]:
    return [str(name) for name in _way(alert).get("receivers") or ()]


def _way(alert: Alert) -> Mapping[str, Any]:
    way = alert.detail.get("way")
    return way if isinstance(way, Mapping) else {}
