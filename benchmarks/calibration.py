"""How well corrected rates keep their promise: coverage and width of the 95 % intervals, and which judges are refused.

Also how the rate of other conversations fares, in which it is so more often or more seldom: ``moved`` is the coverage of the
transported interval among 100 conversations of a prevalence of 2 %, 30 % or 80 %.

Run: ``python -m benchmarks.calibration [--draws 300] [--seed 1] [verdicts.jsonl]``. The verdicts are conversations in the
form of ``hark ingest`` with a judge's score and a human label; without them, only made-up populations are measured.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alerts.correction import Basis, estimate
from alerts.signals import signal_of_score
from evaluators.calibrate import Labelled, calibrate
from traces.histogram import Rollup
from traces.model import Calibration
from traces.posterior import Count, interval

SIZES = (25, 50, 100, 200, 400)
PREVALENCES = (0.02, 0.3, 0.8)


class Population(NamedTuple):
    """Verdicts of an evaluator and the truth, conversation by conversation."""

    name: str
    verdicts: np.ndarray
    truths: np.ndarray


class Promise(NamedTuple):
    """What a number of labels gave, over many draws."""

    covered: float
    width: float
    width_of_labels_alone: float
    usable: float
    ms: float
    moved: float


def made_up(name: str, size: int, prevalence: float, tpr: float, tnr: float) -> Population:
    positives = round(size * prevalence)
    caught, spared = round(positives * tpr), round((size - positives) * tnr)
    verdicts = np.concatenate(
        [np.ones(caught), np.zeros(positives - caught), np.zeros(spared), np.ones(size - positives - spared)]
    )
    return Population(name, verdicts, np.arange(size) < positives)


def recorded(path: Path) -> Population:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    verdicts = np.array([float(row["scores"][0]["value"]) for row in rows])
    return Population("recorded", verdicts, np.array([row["labels"][0]["value"] == 1 for row in rows]))


def populations(recording: Path | None) -> Iterator[Population]:
    yield made_up("good judge, 34 %", 4500, 0.338, 0.971, 0.831)
    yield made_up("precise judge, 34 %", 4500, 0.338, 0.88, 0.95)
    yield made_up("weak judge, 23 %", 4500, 0.23, 0.5, 0.65)
    yield made_up("rare class, 4 %", 4500, 0.04, 0.6, 0.8)
    yield made_up("useless judge, 34 %", 4500, 0.338, 0.98, 0.09)
    if recording is not None:
        yield recorded(recording)


def measure(population: Population, labels: int, draws: int, seed: int) -> Promise:
    rng = np.random.default_rng(seed)
    _, verdicts, truths = population
    scores, truth = Rollup.of(verdicts.tolist()), truths.mean()
    results, alone, began = [], [], time.perf_counter()
    for _ in range(draws):
        drawn = rng.choice(len(verdicts), labels, replace=False)
        labelled = [Labelled(value=float(verdicts[i]), truth=bool(truths[i])) for i in drawn]
        results.append(calibrate(population.name, "1", labelled, scores))
        low, high = interval(Count(float(truths[drawn].sum()), float(labels)))
        alone.append(high - low)
    took = 1000 * (time.perf_counter() - began) / draws
    spans = [(c.ci_low, c.ci_high) for c in results if c.ci_low is not None and c.ci_high is not None]
    return Promise(
        covered=sum(low <= truth <= high for low, high in spans) / draws,
        width=sum(high - low for low, high in spans) / draws,
        width_of_labels_alone=sum(alone) / draws,
        usable=sum(c.usable for c in results) / draws,
        ms=took,
        moved=moved(population, results, rng),
    )


def moved(population: Population, calibrations: list[Calibration], rng: np.random.Generator) -> float:
    """How often a transported interval holds the true rate of 100 other conversations, where it is given."""
    _, verdicts, truths = population
    signal, held = signal_of_score(population.name), []
    there, not_there = np.flatnonzero(truths), np.flatnonzero(~truths)
    for calibration in calibrations:
        for prevalence in PREVALENCES:
            are = rng.random(100) < prevalence
            drawn = np.where(are, rng.choice(there, 100), rng.choice(not_there, 100))
            positive = float((verdicts[drawn] >= calibration.threshold).sum())
            found = estimate(signal, positive, 100, {population.name: calibration})
            if found is not None and found.basis is not Basis.RAW:
                held.append(found.ci_low <= prevalence <= found.ci_high)
    return float(np.mean(held)) if held else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verdicts", nargs="?", type=Path)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--finite", action="store_true", help="the rate of these very conversations, not of their traffic"
    )
    arguments = parser.parse_args()
    print(f"{'population':<22}{'labels':>7}{'covered':>9}{'width':>8}{'alone':>8}{'usable':>8}{'ms':>7}{'moved':>8}")
    for population in populations(arguments.verdicts):
        for labels in SIZES:
            promise = measure(population, labels, arguments.draws, arguments.seed)
            covered, width, alone, usable, ms, elsewhere = promise
            print(
                f"{population.name:<22}{labels:>7}{covered:>9.3f}{width:>8.3f}{alone:>8.3f}{usable:>8.2f}{ms:>7.1f}{elsewhere:>8.3f}"
            )


if __name__ == "__main__":
    main()
