"""Whether a reviewer is asked about a conversation: drawn by chance, with a chance that is known before the lot is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from alerts.drift.features import Sparse
from bot.jobs.asked import Asked
from bot.jobs.unusual import USUALLY
from evaluators.calibration.next import ANYTHING, About, Plan, Why
from traces.model import Conversation

_PRIOR: Final = 50.0
"""Conversations that a first guess of how many disagree, or are unusual, is worth."""
_GUESSES: Final[Mapping[Why, float]] = {Why.DISAGREEMENT: 0.0, Why.UNUSUAL: USUALLY}
_FADES_AT: Final = 5_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A conversation that an evaluator has scored.

    Attributes:
        lot: Drawn for it, even in [0, 1), whatever else is known.
        disagrees: Whether something else says otherwise.
    """

    evaluator: str
    value: float
    plan: Plan
    lot: float
    disagrees: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a lot has drawn: the chance it had, why, and whether only the day's limit stood against it."""

    probability: float
    why: Why
    is_held_back: bool = False


class Look:
    """A closer look at one conversation, which is taken only where it can make a difference."""

    def __init__(self, conversation: Conversation, asked: Asked, extreme: Callable[[Conversation], str | None]) -> None:
        self.conversation = conversation
        self._asked = asked
        self._extreme = extreme

    @cached_property
    def vector(self) -> Sparse:
        """What users said."""
        return self._asked.vector(self.conversation)

    @cached_property
    def unusual(self) -> str | None:
        """What is unusual about it, as the end of a sentence."""
        return self._extreme(self.conversation)


class Chooser:
    """Draws. What it remembers is of earlier draws only, so that the chance it tells is the chance there was."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._seen: dict[tuple[str, Why], tuple[float, float]] = {}

    def share(self, evaluator: str, why: Why) -> float:
        """Of an evaluator's conversations, about how many something disagrees about, or are unusual."""
        hits, n = self._seen.get((evaluator, why), (0.0, 0.0))
        return (hits + _PRIOR * _GUESSES[why]) / (n + _PRIOR)

    def draw(self, candidate: Candidate, look: Look, now: datetime, room: Callable[[], float]) -> Drawn | None:
        """Whether a conversation is picked.

        Args:
            candidate: The conversation and its score.
            look: A closer look at it.
            now: The time.
            room: From 0 to 1, what the day's limits leave of the chance.
        """
        self._count(candidate.evaluator, Why.DISAGREEMENT, hit=candidate.disagrees)
        plan, value, lot = candidate.plan, candidate.value, candidate.lot
        if lot >= plan.inclusion_probability(value, replace(ANYTHING, disagrees=candidate.disagrees)):
            return None
        about = About(
            disagrees=candidate.disagrees,
            is_unusual=look.unusual is not None,
            worth=self.asked.worth(candidate.evaluator, look.vector, now),
        )
        self._count(candidate.evaluator, Why.UNUSUAL, hit=about.is_unusual)
        why = plan.why(lot, value, about)
        if why is None:
            return None
        left = room()
        probability = left * plan.inclusion_probability(value, about)
        return Drawn(probability, why, is_held_back=lot >= probability)

    def picked(self, evaluator: str, look: Look, now: datetime) -> None:
        """Remember a conversation that was put before reviewers."""
        self.asked.note(evaluator, look.vector, now)

    def _count(self, evaluator: str, why: Why, *, hit: bool) -> None:
        hits, n = self._seen.get((evaluator, why), (0.0, 0.0))
        if n >= _FADES_AT:
            hits, n = hits / 2, n / 2
        self._seen[evaluator, why] = hits + hit, n + 1.0


__all__ = ["Candidate", "Chooser", "Drawn", "Look"]
