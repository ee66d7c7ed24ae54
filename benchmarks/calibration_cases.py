"""Populations in which the truth is known: verdicts of judges, and scores of classifiers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Population(NamedTuple):
    """Verdicts or scores of an evaluator and the truth, conversation by conversation."""

    name: str
    verdicts: Floats
    truths: Bools


def made_up(name: str, size: int, prevalence: float, tpr: float, tnr: float) -> Population:
    """A judge whose errors are these, exactly."""
    positives = round(size * prevalence)
    caught, spared = round(positives * tpr), round((size - positives) * tnr)
    verdicts = np.concatenate(
        [np.ones(caught), np.zeros(positives - caught), np.zeros(spared), np.ones(size - positives - spared)]
    )
    return Population(name, verdicts, np.arange(size) < positives)


def recorded(path: Path) -> Population:
    """A judge's verdicts with a human's labels, as conversations in the form of ``hark ingest``."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    verdicts = np.array([float(row["scores"][0]["value"]) for row in rows])
    return Population("recorded", verdicts, np.array([row["labels"][0]["value"] == 1 for row in rows]))


def scored(name: str, size: int, prevalence: float, apart: float, seed: int) -> Population:
    """Probabilities from a classifier that sees two normal distributions ``apart`` standard deviations apart."""
    rng = np.random.default_rng(seed)
    truths = rng.random(size) < prevalence
    seen = rng.normal(size=size) + apart * truths
    odds = apart * seen - apart**2 / 2 + np.log(prevalence / (1 - prevalence))
    return Population(name, 1 / (1 + np.exp(-odds)), truths)


GOOD = ("good judge, 34 %", 4500, 0.338, 0.971, 0.831)
WEAK = ("weak judge, 23 %", 4500, 0.23, 0.5, 0.65)
USELESS = ("useless judge, 34 %", 4500, 0.338, 0.98, 0.09)


def populations(recordings: list[Path]) -> Iterator[Population]:
    """Those on which coverage is measured."""
    yield made_up(*GOOD)
    yield made_up("precise judge, 34 %", 4500, 0.338, 0.88, 0.95)
    yield made_up(*WEAK)
    yield made_up("rare class, 4 %", 4500, 0.04, 0.6, 0.8)
    yield made_up(*USELESS)
    yield scored("classifier, 20 %", 4500, 0.2, 2.0, seed=1)
    for path in recordings:
        yield recorded(path)._replace(name=f"recorded, {path.stem}"[:22])
