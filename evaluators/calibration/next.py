"""Which conversations to ask reviewers about: by chance, with a chance that is known, where a label teaches most.

Most go where labels narrow the rate most, in proportion to the number of conversations of a stratum of scores and to how
unsure their truth is (Neyman 1934); some to where another evaluator disagrees, some to conversations that are unlike the
others; and an audit falls on all alike, since only it finds what no score points at. The chance of each is stored with its
label, so that rates stay true (Horvitz and Thompson 1952): it may depend on what was picked before, but never on the lot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from traces.histogram import RELATIVE_ACCURACY, Rollup, value_of

PRECISION_SHARE: Final = 0.45
DISAGREEMENT_SHARE: Final = 0.20
UNUSUAL_SHARE: Final = 0.10
AUDIT_SHARE: Final = 0.15
DOUBLE_SHARE: Final = 0.10
_QUANTILES: Final = (0.02, 0.05, 0.12, 0.25, 0.5, 0.75, 0.88, 0.95, 0.98)
_BOTH_ENDS: Final = (0.0, 0.5, 1.0)
_ULP: Final = 1e-6
_GUESSES: Final = (0.003, 0.997)
_HALVINGS: Final = 60
_PRIOR_WORTH: Final = 10.0
"""Labels that a score is worth as a first guess of how many of its stratum are true."""
_LEAST_UNSURE: Final = 0.04
"""Nothing is so sure that it need not be looked at: the deviation of a share of a quarter of a percent."""

Floats = NDArray[np.float64]


class Why(StrEnum):
    """Why a conversation was picked."""

    PRECISION = "precision"
    DISAGREEMENT = "disagreement"
    UNUSUAL = "unusual"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Known:
    """A label as planning sees it: the score, and whether it is so."""

    value: float
    truth: bool


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a conversation besides its score.

    Attributes:
        disagrees: Whether another evaluator says otherwise.
        is_unusual: Whether it is unlike the others.
        worth: How much an answer would tell beside those that were asked for lately; 0 for one that was asked for often
            enough, 1 for a usual one, never more than ``MOST_WORTH``.
    """

    disagrees: bool = False
    is_unusual: bool = False
    worth: float = 1.0


MOST_WORTH: Final = 2.0
PLAIN: Final = About()
ANYTHING: Final = About(disagrees=True, is_unusual=True, worth=MOST_WORTH)
"""No conversation has a greater chance than one of which this is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Chances by stratum of scores.

    Attributes:
        edges: Where strata begin, but for the first: a stratum holds scores at or above its edge.
        precision: By stratum, the chance of being picked to narrow the rate.
        audit: The chance of being picked whatever the score is.
        disagreement: The further chance of those about which another evaluator disagrees.
        unusual: The further chance of those that are unlike the others.
    """

    edges: tuple[float, ...]
    precision: tuple[float, ...]
    audit: float
    disagreement: float = 0.0
    unusual: float = 0.0

    def chances(self, value: float, about: About = PLAIN) -> dict[Why, float]:
        """The chance of each reason, one independent of the other.

        Args:
            value: The score.
            about: What is known of the conversation besides. The audit does not mind it, or what is asked often would count
                too little.
        """
        stratum = int(np.searchsorted(np.array(self.edges), value, side="right"))
        return {
            Why.AUDIT: self.audit,
            Why.DISAGREEMENT: min(1.0, about.worth * self.disagreement) if about.disagrees else 0.0,
            Why.UNUSUAL: min(1.0, about.worth * self.unusual) if about.is_unusual else 0.0,
            Why.PRECISION: min(1.0, about.worth * self.precision[stratum]),
        }

    def inclusion_probability(self, value: float, about: About = PLAIN) -> float:
        """The chance of being picked for any reason."""
        return 1 - math.prod(1 - chance for chance in self.chances(value, about).values())

    def why(self, lot: float, value: float, about: About = PLAIN) -> Why | None:
        """The reason for which a lot picks a conversation, or none.

        Args:
            lot: Drawn for this conversation, even in [0, 1).
            value: The score.
            about: As of ``chances``.
        """
        below, left = 0.0, 1.0
        for why, chance in self.chances(value, about).items():
            below += left * chance
            left *= 1 - chance
            if lot < below:
                return why
        return None


@dataclass(frozen=True, slots=True)
class Unsure:
    """By stratum of scores, how unsure the truth is: the standard deviation of yes and no."""

    edges: tuple[float, ...]
    deviations: tuple[float, ...]


