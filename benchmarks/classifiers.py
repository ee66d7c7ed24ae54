"""How well classifiers learn from few labels, and how often they take over from the rules when they should not.

Run: ``python -m benchmarks.classifiers [directory]``; the directory (by default ``../shared/data``) holds abandonment.jsonl,
airline.jsonl and groundedness.jsonl; refusals in a house style come with the benchmark. A set that is not there is skipped, and
said to be. What is learned from and what is measured share no scenario. Figures are areas under the ROC curve unless said
otherwise; F1 is at a threshold of 0.5.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from benchmarks.house_refusals import answered
from evaluators.learned.examples import Labelled, examples
from evaluators.learned.head import Head, learn
from evaluators.learned.logistic import Example, fit, moved
from evaluators.learned.measures import auroc, f1_at
from evaluators.learned.naming import truth_for
from evaluators.learned.validate import SHAPES
from evaluators.registry import BUILT_IN
from traces.conversation_format import parse_conversation
from traces.model import Conversation, Message

AT = datetime(2026, 11, 2, tzinfo=UTC)
MOST_MEASURED = 1_000


class Trials(NamedTuple):
    """What is measured, on how many labels, how often; of ``rare`` sets most positive ones are left out."""

    evaluator: str
    file: str
    labels: int
    repeats: int
    rare: bool = False


TRIALS = (
    Trials("abandonment", "abandonment", 50, 10),
    Trials("abandonment", "abandonment", 200, 10),
    Trials("groundedness", "groundedness", 100, 10),
    Trials("groundedness", "groundedness", 200, 10, rare=True),
    Trials("task_success", "airline", 100, 40),
)
RARE = 0.04


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    directory = parser.parse_args().directory
    print("| Evaluator | Set | Labels | Rules | Classifier | What speaks | F1 of rules | F1 | Takes over | Seconds |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    known: dict[str, list[Example]] = {}
    for trials in TRIALS:
        path = directory / f"{trials.file}.jsonl"
        if not path.is_file():
            print(f"skipped {trials.evaluator}: {path} is not there")
            continue
        if trials.file not in known:
            known[trials.file] = examples(BUILT_IN[trials.evaluator].make(), list(read(trials.evaluator, path)))
        print(row(trials, known[trials.file]), flush=True)
    print(
        row(Trials("refusal", "house_refusals.py", 100, 10), examples(BUILT_IN["refusal"].make(), list(house_style())))
    )
    print(f"\ntakes over on pure noise: {noise(100):.0%} of 100")


def read(evaluator: str, path: Path) -> Iterator[Labelled]:
    for line in path.read_bytes().splitlines():
        conversation = parse_conversation(orjson.loads(line), received_at=AT)
        truth = truth_for(evaluator, conversation.labels)
        if truth is not None:
            yield Labelled(conversation, truth)


def house_style() -> Iterator[Labelled]:
    for number, (subject, question, answer, is_refusal) in enumerate(answered()):
        said = (Message(role="user", content=question), Message(role="assistant", content=answer))
        yield Labelled(
            Conversation(
                conversation_id=f"c-{number}", started_at=AT, ended_at=AT, messages=said, metadata={"scenario": subject}
            ),
            is_refusal,
        )


class Measured(NamedTuple):
    rules: float
    classifier: float
    speaks: float
    rules_f1: float
    f1: float
    taken_over: float


def row(trials: Trials, rows: list[Example]) -> str:
    found, seconds = [], []
    for seed in range(trials.repeats):
        lessons, unseen = split(thinned(rows, seed) if trials.rare else rows, trials.labels, seed)
        started = time.process_time()
        head = learn(trials.evaluator, "1", lessons)
        seconds.append(time.process_time() - started)
        if 0 < sum(e.truth for e in unseen) < len(unseen):
            found.append(measured(head, lessons, unseen))
    mean, spread = Measured(*np.mean(found, axis=0)), Measured(*np.std(found, axis=0))
    cells = (
        f"{mean.rules:.3f}",
        f"{mean.classifier:.3f}",
        f"{mean.speaks:.3f} ± {spread.speaks:.3f}",
        f"{mean.rules_f1:.2f}",
        f"{mean.f1:.2f}",
        f"{mean.taken_over:.0%}",
        f"{np.mean(seconds):.2f}",
    )
    name = f"{trials.file}, {RARE:.0%} positive" if trials.rare else trials.file
    return f"| {trials.evaluator} | {name} | {trials.labels} | " + " | ".join(cells) + " |"


def measured(head: Head, lessons: Sequence[Example], unseen: Sequence[Example]) -> Measured:
    truths = np.array([e.truth for e in unseen])
    rules = np.array([0.5 if e.prior is None else e.prior for e in unseen])
    # With too few of a kind nothing is tried; the classifier's column then holds what it would have been.
    model = head.model if head.model is not None else fit(lessons, SHAPES[0])
    ours = np.array([moved(model.chance(e.numbers, e.terms, e.prior), head.cut) for e in unseen])
    speaks = ours if head.takes_over else rules
    areas = [auroc(values, truths) or 0.5 for values in (rules, ours, speaks)]
    return Measured(
        rules=areas[0],
        classifier=areas[1],
        speaks=areas[2],
        rules_f1=f1_at(0.5, rules, truths),
        f1=f1_at(0.5, speaks, truths),
        taken_over=float(head.takes_over),
    )


def thinned(rows: list[Example], seed: int) -> list[Example]:
    """As many positive ones as make up ``RARE`` of all."""
    positive, negative = [e for e in rows if e.truth], [e for e in rows if not e.truth]
    random.Random(seed).shuffle(positive)
    return negative + positive[: round(len(negative) * RARE / (1 - RARE))]


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
