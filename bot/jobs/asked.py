"""What reviewers were asked about lately, so that the same question never comes a hundred times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.drift.features import DIMENSIONS, Sparse, counts_of, text_of, weighted
from evaluators.calibration.next import MOST_WORTH
from traces.model import Conversation

ALIKE: Final = 0.6
"""Likeness from which on two conversations ask the same: 1 is word for word."""
MOST_ALIKE: Final = 5
"""Conversations of one kind in a day about which one evaluator asks, but for the audit."""
REMEMBERED: Final = timedelta(days=7)
_KEPT: Final = 400
_DAY: Final = timedelta(days=1)
_NOT_NEW: Final = 0.5
"""How much less an answer tells of a conversation the likelier it is one of the week's, until they are alike."""
_LEAST_USUAL: Final = 0.5
_FADES_AT: Final = 2_000.0

Floats = npt.NDArray[np.float32]
_SILENT = Sparse(np.array([0], dtype=np.int64), np.array([1.0], dtype=np.float32))
"""What stands for a conversation in which no user said anything."""


class _Entry(NamedTuple):
    evaluator: str
    at: datetime


class Asked:
    """The conversations of the last week's questions, as vectors of what users said. Not safe to share between threads.

    Args:
        rarity: Weighs features by how rare they are, where that was learned; shape (DIMENSIONS,).
    """

    def __init__(self, rarity: Callable[[], Floats | None] = lambda: None) -> None:
        self._rarity = rarity
        self._even: Floats = np.ones(DIMENSIONS, dtype=np.float32)
        self._rows: Floats = np.zeros((_KEPT, DIMENSIONS), dtype=np.float32)
        self._entries: list[_Entry | None] = [None] * _KEPT
        self._next = 0
        # By evaluator, the worths so far: their sum and their number.
        self._usual: dict[str, tuple[float, float]] = {}

    def vector(self, conversation: Conversation) -> Sparse:
        """What users said in a conversation."""
        rarity = self._rarity()
        vector = weighted(counts_of(text_of(conversation, "user")), self._even if rarity is None else rarity)
        return vector if vector.places.size else _SILENT

    def note(self, evaluator: str, vector: Sparse, at: datetime) -> None:
        """Remember a question; the oldest of several hundred is forgotten."""
        self._rows[self._next] = 0.0
        self._rows[self._next, vector.places] = vector.values
        self._entries[self._next] = _Entry(evaluator, at)
        self._next = (self._next + 1) % _KEPT

    def worth(self, evaluator: str, vector: Sparse, now: datetime) -> float:
        """How much an answer would tell beside those that were asked for, from 0 to ``MOST_WORTH``; 1 is usual.

        The farther from all of the last week, the more (farthest first: Gonzalez 1985); the more often its like was asked
        about on the day, the less, down to nothing. What this returns is counted, so that as much is asked as is wanted.
        """
        worth = self._worth(evaluator, vector, now)
        total, n = self._usual.get(evaluator, (0.0, 0.0))
        usual = max((total + 1.0) / (n + 1.0), _LEAST_USUAL)
        if n >= _FADES_AT:
            total, n = total / 2, n / 2
        self._usual[evaluator] = total + worth, n + 1.0
        return min(worth / usual, MOST_WORTH)

    def _worth(self, evaluator: str, vector: Sparse, now: datetime) -> float:
        own = [
            (row, entry.at)
            for row, entry in enumerate(self._entries)
            if entry is not None and entry.evaluator == evaluator and now - entry.at <= REMEMBERED
        ]
        if not own:
            return 1.0
        rows = np.array([row for row, _ in own], dtype=np.int64)
        likeness = self._rows[np.ix_(rows, vector.places)] @ vector.values
        today = np.array([now - at < _DAY for _, at in own])
        alike = int(((likeness >= ALIKE) & today).sum())
        if alike >= MOST_ALIKE:
            return 0.0
        return 1.0 / (1.0 + alike) if alike else 1.0 - _NOT_NEW * float(np.clip(likeness.max(), 0.0, 1.0))


__all__ = ["ALIKE", "MOST_ALIKE", "REMEMBERED", "Asked"]
