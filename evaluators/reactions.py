"""What users did with an answer, as the application tells it: copied it, accepted or rejected it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from evaluators.base import Need, When
from evaluators.options import versioned
from traces.model import Conversation, Direction, Json, Score

_VERSION: Final = "1"
_NEEDS: Final[tuple[Need, ...]] = ("feedback",)
_COPIED: Final = frozenset({"copied", "copy", "copied_answer", "copied_to_clipboard", "clipboard"})
_ACCEPTED: Final = frozenset({"accepted", "accept", "applied", "inserted", "used", "kept"})
_REJECTED: Final = frozenset({"rejected", "reject", "dismissed", "discarded", "undone", "reverted", "regenerated"})
_NO: Final = frozenset({"", "0", "no", "false", "none", "not", "n"})
_BETWEEN: Final = re.compile(r"[\s.:-]+")


class _Told(NamedTuple):
    """One event: its name, whether it happened, and the turn that it is about, where it is told."""

    name: str
    happened: bool
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionOptions:
    """``every``: the application tells of every event, so that no word of one means that there was none."""

    every: bool = field(
        default=False,
        metadata={
            "description": "The application always tells: where it told nothing, nothing happened (the value 0)."
        },
    )


class Copied:
    """Whether the user copied an answer: 1 or 0."""

    name = "copied"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        "The user copied an answer, by feedback, a score or metadata of the name `copied`. It knows only what the"
        " application tells; where that tells of copies alone, set `every`, or all conversations that it hears of have one."
    )
    question = "Did the user find an answer worth copying?"
    yes_label = "Yes, worth copying"
    no_label = "No"
    bad = Direction.DOWN

    def __init__(self, options: ReactionOptions | None = None) -> None:
        self._options = options or ReactionOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        told = list(_told(conversation, _COPIED))
        if not told:
            return _nothing(self.name, "copied") if self._options.every and _is_answered(conversation) else None
        copies = [event for event in told if event.happened]
        return Score(
            name=self.name,
            value=float(bool(copies)),
            explanation="The user copied an answer." if copies else "The user copied nothing.",
            turn=next((event.turn for event in copies if event.turn is not None), None),
        )


class Accepted:
    """The share of suggestions that the user took over, 0 to 1."""

    name = "accepted"
    when: When = "quiet"
    needs = _NEEDS
    summary = (
        "The share of answers that the user took over rather than rejected or had made again, by feedback, scores or"
        " metadata of the names `accepted`, `applied`, `rejected`, `regenerated` and the like. It knows only what the"
        " application tells, and not whether what was taken over was then changed."
    )
    question = "Did the user take over what the assistant suggested?"
    yes_label = "Yes, taken over"
    no_label = "No, rejected"
    bad = Direction.DOWN

    def __init__(self, options: ReactionOptions | None = None) -> None:
        self._options = options or ReactionOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        # A suggestion that was not rejected may yet be open: only what happened counts of rejections.
        told = [
            event for event in _told(conversation, _ACCEPTED | _REJECTED) if event.happened or event.name in _ACCEPTED
        ]
        if not told:
            return _nothing(self.name, "accepted") if self._options.every and _is_answered(conversation) else None
        taken = [event for event in told if event.happened and event.name in _ACCEPTED]
        lost = [event for event in told if event not in taken]
        return Score(
            name=self.name,
            value=len(taken) / len(told),
            explanation=f"The user accepted {len(taken)} of {len(told)} answers that they reacted to.",
            turn=next((event.turn for event in lost if event.turn is not None), None),
        )


def _nothing(name: str, done: str) -> Score:
    return Score(name=name, value=0.0, explanation=f"Nothing tells that the user {done} anything.")


def _is_answered(conversation: Conversation) -> bool:
    return any(m.role == "assistant" and m.content.strip() for m in conversation.messages)


def _told(conversation: Conversation, names: frozenset[str]) -> Iterator[_Told]:
    for turn, message in enumerate(conversation.messages):
        for key, value in message.metadata.items():
            if (name := _plain(key)) in names:
                yield _Told(name, _happened(value), turn)
    for key, value in conversation.metadata.items():
        if (name := _plain(key)) in names:
            yield _Told(name, _happened(value), None)
    for feedback in conversation.feedback:
        if (name := _plain(feedback.name)) in names:
            yield _Told(name, feedback.value is None or _happened(feedback.value), None)
    for score in conversation.scores:
        if (name := _plain(score.name)) in names:
            yield _Told(name, _happened(score.label if score.value is None else score.value), score.turn)


def _plain(name: str) -> str:
    return _BETWEEN.sub("_", name[:60].strip().lower()).removeprefix("user_")


def _happened(value: Json) -> bool:
    """Whether a count, a truth, a word or a list of events says that something happened."""
    if isinstance(value, str):
        return value.strip().lower() not in _NO
    return value > 0 if isinstance(value, int | float) else bool(value)
