"""Which of many patterns could match a text, told by the words in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"[a-z]{2,}")
_USUAL_CHARS: Final = 24
"""Longer words are not remembered: a hostile text may be one word of megabytes."""
_REMEMBERED: Final = 32_768


class WordIndex:
    """Needles of many patterns, looked up word by word instead of one after another.

    A pattern with needles may only match where one of them stands in the text; a pattern without any may always match. Each
    word of lower-case ASCII letters is compared with all needles once and remembered, so that usual traffic costs one look-up a word.
    """

    def __init__(self, needles: Iterable[Sequence[str]]) -> None:
        listed = list(needles)
        self._size = len(listed)
        self._all = (1 << self._size) - 1
        self._parts: dict[str, int] = {}
        self._literals: list[tuple[str, int]] = []
        self._always = 0
        for position, several in enumerate(listed):
            self._always |= 0 if several else 1 << position
            for needle in several:
                part = max(_TOKEN.findall(needle), key=len, default="")
                if part:
                    # A part that is the whole needle is proof; it counts among the upper bits as well.
                    proof = 1 << position + self._size if part == needle else 0
                    self._parts[part] = self._parts.get(part, 0) | 1 << position | proof
                else:
                    self._literals.append((needle, 1 << position))
        self._longest = max(map(len, self._parts), default=0)
        self._usual = lru_cache(maxsize=_REMEMBERED)(self._positions_of)

    def positions(self, folded: str) -> Iterator[int]:
        """Positions of the patterns that are worth trying on ``folded``, which is in lower case, in order."""
        return (position for position, _ in self.likely(folded))

    def likely(self, folded: str) -> Iterator[tuple[int, bool]]:
        """The same, each with whether one of its needles is known to stand in ``folded``; else a part of one does."""
        found = self._found(folded)
        mask, proof = found & self._all, found >> self._size
        while mask:
            lowest = mask & -mask
            yield lowest.bit_length() - 1, bool(proof & lowest)
            mask ^= lowest

    def mask(self, folded: str) -> int:
        """The positions as bits, the first pattern's the lowest."""
        return self._found(folded) & self._all

    def _found(self, folded: str) -> int:
        found = self._always
        for word in set(_TOKEN.findall(folded)):
            found |= self._usual(word) if len(word) <= _USUAL_CHARS else self._positions_of(word)
        for literal, bit in self._literals:
            if not found & bit and literal in folded:
                found |= bit
        return found

    def _positions_of(self, word: str) -> int:
        parts, found = self._parts, 0
        if len(word) > _USUAL_CHARS:
            for part, bits in parts.items():
                found |= bits if part in word else 0
            return found
        # A usual word has some thirty parts, far fewer than there are needles.
        for start in range(len(word) - 1):
            for end in range(start + 2, min(len(word), start + self._longest) + 1):
                found |= parts.get(word[start:end], 0)
        return found
