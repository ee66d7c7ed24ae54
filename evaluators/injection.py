"""How much a text reads as an attempt to steer the model, from the signs in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from evaluators.base import excerpt
from evaluators.injection_concepts import CONCEPTS
from evaluators.injection_content import ADDRESSED, EMBEDDED
from evaluators.injection_languages import BECOME, FOREIGN_LETTER, IGNORE, LATIN_NEEDLES, REVEAL
from evaluators.injection_mechanisms import DIRECTED, ENDINGS, MECHANISMS, OWN_RULES, STALE, TAKEOVER
from evaluators.injection_patterns import AUTHORITY, DELIMITER, EXTRACTION, FORCED, OVERRIDE, PRIVATE, ROLE, Sign
from evaluators.injection_views import View, hidden_text, is_reordered, shown, views
from evaluators.word_index import WordIndex

SUSPICIOUS: Final = 0.5
"""Value from which a text is an attempt, of the lower severity."""
CERTAIN: Final = 0.8
"""Value from which it is one of the higher severity."""


_LANGUAGES: Final = ((IGNORE, 0.9, "override"), (REVEAL, 0.6, "extraction"), (BECOME, 0.35, "role"))


class Found(NamedTuple):
    """One sign that was seen: its family, its weight, and the words."""

    family: str
    weight: float
    words: str


class Signs:
    """Signs to look for, indexed by their needles; those in other languages always belong to them."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        self._signs = tuple(signs)
        self._index = WordIndex([*(sign.needles for sign in self._signs), LATIN_NEEDLES])

    def __iter__(self) -> Iterator[Sign]:
        return iter(self._signs)

    def __len__(self) -> int:
        return len(self._signs)

    def seen_in(self, folded: str) -> Iterator[Found]:
        """Those of which one needle and the pattern are in ``folded``, which is in lower case."""
        is_foreign = not folded.isascii() and FOREIGN_LETTER.search(folded) is not None
        for position, is_there in self._index.likely(folded):
            if position == len(self._signs):
                is_foreign = is_foreign or is_there or _has_one(LATIN_NEEDLES, folded)
                continue
            sign = self._signs[position]
            if (is_there or _has_one(sign.needles, folded)) and (match := sign.pattern.search(folded)):
                yield Found(sign.family, sign.weight, excerpt(match[0].strip(), limit=80))
        if is_foreign:
            yield from _in_other_languages(folded)


def _has_one(needles: Iterable[str], folded: str) -> bool:
    # A loop, for a generator takes twice the time, and this runs some hundred times a conversation.
    for needle in needles:  # noqa: SIM110
        if needle in folded:
            return True
    return False


def _in_other_languages(text: str) -> Iterator[Found]:
    for pattern, weight, family in _LANGUAGES:
        if match := pattern.search(text):
            yield Found(family, weight, excerpt(match[0].strip(), limit=80))


_CLEAR: Final = 0.5
"""A user may quote or forward what speaks to a model; only plain signs of it count there."""
SIGNS_OF_USERS: Final = Signs(
    (
        *OVERRIDE,
        *EXTRACTION,
        *PRIVATE,
        *ROLE,
        *AUTHORITY,
        *DELIMITER,
        *FORCED,
        *MECHANISMS,
        *CONCEPTS,
        *EMBEDDED,
        *(sign for sign in ADDRESSED if sign.weight > _CLEAR),
    )
)
SIGNS_IN_DOCUMENTS: Final = Signs(
    (
        *OVERRIDE,
        *EXTRACTION,
        *DELIMITER,
        *FORCED,
        *AUTHORITY,
        *STALE,
        *TAKEOVER,
        *ENDINGS,
        *OWN_RULES,
        *DIRECTED,
        *EMBEDDED,
        *ADDRESSED,
    )
)
_SHARPNESS: Final = 1.2725
"""Makes 0.5 of what the signs of one text come to at 0.42: there, hardly one honest request in three hundred is taken for an attempt."""
FRAME: Final = "frame"
_REMEMBERED: Final = 1_024
"""A conversation that grows is read anew each time, and tools say the same thing to many."""
_REMEMBERED_CHARS: Final = 4_000
_ENCODED: Final = 0.5
"""Weight of a readable sentence in an encoding: a person who only asks would not hide the question."""
_DISGUISED: Final = 0.4
_ENCODINGS: Final = frozenset({"base64", "hexadecimal", "binary", "Morse code", "escape sequences"})


class Attempt(NamedTuple):
    """``value`` from 0 to 1; ``found`` the signs behind it, the weightiest first."""

    value: float
    found: tuple[Found, ...]

    @property
    def severity(self) -> str:
        """``high``, ``low`` or, below the threshold, ``none``."""
        if self.value >= CERTAIN:
            return "high"
        return "low" if self.value >= SUSPICIOUS else "none"


def attempt_in(text: str, signs: Signs = SIGNS_OF_USERS) -> Attempt:
    """The signs in ``text``, joined as independent evidence: one less the product of the chances that each is nothing, sharpened."""
    return _remembered(text, signs) if len(text) <= _REMEMBERED_CHARS else _attempt_in(text, signs)


def _attempt_in(text: str, signs: Signs) -> Attempt:
    read = shown(text)
    found = {seen.words: seen for seen in _hidden(read)}
    for seen in (seen for view in views(read) for seen in _seen(view, signs)):
        # Fiction says the same thing in many words: "imagine", "pretend" and "a story" are one sign, not three.
        found[FRAME if seen.family == FRAME else seen.family + seen.words] = seen
    doubt = math.prod(1 - seen.weight for seen in found.values())
    return Attempt(1 - doubt**_SHARPNESS, tuple(sorted(found.values(), key=lambda seen: -seen.weight)))


_remembered: Final = lru_cache(maxsize=_REMEMBERED)(_attempt_in)


def _seen(view: View, signs: Signs) -> Iterator[Found]:
    hits = list(signs.seen_in(view.text))
    if not view.disguise:
        yield from hits
    elif hits:
        # A disguise shows the will to pass unseen, so it weighs beside what it hides; weak signs are chance then.
        strongest = max(hits, key=lambda hit: hit.weight)
        if strongest.weight > _DISGUISED:
            yield Found(strongest.family, strongest.weight, f"{view.disguise}: {strongest.words}")
            yield Found("disguise", _DISGUISED, view.disguise)
    if view.disguise in _ENCODINGS:
        yield Found("disguise", _ENCODED, f"{view.disguise}: {excerpt(view.text, limit=60)}")


def _hidden(text: str) -> Iterator[Found]:
    if text.isascii():
        return
    if tags := hidden_text(text):
        yield Found("invisible", 0.9 if len(tags) > 3 else 0.5, f"invisible characters: {excerpt(tags, limit=60)}")  # noqa: PLR2004
    if is_reordered(text):
        yield Found("invisible", SUSPICIOUS, "characters that turn the direction of writing")
