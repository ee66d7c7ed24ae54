"""What a classifier sees of a conversation: its structure as a few dozen numbers, and its words.

Structure tells more than words as long as labels are few: on 1,352 calls four such numbers reach an area under the ROC
curve of .834 with 50 labels where n-grams reach .681.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from evaluators.mood import mood_of
from evaluators.tool_error import error_in
from traces.model import Conversation, Message

FEATURES_VERSION: Final = 1
"""Rises whenever a feature or a term is computed otherwise: what was learned from the others is then void."""

MEANINGS: Final = MappingProxyType(
    {
        "prior": "what the rules say",
        "turns": "the number of turns",
        "user_turns": "the number of the user's turns",
        "ends_with_user": "the user has the last word",
        "ends_with_assistant": "the assistant has the last word",
        "last_in_a_row": "turns of the last speaker in a row",
        "user_length": "the length of the user's turns",
        "assistant_length": "the length of the assistant's turns",
        "last_user_length": "the length of the user's last turn",
        "last_assistant_length": "the length of the assistant's last turn",
        "last_asks": "the last turn asks something",
        "questions": "the share of the assistant's turns that ask",
        "closing": "the user thanks or says goodbye at the end",
        "assistant_repeats": "the share of the assistant's turns said before",
        "user_repeats": "the share of the user's turns said before",
        "pushback": "the share of the user's turns that object",
        "last_pushback": "the user's last turn objects",
        "mood": "the mood of the user's words",
        "last_mood": "the mood of the user's last words",
        "worst_mood": "the mood of the user's worst turn",
        "asks_again": "how alike two of the user's turns in a row are",
        "last_asks_again": "how like the turn before the user's last one is",
        "shouting": "capitals and marks in the user's last turn",
        "apologies": "the share of the assistant's turns that apologise",
        "hand_over": "a hand-over to a person",
        "tool_calls": "the number of tool calls",
        "tool_kinds": "the number of different tools",
        "tool_errors": "the number of failed tool calls",
        "same_calls": "the number of tool calls made before",
        "writes": "the number of tool calls that change something",
        "documents_words": "the share of the answer's words in the documents",
        "documents_pairs": "the share of the answer's word pairs in the documents",
        "documents_numbers": "numbers in the answer that no document has",
        "said_before": "the share of the answer's words that the user said",
    }
)
"""Every number, with what it is in words."""

_WORD: Final = re.compile(r"[^\W_]{1,30}", re.UNICODE)
_TERM: Final = re.compile(r"[^\W_]{1,30}|\?", re.UNICODE)
_CLOSING: Final = re.compile(
    r"\b(?:thanks?|thank you|bye|goodbye|cheers|perfect|great|that(?:'s| is) all|danke|tschüss|merci|au revoir|gracias"
    r"|adiós|obrigad[oa])\b",
    re.IGNORECASE,
)
_PUSHBACK: Final = re.compile(
    r"\b(?:no|not|wrong|incorrect|never|again|still|already|actually|but|why|doesn'?t|don'?t|didn'?t|isn'?t|negate|falsch"
    r"|nein|nicht|non|pas|faux)\b",
    re.IGNORECASE,
)
_APOLOGY: Final = re.compile(
    r"\b(?:sorry|apologi[sz]e|apologies|unfortunately|unable|can(?:no|')t|entschuldigung|leider|désolé)\b",
    re.IGNORECASE,
)
_HAND_OVER: Final = re.compile(r"transfer|hand.?over|hand.?off|escalat|human|operator|live.?agent", re.IGNORECASE)
_WRITE: Final = re.compile(
    r"(?:^|[_.\-\s])(?:book|update|cancel|create|delete|remove|modify|change|send|set|add|insert|write|edit|exchange|return"
    r"|refund|pay|transfer|submit|place|make|issue|apply|post|put|patch)(?:$|[_.\-\s])",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d{1,12}(?:[.,]\d{1,6})?")
_MESSAGE_CHARS: Final = 2_000
_TEXT_CHARS: Final = 20_000
_MESSAGES: Final = 400
_DOCUMENT_CHARS: Final = 20_000
_MOOD_CHARS: Final = 300
_MOOD_TURNS: Final = 20
_OPENING_WORDS: Final = 30
_COMMON: Final = 4
"""Words shorter than this carry little and stand in every document."""


class Seen(NamedTuple):
    """``numbers`` by the names of ``MEANINGS`` save the prior; ``terms`` are words and pairs with how often they stand."""

    numbers: dict[str, float]
    terms: dict[str, int]


def see(conversation: Conversation) -> Seen:
    """What a classifier sees of ``conversation``, of its last 400 messages; bounded, whatever is in it."""
    messages = [m for m in conversation.messages if m.role != "system"][-_MESSAGES:]
    return Seen(_numbers(messages), dict(_terms(messages)))


def _numbers(messages: Sequence[Message]) -> dict[str, float]:
    user = [_head(m) for m in messages if m.role == "user"]
    assistant = [_head(m) for m in messages if m.role == "assistant" and m.content]
    return {
        **_ends(messages, user),
        "turns": math.log1p(len(messages)),
        "user_turns": math.log1p(len(user)),
        "user_length": math.log1p(_mean(map(len, user))),
        "assistant_length": math.log1p(_mean(map(len, assistant))),
        "last_user_length": math.log1p(len(user[-1]) if user else 0),
        "last_assistant_length": math.log1p(len(assistant[-1]) if assistant else 0),
        "questions": _mean("?" in text or "ask" in text for text in assistant),
        "assistant_repeats": _repeated(assistant),
        "user_repeats": _repeated(user),
        "pushback": _mean(_PUSHBACK.search(text) is not None for text in user),
        **_mood(user),
        "apologies": _mean(_APOLOGY.search(text) is not None for text in assistant),
        **_of_tools(messages),
        **_support(messages, assistant[-1] if assistant else "", user),
    }


def _head(message: Message) -> str:
    return message.content[:_MESSAGE_CHARS]


def _mean(amounts: Iterable[float]) -> float:
    given = list(amounts)
    return sum(given) / len(given) if given else 0.0


def _repeated(texts: Sequence[str]) -> float:
    return 1 - len(set(texts)) / len(texts) if texts else 0.0


def _mood(user: Sequence[str]) -> dict[str, float]:
    moods = [mood_of(text[:_MOOD_CHARS]) for text in user[-_MOOD_TURNS:]] or [0.0]
    words = [set(_long_words(text)) for text in user]
    alike = [_alike(one, other) for one, other in pairwise(words)] or [0.0]
    last = user[-1] if user else ""
    letters = [char for char in last[:_MOOD_CHARS] if char.isalpha()]
    return {
        "last_pushback": float(_PUSHBACK.search(last) is not None),
        "mood": _mean(moods),
        "last_mood": moods[-1],
        "worst_mood": min(moods),
        "asks_again": max(alike),
        "last_asks_again": alike[-1],
        "shouting": _mean(char.isupper() for char in letters) + min(2, last[:_MOOD_CHARS].count("!")),
    }


def _alike(one: set[str], other: set[str]) -> float:
    """The share of words in common (Jaccard)."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _ends(messages: Sequence[Message], user: Sequence[str]) -> dict[str, float]:
    last = messages[-1] if messages else None
    role = last.role if last is not None else ""
    in_a_row = next((n for n, m in enumerate(reversed(messages)) if m.role != role), len(messages))
    asks = last is not None and last.content[-_MESSAGE_CHARS:].rstrip()[-80:].find("?") >= 0
    return {
        "ends_with_user": float(role == "user"),
        "ends_with_assistant": float(role == "assistant"),
        "last_in_a_row": math.log1p(in_a_row),
        "last_asks": float(asks),
        "closing": float(bool(user) and _CLOSING.search(user[-1]) is not None),
    }


