"""What several Harks that were killed in turn have to show for it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, fields
from datetime import timedelta

from crash_slack import CruelSlack
from crash_world import Told
from replicas_fleet import Fleet
from web_double import REVIEW

from alerts.pipeline import ALERT
from bot.jobs.pick import REVIEW as CARD
from traces.clock import SystemClock
from traces.model import EVERYTHING
from traces.store import Store, Tx, open_store
from traces.store.outbox import DeliveryState
from traces.store.rollups import DAY_S, bucket_start

_LONG_S = 240.0
_CLOCK = SystemClock()


@dataclass(frozen=True)
class ReplicaCount:
    """How much there was, and how much of it went wrong: everything after ``labels`` is to be zero."""

    lives: int
    acknowledged: int
    alerts: int
    posts: int
    labels: int
    lost: int
    unevaluated: int
    unmeasured: int
    silent: int
    unposted: int
    repeated: int
    labels_lost: int
    labels_doubled: int
    labels_unshown: int
    faults: int
    broken: int

    @property
    def wrong(self) -> dict[str, int]:
        """What is not as it should be."""
        names = [f.name for f in fields(self)]
        return {n: getattr(self, n) for n in names[names.index("lost") :] if getattr(self, n)}


def drain(fleet: Fleet, database: str) -> None:
    """Let the fleet go on until nothing waits any more."""
    store = open_store(database)
    until = time.monotonic() + _LONG_S
    idle = 0
    while idle < 3:
        waiting = _waiting(store)
        assert time.monotonic() < until, f"it is never done: {waiting}"
        idle = 0 if any(waiting.values()) else idle + 1
        time.sleep(0.5)
    store.close()
    assert all(fleet.is_alive(name) for name in fleet.replicas)


def _waiting(store: Store) -> dict[str, int]:
    with store.read() as tx:
        counts = tx.outbox.counts()
        return {
            "conversations": tx.conversations.awaiting(),
            "pending": counts.get(DeliveryState.PENDING, 0),
            "sending": counts.get(DeliveryState.SENDING, 0),
            "silent": len(_scenarios(tx) - _alerted(tx)),
        }


def _scenarios(tx: Tx) -> set[str]:
    now = _CLOCK.now()
    found = tx.rollups.segments_with("scenario", since=now - timedelta(days=1), until=now)
    return {segment.pairs[0][1] for segment in found}


def _alerted(tx: Tx) -> set[str]:
    return {alert.segment.pairs[0][1] for alert in tx.alerts.all() if alert.segment.pairs}


def count(fleet: Fleet, slack: CruelSlack, told: Told, database: str) -> ReplicaCount:
    """Compare what was answered with what is stored and what stands in Slack."""
    store, posted = open_store(database), slack.delivered()
    with store.read() as tx:
        stored = {c.conversation_id: c.messages[-1].content for page in tx.conversations.in_order() for c in page}
        rows = tx.outbox.undelivered(list(DeliveryState), 100_000)
        lost, doubled, unshown = _labels(tx, told, slack)
        alerts = tx.alerts.all()
        found = ReplicaCount(
            lives=fleet.lives,
            acknowledged=len(told.conversations),
            alerts=len(alerts),
            posts=sum(posted.values()),
            labels=len(told.clicks),
            lost=sum(stored.get(i) != words for i, words in told.conversations.items()),
            unevaluated=tx.conversations.awaiting(),
            unmeasured=abs(_measured(tx) - len(stored)),
            silent=len(_scenarios(tx) - _alerted(tx)),
            unposted=sum(row.state is not DeliveryState.SENT or not posted[row.delivery_id] for row in rows)
            + sum(not posted[f"{ALERT}:{alert.alert_id}"] for alert in alerts),
            repeated=sum(times > 1 for times in posted.values()),
            labels_lost=lost,
            labels_doubled=doubled,
            labels_unshown=unshown,
            faults=len(told.faults) + len(fleet.tracebacks()),
            broken=int(tx.audit.broken() is not None),
        )
    store.close()
    return found


def _measured(tx: Tx) -> int:
    now = _CLOCK.now()
    since = bucket_start(now - timedelta(days=1), DAY_S)
    days = tx.rollups.series("volume", EVERYTHING, since=since, until=now + timedelta(days=1), resolution_s=DAY_S)
    return sum(rollup.n for _, rollup in days)


def _labels(tx: Tx, told: Told, slack: CruelSlack) -> tuple[int, int, int]:
    """Labels that are lost, doubled, and not shown on their card."""
    lost = unshown = 0
    cards = {m["metadata"]["event_payload"]["delivery_id"]: str(m) for m in slack.posted(REVIEW)}
    for (item_id, reviewer), value in told.clicks.items():
        item = tx.reviews.item(item_id)
        label = None if item is None else tx.reviews.standing_label(item.conversation_id, item.evaluator, reviewer)
        lost += label is None or label.value != value
        unshown += reviewer.lower() not in cards[f"{CARD}:{item_id}"].lower()
    given = Counter((e.actor, e.subject, str(e.after)) for e in tx.audit.entries() if e.action == "label")
    return lost, sum(times > 1 for times in given.values()), unshown
