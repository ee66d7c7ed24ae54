"""How well scores tell what labels say, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_Z: Final = 1.959964
_RESAMPLES: Final = 2_000
_LEAST_CHANCE: Final = 1e-6


class Estimate(NamedTuple):
    """A figure with its 95 % interval; all ``None`` where there is nothing to compute it from."""

    value: float | None
    low: float | None
    high: float | None


NOTHING: Final = Estimate(None, None, None)


class Quality(NamedTuple):
    """What labels say of one evaluator's scores at one threshold.

    Attributes:
        n: Labelled conversations that it scored.
        positive: Those of them that are labelled yes.
        precision: Share of true ones among its positive verdicts.
        recall: Share of positive verdicts among the true ones.
        f1: Harmonic mean of the two.
        auroc: Chance that a true one is scored above a false one, whatever the threshold.
    """

    n: int
    positive: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    auroc: Estimate


def quality(values: Sequence[float], truths: Sequence[bool], threshold: float = 0.5, seed: int = 1) -> Quality:
    """Hold scores from 0 to 1 against what is true; a score at or above ``threshold`` is a positive verdict."""
    scored, true = np.asarray(values, dtype=np.float64), np.asarray(truths, dtype=np.bool_)
    found = scored >= threshold
    hits, false_alarms, missed = int((found & true).sum()), int((found & ~true).sum()), int((~found & true).sum())
    return Quality(
        n=len(true),
        positive=int(true.sum()),
        precision=wilson(hits, hits + false_alarms),
        recall=wilson(hits, hits + missed),
        f1=_f1(hits, false_alarms, missed, len(true), seed),
        auroc=auroc_interval(scored, true),
    )


def wilson(k: int, n: int) -> Estimate:
    """The share ``k / n`` with the interval of Wilson (1927)."""
    if not n:
        return NOTHING
    share, spread = k / n, _Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def _f1(hits: int, false_alarms: int, missed: int, n: int, seed: int) -> Estimate:
    """With a percentile bootstrap: to draw conversations anew is to draw the four counts from a multinomial."""
    if not hits + false_alarms + missed:
        return NOTHING
    counts = np.array([hits, false_alarms, missed, n - hits - false_alarms - missed], dtype=np.float64)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=_RESAMPLES)
    below = 2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2]
    low, high = np.percentile(2 * drawn[:, 0] / np.maximum(below, 1), [2.5, 97.5])
    f1 = 2 * hits / (2 * hits + false_alarms + missed)
    return Estimate(f1, min(f1, float(low)), max(f1, float(high)))


def f1_at(threshold: float, values: Floats, truths: Bools) -> float:
    """F1 of saying yes from ``threshold`` on; 0 where there is nothing to find and nothing was said."""
    said = values >= threshold
    return 2 * float((said & truths).sum()) / max(1.0, float(said.sum() + truths.sum()))


def auroc(values: Floats, truths: Bools) -> float | None:
    """The area under the ROC curve, ties counting half; ``None`` without both a true and a false one."""
    placed = _placements(values, truths)
    return None if placed is None else float(placed[0].mean())


def auroc_interval(values: Floats, truths: Bools) -> Estimate:
    """With the variance of DeLong et al. (1988), on the logit scale so that it stays within 0 and 1."""
    placed = _placements(values, truths)
    if placed is None:
        return NOTHING
    of_true, of_false = placed
    area = float(of_true.mean())
    if min(len(of_true), len(of_false)) < 2:  # noqa: PLR2004 - a variance takes two
        return Estimate(area, 0.0, 1.0)
    deviation = math.sqrt(of_true.var(ddof=1) / len(of_true) + of_false.var(ddof=1) / len(of_false))
    # A perfect area has no variance of its own; half a pair the wrong way is what chance may have hidden.
    inner = min(max(area, 0.5 / len(values)), 1 - 0.5 / len(values))
    deviation = max(deviation, math.sqrt(inner * (1 - inner) / len(values)) / 2)
    logit, half = math.log(inner / (1 - inner)), _Z * deviation / (inner * (1 - inner))
    return Estimate(area, min(area, _sigmoid(logit - half)), max(area, _sigmoid(logit + half)))


def _placements(values: Floats, truths: Bools) -> tuple[Floats, Floats] | None:
    """For each true one the share of false ones below it, and for each false one the share of true ones above it."""
    true, false = np.sort(values[truths]), np.sort(values[~truths])
    if not len(true) or not len(false):
        return None
    below = np.searchsorted(false, true, "left") + np.searchsorted(false, true, "right")
    under = np.searchsorted(true, false, "left") + np.searchsorted(true, false, "right")
    return below / (2 * len(false)), 1 - under / (2 * len(true))


def log_losses(chances: Floats, truths: Bools) -> Floats:
    """Minus the logarithm of the chance that each truth was given, in nats."""
    given = np.clip(np.where(truths, chances, 1 - chances), _LEAST_CHANCE, 1.0)
    losses: Floats = -np.log(given)
    return losses


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0  # noqa: PLR2004 - where exp overflows