def _of_tools(messages: Sequence[Message]) -> dict[str, float]:
    calls = [call for m in messages for call in m.tool_calls]
    answers = [m for m in messages if m.role == "tool"]
    names = [call.name[:100] for call in calls] or [(m.name or "tool")[:100] for m in answers]
    same = len(calls) - len({(call.name, call.arguments) for call in calls})
    return {
        "tool_calls": math.log1p(len(names)),
        "tool_kinds": math.log1p(len(set(names))),
        "tool_errors": math.log1p(sum(error_in(m) is not None for m in answers)),
        "same_calls": math.log1p(same),
        "writes": math.log1p(sum(_WRITE.search(name) is not None and not _HAND_OVER.search(name) for name in names)),
        "hand_over": float(any(_HAND_OVER.search(name) for name in names)),
    }


def _support(messages: Sequence[Message], answer: str, user: Sequence[str]) -> dict[str, float]:
    """How far the last answer rests on what was retrieved and on what the user said."""
    words = _long_words(answer)
    asked = set(_long_words(user[-1])) if user else set()
    found = {
        "documents_words": 0.0,
        "documents_pairs": 0.0,
        "documents_numbers": 0.0,
        "said_before": _mean(word in asked for word in words),
    }
    text = " ".join(d.content[:_DOCUMENT_CHARS] for m in messages for d in m.documents)[:_DOCUMENT_CHARS]
    if text:
        stated = _words(text)
        known, pairs, all_words = set(stated), set(pairwise(stated)), _words(answer)
        numbers = set(_NUMBER.findall(text))
        found["documents_words"] = _mean(word in known for word in words)
        found["documents_pairs"] = _mean(pair in pairs for pair in pairwise(all_words))
        found["documents_numbers"] = math.log1p(sum(n not in numbers for n in _NUMBER.findall(answer)))
    return found


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _long_words(text: str) -> list[str]:
    return [word for word in _words(text) if len(word) >= _COMMON]


