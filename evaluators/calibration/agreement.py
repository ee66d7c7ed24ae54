"""Agreement beyond chance, with intervals from a bootstrap over conversations; and whether probabilities mean what they say.

Cohen's kappa (1960) for two raters; Gwet's AC1 (2008), which rare answers do not distort; Krippendorff's alpha (2004) for any
number of raters, each of whom may have answered a part only. All nominal: 1 is agreement, 0 what chance gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from traces.model import Json

BINS: Final = 10
_RESAMPLES: Final = 400
_LEAST_ITEMS: Final = 2
_LEAST_VALUES: Final = 3
"""Scores with fewer values than this are verdicts, not probabilities."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Bounded(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of two raters; ``None`` where both always gave the same one answer, so that chance explains everything."""

    kappa: Bounded | None
    ac1: Bounded | None
    alpha: Bounded | None

    def to_json(self) -> dict[str, Json]:
        """Each figure as ``[value, low, high]``."""
        found = {"kappa": self.kappa, "ac1": self.ac1, "alpha": self.alpha}
        return {name: None if figure is None else list(figure) for name, figure in found.items()}


def agreement_of(one: Bools, other: Bools, weights: Floats, seed: int = 1) -> Agreement:
    """How two raters of the same conversations agree.

    Args:
        one: What the first says, one for each conversation.
        other: What the second says.
        weights: How many conversations each stands for.
        seed: Of the bootstrap.
    """
    if len(one) < _LEAST_ITEMS:
        return Agreement(kappa=None, ac1=None, alpha=None)
    cells = np.stack([one & other, one & ~other, ~one & other, ~one & ~other], axis=1) * weights[:, None]
    tables = _resampled(cells, seed)
    n = float(weights.sum() ** 2 / (weights**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        figures = _figures(tables / tables.sum(axis=1, keepdims=True), n)
    kappa, ac1, alpha = (_bounded(figure) for figure in figures)
    return Agreement(kappa=kappa, ac1=ac1, alpha=alpha)


def _resampled(rows: Floats, seed: int) -> Floats:
    """Sums of the rows, first of all as they are, then of as many drawn with replacement."""
    # Rows that are the same are drawn together: mostly there are four kinds.
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    times = np.random.default_rng(seed).multinomial(len(rows), counts / len(rows), _RESAMPLES)
    return np.vstack([counts @ kinds, times @ kinds])


def _figures(shares: Floats, n: float) -> tuple[Floats, Floats, Floats]:
    """Kappa, AC1 and alpha of tables of shares (both yes, first only, second only, both no), shape (tables, 4)."""
    both, first, second, _ = shares.T
    apart = first + second
    yes_one, yes_other = both + first, both + second
    by_chance = yes_one * yes_other + (1 - yes_one) * (1 - yes_other)
    middle = (yes_one + yes_other) / 2
    gwet = 2 * middle * (1 - middle)
    # Of the 2n answers, two are drawn without putting the first back.
    expected = gwet * 2 * n / (2 * n - 1)
    return (1 - apart - by_chance) / (1 - by_chance), (1 - apart - gwet) / (1 - gwet), 1 - apart / expected


def _bounded(figures: Floats) -> Bounded | None:
    """The first is the figure, the others are resamples of it; those that chance explains wholly are left out."""
    if not np.isfinite(figures[0]):
        return None
    drawn = figures[np.isfinite(figures)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Bounded(float(figures[0]), float(min(low, figures[0])), float(max(high, figures[0])))


def alpha_of(answers: Sequence[Mapping[str, bool]], seed: int = 1) -> Bounded | None:
    """Krippendorff's alpha for any number of raters.

    Args:
        answers: By conversation, what each rater says of it; those with fewer than two raters are passed over.
        seed: Of the bootstrap over conversations.

    Returns:
        ``None`` with fewer than two such conversations, or where all answers are the same.
    """
    counts = np.array(
        [(sum(said.values()), len(said)) for said in answers if len(said) >= _LEAST_ITEMS], dtype=np.float64
    )
    if len(counts) < _LEAST_ITEMS:
        return None
    yes, n = counts.T
    parts = np.stack([2 * yes * (n - yes) / (n - 1), yes, n], axis=1)
    apart, yes_of, all_of = _resampled(parts, seed).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return _bounded(1 - (apart / all_of) / (2 * yes_of * (all_of - yes_of) / (all_of * (all_of - 1))))


class Bin(NamedTuple):
    """Scores between two bounds: their mean, how many of the labelled are true, and how many were labelled."""

    low: float
    high: float
    score: float
    true: float
    n: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether scores are probabilities: the mean distance of score and truth over bins (ECE; Naeini et al. 2015)."""

    bins: tuple[Bin, ...]
    error: float

    def to_json(self) -> dict[str, Json]:
        """The bins as lists of low, high, mean score, share of true ones and number of labels."""
        return {"bins": [list(one) for one in self.bins], "ece": self.error}


def reliability_of(values: Floats, truths: Bools, weights: Floats) -> Reliability | None:
    """Scores against truth in ten bins of the same width.

    Args:
        values: Scores of the labelled conversations.
        truths: What reviewers say of them.
        weights: How many conversations each stands for.

    Returns:
        ``None`` where scores are not from 0 to 1, or of so few values that they are verdicts.
    """
    if not len(values) or values.min() < 0 or values.max() > 1 or len(np.unique(values)) < _LEAST_VALUES:
        return None
    at = np.minimum((values * BINS).astype(int), BINS - 1)
    found, error = [], 0.0
    for place in np.unique(at):
        among = at == place
        weight = float(weights[among].sum())
        score, true = (float(weights[among] @ x[among]) / weight for x in (values, truths.astype(np.float64)))
        found.append(Bin(float(place / BINS), float((place + 1) / BINS), score, true, int(among.sum())))
        error += weight / float(weights.sum()) * abs(score - true)
    return Reliability(tuple(found), error)
