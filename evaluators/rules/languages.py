"""Telling that a text is plainly in another language, by scripts and by the commonest words."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final


def words_of(text: str) -> frozenset[str]:
    """The words of a text that holds nothing else."""
    return frozenset(text.split())


_COMMON: Final[dict[str, frozenset[str]]] = {
    "english": words_of(
        "the and you is are to of that for with this your have it not can will please be on we our what from"
    ),
    "german": words_of(
        "der die das und ist sie nicht ich ein eine zu mit für auf den dem wir haben kann werden bitte ihre auch wie"
    ),
    "french": words_of(
        "le la les et est vous je pas une un des que pour dans votre nous avec sur ce du ne merci être avez"
    ),
    "spanish": words_of(
        "el la los las y es usted no una un que para con su por en está del se puede gracias como le lo"
    ),
    "italian": words_of(
        "il la che di è per non un una con sono le gli del della grazie può ho mi si lei suo questo come"
    ),
    "portuguese": words_of(
        "o a os as e é você não uma um que para com seu por em está do da se pode obrigado como mais"
    ),
    "dutch": words_of("de het een en is u niet ik je van voor met op dat zijn wij kan uw naar ook te hebben deze"),
}
_SCRIPTS: Final[dict[str, re.Pattern[str]]] = {
    "japanese": re.compile(r"[\u3040-\u30ff]"),
    "korean": re.compile(r"[\uac00-\ud7af]"),
    "chinese": re.compile(r"[\u4e00-\u9fff]"),
    "russian": re.compile(r"[\u0400-\u04ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "hindi": re.compile(r"[\u0900-\u097f]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
}
LANGUAGES: Final = (*_COMMON, *_SCRIPTS)
"""The languages that can be told, by their English names."""
_READ_CHARS: Final = 4_000
_FEWEST_WORDS: Final = 12
_FEWEST_COMMON: Final = 4
_CLEARLY: Final = 3
_MOSTLY: Final = 0.5
_WORD: Final = re.compile(r"[^\W\d_]+")


def is_plainly_other(text: str, wanted: str) -> str | None:
    """The language that ``text`` is in, when it is plainly not ``wanted``; ``None`` when in doubt.

    At least twelve words in the Latin alphabet are needed, with three times as many common words of the other language; or
    half of the letters in another script. Scripts that several languages share are told as their commonest language.
    """
    text = text[:_READ_CHARS]
    letters = sum(char.isalpha() for char in text)
    for language, pattern in _SCRIPTS.items():
        if letters and len(pattern.findall(text)) > _MOSTLY * letters:
            shares = {"chinese", "japanese"}
            return None if language == wanted or {language, wanted} <= shares else language
    words = Counter(word.casefold() for word in _WORD.findall(text))
    if words.total() < _FEWEST_WORDS:
        return None
    counts = {language: sum(words[word] for word in common) for language, common in _COMMON.items()}
    best = max(counts, key=lambda language: counts[language])
    if best == wanted or counts[best] < max(_FEWEST_COMMON, _CLEARLY * (counts.get(wanted, 0) + 1)):
        return None
    return best
