"""What labels leave open, as distributions on a grid: deterministic, without simulation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

LEAST_INFORMEDNESS: Final = 0.1
"""What the 5 % bound of Youden's J has to exceed before the verdicts count as telling anything."""
_PRIOR: Final = 0.5
"""Both parameters of Jeffreys' prior for a share."""
_DRAWS: Final = 2048
_NODES: Final = 129
_FARTHEST: Final = 4.8
"""Standard deviations out to which a posterior is tabulated: a chance of one in a million."""
_MOST_WORTH: Final = 1e4
_EDGE: Final = 1.1
SPREAD: Final = 0.2
"""Standard deviation, on the logit scale, by which error rates may differ from one time to another."""
_WORTH: Final = 10.0
"""As many labels as what was learned elsewhere may weigh beside labels of the very conversations."""
_FAINT: Final = 0.02
"""Below this a difference of error rates divides by chance."""


class Count(NamedTuple):
    """``yes`` of ``n``, both effective numbers: with unequal weights they are no integers."""

    yes: float
    n: float

    @property
    def mean(self) -> float:
        """The posterior mean of the share under Jeffreys' prior."""
        return (self.yes + _PRIOR) / (self.n + 2 * _PRIOR)


def count(truths: NDArray[np.bool_], weights: Floats, design_effect: float = 1.0) -> Count:
    """The weighted count at Kish's effective size, (sum of w)² / sum of w² (Kish, Survey Sampling, 1965).

    Args:
        truths: What is true, one for each label.
        weights: How many conversations each stands for.
        design_effect: How many labels of clusters tell as much as one that is by itself.
    """
    if not len(weights):
        return Count(0.0, 0.0)
    n = float(weights.sum() ** 2 / (weights**2).sum()) / design_effect
    return Count(n * float(weights[truths].sum() / weights.sum()), n)