_LETTERS: Final = MappingProxyType({"user": "u", "assistant": "a"})


def _terms(messages: Sequence[Message]) -> Counter[str]:
    """Words and pairs of neighbours, apart by who said them, the latest messages first until the limit is reached."""
    counted: Counter[str] = Counter()
    left = _TEXT_CHARS
    for message in reversed(messages):
        counted.update(f"t:{'_'.join(_WORD.findall(call.name[:30]))}" for call in message.tool_calls)
        letter = _LETTERS.get(message.role)
        if letter is None or left <= 0:
            continue
        text = _head(message)[:left]
        left -= len(text)
        words = [word.casefold() for word in _TERM.findall(text)]
        counted.update(f"{letter}:{word}" for word in words)
        counted.update(f"{letter}:{one} {other}" for one, other in pairwise(words))
    for letter, text in _places(messages):
        words = [word.casefold() for word in _TERM.findall(text)][:_OPENING_WORDS]
        counted.update(f"{letter}:{word}" for word in words)
        counted.update(f"{letter}:{one} {other}" for one, other in pairwise(words))
    return counted


def _places(messages: Sequence[Message]) -> Iterator[tuple[str, str]]:
    """Where words tell most: refusals open an answer, and what the user feels now is in the last turn."""
    for letter, role in (("o", "assistant"), ("l", "user")):
        last = next((m for m in reversed(messages) if m.role == role and m.content), None)
        if last is not None:
            yield letter, _head(last)[:_MOOD_CHARS]


_SPEAKERS: Final = MappingProxyType(
    {
        "u": "the user says",
        "a": "the assistant says",
        "l": "the user says last",
        "o": "the last answer opens with",
        "t": "the tool",
    }
)


def in_words(feature: str) -> str:
    """What a feature or a term is, for people."""
    if feature in MEANINGS:
        return MEANINGS[feature]
    speaker, _, words = feature.partition(":")
    return f"{_SPEAKERS.get(speaker, 'it says')} “{words}”"


Seer = Callable[[Conversation], Seen]
