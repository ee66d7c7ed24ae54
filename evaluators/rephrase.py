"""Whether the user had to ask again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from evaluators.base import When, excerpt
from traces.model import Conversation, Direction, Score

_READ_CHARS: Final = 1_000
_LOOK_BACK: Final = 8
_TURNS: Final = 60
_GRAM: Final = 3
_FEWEST_WORDS: Final = 2
_WORTH_SHOWING: Final = 0.35
_CLOSE: Final = 0.5
_NAMES: Final = re.compile(r"\b\w{0,30}\d\w{0,30}\b|(?<=[a-z,] )[A-ZÀ-Þ]\w{1,30}")
_SAID_AGAIN: Final = 0.8
_OTHER_SUBJECT: Final = 0.5
_ECHO: Final = 0.35
"""Similarity at which the value is 0.5; between unlike requests it is mostly below 0.2."""

_WORDS: Final = re.compile(r"[a-z0-9à-ÿœšžſ-ɏͰ-ӿ԰-ۿऀ-෿]+(?:'[a-z]+)?|[぀-ヿ㐀-鿿가-힯]")
_COMMON: Final = frozenset(
    re.findall(
        r"\S+",
        "a an and are as at be but by can could did do does for from had has have hello hey hi how i i'd i'm "
        "if in is it it's its just like me my need no not now of ok okay on or please so some thank thanks "
        "that that's the then there this to up us want was we well what when where which who why will with "
        "would yes you your yeah yep sure right great good fine alright also still about der die das ein eine "
        "und ist ich mir bitte wie was nicht zu le la les un une et est je que pas pour el los las una y es "
        "por de en no si o",
    )
)
_AGREES: Final = re.compile(
    r"\W{0,4}(?:yes|yeah|yep|sure|ok|okay|great|perfect|thanks?|thank you|that works|sounds good|got it|i understand|i see|alright"
    r"|correct|exactly|fine|you too|(?:good ?)?bye|take care|have a|in that case|(?:then )?let's|i'll (?:take|go with|reach out|be in touch)|ja|oui|s[ií]|sim|danke|merci|gracias|好的|是的|谢谢|はい|네)(?!\w)",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(
    r"\b(?:i (?:already|just) (?:asked|said|told|explained|gave|answered|mentioned)|as i (?:said|mentioned|asked|wrote)|like i said"
    r"|(?:that's|that is|this is|that was) not what i (?:asked|meant|said|want)|you (?:did not|didn't|haven't|have not) answer"
    r"|(?:didn't|did not|doesn't|does not) answer my|let me (?:rephrase|try again|ask again|repeat)|i(?:'ll| will)? ?(?:repeat|ask again)"
    r"|asking (?:you )?again|my question (?:was|is)|i(?:'m| am)? (?:actually )?meant? |read (?:it|my (?:message|question)) again|once (?:again|more)[,:]"
    r"|again[,:] |for the (?:second|third|last|\w{1,6}th) time"
    r"|(?:habe ich|ich habe) (?:doch )?(?:schon|bereits) (?:gesagt|gefragt)|noch ?mal[,:]|je (?:l'ai|vous ai) déjà|j'ai déjà (?:dit|demandé)"
    r"|ya (?:te|le|lo) (?:dije|pregunté|he dicho)|já (?:disse|perguntei)|no es lo que (?:pregunté|pedí))",
    re.IGNORECASE,
)


class _Turn(NamedTuple):
    turn: int
    heard: int
    text: str
    words: frozenset[str]
    names: frozenset[str]
    grams: frozenset[str]


class Rephrase:
    """Likeness of a user turn to one of the eight before it, with an answer in between.

    Half token overlap (Jaccard), half overlap of character triples (Dice), which also sees other forms of a word.
    Turns that share their frame but name other things (numbers, proper names) count as less alike; turns that open by
    agreeing or thanking do not count.
    """

    name = "rephrase"
    version = "2"
    when: When = "arrival"
    summary = (
        "The user asked again, in like words or by saying so. It cannot see the same wish in wholly different words,"
        " nor tell a check from a complaint."
    )
    question = "Did the user have to ask for the same thing again?"
    yes_label = "Yes, asked again"
    no_label = "No, once was enough"
    bad = Direction.UP

    def evaluate(self, conversation: Conversation) -> Score | None:
        turns = _user_turns(conversation)
        if not turns:
            return None
        value, later, earlier = max(_echoes(turns), key=lambda echo: echo[0], default=(0.0, turns[0], None))
        if value < _WORTH_SHOWING:
            return Score(name=self.name, value=value, explanation="No user turn is like an earlier one.")
        return Score(
            name=self.name,
            value=value,
            explanation=_explain(value, later, earlier),
            evidence=excerpt(later.text),
            turn=later.turn,
        )


def likeness(one: str, other: str) -> float:
    """How alike two requests are, 0 to 1; 0 when either has fewer than two telling words."""
    return _likeness(_read(0, 0, one), _read(0, 0, other))


def _user_turns(conversation: Conversation) -> list[_Turn]:
    turns, heard = [], 0
    for turn, message in enumerate(conversation.messages):
        if message.role == "user":
            turns.append(_read(turn, heard, message.content))
        elif message.role != "system":
            heard += 1
    return turns[-_TURNS:]


def _read(turn: int, heard: int, content: str) -> _Turn:
    text = content[:_READ_CHARS]
    folded = text.lower().replace("’", "'")
    words = frozenset(_WORDS.findall(folded)) - _COMMON
    solid = " ".join(_WORDS.findall(folded))
    grams = frozenset(solid[at : at + _GRAM] for at in range(len(solid) - _GRAM + 1))
    return _Turn(turn, heard, text, words, frozenset(name.lower() for name in _NAMES.findall(text)), grams)


def _echoes(turns: list[_Turn]) -> Iterator[tuple[float, _Turn, _Turn | None]]:
    for position, later in enumerate(turns):
        if _AGREES.match(later.text):
            continue
        if later.heard and position and _AGAIN.search(later.text):
            yield _SAID_AGAIN, later, None
        for earlier in turns[max(0, position - _LOOK_BACK) : position]:
            # Two messages in a row without an answer are one request in two parts, or one sent twice.
            if later.heard > earlier.heard:
                yield _value(_likeness(later, earlier)), later, earlier


def _likeness(one: _Turn, other: _Turn) -> float:
    if min(len(one.words), len(other.words)) < _FEWEST_WORDS:
        return 0.0
    shared = len(one.words & other.words)
    jaccard = shared / (len(one.words) + len(other.words) - shared)
    dice = 2 * len(one.grams & other.grams) / max(1, len(one.grams) + len(other.grams))
    alike = (jaccard + dice) / 2
    only_one, only_other = one.names - other.names, other.names - one.names
    return alike * _OTHER_SUBJECT if only_one and only_other else alike


def _value(alike: float) -> float:
    """Likeness stretched so that 0.5 stands where requests begin to be the same."""
    return min(1.0, alike / (2 * _ECHO)) if alike < _ECHO else 0.5 + 0.5 * (alike - _ECHO) / (1 - _ECHO)


def _explain(value: float, later: _Turn, earlier: _Turn | None) -> str:
    if earlier is None:
        return f"In turn {later.turn + 1} the user says that this was asked before."
    return (
        f"Turn {later.turn + 1} is {'much' if value >= _CLOSE else 'somewhat'} like the user's turn {earlier.turn + 1}."
    )
