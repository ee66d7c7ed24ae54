"""How long `/hark metrics` takes over 90 days of a million conversations, from the words to the message.

Run: python -m benchmarks.metrics [--conversations 1000000] [--rounds 5]

The rollups are those of so many conversations; a fact stands for those of an hour of one kind, so that filling takes
a minute. The target is 500 ms at the 95th percentile over all questions.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.quantiles import p95
from benchmarks.scale_history import VALUES
from bot.slack.ask import Desk
from bot.slack.render import Renderer
from traces.clock import FakeClock
from traces.model import EVERYTHING, Segment
from traces.store import Store, open_store
from traces.store.rollups import Fact

DAYS = 90
TARGET_S = 0.5
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
RATES = [
    *(
        "refusal",
        "task_success",
        "escalation",
        "abandonment",
        "frustration",
        "prompt_injection",
        "pii_leak",
        "error_rate",
    ),
    *("tool_error", "rephrase", "disagreement", "language_mismatch", "groundedness", "relevance", "toxicity", "format"),
]
SIZES = ["latency", "ttft", "cost", "tokens_in", "tokens_out", "turns", "answer_length", "steps"]
QUESTIONS = [
    "metrics refusal 90d",
    "metrics refusal 90d by model",
    "metrics refusal 90d by scenario vs last week",
    "metrics latency 90d by release",
    "metrics cost 90d where model=model-2",
    "metrics volume 90d by prompt_version",
    "metrics latency 14d by scenario",
    "metrics refusal 24h by scenario",
    "metrics task_success 7d where scenario=scenario-3 vs last week",
    "ask is it slower than last week on model-2?",
    "status",
]
BESIDES = ["digest daily", "digest weekly"]
"""Not among those that the target is of."""


def facts(conversations: int, chance: random.Random) -> Iterator[Fact]:
    """Facts that come to the rollups of so many conversations."""
    hours, kinds = DAYS * 24, 6
    each = max(1, round(conversations / (hours * kinds)))
    for hour in range(hours):
        for kind in range(kinds):
            pairs = [(key, f"{key}-{(kind + hour * (place + 1)) % n}") for place, (key, n) in enumerate(VALUES.items())]
            values = {name: [float(chance.random() < 0.08) for _ in range(each)] for name in RATES}
            values |= {name: [chance.lognormvariate(0.5, 0.8) for _ in range(each)] for name in SIZES}
            yield Fact(
                conversation_id=f"{hour}-{kind}",
                at=NOW - timedelta(hours=hours - hour, minutes=-5 * kind),
                segments=(EVERYTHING, *(Segment((pair,)) for pair in pairs)),
                values={**values, "volume": [1.0] * each},
            )


def fill(store: Store, conversations: int) -> None:
    chance, batch = random.Random(1), []
    for fact in facts(conversations, chance):
        batch.append(fact)
        if len(batch) == 500:
            with store.begin() as tx:
                tx.rollups.record(batch)
            batch = []
    with store.begin() as tx:
        tx.rollups.record(batch)
        tx.state.note_segment_values(
            {(key, f"{key}-{n}"): (NOW, NOW) for key, count in VALUES.items() for n in range(count)}
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--conversations", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{Path(directory) / 'hark.db'}")
        began = time.perf_counter()
        fill(store, asked.conversations)
        print(f"{asked.conversations:,} conversations in {time.perf_counter() - began:.0f} s")
        desk = Desk(
            store=store,
            clock=FakeClock(NOW),
            renderer=Renderer((), {}),
            evaluators=(),
            segment_keys=tuple(VALUES),
            overrides={},
        )
        taken: list[float] = []
        busy: list[float] = []
        for question in (*QUESTIONS, *BESIDES):
            of_question = []
            for _ in range(asked.rounds):
                began, used = time.perf_counter(), time.process_time()
                desk.answer(question)
                of_question.append(time.perf_counter() - began)
                busy += [time.process_time() - used] if question in QUESTIONS else []
            taken += of_question if question in QUESTIONS else []
            print(f"{statistics.median(of_question) * 1000:7.0f} ms  {max(of_question) * 1000:7.0f} ms  {question}")
        wall, cpu = p95(taken), p95(busy)
        print(f"p95 {wall * 1000:.0f} ms, target {TARGET_S * 1000:.0f} ms: {'met' if wall <= TARGET_S else 'NOT MET'}")
        print(f"p95 of the processor's time {cpu * 1000:.0f} ms")
        store.close()


if __name__ == "__main__":
    main()
