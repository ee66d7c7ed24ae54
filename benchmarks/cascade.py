"""What a classifier spares a judge, and how often it is right where it answers in the judge's place.

Run: ``python -m benchmarks.cascade [directory]``; the directory (by default ``../shared/data``) holds abandonment.jsonl and
groundedness.jsonl; refusals in a house style come with the benchmark. People's labels stand for a judge that is always right.
The classifier has no rules to start from, as that of a judge has none. What is learned from and what is measured share no
scenario. The ratio is to asking the judge about everything.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.classifiers import house_style, read, split
from evaluators.learned.examples import Labelled, examples
from evaluators.learned.head import SURE, learn
from evaluators.learned.logistic import Example
from evaluators.task_success import TaskSuccess

REPEATS = 20
LABELS = (100, 200, 400)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    directory = parser.parse_args().directory
    print("| Question | Labels | With a band | Calls left | Right where it answers | Below 95 % |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in ("abandonment", "groundedness"):
        path = directory / f"{name}.jsonl"
        if path.is_file():
            told(name, list(read(name, path)))
        else:
            print(f"skipped {name}: {path} is not there")
    told("refusals, house style", list(house_style()))


def told(question: str, labelled: Sequence[Labelled]) -> None:
    rows = [replace(e, prior=None) for e in examples(TaskSuccess(), labelled)]
    for labels in LABELS:
        if len(rows) >= 2 * labels:
            print(row(question, rows, labels), flush=True)


def row(question: str, rows: list[Example], labels: int) -> str:
    asked, right = [], []
    for seed in range(REPEATS):
        lessons, unseen = split(rows, labels, seed)
        head = learn(question, "1", lessons)
        if head.model is None or not head.takes_over or head.band is None:
            asked.append(1.0)
            continue
        scores = [head.model.chance(e.numbers, e.terms, None) for e in unseen]
        moved = [head.score_of(chance) for chance in scores]
        sure = [(score >= 0.5) == e.truth for score, e in zip(moved, unseen, strict=True) if head.is_sure(score)]
        asked.append(1 - len(sure) / len(unseen))
        if sure:
            right.append(float(np.mean(sure)))
    banded = len(right) / REPEATS
    said = f"{np.mean(right):.3f}" if right else "–"
    below = f"{sum(share < SURE for share in right)} of {len(right)}"
    return f"| {question} | {labels} | {banded:.0%} | {np.mean(asked):.0%} | {said} | {below} |"


if __name__ == "__main__":
    main()
