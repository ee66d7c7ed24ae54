"""What an evaluator is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, Protocol, runtime_checkable

from traces.model import Conversation, Direction, EvaluatorFailure, Score

When = Literal["arrival", "quiet"]
"""``arrival``: cheap, evaluated on every change. ``quiet``: evaluated once the conversation has gone quiet."""

Layer = Literal[0, 1, 2]
"""0: code, on everything. 1: a classifier, on everything. 2: a judge, on a sample within a budget."""

JUDGE_LAYER: Final = 2

Need = Literal["messages", "tools", "documents", "feedback", "timings"]
"""What a conversation has to hold for an evaluator to say anything of it."""

_ASCII_CONTROL = dict.fromkeys((*range(32), 127), " ")
EVIDENCE_CHARS = 300
BUTTON_CHARS = 75

Verdict = Score | EvaluatorFailure | None
"""What comes of evaluating one conversation; ``None`` when the evaluator does not apply to it."""


@runtime_checkable
class Evaluator(Protocol):
    """Says one thing of one conversation.

    An evaluator is stateless as far as its verdicts go: the same conversation gets the same score from the same
    ``version``, save for a judge, whose model may vary. It may also have the attributes ``layer``, ``needs``, ``cost``
    and ``looks_for_hidden``, which ``traits_of`` reads.
    """

    @property
    def name(self) -> str:
        """The score's name: what is the case when the value is 1."""

    @property
    def version(self) -> str:
        """Changes whenever the evaluator may say something else of the same conversation."""

    @property
    def when(self) -> When: ...

    @property
    def summary(self) -> str:
        """What it sees, and what it cannot see, for people."""

    @property
    def question(self) -> str:
        """What a reviewer is asked: one question, answered by yes (the value 1) or no (the value 0)."""

    @property
    def yes_label(self) -> str:
        """The text of the button for yes, at most 75 characters."""

    @property
    def no_label(self) -> str:
        """The text of the button for no, at most 75 characters."""

    @property
    def bad(self) -> Direction:
        """Whether a rise or a fall of the share of positive verdicts is bad."""

    def evaluate(self, conversation: Conversation) -> Verdict:
        """Score ``conversation``.

        Returns:
            A score of 1 when what ``name`` says is the case, down to 0 when it is not; a failure when it cannot be
            told; ``None`` when the evaluator does not apply, as with user feedback where nobody gave any.
        """


@runtime_checkable
class Sampling(Protocol):
    """A judge that is not asked about every conversation."""

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether ``conversation`` is in its sample; the same answer every time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an evaluator is, needs and costs; ``cost`` is for people, for a conversation of twenty turns.

    ``looks_for_hidden``: it looks for what redaction hides, and cannot see it in what was redacted.
    """

    layer: Layer = 0
    needs: tuple[Need, ...] = ("messages",)
    cost: str = "less than 1 ms"
    looks_for_hidden: bool = False


_USUAL = Traits()


def traits_of(evaluator: Evaluator) -> Traits:
    """What the attributes ``layer``, ``needs``, ``cost`` and ``looks_for_hidden`` of ``evaluator`` say, with the usual for those it lacks."""
    return Traits(
        layer=getattr(evaluator, "layer", _USUAL.layer),
        needs=getattr(evaluator, "needs", _USUAL.needs),
        cost=getattr(evaluator, "cost", _USUAL.cost),
        looks_for_hidden=getattr(evaluator, "looks_for_hidden", _USUAL.looks_for_hidden),
    )


def excerpt(text: str, start: int = 0, end: int | None = None, limit: int = EVIDENCE_CHARS) -> str:
    """``text[start:end]`` with as much around it as fits into ``limit`` characters, on one line.

    What is left out is marked by an ellipsis; control and formatting characters become spaces.
    """
    end = min(len(text) if end is None else end, start + limit)
    margin = (limit - (end - start)) // 2
    left = max(0, min(start - margin, len(text) - limit))
    cut = _one_line(text[left : left + limit])
    before = "…" if left > 0 else ""
    after = "…" if left + limit < len(text) else ""
    return f"{before}{cut[: limit - len(before) - len(after)]}{after}"


def _one_line(text: str) -> str:
    if text.isascii():
        return " ".join(text.translate(_ASCII_CONTROL).split())
    visible = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join(visible.split())


def at_limit(amount: float, limit: float) -> float:
    """``amount`` on a scale from 0 to 1 on which ``limit`` is 0.5 and twice the limit, or more, is 1."""
    return min(1.0, max(0.0, amount / (2 * limit)))
