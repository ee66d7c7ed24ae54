"""A storm of changes to open alerts: how many messages reach Slack, how far apart, and whether each change shows.

Usage: python -m benchmarks.storms [--changes 10000] [--alerts 40]

The time is a fake clock's, so that a minute of storm takes seconds; Slack is a client that notes what it is sent.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from slack_sdk import WebClient

from alerts.telling.pipeline import ALERT
from bot.jobs.deliver import Delivering
from bot.slack.render import Renderer
from traces.clock import Clock, FakeClock
from traces.model import Alert, AlertState, Direction, Segment
from traces.store import Store, open_store
from traces.store.outbox import DeliveryState

START: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
APART: Final = timedelta(seconds=30)
STORM: Final = timedelta(seconds=60)
PASS: Final = timedelta(seconds=1)
MOST_AT_ONCE: Final = 4
"""Messages to a channel in one pass, as in a running Hark."""
_CONVERSATIONS = re.compile(r" of ([\d,]+)\)")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it was sent: when, which, and how many conversations it tells of."""

    at: datetime
    alert_id: str
    conversations: int


class NotingSlack(WebClient):
    """Takes every message, and notes it with the time of a clock; ``meanwhile`` happens to its alert while it is sent."""

    def __init__(self, clock: Clock, meanwhile: Callable[[str], None]) -> None:
        super().__init__(token="xoxb-storm")  # noqa: S106 - nothing is called
        self._clock = clock
        self._meanwhile = meanwhile
        self.sent: list[Sent] = []

    def chat_postMessage(self, *, channel: str, **message: Any) -> Any:  # noqa: N802 - Slack's name
        self._note(message)
        return {"ok": True, "channel": channel, "ts": f"{len(self.sent)}.000001"}

    def chat_update(self, *, channel: str, ts: str, **message: Any) -> Any:
        self._note(message)
        return {"ok": True, "channel": channel, "ts": ts}

    def chat_getPermalink(self, *, channel: str, message_ts: str, **_: Any) -> Any:  # noqa: N802 - Slack's name
        return {"ok": True, "permalink": f"https://storm.slack.com/archives/{channel}/p{message_ts}"}

    def _note(self, message: Mapping[str, Any]) -> None:
        found = _CONVERSATIONS.search(str(message["blocks"]))
        assert found is not None, message
        alert_id = str(message["metadata"]["event_payload"]["delivery_id"]).removeprefix(f"{ALERT}:")
        self.sent.append(Sent(self._clock.now(), alert_id, int(found[1].replace(",", ""))))
        self._meanwhile(alert_id)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a storm: changes by alert as their times, messages by alert, in the order of time."""

    changes: Mapping[str, Sequence[datetime]]
    messages: Mapping[str, Sequence[Sent]]
    cpu_s: float

    @property
    def nearest(self) -> timedelta:
        """The shortest time between two messages about one alert."""
        return min(later.at - earlier.at for sent in self.messages.values() for earlier, later in pairwise(sent))

    @property
    def lost(self) -> int:
        """How many changes show in no message."""
        return sum(len(times) - self._shown(alert_id) for alert_id, times in self.changes.items())

    @property
    def delays(self) -> list[timedelta]:
        """From each change to the first message that tells of it, the shortest first."""
        found = []
        for alert_id, times in self.changes.items():
            for number, at in enumerate(times, 1):
                found += [s.at - at for s in self.messages[alert_id] if s.conversations >= number][:1]
        return sorted(found)

    def _shown(self, alert_id: str) -> int:
        return self.messages[alert_id][-1].conversations if self.messages.get(alert_id) else 0


@dataclass
class _Storm:
    """The changes of a minute: each lets one alert tell of one conversation more."""

    store: Store
    channels: Sequence[str]
    changes: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def strike(self, hit: Sequence[int], now: datetime) -> None:
        """One pass of detection that changes these alerts, some of them several times."""
        with self.store.begin() as tx:
            for number, times in Counter(hit).items():
                alert_id = f"a{number}"
                self.changes[alert_id] += [now] * times
                before, channel = tx.alerts.get(alert_id), self.channels[number % len(self.channels)]
                known = len(self.changes[alert_id])
                if before is None:
                    tx.alerts.add(_alert(alert_id, number, known, now))
                else:
                    after = replace(before, n=known, k=known, updated_at=now, version=before.version + 1)
                    tx.alerts.replace(after, expecting=before.version)
                for _ in range(times):
                    tx.outbox.request(kind=ALERT, subject_id=alert_id, channel=channel, at=now, apart=APART)


def storm(
    store: Store, *, changes: int, alerts: int, channels: Sequence[str], during: bool = False, seed: int = 1
) -> Told:
    """Let so many changes to so many alerts come in one minute, and deliver every second until nothing waits.

    With ``during``, each message of that minute is overtaken by one more change while it is being sent.
    """
    clock, rng, began = FakeClock(START), random.Random(seed), time.process_time()
    blowing = _Storm(store, channels)

    def overtake(alert_id: str) -> None:
        if during and clock.now() < START + STORM:
            blowing.strike([int(alert_id[1:])], clock.now())

    slack = NotingSlack(clock, overtake)
    delivering = Delivering(store, slack, clock, Renderer((), {}))
    passes = STORM // PASS
    hits = [
        [rng.randrange(alerts) for _ in range(changes * (i + 1) // passes - changes * i // passes)]
        for i in range(passes)
    ]
    for hit in hits:
        blowing.strike(hit, clock.now())
        delivering.run(per_channel=MOST_AT_ONCE)
        clock.advance(PASS)
    while _waits(store):
        delivering.run(per_channel=MOST_AT_ONCE)
        clock.advance(PASS)
    messages: dict[str, list[Sent]] = defaultdict(list)
    for sent in slack.sent:
        messages[sent.alert_id].append(sent)
    return Told(blowing.changes, messages, time.process_time() - began)


def _waits(store: Store) -> bool:
    with store.read() as tx:
        return bool(tx.outbox.undelivered((DeliveryState.PENDING, DeliveryState.SENDING), limit=1))


def _alert(alert_id: str, number: int, n: int, now: datetime) -> Alert:
    return Alert(
        alert_id=alert_id,
        signal="refusal",
        segment=Segment.of(scenario=f"s{number}"),
        state=AlertState.OPEN,
        direction=Direction.UP,
        started_at=now,
        detected_at=now,
        updated_at=now,
        value=1.0,
        expected=0.05,
        expected_low=0.02,
        expected_high=0.1,
        n=n,
        k=n,
        users=n,
        detail={"series": [""]},
    )


def main() -> None:
    """Prints what reached Slack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--alerts", type=int, default=40)
    asked = parser.parse_args()
    print(
        f"{asked.changes:,} changes to {asked.alerts} alerts in {STORM.seconds} s, targets: {APART.seconds} s apart, 0 lost"
    )
    print(
        "| world | messages | most about one alert | nearest | lost | shown after, median and most | processor time |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    four = ["C0ONE", "C0TWO", "C0THREE", "C0FOUR"]
    worlds = {"one channel": (four[:1], False), "four channels": (four, False), "overtaken": (four, True)}
    for name, (channels, during) in worlds.items():
        with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{Path(folder)}/h.db")) as store:
            told = storm(store, changes=asked.changes, alerts=asked.alerts, channels=channels, during=during)
        sent, delays = [len(of_one) for of_one in told.messages.values()], [d.total_seconds() for d in told.delays]
        print(
            f"| {name} | {sum(sent)} | {max(sent)} | {told.nearest.total_seconds():.0f} s | {told.lost} "
            f"| {delays[len(delays) // 2]:.0f} s, {delays[-1]:.0f} s | {told.cpu_s:.1f} s |"
        )


if __name__ == "__main__":
    main()
