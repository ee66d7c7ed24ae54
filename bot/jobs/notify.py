"""Tells receivers outside Slack of alerts: claim, tell, note; each receiver on its own, so that one that is down delays no other.

A notice that was cut off is told again: receivers know an alert by its id, so that a repeat changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.telling.pipeline import ALERT
from bot.jobs.deliver import Report
from bot.receivers.base import Notice, Receiver, notice_of
from bot.slack.blocks.alert import alert_line
from bot.slack.blocks.saying import explanation
from bot.slack.render import Renderer
from bot.slack.text import spoken
from traces.clock import Clock
from traces.errors import BadInput, Busy
from traces.store import Store, Tx
from traces.store.outbox import NOTHING_TO_TELL, NOTICE, Delivery, DeliveryState

_LOG = logging.getLogger(__name__)
_GRACE: Final = timedelta(seconds=90)
_PATIENCE: Final = timedelta(seconds=5)
"""For so long the first notice of an alert waits for the address of its message in Slack."""
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=5)
_MOST_ATTEMPTS: Final = 60


class Notifying:
    """Delivers the notices of the outbox."""

    def __init__(self, store: Store, receivers: Mapping[str, Receiver], clock: Clock, renderer: Renderer) -> None:
        self._store = store
        self._receivers = receivers
        self._clock = clock
        self._renderer = renderer
        self._paused: dict[str, datetime] = {}

    def run(self) -> Report:
        """Tell what is due, the oldest first; a receiver that fails is left alone until it is due again."""
        sent = failed = 0
        now = self._clock.now()
        resting = {channel for channel, until in self._paused.items() if until > now}
        self._recover()
        while due := self._due(resting):
            for delivery in due:
                if delivery.channel in resting:
                    continue
                if self._deliver(delivery):
                    sent += 1
                else:
                    failed += 1
                    resting.add(delivery.channel)
        return Report(sent=sent, failed=failed)

    def _due(self, resting: set[str]) -> list[Delivery]:
        now = self._clock.now()
        with self._store.read() as tx:
            due = tx.outbox.due(now, limit=100, without=resting, notices=True)
            young = [d for d in due if d.posted_ts is None and now - d.created_at < _PATIENCE]
            linked_soon = _posted_soon(tx, {d.subject_id for d in young})
        return [d for d in due if d not in young or d.subject_id not in linked_soon]

    def _recover(self) -> None:
        now = self._clock.now()
        with self._store.read() as tx:
            if not (cut_off := tx.outbox.interrupted(now - _GRACE, notices=True)):
                return
        with self._store.begin() as tx:
            for delivery in cut_off:
                tx.outbox.retry(delivery.delivery_id, due_at=now, problem="interrupted")

    def _deliver(self, due: Delivery) -> bool:
        with self._store.begin() as tx:
            delivery = tx.outbox.claim(due.delivery_id, self._clock.now())
            notice = None if delivery is None else self._notice(tx, delivery)
        if delivery is None:
            return True
        name = delivery.channel.removeprefix(NOTICE)
        receiver = self._receivers.get(name)
        if receiver is None or notice is None:
            gone = NOTHING_TO_TELL if receiver is not None else f"there is no receiver {name} any more"
            return self._buried(delivery, gone)
        try:
            receiver.tell(notice)
        except Busy as error:
            return self._later(delivery, error)
        except BadInput as error:
            return self._buried(delivery, error.message)
        with self._store.begin() as tx:
            tx.outbox.sent(delivery, channel=delivery.channel, ts=notice.alert_id[:32], at=self._clock.now())
        return True

    def _notice(self, tx: Tx, delivery: Delivery) -> Notice | None:
        alert = tx.alerts.get(delivery.subject_id)
        if alert is None:
            return None
        signal = self._renderer.signal(alert.signal)
        line, text = alert_line(alert, signal), spoken(explanation(alert, signal))
        url = tx.permalinks.of(ALERT, [alert.alert_id]).get(alert.alert_id)
        return notice_of(alert, line, text, url=url, is_first=delivery.posted_ts is None)

    def _later(self, delivery: Delivery, error: Busy) -> bool:
        if delivery.attempts >= _MOST_ATTEMPTS:
            return self._buried(delivery, f"given up after {delivery.attempts} attempts: {error.message}")
        backoff = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(delivery.attempts - 1, 10))
        wait = max(backoff, timedelta(seconds=error.retry_after_s))
        # Whoever is down is not asked for each notice anew: that would keep the others waiting.
        self._paused[delivery.channel] = due_at = self._clock.now() + wait
        with self._store.begin() as tx:
            tx.outbox.retry(delivery.delivery_id, due_at=due_at, problem=error.message)
        return False

    def _buried(self, delivery: Delivery, problem: str) -> bool:
        _LOG.error("%s was not told: %s", delivery.channel.removeprefix(NOTICE), problem)
        with self._store.begin() as tx:
            tx.outbox.bury(delivery.delivery_id, problem=problem)
        return False


def _posted_soon(tx: Tx, alert_ids: Collection[str]) -> set[str]:
    """The alerts whose message in Slack is due or being sent, and whose address is therefore known in a moment."""
    known = tx.permalinks.of(ALERT, alert_ids)
    waiting = {DeliveryState.PENDING, DeliveryState.SENDING}
    return {
        d.subject_id
        for d in tx.outbox.of_subjects(sorted(alert_ids))
        if d.kind == ALERT and d.subject_id not in known and d.state in waiting and d.attempts <= 1
    }
