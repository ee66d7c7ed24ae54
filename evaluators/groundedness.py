"""How far the answers are supported by the documents that the model was given."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from evaluators.base import Need, When, excerpt
from evaluators.groundedness_words import COMMON
from evaluators.options import versioned
from traces.model import Conversation, Direction, Message, Score

_DOCUMENT_CHARS: Final = 60_000
_ANSWER_CHARS: Final = 8_000
_ANSWERS: Final = 40
_SENTENCES: Final = 80
_WORD: Final = re.compile(r"[^\W_]+(?:'[a-z]{1,3})?")
_NAME: Final = re.compile(r"(?<=[a-z0-9,] )[A-Z][a-z]{1,30}")
_END: Final = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_SELF: Final = frozenset(["i", "my", "me", "we", "i'm", "i've", "i'd"])
_UNSUPPORTED: Final = 0.5
_FIRST_PERSON: Final = 0.25
_QUESTION: Final = 0.25
_NEW_NUMBER: Final = 0.15
_NEW_NAME: Final = 0.1
_MOST_NEW: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundednessOptions:
    """``tool_outputs``: the outputs of tools count as documents, too."""

    tool_outputs: bool = False


class Groundedness:
    """Mean support of the sentences of the least supported answer, 0 to 1.

    The support of a sentence is half the share of its content words that the documents have, half that of its word
    pairs, less something for numbers and names that are new, for speaking of oneself and for asking. Overlap of words as
    evidence of attribution follows Dziri et al., "Evaluating Attribution in Dialogue Systems: The BEGIN Benchmark" (TACL 2022).
    """

    name = "groundedness"
    when: When = "arrival"
    summary = (
        "How far each sentence of an answer is found in the documents that came with it, by words, word pairs, numbers and"
        " names. Good where answers stay near the text; it takes a faithful paraphrase for unsupported and a wrong sentence"
        " in the document's own words (a swapped role, a dropped “not”) for supported: for those, ask a judge."
    )
    question = "Is everything that the assistant said supported by the documents?"
    yes_label = "Yes, all supported"
    no_label = "No, something is not"
    bad = Direction.DOWN
    needs: tuple[Need, ...] = ("documents",)
    cost = "1 to 5 ms, by the length of the documents"

    def __init__(self, options: GroundednessOptions | None = None) -> None:
        self._options = options or GroundednessOptions()
        self.version = versioned("1", self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        answers = list(self._answers(conversation))[-_ANSWERS:]
        supported = [(_supports(source, text), turn) for turn, text, source in answers]
        supported = [(supports, turn) for supports, turn in supported if supports]
        if not supported:
            return None
        supports, turn = min(supported, key=lambda answer: _mean(answer[0]))
        weakest = min(supports, key=lambda support: support.value)
        few = sum(support.value < _UNSUPPORTED for support in supports)
        return Score(
            name=self.name,
            value=_mean(supports),
            explanation=f"{few} of {len(supports)} sentences of turn {turn + 1} have little support in the documents.",
            evidence=excerpt(weakest.sentence),
            turn=turn,
        )

    def _answers(self, conversation: Conversation) -> Iterator[tuple[int, str, _Source]]:
        """Each answer with what it could rest on: its own documents, else all that came before it."""
        given: list[str] = []
        for turn, message in enumerate(conversation.messages):
            own = self._documents(message)
            if message.role == "assistant" and message.content.strip() and (own or given):
                yield turn, message.content[:_ANSWER_CHARS], _read("\n".join(own or given)[-_DOCUMENT_CHARS:])
            given += own

    def _documents(self, message: Message) -> list[str]:
        texts = [document.content for document in message.documents if document.content.strip()]
        if self._options.tool_outputs and message.role == "tool" and message.content.strip():
            texts.append(message.content)
        return texts


class _Source(NamedTuple):
    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]


class _Support(NamedTuple):
    value: float
    sentence: str


def _mean(supports: Sequence[_Support]) -> float:
    return sum(support.value for support in supports) / len(supports)


@lru_cache(maxsize=8)
def _read(text: str) -> _Source:
    stems = [_stem(word) for word in _words(text)]
    return _Source(frozenset(stems), frozenset(itertools.pairwise(stems)))


def _supports(source: _Source, answer: str) -> list[_Support]:
    sentences = [part for part in _END.split(answer) if part and _WORD.search(part)][:_SENTENCES]
    return [_Support(support_of(sentence, source.words, source.pairs), sentence) for sentence in sentences]


def support_of(sentence: str, words: frozenset[str], pairs: frozenset[tuple[str, str]]) -> float:
    """Support of ``sentence`` by documents that hold these stems and pairs of neighbouring stems, 0 to 1."""
    said = _words(sentence)
    stems = [_stem(word) for word in said]
    content = [stem for stem in stems if stem not in COMMON]
    neighbours = list(itertools.pairwise(stems))
    by_word = sum(stem in words for stem in content) / len(content) if content else 0.0
    by_pair = sum(pair in pairs for pair in neighbours) / len(neighbours) if neighbours else by_word
    numbers = sum(stem[0].isdecimal() and stem not in words for stem in stems)
    names = sum(_stem(name.lower()) not in words for name in _NAME.findall(sentence))
    value = (by_word + by_pair) / 2 - _NEW_NUMBER * min(numbers, _MOST_NEW) - _NEW_NAME * min(names, _MOST_NEW)
    value -= _FIRST_PERSON * (not _SELF.isdisjoint(said)) + _QUESTION * sentence.rstrip().endswith(("?", "？"))
    return min(1.0, max(0.0, value))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'").replace(" '", "'"))


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            return word[: -len(ending)]
    return word
