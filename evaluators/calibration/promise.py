"""Thresholds that keep a promise: a precision or a recall that holds with nine chances in ten, or no threshold at all.

Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei 2021) with a fixed sequence: cuts are tested one after the other, in
an order that does not look at the labels, each at the whole error budget, and testing stops at the first that fails. The
bound is that of Clopper and Pearson (1934), which holds whatever the number of labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DELTA: Final = 0.1
"""Chance with which a promise may be broken."""
_GROWTH: Final = 1.15
_ROOM: Final = 0.6
_SLACK: Final = 2
"""False ones that the first cut may hold: one that allows none fails by chance too often."""
_MOST_LABELS: Final = 20_000


class Measure(StrEnum):
    """What is promised."""

    PRECISION = "precision"
    RECALL = "recall"


@dataclass(frozen=True, slots=True)
class Promise:
    """At least ``at_least`` (a share, above 0 and below 1) of what is flagged is true, or of what is true is flagged."""

    measure: Measure
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What labels allow.

    Attributes:
        threshold: The cut that keeps the promise; ``None`` where no cut is known to.
        bound: What the labels guarantee there.
        n: Labels that the guarantee rests on, as an effective number.
        more_labels: About how many more labels it would take; 0 with a threshold, ``None`` where no cut seems to be good
            enough however many there are.
        where: The score from which on these labels are to be drawn.
    """

    threshold: float | None
    bound: float | None = None
    n: float = 0.0
    more_labels: int | None = 0
    where: float | None = None


@dataclass(frozen=True, slots=True)
class _Tested:
    cut: float
    yes: float
    n: float

    def bound(self, delta: float) -> float:
        return lower_bound(self.yes, self.n, delta)


def lower_bound(yes: float, n: float, delta: float = DELTA) -> float:
    """What a share exceeds but for a chance of ``delta`` (Clopper and Pearson 1934); effective numbers are rounded down."""
    whole, all_ = math.floor(yes + 1e-9), math.floor(n + 1e-9)
    return float(special.betaincinv(whole, all_ - whole + 1, delta)) if whole > 0 else 0.0


