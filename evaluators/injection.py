"""How much a text reads as an attempt to steer the model, from the signs in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from evaluators.base import excerpt
from evaluators.injection_content import ADDRESSED, EMBEDDED
from evaluators.injection_languages import BECOME, IGNORE, REVEAL, may_be_foreign
from evaluators.injection_patterns import AUTHORITY, DELIMITER, EXTRACTION, FORCED, OVERRIDE, PRIVATE, ROLE, Sign
from evaluators.injection_views import View, hidden_text, is_reordered, shown, views

SUSPICIOUS: Final = 0.5
"""Value from which a text is an attempt, of the lower severity."""
CERTAIN: Final = 0.8
"""Value from which it is one of the higher severity."""

_CLEAR: Final = 0.5
"""A user may quote or forward what speaks to a model; only plain signs of it count there."""
SIGNS_OF_USERS: Final[tuple[Sign, ...]] = (
    *OVERRIDE,
    *EXTRACTION,
    *PRIVATE,
    *ROLE,
    *AUTHORITY,
    *DELIMITER,
    *FORCED,
    *EMBEDDED,
    *(sign for sign in ADDRESSED if sign.weight > _CLEAR),
)
SIGNS_IN_DOCUMENTS: Final[tuple[Sign, ...]] = (
    *OVERRIDE,
    *EXTRACTION,
    *DELIMITER,
    *FORCED,
    *AUTHORITY,
    *EMBEDDED,
    *ADDRESSED,
)
_LANGUAGES: Final = ((IGNORE, 0.9, "override"), (REVEAL, 0.6, "extraction"), (BECOME, 0.35, "role"))
FRAME: Final = "frame"
_ENCODED: Final = 0.5
"""Weight of a readable sentence in an encoding: a person who only asks would not hide the question."""
_DISGUISED: Final = 0.4
_ENCODINGS: Final = frozenset({"base64", "hexadecimal", "binary", "Morse code", "escape sequences"})


class Found(NamedTuple):
    """One sign that was seen: its family, its weight, and the words."""

    family: str
    weight: float
    words: str


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


def attempt_in(text: str, signs: Collection[Sign] = SIGNS_OF_USERS) -> Attempt:
    """The signs in ``text``, joined as independent evidence: one less the product of the chances that each is nothing."""
    read = shown(text)
    found = {seen.words: seen for seen in _hidden(read)}
    for seen in (seen for view in views(read) for seen in _seen(view, signs)):
        # Fiction says the same thing in many words: "imagine", "pretend" and "a story" are one sign, not three.
        found[FRAME if seen.family == FRAME else seen.family + seen.words] = seen
    doubt = math.prod(1 - seen.weight for seen in found.values())
    return Attempt(1 - doubt, tuple(sorted(found.values(), key=lambda seen: -seen.weight)))


def _seen(view: View, signs: Collection[Sign]) -> Iterator[Found]:
    hits = [*_in_english(view.text, signs), *_in_other_languages(view.text)]
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


def _in_english(text: str, signs: Collection[Sign]) -> Iterator[Found]:
    for sign in signs:
        if any(needle in text for needle in sign.needles) and (match := sign.pattern.search(text)):
            yield Found(sign.family, sign.weight, excerpt(match[0].strip(), limit=80))


def _in_other_languages(text: str) -> Iterator[Found]:
    if not may_be_foreign(text):
        return
    for pattern, weight, family in _LANGUAGES:
        if match := pattern.search(text):
            yield Found(family, weight, excerpt(match[0].strip(), limit=80))


def _hidden(text: str) -> Iterator[Found]:
    if text.isascii():
        return
    if tags := hidden_text(text):
        yield Found("invisible", 0.9 if len(tags) > 3 else 0.5, f"invisible characters: {excerpt(tags, limit=60)}")  # noqa: PLR2004
    if is_reordered(text):
        yield Found("invisible", SUSPICIOUS, "characters that turn the direction of writing")
