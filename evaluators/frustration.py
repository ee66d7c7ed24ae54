"""Whether the user shows dissatisfaction with the agent."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

from evaluators.base import When, excerpt
from evaluators.disagreement import strength_of as disagreement_of
from evaluators.dissatisfaction_phrases import (
    AGAIN,
    AGREES,
    APOLOGIZES,
    CLOSES,
    COMPLAINS,
    DENIES,
    DOUBTS,
    FAILED,
    REMINDS,
    WAITS,
    WANTS_PERSON,
    fold,
)
from evaluators.mood import mood_of
from traces.model import Conversation, Direction, Score

_MOOD_CHARS: Final = 500
_TURNS: Final = 40
_LOOK_BACK: Final = 3
_ALIKE: Final = 0.5
_FEWEST_WORDS: Final = 3
_WORD: Final = re.compile(r"\w{3,40}")
_LETTERS: Final = 8
_TAIL_CHARS: Final = 200
_ASKS: Final = re.compile(r"[?？]\W{0,5}$")
_SHOWN: Final = 0.5
_UNHEARD: Final = 0.5
_START: Final = -3.0
"""Log-odds of a turn without any sign: dissatisfied turns are few."""
_WEIGHTS: Final = {
    "mood": 2.0,
    "complaint": 2.6,
    "correction": 1.9,
    "said again": 2.0,
    "asks for a person": 1.6,
    "asks again": 1.2,
    "after an apology": 0.9,
    "capitals": 1.2,
    "exclamation or question marks": 0.8,
    "reminds the agent": 0.9,
    "doubts the answer": 0.8,
    "has waited": 0.9,
    "denies": 0.4,
    "after a failure": 0.3,
    "thanks": -0.8,
    "agrees": -0.5,
}
"""Log-odds per feature, set by hand and rounded: a plain complaint with a bad mood is past one half, a mood alone is not."""


class _Turn(NamedTuple):
    turn: int
    text: str
    said_before: str
    heard: bool
    may_have_heard: bool
    words: frozenset[str]


class Frustration:
    """The worst user turn, by log-odds: VADER's sentiment (Hutto and Gilbert 2014), complaints, corrections, requests said
    again, apologies of the agent before, capitals and marks, less what sounds content.

    Before the agent has said anything a bad mood counts a quarter, and a complaint half: they are about the problem, not about
    the agent. Where the agent never speaks, all that is said of it counts half.
    """

    name = "frustration"
    version = "3"
    when: When = "arrival"
    cost = "about 1 ms"
    summary = (
        "The user is dissatisfied with the agent, by the mood of the words (English), complaints, corrections and"
        " repeated requests (also in some other languages). It cannot see users who leave silently, irony, or a polite"
        " disappointment."
    )
    question = "Was the user frustrated or dissatisfied with the agent?"
    yes_label = "Yes, frustrated"
    no_label = "No, content"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        turns = _user_turns(conversation)
        if not turns:
            return None
        rated = [(*_rate(turn, turns[max(0, at - _LOOK_BACK) : at]), turn) for at, turn in enumerate(turns)]
        value, signs, worst = max(rated, key=lambda item: item[0])
        if value < _SHOWN:
            return Score(name=self.name, value=value, explanation="No user turn sounds dissatisfied with the agent.")
        return Score(
            name=self.name,
            value=value,
            explanation=f"Turn {worst.turn + 1} of the user sounds dissatisfied: {', '.join(signs[:3])}.",
            evidence=excerpt(worst.text),
            turn=worst.turn,
        )


def _user_turns(conversation: Conversation) -> list[_Turn]:
    turns, said, heard = [], "", False
    # Where the agent never speaks, its part may not have been recorded.
    is_alone = not any(m.role == "assistant" and m.content.strip() for m in conversation.messages)
    for number, message in enumerate(conversation.messages):
        if message.role == "user" and message.content.strip():
            turns.append(_Turn(number, message.content, said, heard, heard or is_alone, _words(message.content)))
        elif message.role == "assistant" and message.content.strip():
            said, heard = message.content, True
    return turns[-_TURNS:]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text[:_MOOD_CHARS].lower()))


def _is_like(one: _Turn, other: _Turn) -> bool:
    """Whether the words of two requests are half the same (Jaccard)."""
    shared = len(one.words & other.words)
    return shared >= _FEWEST_WORDS and shared >= _ALIKE * len(one.words | other.words)


def _rate(turn: _Turn, earlier: list[_Turn]) -> tuple[float, list[str]]:
    """The chance that ``turn`` is dissatisfied, and its signs, the strongest first."""
    signs = {name: amount * _WEIGHTS[name] for name, amount in _features(turn, earlier).items()}
    value = 1 / (1 + math.exp(-(_START + sum(signs.values()))))
    telling = sorted((name for name in signs if signs[name] > 0), key=lambda name: -signs[name])
    return value, ["bad mood" if name == "mood" else name for name in telling]


def _features(turn: _Turn, earlier: list[_Turn]) -> dict[str, float]:
    text = fold(turn.text)
    head = turn.text[:_MOOD_CHARS]
    mood = -mood_of(head)
    shouting = head.count("!!") + head.count("??")
    share = 1.0 if turn.heard else _UNHEARD
    again = turn.heard and any(_is_like(turn, before) for before in earlier)
    return {
        "mood": mood if turn.heard else mood / 4,
        "complaint": share * (COMPLAINS.search(text) is not None),
        "correction": share * disagreement_of(turn.text, turn.said_before) if turn.may_have_heard else 0.0,
        "said again": float(AGAIN.search(text) is not None),
        "asks for a person": float(WANTS_PERSON.search(text) is not None),
        "asks again": float(again),
        "after an apology": float(APOLOGIZES.search(fold(turn.said_before)) is not None),
        "capitals": float(_is_in_capitals(head)),
        "exclamation or question marks": min(1.0, shouting),
        "thanks": float(CLOSES.search(text) is not None),
        **{name: share * amount for name, amount in _weak_features(turn, text).items()},
        "agrees": float(AGREES.match(text) is not None),
    }


def _weak_features(turn: _Turn, text: str) -> dict[str, float]:
    """What dissatisfied turns have more often than others, and what alone means little."""
    waited = {"has waited": float(WAITS.search(text) is not None)}
    if not turn.may_have_heard:
        return waited
    is_answer = _ASKS.search(turn.said_before[-_TAIL_CHARS:]) is not None
    return {
        "reminds the agent": float(REMINDS.search(text) is not None),
        "doubts the answer": float(not is_answer and DOUBTS.search(text) is not None),
        **waited,
        "denies": float(not is_answer and DENIES.search(text) is not None),
        "after a failure": float(FAILED.search(fold(turn.said_before)) is not None),
    }


def _is_in_capitals(text: str) -> bool:
    capitals = sum(map(str.isupper, text))
    if capitals * 2 < _LETTERS:
        return False
    letters = sum(map(str.isalpha, text))
    return letters >= _LETTERS and capitals >= _SHOWN * letters and len(text) > _LETTERS