def least_labels(at_least: float, slack: int = 0, delta: float = DELTA) -> int:
    """The fewest labels that can prove a share of ``at_least`` with ``slack`` of them false."""
    n = slack + 1
    while n < _MOST_LABELS and lower_bound(n - slack, n, delta) < at_least:
        n += max(1, n // 50)
    return n


def keep(
    promise: Promise,
    values: Sequence[float] | Floats,
    truths: Sequence[bool] | Bools,
    weights: Sequence[float] | Floats | None = None,
    delta: float = DELTA,
) -> Kept:
    """The threshold by which a promise holds but for a chance of ``delta``: of several, the one that flags most or least.

    For a precision that is the lowest such cut, for a recall the highest.

    Args:
        promise: What is to hold.
        values: Scores of the labelled conversations.
        truths: What reviewers say of them.
        weights: How many conversations each stands for; ``None`` where each was as likely to be picked.
        delta: Chance with which the promise may be broken.
    """
    scores, true = np.asarray(values, dtype=np.float64), np.asarray(truths, dtype=np.bool_)
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    tests = _precisions if promise.measure is Measure.PRECISION else _recalls
    passed: _Tested | None = None
    tried: list[_Tested] = []
    for tested in tests(promise.at_least, scores, true, weight, delta):
        tried.append(tested)
        if tested.bound(delta) < promise.at_least:
            break
        passed = tested
    if passed is not None:
        return Kept(threshold=passed.cut, bound=passed.bound(delta), n=passed.n)
    return _missing(promise, tried, scores, true, delta)


def _precisions(at_least: float, scores: Floats, truths: Bools, weights: Floats, delta: float) -> Iterator[_Tested]:
    """From strict to loose: the cuts above which there are enough labels to prove anything."""
    for cut in _cuts(scores, _first(at_least, len(scores), delta)):
        above = scores >= cut
        yield _Tested(cut, *_effective(truths[above], weights[above]))


def _first(at_least: float, n: int, delta: float) -> int:
    """How many labels the first cut holds: enough to prove the promise, with a few false ones where there is room."""
    for slack in range(_SLACK, 0, -1):
        if (first := least_labels(at_least, slack, delta)) <= _ROOM * n:
            return first
    least = least_labels(at_least, 0, delta)
    return least if least <= n else max(1, n // 2)


def _recalls(at_least: float, scores: Floats, truths: Bools, weights: Floats, delta: float) -> Iterator[_Tested]:
    """From loose to strict: the cuts that lose a few more of what is true each time."""
    del delta
    true = np.sort(scores[truths])
    for lost in range(len(true)):
        if lost and true[lost] == true[lost - 1]:
            continue
        cut = float(true[lost])
        tested = _Tested(cut, *_effective(scores[truths] >= cut, weights[truths]))
        yield tested
        if tested.yes < at_least * tested.n:
            return


def _cuts(scores: Floats, first: int) -> Iterator[float]:
    """Scores with ``first`` labels at or above them, then a few more each time; only places of labels are looked at."""
    ordered, wanted = np.sort(scores)[::-1], float(first)
    last: float | None = None
    while len(ordered):
        place = min(math.ceil(wanted), len(ordered)) - 1
        cut = float(ordered[place])
        if cut != last:
            yield cut
        if place == len(ordered) - 1:
            return
        last, wanted = cut, max(wanted * _GROWTH, wanted + 1)


def _effective(among: Bools, weights: Floats) -> tuple[float, float]:
    """``(yes, n)`` at Kish's effective size."""
    if not len(weights):
        return 0.0, 0.0
    n = float(weights.sum() ** 2 / (weights**2).sum())
    return n * float(weights[among].sum() / weights.sum()), n


def _missing(promise: Promise, tried: Sequence[_Tested], scores: Floats, truths: Bools, delta: float) -> Kept:
    """How many labels it would take where the first cut failed, and where."""
    loosest = tried[0] if tried else None
    found = _best(scores, truths) if promise.measure is Measure.PRECISION else loosest
    if found is None:
        return Kept(threshold=None, more_labels=least_labels(promise.at_least, _SLACK, delta))
    needed = needed_labels((found.yes + 1) / (found.n + 2), promise.at_least, delta)
    more = None if needed is None else max(1, math.ceil(needed - found.n))
    if more is not None and promise.measure is Measure.RECALL:
        # Of the labels only some are of what is true.
        more = math.ceil(more * len(scores) / max(found.n, 1.0))
    return Kept(threshold=None, bound=found.bound(delta), n=found.n, more_labels=more, where=found.cut)


def _best(scores: Floats, truths: Bools) -> _Tested | None:
    """The cut with the highest share of true ones above it, each share taken a little nearer to a half than it is."""
    if not len(scores):
        return None
    order = np.argsort(-scores, kind="stable")
    yes, n = np.cumsum(truths[order]), np.arange(1, len(order) + 1)
    place = int(np.argmax((yes + 1) / (n + 2)))
    return _Tested(float(scores[order[place]]), float(yes[place]), float(n[place]))


def needed_labels(share: float, at_least: float, delta: float = DELTA) -> int | None:
    """Labels that prove ``at_least`` where ``share`` of them are true; ``None`` where more than 20,000 would not."""
    if share <= at_least:
        return None
    low, high = 1, 1
    while not _proves(high, share, at_least, delta):
        low, high = high, high * 2
        if high > _MOST_LABELS:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _proves(middle, share, at_least, delta) else (middle + 1, high)
    return high


def _proves(n: int, share: float, at_least: float, delta: float) -> bool:
    # Unrounded, so that it grows with n.
    bound: Any = special.betaincinv(max(share * n, 1e-9), n - share * n + 1, delta)
    return float(bound) >= at_least
