"""Hundreds of series that go off at once: root messages, what they say, and how long the pass takes.

Usage: python -m benchmarks.alert_storm [--signals 25] [--days 5]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.telling.kin import also_keys
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from traces.model import EVERYTHING, Direction, Segment
from traces.store import Store, open_store
from traces.store.rollups import Fact

START: Final = datetime(2026, 10, 5, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
PER_HOUR: Final = 60
CUTS: Final = {"model": 4, "scenario": 6, "language": 4, "application": 5}
USUAL: Final = 0.06
Wrong = Mapping[str, tuple[str, str] | None]
"""By signal, in which cut it is broken: in none in particular where that is ``None``."""


def flow(store: Store, hour: datetime, signals: list[str], wrong: Wrong) -> None:
    """An hour of traffic."""
    rng = random.Random(hour.isoformat())
    facts = []
    for i in range(PER_HOUR):
        cut = {key: f"{key[0]}{rng.randrange(n)}" for key, n in CUTS.items()}
        is_down = rng.random() < 0.8
        values = {"volume": [1.0], "latency": [rng.lognormvariate(0.5, 0.4)]}
        for s in signals:
            is_hit = s in wrong and (wrong[s] is None or cut[wrong[s][0]] == wrong[s][1])
            values[s] = [float(is_down if is_hit else rng.random() < USUAL)]
        facts.append(
            Fact(
                conversation_id=f"{hour:%m%dT%H}-{i}",
                at=hour + timedelta(seconds=rng.uniform(0, 3599)),
                segments=(EVERYTHING, *(Segment(((k, v),)) for k, v in cut.items())),
                values=values,
            )
        )
    with store.begin() as tx:
        tx.state.beat(hour)
        tx.rollups.record(facts)


def main() -> None:
    """Prints a table of what went wrong and what was told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=25)
    parser.add_argument("--days", type=int, default=5)
    options = parser.parse_args()
    signals = [f"score_{i}" for i in range(options.signals)]
    several = [("model", "m1"), ("scenario", "s2"), ("language", "l3"), ("application", "a0")]
    worlds: dict[str, Wrong] = {
        "one cause in one model": dict.fromkeys(signals, ("model", "m1")),
        "one cause everywhere": dict.fromkeys(signals),
        "four causes": {s: several[i % 4] for i, s in enumerate(signals)},
    }
    print("| world | series off | root messages | signals told in them | signals off | slowest pass |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, wrong in worlds.items():
        with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{Path(folder)}/h.db")) as store:
            hours = options.days * 24
            for h in range(hours):
                flow(store, START + h * HOUR, signals, {})
            posting = Posting(channel="#alerts", examples=5)
            watching = Detection(store, WatchSettings(), posting, dict.fromkeys(signals, Direction.UP), {})
            watching.run(START + hours * HOUR + timedelta(minutes=15))
            slowest, off = 0.0, 0
            for h in range(hours, hours + 6):
                flow(store, START + h * HOUR, signals, wrong)
                began = time.process_time()
                decisions = watching.run(START + (h + 1) * HOUR + timedelta(minutes=15))
                slowest, off = max(slowest, time.process_time() - began), max(off, len(decisions))
            with store.read() as tx:
                alerts = tx.alerts.all()
                reasons = Counter(d.reason for d in decisions)
            told = {a.signal for a in alerts} | {key.split("|")[0] for a in alerts for key in also_keys(a)}
            print(f"| {name} | {off} | {len(alerts)} | {len(told & set(wrong))} | {len(wrong)} | {slowest:.1f} s |")
            print("   ", dict(reasons), Counter((a.state.value, str(a.segment)) for a in alerts), flush=True)


if __name__ == "__main__":
    main()
