"""Which messages may be on their way to Slack at once, so that no channel waits for another and none loses its order.

New messages go to a channel one after the other. Edits of messages that stand, such as a card that was clicked on, go
beside them and beside each other: each message has one sender, so that the newest state is what it shows in the end.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from traces.store.outbox import Delivery, Outbox

SENDERS: Final = 64
"""Calls of Slack under way at once, over all channels."""
_BESIDE: Final = 48
"""Edits under way at once in one channel: at 400 ms a call, a hundred cards a second."""
_REST: Final = timedelta(seconds=1)
"""How long a channel is left alone after something failed, and over which its new messages are counted."""
_LOOKED_AT: Final = 100


class Lanes:
    """The channels, and what is on its way to each. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._posting: set[str] = set()
        self._editing: Counter[str] = Counter()
        self._rests: dict[str, datetime] = {}
        self._edits_rest: datetime | None = None
        self._failing: set[str] = set()
        self._posted: dict[str, tuple[datetime, int]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        with self._lock:
            return not self._posting and not self._editing

    def resting(self, now: datetime) -> set[str]:
        """The channels that are left alone."""
        with self._lock:
            self._rests = {channel: until for channel, until in self._rests.items() if until > now}
            return set(self._rests)

    def rest(self, channel: str, until: datetime, *, edits_everywhere: bool = False) -> None:
        """Leave a channel alone; Slack counts edits over all channels, so that these may have to rest everywhere."""
        with self._lock:
            self._rests[channel] = max(until, self._rests.get(channel, until))
            if edits_everywhere:
                self._edits_rest = max(until, self._edits_rest or until)

    def choose(self, outbox: Outbox, now: datetime, per_channel: int | None) -> list[Delivery]:
        """What may be sent now: edits first, for somebody waits for them.

        Args:
            outbox: Where it is read from.
            now: The time.
            per_channel: How many new messages a channel gets in a second at most.
        """
        return [*self._edits(outbox, now), *self._posts(outbox, now, per_channel)]

    def _edits(self, outbox: Outbox, now: datetime) -> list[Delivery]:
        resting = self.resting(now)
        with self._lock:
            if self._edits_rest is not None and self._edits_rest > now:
                return []
            free = SENDERS - self._editing.total()
            left = {channel: self._room(channel) - n for channel, n in self._editing.items()}
        if free <= 0:
            return []
        full = {channel for channel, room in left.items() if room <= 0}
        chosen: list[Delivery] = []
        for delivery in outbox.due(now, limit=_LOOKED_AT, without=resting | full, standing=True):
            room = left.setdefault(delivery.channel, self._room(delivery.channel))
            if room > 0 and len(chosen) < free:
                left[delivery.channel] = room - 1
                chosen.append(delivery)
        return chosen

    def _posts(self, outbox: Outbox, now: datetime, per_channel: int | None) -> list[Delivery]:
        resting = self.resting(now)
        with self._lock:
            without = resting | self._posting | self._spent(now, per_channel)
        first: dict[str, Delivery] = {}
        while due := outbox.due(now, limit=_LOOKED_AT, without=without | first.keys(), standing=False):
            for delivery in due:
                first.setdefault(delivery.channel, delivery)
        return list(first.values())

    def _room(self, channel: str) -> int:
        # Where calls fail or hang, one at a time finds out whether they still do.
        return 1 if channel in self._failing else _BESIDE

    def _spent(self, now: datetime, per_channel: int | None) -> set[str]:
        self._posted = {c: (since, n) for c, (since, n) in self._posted.items() if now - since < _REST}
        return {c for c, (_, n) in self._posted.items() if per_channel is not None and n >= per_channel}

    def sent_off(self, delivery: Delivery, now: datetime) -> None:
        """A message is on its way."""
        with self._lock:
            if delivery.posted_ts is not None:
                self._editing[delivery.channel] += 1
                return
            self._posting.add(delivery.channel)
            since, n = self._posted.get(delivery.channel, (now, 0))
            self._posted[delivery.channel] = (since, n + 1)

    def arrived(self, delivery: Delivery, now: datetime, *, is_held: bool) -> None:
        """A message is no longer on its way; where ``is_held``, its channel rests before anything else goes there."""
        with self._lock:
            if delivery.posted_ts is None:
                self._posting.discard(delivery.channel)
            elif self._editing[delivery.channel] <= 1:
                del self._editing[delivery.channel]
            else:
                self._editing[delivery.channel] -= 1
            (self._failing.add if is_held else self._failing.discard)(delivery.channel)
        if is_held:
            self.rest(delivery.channel, now + _REST)
