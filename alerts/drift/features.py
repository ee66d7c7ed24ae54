"""A text as a sparse vector: hashed words and pairs of words (Weinberger et al., "Feature hashing", ICML 2009).

No vocabulary is kept, so that the vector of a text never depends on what was seen before it.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from traces.model import Conversation, Role

DIMENSIONS = 4096
_MOST_CHARACTERS = 6_000
_WORD = re.compile(r"[^\W\d_]{2,30}")
_PER_LENGTH = 1.5
"""Texts whose lengths differ by less than this factor (in nats) share a length word."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """The places and values of a vector of length 1; both are empty for a text without words."""

    places: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


def text_of(conversation: Conversation, role: Role) -> str:
    """What one side said, as much as is looked at."""
    said: list[str] = []
    left = _MOST_CHARACTERS
    for message in conversation.messages:
        if message.role == role and message.content and left > 0:
            said.append(message.content[:left])
            left -= len(said[-1])
    return "\n".join(said)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without numbers."""
    return _WORD.findall(text.casefold())


def counts_of(text: str) -> dict[int, float]:
    """How much of each hashed feature a text has: words, pairs of words, and how long it is."""
    words = words_of(text)
    if not words:
        return {}
    features = Counter(words)
    features.update(f"{a} {b}" for a, b in pairwise(words))
    features[f"\nlength {round(math.log(len(text)) / _PER_LENGTH)}"] += 1
    counts: dict[int, float] = {}
    for feature, times in features.items():
        place = zlib.crc32(feature.encode()) % DIMENSIONS
        counts[place] = counts.get(place, 0.0) + 1.0 + math.log(times)
    return counts


def weighted(counts: dict[int, float], rarity: npt.NDArray[np.float32]) -> Sparse:
    """The vector of a text, its features weighed by how rare they are."""
    places = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    values = np.fromiter(counts.values(), dtype=np.float32, count=len(counts)) * rarity[places]
    size = float(np.sqrt(np.dot(values, values)))
    return Sparse(places, (values / size if size > 0 else values).astype(np.float32))


def rarity_of(texts: list[dict[int, float]]) -> npt.NDArray[np.float32]:
    """The weight of each feature: ln((1 + texts) / (1 + texts that have it)) + 1."""
    seen = np.zeros(DIMENSIONS, dtype=np.float64)
    for counts in texts:
        seen[list(counts)] += 1
    return (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)


def cosine(one: Sparse, other: Sparse) -> float:
    """How alike two vectors are, from 0 to 1."""
    _, mine, theirs = np.intersect1d(one.places, other.places, assume_unique=True, return_indices=True)
    return float(np.dot(one.values[mine], other.values[theirs]))
