"""What a baseline's conversations are about: a bounded number of topics, learned from what users say.

Spherical k-means (Dhillon & Modha, "Concept decompositions for large sparse text data", Machine Learning 2001) over the
sample of the baseline. A topic of the baseline before that is still there keeps its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from alerts.drift.features import words_of

MOST = 12
"""Topics that are told apart."""
LEAST_SHARE = 0.03
"""Of the sample, in a topic."""
NEAR = 0.15
"""A conversation less like every topic than this is of none of them."""
_ROUNDS = 12
_SAME = 0.5
_IN_NAME = 2
_LETTERS = 4
_OFTEN = 0.15
_FEATURES = 300
_COVERED = 0.8
_MANY_MORE = 1.5

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Topics by name; ``middles`` has shape (DIMENSIONS, topics), columns of length 1.

    They were found at ``since`` among ``size`` texts.
    """

    names: tuple[str, ...]
    middles: Floats
    size: int
    since: datetime

    def covers(self, sample: Floats) -> bool:
        """Whether these topics do for a sample as well: as many texts are near to one as ever, and there are not many more."""
        if not self.names or not sample.shape[1] or sample.shape[1] > _MANY_MORE * self.size:
            return False
        return float(((self.middles.T @ sample).max(axis=0) >= NEAR).mean()) >= _COVERED

    def of(self, places: npt.NDArray[np.int64], values: Floats) -> str | None:
        """The topic that a text is nearest to, where one is near."""
        if not self.names or not places.size:
            return None
        likeness = values @ self.middles[places]
        best = int(np.argmax(likeness))
        return self.names[best] if likeness[best] >= NEAR else None


def grouped(sample: Floats, texts: Sequence[str], before: Grouping | None, now: datetime, seed: int) -> Grouping:
    """The topics of a sample: those of the baseline before while they cover it, so that their shares can be compared.

    Args:
        sample: Vectors of length 1 as columns, shape (DIMENSIONS, kept).
        texts: What they are of, without personal data; the names are made of their words.
        before: The topics of the baseline before.
        now: When these are learned.
        seed: Where the search begins.
    """
    if before is not None and before.covers(sample):
        return before
    if not sample.shape[1]:
        return Grouping((), np.zeros((sample.shape[0], 0), dtype=np.float32), 0, now)
    middles = _begun(sample, np.random.default_rng(seed))
    for _ in range(_ROUNDS):
        nearest = np.argmax(middles.T @ sample, axis=0)
        sums = np.stack([sample[:, nearest == k].sum(axis=1) for k in range(middles.shape[1])], axis=1)
        middles = sums / np.maximum(np.linalg.norm(sums, axis=0), 1e-9)
    nearest = np.argmax(middles.T @ sample, axis=0)
    sizes = np.bincount(nearest, minlength=middles.shape[1])
    kept = [int(k) for k in np.argsort(-sizes, kind="stable") if sizes[k] >= LEAST_SHARE * sample.shape[1]]
    everywhere = Counter(word for text in texts for word in set(words_of(text)))
    names = _told_apart([
        _name([texts[int(i)] for i in np.flatnonzero(nearest == k)], everywhere, len(texts)) for k in kept
    ])  # fmt: skip
    return _known_again(Grouping(tuple(names), _strongest(middles[:, kept]), sample.shape[1], now), before)


def _begun(sample: Floats, rng: np.random.Generator) -> Floats:
    """First middles far from each other, as k-means++ has them (Arthur & Vassilvitskii, SODA 2007)."""
    chosen = [int(rng.integers(sample.shape[1]))]
    far = np.ones(sample.shape[1])
    for _ in range(min(MOST, sample.shape[1]) - 1):
        far = np.minimum(far, np.maximum(1.0 - sample.T @ sample[:, chosen[-1]], 0.0))
        if far.sum() <= 0:
            break
        chosen.append(int(rng.choice(sample.shape[1], p=far / far.sum())))
    return sample[:, chosen]


def _strongest(middles: Floats) -> Floats:
    """Middles with nothing but their strongest features, as they are stored."""
    kept = np.zeros_like(middles)
    for k in range(middles.shape[1]):
        places = np.argsort(-middles[:, k], kind="stable")[:_FEATURES]
        kept[places, k] = middles[places, k]
    short: Floats = (kept / np.maximum(np.linalg.norm(kept, axis=0), 1e-9)).astype(np.float16).astype(np.float32)
    return short


def _name(texts: Sequence[str], everywhere: Counter[str], total: int) -> str:
    """The words that a topic has more often than others do."""
    within = Counter(word for text in texts for word in set(words_of(text)) if len(word) >= _LETTERS)
    scored = {
        word: count / len(texts) - (everywhere[word] - count) / max(total - len(texts), 1)
        for word, count in within.items()
        if count >= _OFTEN * len(texts)
    }
    best = sorted(scored, key=lambda word: (-scored[word], word))[:_IN_NAME]
    return ", ".join(best) or "talk"


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names of which none is there twice."""
    seen: Counter[str] = Counter()
    apart = []
    for name in names:
        seen[name] += 1
        apart.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return apart


def _known_again(found: Grouping, before: Grouping | None) -> Grouping:
    """The topics with the names that they had before, each old name for the topic most like it."""
    if before is None or not before.names or not found.names:
        return found
    likeness = found.middles.T @ before.middles
    names, mine_taken, old_taken = list(found.names), set[int](), set[int]()
    for flat in np.argsort(-likeness, axis=None, kind="stable"):
        mine, old = divmod(int(flat), likeness.shape[1])
        if likeness[mine, old] < _SAME:
            break
        if old not in old_taken and mine not in mine_taken:
            names[mine] = before.names[old]
            mine_taken.add(mine)
            old_taken.add(old)
    return replace(found, names=tuple(_told_apart(names)))
