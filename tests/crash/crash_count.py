"""What a Hark that died again and again has to show for it, counted once it was left alone for a while."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

from crash_process import Lives
from crash_slack import CruelSlack
from crash_world import Told
from web_double import REVIEW

from alerts.telling.pipeline import ALERT
from bot.jobs.pick import REVIEW as CARD
from traces.clock import SystemClock
from traces.model import EVERYTHING
from traces.store import Store, Tx, open_store
from traces.store.outbox import DeliveryState
from traces.store.rollups import DAY_S, bucket_start

_LONG_S = 180.0
_CLOCK = SystemClock()


@dataclass(frozen=True)
class Count:
    """How much there was, and how much of it went wrong: everything after ``labels`` is to be zero."""

    lives: int
    acknowledged: int
    alerts: int
    posts: int
    labels: int
    lost: int
    """Acknowledged conversations that are not stored, or not as they were sent."""
    unmeasured: int
    """By how many the rollups differ from the conversations."""
    silent: int
    """Bounds that are broken without an alert."""
    unposted: int
    """Messages that were asked for and do not stand in Slack."""
    repeated: int
    """Messages that stand in Slack more than once."""
    labels_lost: int
    labels_doubled: int
    labels_unshown: int
    faults: int
    """Answers of 500, and tracebacks in the log."""
    broken: int
    """What the database's own check and that of the audit trail found."""

    @property
    def wrong(self) -> dict[str, int]:
        """What is not as it should be."""
        names = [f.name for f in fields(self)]
        return {n: getattr(self, n) for n in names[names.index("lost") :] if getattr(self, n)}


def drain(lives: Lives, database: str) -> None:
    """Let one life go on until nothing waits any more."""
    settle(database, _LONG_S)
    assert lives.is_alive()


def settle(database: str, within_s: float) -> None:
    """Wait until nothing waits any more, and no broken bound is without its alert."""
    store = open_store(database)
    until = time.monotonic() + within_s
    idle = 0
    while idle < 3:
        waiting = _waiting(store)
        assert time.monotonic() < until, f"it is never done: {waiting}"
        idle = 0 if any(waiting.values()) else idle + 1
        time.sleep(0.5)
    store.close()


def _waiting(store: Store) -> dict[str, int]:
    with store.read() as tx:
        counts = tx.outbox.counts()
        return {
            "conversations": tx.conversations.awaiting(),
            "pending": counts.get(DeliveryState.PENDING, 0),
            "sending": counts.get(DeliveryState.SENDING, 0),
            "silent": _silent(tx),
        }


def _silent(tx: Tx) -> int:
    now = _CLOCK.now()
    broken = tx.rollups.segments_with("scenario", since=now - timedelta(days=1), until=now)
    told = {alert.segment.pairs[0][1] for alert in tx.alerts.all() if alert.segment.pairs}
    return len({segment.pairs[0][1] for segment in broken} - told)


def count(lives: Lives, slack: CruelSlack, told: Told, database: str) -> Count:
    """Compare what was answered with what is stored and what stands in Slack."""
    store = open_store(database)
    with store.read() as tx:
        counted = counted_in(tx, slack, told, lives=lives.count, tracebacks=lives.tracebacks())
    store.close()
    return replace(counted, broken=counted.broken + _broken(database))


def counted_in(tx: Tx, slack: CruelSlack, told: Told, *, lives: int, tracebacks: Sequence[str]) -> Count:
    """The count over what is stored; of what is broken, the audit trail only."""
    posted, alerts = slack.delivered(), tx.alerts.all()
    stored = {c.conversation_id: c.messages[-1].content for page in tx.conversations.in_order() for c in page}
    rows = tx.outbox.undelivered(list(DeliveryState), 100_000)
    lost, doubled, unshown = _labels(tx, told, slack)
    return Count(
        lives=lives,
        acknowledged=len(told.conversations),
        alerts=len(alerts),
        posts=sum(posted.values()),
        labels=len(told.clicks),
        lost=sum(stored.get(i) != words for i, words in told.conversations.items()),
        unmeasured=abs(_measured(tx) - len(stored)),
        silent=_silent(tx),
        unposted=sum(row.state is not DeliveryState.SENT or not posted[row.delivery_id] for row in rows)
        + sum(not posted[f"{ALERT}:{alert.alert_id}"] for alert in alerts),
        repeated=sum(times > 1 for times in posted.values()),
        labels_lost=lost,
        labels_doubled=doubled,
        labels_unshown=unshown,
        faults=len(told.faults) + len(tracebacks),
        broken=int(tx.audit.broken() is not None),
    )


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


def _broken(database: str) -> int:
    with closing(sqlite3.connect(Path(database.removeprefix("sqlite:///")))) as connection:
        return sum(row != ("ok",) for row in connection.execute("PRAGMA integrity_check"))
