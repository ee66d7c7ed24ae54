"""How well classifiers learn from few labels, and how often they take over from the rules when they should not.

Run: ``python -m benchmarks.classifiers [directory]``; the directory (by default ``../shared/data``) holds abandonment.jsonl,
airline.jsonl and groundedness.jsonl. A set that is not there is skipped, and said to be. What is learned from and what is
measured share no scenario.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson

from evaluators.learned.examples import Labelled, examples
from evaluators.learned.head import learn
from evaluators.learned.logistic import Example
from evaluators.learned.measures import auroc
from evaluators.learned.naming import truth_for
from evaluators.registry import BUILT_IN
from traces.conversation_format import parse_conversation

AT = datetime(2026, 11, 2, tzinfo=UTC)
REPEATS = 10
MOST_MEASURED = 1_000
SETS = (("abandonment", "abandonment", 50), ("abandonment", "abandonment", 200), ("task_success", "airline", 90),
        ("groundedness", "groundedness", 100))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    directory = parser.parse_args().directory
    print("| evaluator | labels | rules | classifier | what speaks | takes over | seconds to learn |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for evaluator, file, labels in SETS:
        path = directory / f"{file}.jsonl"
        if path.is_file():
            print(row(evaluator, labels, list(read(evaluator, path))))
        else:
            print(f"skipped {evaluator}: {path} is not there")
    print(f"\ntakes over on pure noise: {noise(100):.0%} of 100")


def read(evaluator: str, path: Path) -> Iterator[Example]:
    labelled = []
    for line in path.read_bytes().splitlines():
        conversation = parse_conversation(orjson.loads(line), received_at=AT)
        truth = truth_for(evaluator, conversation.labels)
        if truth is not None:
            labelled.append(Labelled(conversation, truth))
    yield from examples(BUILT_IN[evaluator].make(), labelled)


def row(evaluator: str, labels: int, rows: list[Example]) -> str:
    found, seconds = [], []
    for seed in range(REPEATS):
        lessons, unseen = split(rows, labels, seed)
        started = time.process_time()
        head = learn(evaluator, "1", lessons)
        seconds.append(time.process_time() - started)
        assert head.model is not None
        truths = np.array([e.truth for e in unseen])
        rules = np.array([0.5 if e.prior is None else e.prior for e in unseen])
        ours = np.array([head.model.chance(e.numbers, e.terms, e.prior) for e in unseen])
        areas = [auroc(values, truths) or 0.5 for values in (rules, ours, ours if head.takes_over else rules)]
        found.append((*areas, float(head.takes_over)))
    rules_area, area, speaking, taken = np.mean(found, axis=0)
    spread = np.std([one[2] for one in found])
    cells = (f"{rules_area:.3f}", f"{area:.3f}", f"{speaking:.3f} ± {spread:.3f}", f"{taken:.0%}")
    return f"| {evaluator} | {labels} | " + " | ".join(cells) + f" | {np.mean(seconds):.2f} |"


def split(rows: list[Example], labels: int, seed: int) -> tuple[list[Example], list[Example]]:
    """So many labels to learn from, rounded up to whole groups, and the rest."""
    groups = sorted({e.group for e in rows})
    random.Random(seed).shuffle(groups)
    place = {group: n for n, group in enumerate(groups)}
    ordered = sorted(rows, key=lambda e: place[e.group])
    cut = labels
    while ordered[cut].group == ordered[cut - 1].group:
        cut += 1
    return ordered[:cut], ordered[cut : cut + MOST_MEASURED]


def noise(trials: int) -> float:
    """How often a classifier takes over where the rules' scores are the true chances, and all else is noise."""
    taken = 0
    for seed in range(trials):
        chance = np.random.default_rng(seed)
        priors = chance.random(80)
        rows = [
            Example(
                numbers={name: float(chance.normal()) for name in ("turns", "writes", "pushback", "questions")},
                terms={f"u:{word}": 1 for word in chance.integers(0, 50, 8)},
                truth=bool(chance.random() < prior),
                prior=float(prior),
            )
            for prior in priors
        ]
        taken += learn("x", "1", rows, seed).takes_over
    return taken / trials


if __name__ == "__main__":
    main()
