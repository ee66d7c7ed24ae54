"""The mark that the user gave in a survey."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from evaluators.base import Need, When, excerpt
from evaluators.options import versioned
from evaluators.user_feedback import given_by, value_of
from traces.errors import BadInput
from traces.model import Conversation, Direction, Feedback, Score

_MARKS: Final = re.compile(r"csat|satisfaction|survey|rating|stars?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsatOptions:
    """``worst`` and ``best``: the ends of the scale of marks; both 0: guessed from the mark."""

    worst: float = field(default=0.0, metadata={"description": "The worst mark, where `best` is set."})
    best: float = field(
        default=0.0,
        metadata={
            "description": "The best mark: 5 of five stars, 1 of marks from 0 to 1. 0: the first of 5, 10 and 100 that holds it."
        },
    )

    def __post_init__(self) -> None:
        if self.best and not self.best > self.worst:
            raise BadInput(f"has to be above worst, which is {self.worst:g}", "best")


class Csat:
    """The mean of the marks that users gave, from 0 (the worst) to 1 (the best)."""

    name = "csat"
    when: When = "arrival"
    needs: tuple[Need, ...] = ("feedback",)
    summary = (
        "The mark of a survey: feedback or scores named CSAT, satisfaction, survey, rating or stars, from the worst mark (0) to"
        " the best (1). It sees only those who answered, who are few and not like the rest; a 1 is taken for the worst of"
        " five unless `best` says otherwise."
    )
    question = "Was the user satisfied with this conversation?"
    yes_label = "Yes, satisfied"
    no_label = "No, not satisfied"
    bad = Direction.DOWN

    def __init__(self, options: CsatOptions | None = None) -> None:
        self._options = options or CsatOptions()
        self.version = versioned("1", self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        given = [feedback for feedback in given_by(conversation) if _MARKS.search(feedback.name)]
        marks = [(value, feedback) for feedback in given if (value := self._mark(feedback)) is not None]
        if not marks:
            return None
        mean = sum(value for value, _ in marks) / len(marks)
        _, lowest = min(marks, key=lambda mark: mark[0])
        shown = ", ".join(_shown(feedback) for _, feedback in marks[:3])
        return Score(
            name=self.name,
            value=mean,
            explanation=f"The user's mark: {shown}.",
            evidence=excerpt(lowest.comment) if lowest.comment else None,
        )

    def _mark(self, feedback: Feedback) -> float | None:
        worst, best = self._options.worst, self._options.best
        if not best or not isinstance(feedback.value, int | float):
            return value_of(feedback) if feedback.value is not None else None
        if not worst <= feedback.value <= best:
            return None
        return (feedback.value - worst) / (best - worst)


def _shown(feedback: Feedback) -> str:
    mark = excerpt(feedback.value, limit=40) if isinstance(feedback.value, str) else f"{feedback.value:g}"
    return f"{excerpt(feedback.name, limit=40)} {mark}"
