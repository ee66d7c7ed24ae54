"""Ridge logistic regression on a few dense numbers and many sparse words, by L-BFGS."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from evaluators.learned.features import MEANINGS
from evaluators.learned.measures import Bools, Floats
from evaluators.learned.minimise import minimise

MOST_TERMS: Final = 3_000
_LEAST_DOCUMENTS: Final = 2
_PRIOR_PENALTY: Final = 0.1
_ITERATIONS: Final = 100
_LEAST_WEIGHT: Final = 1e-4
_LEAST_CHANCE: Final = 0.02
_LEAST_ODDS: Final = 1e-9
NUMBERS: Final = tuple(MEANINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One conversation to learn from.

    ``numbers`` and ``terms`` as of ``features.Seen``; ``prior`` is the score of the rules from 0 to 1, ``None`` where they
    say nothing. ``group`` keeps what belongs together (a user's, a scenario's conversations) on one side of a split.
    ``weight`` is 1 for a person's label, less for a judge's. ``example_id`` is the conversation's.
    """

    numbers: Mapping[str, float]
    terms: Mapping[str, int]
    truth: bool
    prior: float | None = None
    group: str = ""
    weight: float = 1.0
    example_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A fitted model: ``numbers`` are (mean, scale, weight) by name, ``terms`` (idf, weight) by term."""

    bias: float
    numbers: dict[str, tuple[float, float, float]]
    terms: dict[str, tuple[float, float]]

    def contributions(
        self, numbers: Mapping[str, float], terms: Mapping[str, int], prior: float | None
    ) -> dict[str, float]:
        """What each feature adds to the log-odds, above what it adds on average."""
        given = with_prior(numbers, prior)
        found = {
            name: (given.get(name, mean) - mean) / scale * weight
            for name, (mean, scale, weight) in self.numbers.items()
        }
        if self.terms:
            present = {t: _damped(n) * self.terms[t][0] for t, n in terms.items() if t in self.terms}
            length = math.sqrt(sum(x * x for x in present.values())) or 1.0
            found |= {term: x / length * self.terms[term][1] for term, x in present.items()}
        return found

    def chance(self, numbers: Mapping[str, float], terms: Mapping[str, int], prior: float | None) -> float:
        """The chance that it is so, from 0 to 1."""
        return sigmoid(self.bias + sum(self.contributions(numbers, terms, prior).values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a model may use: which numbers, whether words, and how strongly weights are held back."""

    numbers: tuple[str, ...] = NUMBERS
    with_terms: bool = False
    penalty: float = 1.0
    terms_penalty: float = 1.0


def with_prior(numbers: Mapping[str, float], prior: float | None) -> Mapping[str, float]:
    """The numbers with the prior's log-odds among them, where there is a prior."""
    if prior is None:
        return numbers
    held = min(max(prior, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
    return {**numbers, "prior": math.log(held / (1 - held))}


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))


def moved(chance: float, cut: float) -> float:
    """``chance`` with its odds in parts of those of ``cut``: what was ``cut`` becomes one half, and the order stays."""
    held = min(max(chance, _LEAST_ODDS), 1 - _LEAST_ODDS)
    return sigmoid(math.log(held / (1 - held)) - math.log(cut / (1 - cut)))


def _damped(n: int) -> float:
    return 1 + math.log(n)


def fit(examples: Sequence[Example], shape: Shape) -> Model:
    """The model with the least weighted log loss plus ridge penalty; deterministic."""
    truths = np.array([e.truth for e in examples], dtype=np.bool_)
    weights = np.array([e.weight for e in examples], dtype=np.float64)
    dense, means, scales = _dense(examples, shape.numbers)
    idf = _idf(examples) if shape.with_terms else {}
    matrix = _joined(dense, examples, idf)
    penalties = np.array(
        [shape.penalty * (_PRIOR_PENALTY if name == "prior" else 1.0) for name in shape.numbers]
        + [shape.terms_penalty] * len(idf)
    )
    bias, found = _solved(matrix, truths, weights, penalties)
    n = len(shape.numbers)
    return Model(
        bias=bias,
        numbers={
            name: (float(means[i]), float(scales[i]), float(found[i]))
            for i, name in enumerate(shape.numbers)
            if abs(found[i]) > _LEAST_WEIGHT
        },
        terms={
            term: (idf[term], float(weight))
            for term, weight in zip(idf, found[n:], strict=True)
            if abs(weight) > _LEAST_WEIGHT
        },
    )


def _dense(examples: Sequence[Example], names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    rows = [with_prior(e.numbers, e.prior) for e in examples]
    raw = np.array([[row.get(name, math.nan) for name in names] for row in rows], dtype=np.float64)
    raw = raw.reshape(len(rows), len(names))
    known = ~np.isnan(raw)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, raw, 0.0).sum(axis=0) / counts
    centred = np.where(known, raw - means, 0.0)
    scales = np.sqrt((centred**2).sum(axis=0) / counts)
    scales[scales < 1e-9] = 1.0  # noqa: PLR2004 - the same for all
    return centred / scales, means, scales


def _idf(examples: Sequence[Example]) -> dict[str, float]:
    """The terms of the most documents, with the logarithm of how few have them."""
    documents = Counter(term for e in examples for term in e.terms)
    kept = [pair for pair in documents.items() if pair[1] >= _LEAST_DOCUMENTS]
    kept.sort(key=lambda pair: (-pair[1], pair[0]))
    return {term: math.log((1 + len(examples)) / (1 + n)) + 1 for term, n in kept[:MOST_TERMS]}


def _joined(dense: Floats, examples: Sequence[Example], idf: Mapping[str, float]) -> Any:
    from scipy import sparse

    # Sparse also without words: products of sparse matrices stay on one core.
    place = {term: i for i, term in enumerate(idf)}
    values, columns, ends = [], [], [0]
    for e in examples:
        row = [(place[t], _damped(n) * idf[t]) for t, n in e.terms.items() if t in place]
        length = math.sqrt(sum(x * x for _, x in row)) or 1.0
        columns += [column for column, _ in row]
        values += [x / length for _, x in row]
        ends.append(len(columns))
    words = sparse.csr_array((values, columns, ends), shape=(len(examples), len(idf)))
    return sparse.hstack([sparse.csr_array(dense), words], format="csr")


def _solved(matrix: Any, truths: Bools, weights: Floats, penalties: Floats) -> tuple[float, Floats]:
    signs = np.where(truths, 1.0, -1.0)

    def loss(x: Floats) -> tuple[float, Floats]:
        margins = signs * (matrix @ x[1:] + x[0])
        pull = -weights * signs / (1 + np.exp(np.clip(margins, -40, 40)))
        value = float(weights @ np.logaddexp(0, -margins)) + 0.5 * float(penalties @ x[1:] ** 2)
        return value, np.concatenate([[pull.sum()], matrix.T @ pull + penalties * x[1:]])

    base = float((weights[truths].sum() + 1) / (weights.sum() + 2))
    start = np.zeros(matrix.shape[1] + 1)
    start[0] = math.log(base / (1 - base))
    found = minimise(loss, start, _ITERATIONS)
    return float(found[0]), found[1:]
