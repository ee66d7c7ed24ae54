"""Strata of scores within each verdict: where labels fall on all of them, a rate is known better than from verdicts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluators.calibration.next import edges_of
from traces.histogram import Rollup
from traces.posterior import Stratum, count

LEAST_LABELS: Final = 8
"""Labels without which a stratum of scores is taken together with the next."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def strata_of(
    values: Floats, truths: Bools, weights: Floats, scores: Rollup, threshold: float, design_effect: float = 1.0
) -> tuple[list[Stratum], list[Stratum]]:
    """The labels by stratum, of the positive verdicts and of the negative ones; each verdict is at least one stratum.

    Args:
        values: Scores of the labelled conversations.
        truths: What reviewers say of them.
        weights: How many conversations each stands for.
        scores: All scores.
        threshold: At or above it a score is a positive verdict.
        design_effect: How many labels of clusters tell as much as one that is by itself.
    """
    positive, negative = strata_in(
        bounds_of(values, scores, threshold), values, truths, weights, scores, design_effect=design_effect
    )
    return positive, negative


def strata_in(
    bounds: Sequence[Sequence[tuple[float, float]]],
    values: Floats,
    truths: Bools,
    weights: Floats,
    scores: Rollup,
    *,
    design_effect: float = 1.0,
) -> list[list[Stratum]]:
    """The labels by stratum, where it is known from which score on and below which each lies; else as ``strata_of``."""

    def stratum(low: float, high: float) -> Stratum:
        among = (values >= low) & (values < high)
        return Stratum(
            count(truths[among], weights[among], design_effect), _at_least(scores, low) - _at_least(scores, high)
        )

    return [[stratum(*one) for one in group] for group in bounds]


def bounds_of(
    values: Floats, scores: Rollup, threshold: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """From which score on, and below which, each stratum lies: those of positive verdicts, and of negative ones.

    Args:
        values: Scores of the labelled conversations.
        scores: All scores.
        threshold: At or above it a score is a positive verdict.
    """
    edges = edges_of(scores)
    above = [threshold, *(edge for edge in edges if edge > threshold), np.inf]
    below = [-np.inf, *(edge for edge in edges if edge < threshold), threshold]
    positive, negative = (list(_merged(list(pairwise(bounds)), values)) for bounds in (above, below))
    return positive, negative


def _merged(bounds: Sequence[tuple[float, float]], values: Floats) -> Iterator[tuple[float, float]]:
    """Neighbours taken together until each has enough labels."""
    low: float | None = None
    held: tuple[float, float] | None = None
    for start, end in bounds:
        low = start if low is None else low
        if int(((values >= low) & (values < end)).sum()) >= LEAST_LABELS:
            if held is not None:
                yield held
            held, low = (low, end), None
    if held is None:
        yield bounds[0][0], bounds[-1][1]
    else:
        yield held[0], bounds[-1][1]


def _at_least(scores: Rollup, value: float) -> int:
    if np.isinf(value):
        return 0 if value > 0 else scores.n
    return scores.at_least(value)
