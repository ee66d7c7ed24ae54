"""False alerts of drift and of new topics in quiet weeks, and what is found of three changes.

Two worlds: the demo's shop in its healthy weeks, and made-up talk of twelve topics in three languages whose shares wander
from day to day. Conversations go through the store, the baseline is learned and renewed by the hourly job, and the alerts
are read.

Usage: python -m benchmarks.alert_drift [--streams 2] [--weeks 6] [--found 4] [--seed 1] [--per-hour 15]
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from alerts.signals import measure
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.demo.simulate import Traffic
from bot.jobs.detect import Detection
from bot.jobs.drift import Drifting, Likeness
from traces.clock import format_time
from traces.conversation_format import parse_conversation
from traces.ingest import offer, take_conversations
from traces.model import Alert
from traces.store import Store, open_store

START: Final = datetime(2026, 9, 7, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
EVERY_H: Final = 3
LEARNED_D: Final = 14
SIGNALS: Final = ("input_drift", "output_drift", "new_topic")
TOPICS: Final = 12
TONGUES: Final = ("en", "de", "fr")
Talk: TypeAlias = Callable[[datetime, datetime], Iterator[dict[str, Any]]]


def demo(seed: int, per_hour: float) -> Talk:
    """The demo's shop before its roll-out."""
    traffic = Traffic(seed=seed, since=START - timedelta(days=60), per_hour=per_hour)

    def between(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        for one in traffic.between(start, end):
            yield dict(one.sent)

    return between


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changes from a day on: a new topic's share, how often the second tongue is spoken, how long answers are."""

    name: str = "nothing"
    at: datetime = datetime(9999, 1, 1, tzinfo=UTC)
    new_topic: float = 0.0
    second: float = 1.0
    longer: float = 1.0


class Made:
    """Made-up talk: each topic has words of its own, each tongue words of its own for them."""

    def __init__(self, seed: int, per_hour: float, change: Change) -> None:
        self._seed, self._per_hour, self._change = seed, per_hour, change
        rng = random.Random(seed)
        self._common = {t: [_word(rng, t) for _ in range(60)] for t in TONGUES}
        self._words = {(t, k): [_word(rng, t) for _ in range(30)] for t in TONGUES for k in range(TOPICS + 1)}
        draw = np.random.default_rng(seed)
        self._shares = draw.dirichlet(np.full(TOPICS, 3.0))
        self._wandering = draw

    def between(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        rng = random.Random(f"{self._seed}{start}")
        shares = self._of_day(start)
        is_changed = start >= self._change.at
        busy = (1 + 0.6 * math.sin((start.hour - 8) / 24 * 2 * math.pi)) * (0.6 if start.weekday() > 4 else 1.0)
        hours = (end - start) / HOUR
        for i in range(int(np.random.default_rng([self._seed, int(start.timestamp())]).poisson(
            self._per_hour * busy * hours
        ))):  # fmt: skip
            tongue = rng.choices(TONGUES, (0.7, 0.18 * (self._change.second if is_changed else 1.0), 0.12))[0]
            topic = rng.choices(range(TOPICS), list(shares))[0]
            if is_changed and rng.random() < self._change.new_topic:
                topic = TOPICS
            at = start + rng.random() * (end - start)
            longer = self._change.longer if is_changed else 1.0
            yield {
                "id": f"{start:%m%dT%H}-{i}",
                "started_at": format_time(at),
                "ended_at": format_time(at),
                "user_id": f"u{rng.randrange(2000)}",
                "metadata": {"language": tongue},
                "messages": [
                    {"role": "user", "content": self._said(rng, tongue, topic, rng.lognormvariate(2.4, 0.5))},
                    {
                        "role": "assistant",
                        "content": self._said(rng, tongue, topic, longer * rng.lognormvariate(3.4, 0.5)),
                    },
                ],
            }

    def _of_day(self, at: datetime) -> Sequence[float]:
        rng = np.random.default_rng([self._seed, at.toordinal()])
        weekend = np.where(np.arange(TOPICS) % 3 == 0, 0.7 if at.weekday() > 4 else 1.0, 1.0)
        shares = self._shares * np.exp(rng.normal(0, 0.15, TOPICS)) * weekend
        return list(shares / shares.sum())

    def _said(self, rng: random.Random, tongue: str, topic: int, words: float) -> str:
        chosen = []
        for _ in range(max(3, round(words))):
            pool = self._words[tongue, topic] if rng.random() < 0.45 else self._common[tongue]
            place = min(int(rng.paretovariate(0.9)) - 1, len(pool) - 1)
            chosen.append(pool[place])
        if rng.random() < 0.15:
            chosen.append(_word(rng, tongue))
        return " ".join(chosen)


def _word(rng: random.Random, tongue: str) -> str:
    sounds = {"en": "bcdfglmnprst", "de": "bdghkmnrstwz", "fr": "cdjlmnpqrstv"}[tongue]
    return "".join(rng.choice(sounds) + rng.choice("aeiou") for _ in range(rng.randint(2, 4))) + tongue[0]


def play(store: Store, talk: Talk, days: int) -> list[Alert]:
    """All alerts of so many days."""
    likeness = Likeness()
    drifting, watching = Drifting(store, likeness), Detection(store, WatchSettings(), Posting(channel=None), {}, {})
    for step in range(days * 24 // EVERY_H):
        start = START + step * EVERY_H * HOUR
        end = start + EVERY_H * HOUR
        came = list(talk(start, end))
        with store.begin() as tx:
            for h in range(EVERY_H):
                tx.state.beat(start + h * HOUR)
            take_conversations(tx, [offer(c, end) for c in came], end)
            talks = [parse_conversation(c, received_at=end) for c in came]
            facts = [
                measure(likeness.placed(c), [], ("topic", "language"), {}, 30, {}, likeness.measure(c)) for c in talks
            ]
            tx.rollups.record(facts)
        drifting.run(end + timedelta(minutes=15))
        watching.run(end + timedelta(minutes=15))
    watching.save()
    with store.read() as tx:
        return tx.alerts.all()


def quiet(options: argparse.Namespace, folder: Path) -> None:
    """Prints the false alerts of each world."""
    weeks = options.weeks - LEARNED_D / 7
    for name in ("demo", "made"):
        alerts: list[Alert] = []
        for i in range(options.streams):
            seed = options.seed + i
            talk = demo(seed, options.per_hour) if name == "demo" else Made(seed, options.per_hour, Change()).between
            with closing(open_store(f"sqlite:///{folder}/{name}{i}.db")) as store:
                raised = play(store, talk, options.weeks * 7)
            alerts += [a for a in raised if a.detected_at >= START + timedelta(days=LEARNED_D)]
        counted = Counter(a.signal for a in alerts)
        total = options.streams * weeks
        told = " | ".join(f"{counted[s] / total:.3f}" for s in SIGNALS)
        others = ", ".join(f"{s} {n}" for s, n in counted.items() if s not in SIGNALS)
        print(f"| {name}, {total:.0f} stream-weeks | {told} | {others} |", flush=True)
        for a in alerts:
            print(
                f"    {a.signal} {a.segment} {a.detected_at} {a.value:.3f} {a.expected:.3f} n={a.n} {a.detail.get('rule')}"
            )


CHANGES: Final = (
    Change(name="a new topic of 3 %", new_topic=0.03),
    Change(name="the second tongue from 18 % to 40 %", second=3.3),
    Change(name="answers twice as long", longer=2.0),
)


def found(options: argparse.Namespace, folder: Path) -> None:
    """Prints, of every change, how often and how soon it is told."""
    at = START + timedelta(days=LEARNED_D)
    for change in CHANGES:
        delays: dict[str, list[float]] = {}
        first: list[float] = []
        for i in range(options.found):
            made = Made(100 + options.seed + i, options.per_hour, Change(
                name=change.name, at=at, new_topic=change.new_topic, second=change.second, longer=change.longer
            ))  # fmt: skip
            with closing(open_store(f"sqlite:///{folder}/{CHANGES.index(change)}-{i}.db")) as store:
                raised = [a for a in play(store, made.between, LEARNED_D + 5) if a.detected_at >= at]
            hours = {a.signal: (a.detected_at - at) / HOUR for a in sorted(raised, key=lambda a: a.detected_at)[::-1]}
            for signal, delay in hours.items():
                delays.setdefault(signal, []).append(delay)
            if hours:
                first.append(min(hours.values()))
        by = ", ".join(f"{s} {len(d)}/{options.found} in {np.median(d):.0f} h" for s, d in sorted(delays.items()))
        print(f"| {change.name} | {len(first)}/{options.found} | {np.median(first) if first else math.nan:.0f} h | {by} |",
              flush=True)  # fmt: skip


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("streams", 2), ("weeks", 6), ("found", 4), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--per-hour", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"| world | {' | '.join(f'{s} a week' for s in SIGNALS)} | others |\n| --- | ---: | ---: | ---: | --- |")
        quiet(options, Path(folder))
        print("\n| change | told | median delay | by |\n| --- | ---: | ---: | --- |")
        found(options, Path(folder))


if __name__ == "__main__":
    main()
