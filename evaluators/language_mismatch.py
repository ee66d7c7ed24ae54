"""Whether the agent answers in another language than the user's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from evaluators.base import When, excerpt
from evaluators.options import positive, versioned
from traces.model import Conversation, Direction, Message, Score

LANGUAGES: Final = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "sw", "ta", "te", "th", "tl",
    "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
"""ISO 639-1 codes of the languages that are told apart."""

_VERSION: Final = "2"
_READ_CHARS: Final = 1_000
_KNOWN_CHARS: Final = 250
_TURNS: Final = 40
_REMEMBERED: Final = 1_024
"""Short answers, which are all that is detected of English, are often the same."""
_DENSE: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_DENSITY: Final = 3
_NOT_WORDS: Final = re.compile(
    r"```.{0,2000}?(?:```|\Z)|`[^`\n]{0,200}`|https?://\S{1,300}|\S{1,100}@\S{1,100}|[A-Z]{0,5}\d[\w-]{0,40}|[<{\[][^<>{}\[\]\n]{0,200}[>}\]]",
    re.DOTALL,
)
_ASKS_FOR: Final = re.compile(
    r"translat|übersetz|tradu|перевед|翻译|翻訳|번역|\b(?:in|into|auf|en|em) (?:arabic|chinese|dutch|english|french|german|hindi|italian|japanese|korean|polish|portuguese"
    r"|russian|spanish|turkish|deutsch|englisch|français|anglais|español|inglés|português|inglês)\b|speak (?:english|spanish|french|german|chinese)",
    re.IGNORECASE,
)
_ENGLISH_WORD: Final = re.compile(r"[a-z']+")
_ENGLISH: Final = frozenset(
    re.findall(
        r"\S+",
        "the you your yours and that this these those with would please my are what it's i'm i've i'd i'll they there which from"
        " been could should how thank thanks about has have will don't can't it where when who why some other than then also just"
        " need like know not their our here let's before if of for to let following",
    )
)
_ENOUGH_WORDS: Final = 10
_TELLING: Final = 4
_DIFFERENT: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOptions:
    """What is allowed besides the user's own language, and how sure the detector has to be."""

    allowed: tuple[str, ...] = field(
        default=(),
        metadata={
            "choices": LANGUAGES,
            "description": "Languages to answer in, whatever the user speaks, as ISO 639-1 codes; none: the user's own.",
        },
    )
    min_chars: int = field(default=25, metadata={"description": "Shortest text, in letters, whose language is told."})
    confidence: float = field(default=0.8, metadata={"description": "Least probability of a language, from 0 to 1."})

    def __post_init__(self) -> None:
        positive(min_chars=self.min_chars, confidence=self.confidence)


class LanguageMismatch:
    """Share of the agent's answers, among those whose language is told, that are in a wrong one; any wrong one gives at least 0.6.

    The user's language is that of the last turn of theirs whose language is told (py3langid, Lui and Baldwin 2012).
    """

    name = "language_mismatch"
    when: When = "arrival"
    cost = "less than 1 ms in English, about 1 ms else; the first other language takes a second and 100 MB of memory"
    summary = (
        "The agent answers in another language than the user's, or than those that are allowed. It cannot tell short texts,"
        " close relatives (Norwegian and Danish, say), or texts in two languages; a user who asks for another language is"
        " answered in it rightly."
    )
    question = "Did the agent answer in the wrong language?"
    yes_label = "Yes, wrong language"
    no_label = "No, right language"
    bad = Direction.UP

    def __init__(self, options: LanguageOptions | None = None) -> None:
        self._options = options or LanguageOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        compared = self._compared(conversation)
        if not compared:
            return None
        wrong = [item for item in compared if item[2] not in item[3]]
        if not wrong:
            return Score(name=self.name, value=0.0, explanation="Every answer is in the language that it should be in.")
        turn, message, spoken, expected = wrong[0]
        return Score(
            name=self.name,
            value=max(0.6, len(wrong) / len(compared)),
            explanation=f"Turn {turn + 1} of the agent is in {spoken}, not in {' or '.join(expected)}.",
            evidence=excerpt(message.content),
            turn=turn,
        )

    def _compared(self, conversation: Conversation) -> list[tuple[int, Message, str, tuple[str, ...]]]:
        """Answers with the language that they are in, and those that they may be in."""
        expected: tuple[str, ...] = self._options.allowed
        compared, is_free = [], False
        first = max(0, len(conversation.messages) - _TURNS)
        for turn, message in enumerate(conversation.messages[first:], first):
            if message.role == "user":
                is_free = is_free or _ASKS_FOR.search(message.content[:_READ_CHARS]) is not None
                if not self._options.allowed and (spoken := self._language(message.content)):
                    expected = (spoken,)
            elif message.role != "assistant" or is_free or not expected:
                continue
            elif spoken := self._language(message.content):
                compared.append((turn, message, spoken, expected))
        return compared

    def _language(self, text: str) -> str | None:
        if is_plain_english(text[:_KNOWN_CHARS]):
            return "en"
        words = " ".join(_NOT_WORDS.sub(" ", text[:_READ_CHARS]).split())[:_KNOWN_CHARS]
        if not _has_letters(words, self._options.min_chars):
            return None
        language, confidence = _detector()(words)
        return language if confidence >= self._options.confidence else None


def _has_letters(words: str, fewest: int) -> bool:
    dense = _DENSITY * len(_DENSE.findall(words))
    if len(words) + dense < fewest:
        return False
    return dense + sum(map(str.isalpha, words)) >= fewest


def is_plain_english(words: str) -> bool:
    """Whether a quarter of ten or more words are such as only English has; most traffic is spared the detector so."""
    folded = words.lower().replace("’", "'")
    if not folded.isascii():
        return False
    said = _ENGLISH_WORD.findall(folded)
    telling = [word for word in said if word in _ENGLISH]
    return len(said) >= _ENOUGH_WORDS and _TELLING * len(telling) >= len(said) and len(set(telling)) >= _DIFFERENT


@cache
def _detector() -> Callable[[str], tuple[str, float]]:
    """Language and its probability."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)

    @lru_cache(maxsize=_REMEMBERED)
    def detect(text: str) -> tuple[str, float]:
        language, probability = identifier.classify(text)
        return str(language), float(probability)

    return detect
