"""How much more two workers evaluate than one, with a judge that takes 200 ms.

Usage: python tests/load/throughput.py [--conversations 300]

Prints conversations judged in a second with one worker and with two; ends with 1 below 1.7 times.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parents[2]),
    str(Path(__file__).parents[1]),
    str(Path(__file__).parents[1] / "crash"),
]

from replicas_database import new_database, serving_postgresql
from replicas_fleet import Fleet

from traces.clock import SystemClock, format_time
from traces.ingest import offer, take_conversations
from traces.store import Store, open_store

GROWTH = 1.7
_LONGEST_S = 180.0
_SETTINGS = """
[conversations]
quiet_minutes = 0
[evaluators]
plugins = ["{judge}:slow_judge"]
"""


def rate(server: str, workers: int, conversations: int) -> float:
    """Conversations judged in a second, from the first tenth to the last."""
    with tempfile.TemporaryDirectory() as directory:
        database = new_database(server, f"throughput_{workers}")
        path = Path(directory)
        (path / "hark.toml").write_text(_SETTINGS.format(judge=Path(__file__).with_name("replicas_judge.py")))
        with Fleet(path, {"HARK_DATABASE_URL": database}, ["work"] * workers) as fleet:
            fleet.begin()
            store = open_store(database)
            fill(store, conversations)
            took = _seconds_between(store, conversations // 10, conversations - conversations // 10)
            store.close()
            assert not fleet.tracebacks(), fleet.tracebacks()
    return (conversations - 2 * (conversations // 10)) / took


def fill(store: Store, conversations: int) -> None:
    """Conversations that have just ended, all at once."""
    now = SystemClock().now()
    at = now - timedelta(minutes=1)
    sent = [
        {
            "id": f"c-{n}",
            "started_at": format_time(at),
            "messages": [
                {"role": "user", "content": f"Where is parcel {n}?"},
                {"role": "assistant", "content": "I cannot help with parcels." if n % 7 == 0 else f"In depot {n}."},
            ],
        }
        for n in range(conversations)
    ]
    with store.begin() as tx:
        take_conversations(tx, [offer(one, now) for one in sent], now, timedelta(0))


def judged(store: Store) -> int:
    with store.read() as tx:
        return len(tx.scores.values("left_alone"))


def _seconds_between(store: Store, first: int, last: int) -> float:
    began: float | None = None
    until = time.monotonic() + _LONGEST_S
    while (done := judged(store)) < last:
        if began is None and done >= first:
            began, first = time.monotonic(), done
        assert time.monotonic() < until, f"only {done} are judged"
        time.sleep(0.02)
    assert began is not None
    return time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=400)
    asked = parser.parse_args()
    with serving_postgresql() as server:
        one, two = (rate(server, workers, asked.conversations) for workers in (1, 2))
    print(f"one worker {one:.1f}/s, two workers {two:.1f}/s: {two / one:.2f} times (at least {GROWTH})")
    return 0 if two / one >= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