def interval(share: Count, level: float = 0.95) -> tuple[float, float]:
    """The central interval of the share's posterior."""
    low, high = special.betaincinv(*_parameters(share), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class Rates(NamedTuple):
    """The joint posterior of what two verdicts and their labels say, as equally likely points.

    Attributes:
        true_rate: Share of all conversations for which it is so.
        informedness: Youden's J, the true-positive rate less the false-positive rate.
    """

    true_rate: Floats
    informedness: Floats


def rates(positive: Count, negative: Count, verdicts: Count) -> Rates:
    """Post-stratification on the verdict.

    Args:
        positive: True ones among the labelled positive verdicts.
        negative: True ones among the labelled negative verdicts.
        verdicts: Positive verdicts among all scores.
    """
    precision, missed, share = (_drawn(of, place) for place, of in enumerate((positive, negative, verdicts)))
    true_rate = share * precision + (1 - share) * missed
    caught = share * precision / true_rate
    false_alarms = share * (1 - precision) / (1 - true_rate)
    return Rates(true_rate, caught - false_alarms)


class Stratum(NamedTuple):
    """True ones among the labelled conversations of a stratum, and how many conversations it holds."""

    labels: Count
    size: float


def rate_among(strata: Sequence[Sequence[Stratum]]) -> Floats:
    """Equally likely true rates of the very conversations that labels were drawn from without replacement.

    Unlike in ``rates``, their verdicts are all known, and what is labelled is known too: only the rest is estimated, so
    that labels of half of them halve the variance (the finite population correction; Cochran, Sampling Techniques, 1977).

    Args:
        strata: At most twelve, in groups (one for each verdict). Those of a group share the prior of one, in proportion to
            their size: many strata, each with next to nothing true in it, must not add up to something.
    """
    total = sum(one.size for group in strata for one in group)
    rate, place = np.zeros(_DRAWS), 0
    for group in strata:
        size = sum(one.size for one in group)
        for one in group:
            share = one.size / size if size else 0.0
            if share:
                rate += one.size / total * _drawn(of_finite(one.labels, one.size), place, _PRIOR * share)
            place += 1
    return rate


def of_finite(labels: Count, size: float) -> Count:
    """Labels drawn without replacement from ``size`` conversations, as the count that tells as much of many.

    Where there are more labels than that, they are not of these conversations, and stay as they are; but for a few, which
    are those at the edge of a stratum, since sizes are known to within a bin of the histogram.
    """
    if size <= 0 or not 0 < labels.n <= _EDGE * size + 1:
        return labels
    worth = min(1 / max(1 - labels.n / size, 1e-9), _MOST_WORTH)
    return Count(labels.yes * worth, labels.n * worth)


class Errors(NamedTuple):
    """Equally likely error rates of an evaluator: chances of a positive verdict.

    Attributes:
        tpr: Where it is so.
        fpr: Where it is not.
    """

    tpr: Floats
    fpr: Floats

    @property
    def informedness(self) -> Floats:
        """Youden's J."""
        return self.tpr - self.fpr


class Estimate(NamedTuple):
    """Equally likely answers for some conversations: the true rate, and the true share of each verdict."""

    true_rate: Floats
    precision: Floats
    missed: Floats


@lru_cache(maxsize=512)
def errors(positive: Count, negative: Count, verdicts: Count) -> Errors:
    """The error rates that labels tell of, where both they and the verdicts are of all conversations.

    Args:
        positive: True ones among the labelled positive verdicts.
        negative: True ones among the labelled negative verdicts.
        verdicts: Positive verdicts among all scores.
    """
    precision, missed, share = (_drawn(of, place) for place, of in enumerate((positive, negative, verdicts)))
    true_rate = share * precision + (1 - share) * missed
    return Errors(share * precision / true_rate, share * (1 - precision) / (1 - true_rate))


def transported(known: Errors, verdicts: Count, spread: float = SPREAD) -> Estimate:
    """The true rate of other conversations by error rates learned elsewhere (Rogan and Gladen 1978).

    What changes from there to here is taken to be how often it is so; the error rates stay, give or take a spread. The
    share of positive verdicts lies between the two error rates whatever is true: its posterior is cut there (Diggle 2011),
    so that a few verdicts that are all positive do not make a true rate of one.

    Args:
        known: The error rates.
        verdicts: Positive verdicts among these conversations.
        spread: Standard deviation, on the logit scale, by which error rates differ from there to here.
    """
    tpr, fpr = _shaken(known.tpr, 4, spread), _shaken(known.fpr, 5, spread)
    above = np.maximum(tpr, fpr + _FAINT)
    share = _drawn_within(verdicts, fpr, above, 3)
    true_rate = (share - fpr) / (above - fpr)
    caught, alarmed = tpr * true_rate, fpr * (1 - true_rate)
    spared, passed = (1 - tpr) * true_rate, (1 - fpr) * (1 - true_rate)
    return Estimate(true_rate, caught / (caught + alarmed), spared / (spared + passed))


def post_stratified(positive: Count, negative: Count, verdicts: Count) -> Estimate:
    """The true rate of conversations of which labels tell how many of each verdict are true."""
    precision, missed, share = _drawn(positive, 0), _drawn(negative, 1), _drawn(verdicts, 3)
    return Estimate(share * precision + (1 - share) * missed, precision, missed)


def refined(before: Estimate, positive: Count, negative: Count, verdicts: Count) -> Estimate:
    """An estimate with labels of the very conversations; what was known before weighs as much as ten of them.

    Where they contradict it, it weighs nothing.

    Args:
        before: What was known without them.
        positive: True ones among their labelled positive verdicts.
        negative: True ones among their labelled negative verdicts.
        verdicts: Positive verdicts among them.
    """
    precision = _drawn(_more(before.precision, positive), 0) if positive.n else before.precision
    missed = _drawn(_more(before.missed, negative), 1) if negative.n else before.missed
    share = _drawn(verdicts, 3)
    return Estimate(share * precision + (1 - share) * missed, precision, missed)


def contradicts(labels: Count, before: Floats) -> bool:
    """Whether chance does not explain how far labels are from a share that was known before."""
    low, high = interval(labels)
    return labels.n > 0 and not low <= float(before.mean()) <= high


def _more(before: Floats, labels: Count) -> Count:
    """The labels, and as many more as a share that is known before is worth."""
    if contradicts(labels, before):
        return labels
    mean = float(np.clip(before.mean(), 0.01, 0.99))
    worth = min(_WORTH, max(2 * _PRIOR, mean * (1 - mean) / max(float(before.var()), 1e-9) - 1))
    return Count(labels.yes + mean * worth - _PRIOR, labels.n + worth - 2 * _PRIOR)


def _drawn(share: Count, place: int, prior: float = _PRIOR) -> Floats:
    """Draws from a share's posterior; draws of different places are independent of each other."""
    drawn: Floats = np.interp(_normal()[place], _nodes(), _table(share, prior))
    return drawn


def _drawn_within(share: Count, low: Floats, high: Floats, place: int) -> Floats:
    """Draws from a share's posterior cut at two ends, each draw at its own."""
    table = _table(share, _PRIOR)
    below = special.ndtr(np.interp(low, table, _nodes()))
    above = special.ndtr(np.interp(np.minimum(high, 1.0), table, _nodes()))
    places = special.ndtri(np.clip(below + (above - below) * _even()[place], 1e-300, 1 - 1e-16))
    drawn: Floats = np.clip(np.interp(places, _nodes(), table), low, high)
    return drawn


def _shaken(rate: Floats, place: int, spread: float) -> Floats:
    shaken: Any = special.expit(special.logit(rate) + spread * _normal()[place])
    return np.clip(np.asarray(shaken, dtype=np.float64), 1e-9, 1 - 1e-9)


@lru_cache(maxsize=1)
def _even() -> Floats:
    """Points that fill twelve dimensions evenly, the same every time: Kronecker's sequence of the roots of a prime.

    Fractions of multiples of irrational numbers, as (Niederreiter 1992); a sum is better by it than by chance.
    """
    steps = np.sqrt(np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0, 31.0, 37.0]))
    points: Floats = (0.5 + steps[:, None] * np.arange(1, _DRAWS + 1)) % 1.0
    return np.clip(points, 1e-6, 1 - 1e-6)


@lru_cache(maxsize=1)
def _normal() -> Floats:
    """The even points as those of a normal distribution, of which the values of a posterior are nearly a line."""
    normal: Floats = special.ndtri(_even())
    return normal


@lru_cache(maxsize=1)
def _nodes() -> Floats:
    return np.linspace(-_FARTHEST, _FARTHEST, _NODES)


@lru_cache(maxsize=1)
def _chances() -> Floats:
    chances: Floats = special.ndtr(_nodes())
    return chances


@lru_cache(maxsize=4096)
def _table(share: Count, prior: float) -> Floats:
    """The values of a share's posterior at the nodes."""
    values: Any = special.betaincinv(*_parameters(share, prior), _chances())
    return np.clip(np.asarray(values, dtype=np.float64), 1e-9, 1 - 1e-9)


def _parameters(share: Count, prior: float = _PRIOR) -> tuple[float, float]:
    return share.yes + prior, share.n - share.yes + prior
