"""Reading a judge's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from evaluators.base import excerpt
from evaluators.judge.criterion import ANSWERS, Answer
from traces.errors import BadInput
from traces.model import Conversation

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "evidence": {"type": "string"},
        "verdict": {"type": "string", "enum": list(ANSWERS)},
    },
    "required": ["explanation", "evidence", "verdict"],
    "additionalProperties": False,
}
"""The reason comes before the verdict, so that a model gives it before it has to defend one."""

BRIEF: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": list(ANSWERS)}},
    "required": ["verdict"],
    "additionalProperties": False,
}
"""The verdict alone."""

_READ_CHARS: Final = 40_000
_EXPLANATION_CHARS: Final = 500
_SHORTEST_QUOTE: Final = 3
_OBJECT: Final = re.compile(r"\{(?=\s{0,200}\")")
_MOST_BROKEN: Final = 500
"""Openings of what is no JSON; a model that repeats more of a hostile text has not answered."""
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judge's answer, as it gave it."""

    answer: Answer
    explanation: str
    quote: str


def read_verdict(text: str) -> Verdict:
    """The last verdict in ``text``.

    A model may think aloud or repeat what it read before it decides; only its last object with a verdict counts. An
    answer that is none of yes, no and not_applicable is an error, never a guess.

    Raises:
        BadInput: When there is no verdict, or the last one is off the menu.
    """
    last = last_object_with("verdict", text)
    answer = last["verdict"]
    if answer not in ANSWERS:
        raise BadInput("the judge's verdict is none of yes, no and not_applicable")
    return Verdict(answer=answer, explanation=one_line(last, "explanation"), quote=one_line(last, "evidence"))


def last_object_with(key: str, text: str) -> dict[str, Any]:
    """The last JSON object in ``text`` that has ``key``.

    Raises:
        BadInput: When there is none, or too much besides that is no JSON.
    """
    last: dict[str, Any] | None = None
    for found in _objects(text[-_READ_CHARS:]):
        last = found if key in found else last
    if last is None:
        raise BadInput("the judge gave no verdict")
    return last


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, at, broken = json.JSONDecoder(), 0, 0
    # To the end, whatever stands before: the last object is the one that counts.
    while (opening := _OBJECT.search(text, at)) is not None:
        try:
            found, at = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            at, broken = opening.end(), broken + 1
            if broken > _MOST_BROKEN:
                raise BadInput("the judge's answer is not JSON") from None
            continue
        yield found


def one_line(answer: dict[str, Any], key: str) -> str:
    """A text of a judge's answer on one line; empty where it is none."""
    value = answer.get(key)
    return excerpt(value, limit=_EXPLANATION_CHARS) if isinstance(value, str) else ""


def find_quote(quote: str, conversation: Conversation) -> int | None:
    """The turn where ``quote`` stands, but for letter case and white space; the last one where it stands in several."""
    wanted = _folded(quote.strip().strip("\"'“”…"))
    if len(wanted) < _SHORTEST_QUOTE:
        return None
    turns = reversed(list(enumerate(conversation.messages)))
    return next((turn for turn, message in turns if wanted in _folded(message.content)), None)


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
