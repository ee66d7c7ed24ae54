"""How many reviewers a question goes to, whose it is, and when they may see what others said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, TypeAlias

Assignment: TypeAlias = Literal["anyone", "round_robin", "topic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The rule of a team.

    Attributes:
        several: How many reviewers answer where more than one is asked.
        double_share: Share of the questions, from 0 to 1, that more than one is asked; drawn by chance, so that how far
            reviewers agree is measured without a choice.
        is_blind: Whether nobody is shown what others said before that many have answered.
    """

    several: int = 2
    double_share: float = 0.1
    is_blind: bool = False

    @property
    def most(self) -> int:
        """More answers than this are never asked for: where reviewers contradict each other, one more decides."""
        return self.several + 1

    def wanted(self, item_id: str, verdicts: Collection[str] = ()) -> int:
        """How many reviewers are asked about an item, given what was said: one more where they contradict each other."""
        if {"yes", "no"} <= set(verdicts):
            return self.most
        return self.several if _lot(item_id) < self.double_share else 1

    def are_shown(self, votes: int) -> bool:
        """Whether everybody may see who said what."""
        return not self.is_blind or votes >= self.several


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """How the queue is shared out.

    Attributes:
        taps_per_day: Answers that one reviewer is asked for in a day (UTC); 0 is without end.
        assignment: ``anyone``; ``round_robin`` over ``reviewers``, who has least first; by ``topic``.
        reviewers: Slack user ids of those who take turns.
        known_share: Share of a reviewer's questions, from 0 to 1, whose answer is known, while there are any.
        topics: By evaluator, or by a conversation's topic or scenario, the user ids of those who know about it.
    """

    taps_per_day: int = 100
    assignment: Assignment = "anyone"
    reviewers: Sequence[str] = ()
    topics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    votes: Votes = field(default_factory=Votes)
    known_share: float = 0.05

    def is_known_asked(self, reviewer: str, answered: int) -> bool:
        """Whether the question after so many answers is one whose answer is known; nobody can tell which ones are."""
        return _lot(f"{reviewer} {answered}", "known answer") < self.known_share


def _lot(of: str, purpose: str = "double review") -> float:
    drawn = blake2b(f"{purpose}\n{of}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64
