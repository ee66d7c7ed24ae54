"""Whether the agent repeats itself."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from evaluators.base import When, excerpt
from traces.model import Conversation, Direction, Score

_READ_CHARS: Final = 4_000
_TURNS: Final = 60
_LOOK_BACK: Final = 6
_FEWEST_WORDS: Final = 5
_GRAM: Final = 3
_SHOWN: Final = 0.5
_NEAR: Final = 0.6
_LOOPING_WORDS: Final = 40
_LOOPING: Final = 0.5
_WORD: Final = re.compile(r"\w+|[぀-ヿ㐀-鿿가-힯]")
_CLOSING: Final = re.compile(
    r"(?:is there )?(?:anything|something) else|you're welcome|how (?:can|may) i (?:help|assist)", re.IGNORECASE
)


class _Turn(NamedTuple):
    turn: int
    text: str
    words: tuple[str, ...]
    grams: frozenset[tuple[str, ...]]


class Repetition:
    """Likeness of a turn of the agent to one of the six before it (Jaccard overlap of word triples), or one turn that loops.

    A turn loops when fewer than half of its word triples are different ones.
    """

    name = "repetition"
    version = "1"
    when: When = "arrival"
    summary = (
        "The agent says the same again, in another turn or within one. It cannot see the same thing in other words, nor"
        " tell whether the user asked for it again; short and closing phrases are left out."
    )
    question = "Did the agent repeat itself?"
    yes_label = "Yes, it repeated itself"
    no_label = "No, it did not"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        turns = [
            _read(turn, message.content)
            for turn, message in enumerate(conversation.messages)
            if message.role == "assistant" and message.content.strip()
        ][-_TURNS:]
        if not turns:
            return None
        value, turn, earlier = max(_found(turns), key=lambda item: item[0], default=(0.0, turns[0], None))
        if value < _SHOWN:
            return Score(name=self.name, value=value, explanation="The agent does not repeat itself.")
        if earlier is None:
            explanation = f"Turn {turn.turn + 1} of the agent goes round in circles."
        else:
            explanation = f"Turn {turn.turn + 1} of the agent repeats its turn {earlier.turn + 1}."
        return Score(name=self.name, value=value, explanation=explanation, evidence=excerpt(turn.text), turn=turn.turn)


def _read(turn: int, content: str) -> _Turn:
    text = content[:_READ_CHARS]
    words = tuple(_WORD.findall(text.lower()))
    return _Turn(turn, text, words, frozenset(zip(words, words[1:], words[2:], strict=False)))


def _found(turns: list[_Turn]) -> list[tuple[float, _Turn, _Turn | None]]:
    found: list[tuple[float, _Turn, _Turn | None]] = [(_looping(turn), turn, None) for turn in turns]
    for at, later in enumerate(turns):
        if len(later.words) < _FEWEST_WORDS or (_CLOSING.search(later.text) and len(later.words) < _LOOPING_WORDS):
            continue
        found += [(_alike(later, earlier), later, earlier) for earlier in turns[max(0, at - _LOOK_BACK) : at]]
    return found


def _alike(one: _Turn, other: _Turn) -> float:
    """0 to 1, with 0.5 where six in ten triples are shared."""
    if one.words == other.words:
        return 1.0
    shared = len(one.grams & other.grams)
    overlap = shared / max(1, len(one.grams) + len(other.grams) - shared)
    return 0.5 * overlap / _NEAR if overlap < _NEAR else 0.5 + 0.5 * (overlap - _NEAR) / (1 - _NEAR)


def _looping(turn: _Turn) -> float:
    triples = len(turn.words) - _GRAM + 1
    if triples < _LOOPING_WORDS:
        return 0.0
    different = len(turn.grams) / triples
    return 0.0 if different >= _LOOPING else 1.0 - different
