"""Brings Slack in line with the outbox: claim, send, note what stands; retry what may heal, bury what cannot.

A row is claimed in one transaction, sent outside of any, and marked in another. Several are on their way at once, as
:mod:`bot.jobs.lanes` lets them; what a crash in between leaves is for :mod:`bot.jobs.cut_off`.
"""

from __future__ import annotations

import contextvars
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from slack_sdk import WebClient

from bot.config.slack import Broadcast
from bot.jobs.cut_off import DOUBT, CutOff
from bot.jobs.lanes import SENDERS, Lanes
from bot.jobs.sending import Outcome, Sending
from bot.jobs.slack_token import SlackToken
from bot.slack.render import Renderer
from traces.clock import Clock
from traces.store import Store
from traces.store.outbox import Delivery

_PASS: Final = timedelta(seconds=1)
"""A pass goes no further than this; what is on its way then arrives during later ones."""
_CHANNELS: Final = 32
_MANY: Final = 4


def _until_moved(moved: threading.Event) -> object:
    return moved.wait(_PASS.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a pass over the outbox did."""

    sent: int = 0
    failed: int = 0


class Delivering:
    """Sends the outbox to Slack.

    Args:
        store: Where the outbox is.
        client: Slack's Web API; without retries of its own.
        clock: Tells the time.
        renderer: Draws the messages.
        broadcast: Which replies in threads show in their channel as well.
        doubt: For so long after an attempt Slack may still do what it was asked.
        token: Told whether Slack takes the bot's token.
        draws_charts: Whether charts are sent as pictures.
        pool: In whose threads Slack is called.
        pause: Waits until the event is set, or for about a second.
    """

    def __init__(
        self,
        store: Store,
        client: WebClient,
        clock: Clock,
        renderer: Renderer,
        broadcast: Broadcast = "on_escalation",
        doubt: timedelta = DOUBT,
        token: SlackToken | None = None,
        *,
        draws_charts: bool = False,
        pool: Executor | None = None,
        pause: Callable[[threading.Event], object] = _until_moved,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pause = pause
        self._lanes = Lanes()
        self._token = token
        self._sending = Sending(
            store, client, clock, renderer, self._lanes, broadcast, doubt, token, draws_charts=draws_charts
        )
        self._cut_off = CutOff(store, client, clock, self._sending, self._lanes, doubt)
        self._pool = pool or ThreadPoolExecutor(SENDERS + _CHANNELS, thread_name_prefix="sender")
        self._lock = threading.Lock()
        self._moved = threading.Event()
        self._working: set[Future[None]] = set()
        self._under_way: set[str] = set()
        self._is_recovering = False
        self._outcomes: Counter[Outcome] = Counter()
        self._failures: list[BaseException] = []

    @property
    def is_pressed(self) -> bool:
        """Whether people see many messages change just now: what can wait should wait."""
        return len(self._under_way) >= _MANY

    def wake(self) -> None:
        """Let a pass that waits for Slack look for what is due now."""
        self._moved.set()

    def run(self, *, per_channel: int | None = None) -> Report:
        """Send what is due, at most ``per_channel`` new messages to a channel in a second; none waits for another channel.

        Returns when nothing is left that may be sent now and everything has arrived, or after a second: what is on its way
        then arrives later.
        """
        until = self._clock.now() + _PASS
        self._recover()
        while True:
            self._moved.clear()
            self._send_off(per_channel)
            if self._failures or self._is_idle() or self._clock.now() >= until:
                break
            self._pause(self._moved)
        if self._token is not None and not self._lanes.resting(self._clock.now()):
            self._token.ask()
        return self._report()

    def _is_idle(self) -> bool:
        """Whether nothing is on its way, nor has arrived since it was last looked for what may be sent."""
        with self._lock:
            return not self._working and not self._moved.is_set()

    def _report(self) -> Report:
        with self._lock:
            told, self._outcomes = self._outcomes, Counter()
            failures, self._failures = self._failures, []
        if failures:
            raise failures[0]
        return Report(sent=told[Outcome.SENT], failed=told.total() - told[Outcome.SENT])

    def _send_off(self, per_channel: int | None) -> None:
        now = self._clock.now()
        with self._store.read() as tx:
            chosen = self._lanes.choose(tx.outbox, now, per_channel)
        if not chosen:
            return
        with self._store.begin() as tx:
            claimed = [d for one in chosen if (d := tx.outbox.claim(one.delivery_id, now)) is not None]
        for delivery in claimed:
            self._lanes.sent_off(delivery, now)
            with self._lock:
                self._under_way.add(delivery.delivery_id)
            self._start(self._deliver, delivery)

    def _deliver(self, delivery: Delivery) -> None:
        outcome = Outcome.HELD
        try:
            outcome = self._sending.deliver(delivery)
        finally:
            self._lanes.arrived(delivery, self._clock.now(), is_held=outcome is Outcome.HELD)
            with self._lock:
                self._under_way.discard(delivery.delivery_id)
                self._outcomes[outcome] += 1

    def _recover(self) -> None:
        """Settle beside everything else what was cut off: a history may be slow to read."""
        with self._lock:
            if self._is_recovering:
                return
            self._is_recovering = True
            alive = frozenset(self._under_way)
        self._start(self._settle, alive)

    def _settle(self, alive: frozenset[str]) -> None:
        try:
            self._cut_off.run(alive)
        finally:
            with self._lock:
                self._is_recovering = False

    def _start(self, work: Callable[..., None], *about: object) -> None:
        """Work in a thread of the pool, under the lease of whoever called this pass; what goes wrong the pass raises."""
        future = self._pool.submit(contextvars.copy_context().run, work, *about)
        with self._lock:
            self._working.add(future)
        future.add_done_callback(self._ended)

    def _ended(self, future: Future[None]) -> None:
        error = future.exception()
        with self._lock:
            self._working.discard(future)
            if error is not None:
                self._failures.append(error)
            # With the lock still held: whoever sees that nothing is on its way sees this as well.
            self._moved.set()
