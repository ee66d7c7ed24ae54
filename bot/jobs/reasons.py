"""Why a conversation was picked, in words for the reviewer."""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.calibration.next import Why
from traces.model import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What was behind a pick.

    ``against`` and ``unusual`` are ends of sentences; empty where nothing contradicts, or nothing is unusual.
    """

    score: Score
    why: Why
    flagged: bool
    against: str
    unusual: str

    def __str__(self) -> str:
        name, score = in_words(self.score.name), self.score
        if self.why is Why.DISAGREEMENT:
            return f"{'Flagged' if self.flagged else 'Not flagged'} by {name}, but {self.against}."
        if self.flagged:
            return f"Flagged by {name}: {score.explanation}" if score.explanation else f"Flagged by {name}."
        if self.why is Why.UNUSUAL:
            return f"Unusual: {self.unusual}. {name.capitalize()} saw nothing here."
        if self.why is Why.PRECISION:
            return f"A label here sharpens the rate of {name} most: scores like {score.value:.2g} are the least sure."
        return f"Random check of {name}: the evaluator saw nothing here."


def in_words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")