def plan(
    scores: Rollup, labelled: Sequence[Known], wanted: float, disagreeing: float = 0.0, unusual: float = 0.0
) -> Plan:
    """How to spend ``wanted`` reviews on as many conversations as ``scores`` holds.

    The shares for disagreement and for what is unusual fall to the others where there is none; double review is of what is
    labelled already.

    Args:
        scores: Scores of the conversations among which is chosen.
        labelled: What is known already.
        wanted: Reviews, of which the share for double review is left out here.
        disagreeing: How many of the conversations another evaluator disagrees about.
        unusual: How many of them are unlike the others.
    """
    return plan_of(unsure_of(scores, labelled), scores, wanted, disagreeing, unusual)


def unsure_of(scores: Rollup, labelled: Sequence[Known]) -> Unsure:
    """What labels say of how unsure the truth is, with the mean score of a stratum as a first guess."""
    edges = edges_of(scores)
    return Unsure(edges, tuple(float(one) for one in _unsure(edges, scores, labelled)))


def plan_of(unsure: Unsure, scores: Rollup, wanted: float, disagreeing: float = 0.0, unusual: float = 0.0) -> Plan:
    """What ``plan`` tells, of strata that are known: how unsure they are is no news, how many they hold is."""
    edges = unsure.edges
    sizes = _sizes(edges, scores)
    first = wanted * (1 - DOUBLE_SHARE)
    for_disagreement = min(first * DISAGREEMENT_SHARE / (1 - DOUBLE_SHARE), disagreeing)
    for_unusual = min(first * UNUSUAL_SHARE / (1 - DOUBLE_SHARE), unusual)
    for_audit = first * AUDIT_SHARE / (1 - DOUBLE_SHARE)
    audit = min(1.0, for_audit / scores.n) if scores.n else 1.0
    best = neyman(sizes, np.array(unsure.deviations), first - for_disagreement - for_unusual, least=audit)
    return Plan(
        edges=edges,
        # What the audit picks counts for the rate as well.
        precision=tuple(float(c) for c in (best - audit) / max(1 - audit, 1e-9)),
        audit=audit,
        disagreement=min(1.0, for_disagreement / disagreeing) if disagreeing else 0.0,
        unusual=min(1.0, for_unusual / unusual) if unusual else 0.0,
    )


def neyman(sizes: Floats, deviations: Floats, wanted: float, least: float = 0.0) -> Floats:
    """Chances by stratum that make the variance of a rate least (Neyman 1934).

    Args:
        sizes: Conversations by stratum.
        deviations: Standard deviation of the truth by stratum, above 0.
        wanted: How many are to be picked, in the mean.
        least: No chance is less; those that would be leave less to the others. None is more than 1.
    """
    low, high = 0.0, 1 / float(deviations.min())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        picked = float((sizes * np.clip(middle * deviations, least, 1.0)).sum())
        low, high = (middle, high) if picked < wanted else (low, middle)
    chances: Floats = np.clip(low * deviations, least, 1.0)
    return chances


def edges_of(scores: Rollup) -> tuple[float, ...]:
    """Where strata of scores begin: finer towards both ends, where few scores tell most."""
    quantiles = _BOTH_ENDS if len(scores.bins) <= len(_BOTH_ENDS) else _QUANTILES
    found = {_least_of(value) for q in quantiles if (value := scores.quantile(q)) is not None}
    return tuple(sorted(value for value in found if scores.at_least(value) < scores.n))


def _least_of(value: float) -> float:
    """The least value that the rollup does not tell from one that it gave."""
    if value > 0:
        return value / (1 + RELATIVE_ACCURACY) * (1 + _ULP)
    return value / (1 - RELATIVE_ACCURACY) * (1 - _ULP)


def _sizes(edges: Sequence[float], scores: Rollup) -> Floats:
    at_least = np.array([scores.n, *(scores.at_least(edge) for edge in edges), 0], dtype=np.float64)
    return at_least[:-1] - at_least[1:]


def _unsure(edges: Sequence[float], scores: Rollup, labelled: Sequence[Known]) -> Floats:
    """By stratum, the standard deviation of the truth: what labels say of it, and the mean score as a first guess."""
    strata = len(edges) + 1
    values = np.array([value_of(bin_) for bin_ in scores.bins])
    counts = np.array(list(scores.bins.values()), dtype=np.float64)
    at = np.searchsorted(np.array(edges), values, side="right")
    total = np.bincount(at, weights=counts * values, minlength=strata)
    guess = np.clip(total / np.maximum(np.bincount(at, weights=counts, minlength=strata), 1.0), *_GUESSES)
    of = np.searchsorted(np.array(edges), [known.value for known in labelled], side="right")
    n = np.bincount(of, minlength=strata).astype(np.float64)
    yes = np.bincount(of, weights=[float(known.truth) for known in labelled], minlength=strata)
    share = (yes + _PRIOR_WORTH * guess) / (n + _PRIOR_WORTH)
    unsure: Floats = np.maximum(np.sqrt(share * (1 - share)), _LEAST_UNSURE)
    return unsure
