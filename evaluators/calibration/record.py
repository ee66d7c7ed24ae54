"""A reviewer's own record over all questions: agreement with others and with what is known, now and before, and pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from evaluators.calibration.reviewers import RECENT, Answer, has_drifted, most_say
from traces.model import GOLD

SITTING: Final = timedelta(minutes=5)
"""Answers farther apart than this are not of one sitting: the time between them tells nothing of how long one takes."""
_ENOUGH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One reviewer.

    Attributes:
        n_shared: Answers to questions that others answered too, alike for the most part.
        agreed: How many of these say what most others say.
        recent_shared: Of the latest twenty of these, all there are; ``recent_agreed`` of them say what most others say.
        n_gold: Answers to questions whose answer is known; ``right`` of them are right.
        has_drifted: Whether the latest twenty agree less often than those before, beyond chance.
        seconds: Median seconds between answers of one sitting; ``None`` with fewer than five.
    """

    n_shared: int = 0
    agreed: int = 0
    recent_shared: int = 0
    recent_agreed: int = 0
    n_gold: int = 0
    right: int = 0
    has_drifted: bool = False
    seconds: float | None = None

    @property
    def agreement(self) -> float | None:
        """Share of the shared answers that say what most others say, from 0 to 1."""
        return self.agreed / self.n_shared if self.n_shared else None


def record_of(reviewer: str, questions: Mapping[str, Sequence[Answer]], times: Sequence[datetime]) -> Record:
    """What a reviewer's answers say of this reviewer.

    Args:
        reviewer: Who.
        questions: By question, the answers of this reviewer and of others to the same conversations; known answers are those
            of the reviewer ``gold``.
        times: When this reviewer answered.
    """
    compared: list[tuple[datetime, str, bool]] = []
    right: list[bool] = []
    for name, answers in questions.items():
        said: dict[str, dict[str, bool]] = {}
        for answer in answers:
            said.setdefault(answer.conversation_id, {})[answer.reviewer] = answer.truth
        for own in (a for a in answers if a.reviewer == reviewer):
            others = said[own.conversation_id]
            if (most := most_say(others, besides=reviewer)) is not None:
                compared.append((own.at, f"{name}\n{own.conversation_id}", own.truth is most))
            if GOLD in others:
                right.append(own.truth is others[GOLD])
    agreed = np.array([alike for _, _, alike in sorted(compared)], dtype=np.bool_)
    return Record(
        n_shared=len(agreed),
        agreed=int(agreed.sum()),
        recent_shared=len(agreed[-RECENT:]),
        recent_agreed=int(agreed[-RECENT:].sum()),
        n_gold=len(right),
        right=sum(right),
        has_drifted=has_drifted(agreed),
        seconds=_pace(times),
    )


def _pace(times: Sequence[datetime]) -> float | None:
    # Words that were given together are one answer.
    gaps = [later - earlier for earlier, later in pairwise(sorted(set(times)))]
    within = [gap.total_seconds() for gap in gaps if gap <= SITTING]
    return median(within) if len(within) >= _ENOUGH else None
