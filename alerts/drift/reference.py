"""What conversations were like in the weeks before, and whether one is unlike all of them.

A conversation is as usual as the three that it resembles most among a sample of the baseline. It counts as unlike when less
than one in fifty of the baseline resembles the sample so little: a bound that is taken from conversations that are not in
the sample (split conformal prediction; Vovk, Gammerman & Shafer 2005), so that the share of unlike ones is about 2 % until
something changes. That share is a rate like any other, and tested as one.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from alerts.drift.features import DIMENSIONS, Sparse, counts_of, rarity_of, text_of, weighted
from alerts.drift.grouping import Grouping, grouped
from traces.clock import format_time, parse_time
from traces.errors import BadInput
from traces.model import Conversation, Role
from traces.redact import redact

FEWEST = 200
"""Conversations that a baseline takes."""
KEPT = 500
UNLIKE = 0.02
_NEAREST = 3
_SIDES: tuple[Role, ...] = ("user", "assistant")
_FORMAT = 2
_HELD_OUT = 3_000


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the talk: how rare features are, the sample as columns, and from which likeness on all is as usual.

    ``rarity`` has shape (DIMENSIONS,), ``sample`` (DIMENSIONS, kept).
    """

    rarity: npt.NDArray[np.float32]
    sample: npt.NDArray[np.float32]
    bound: float

    def vector(self, text: str) -> Sparse:
        return weighted(counts_of(text), self.rarity)

    def likeness(self, vector: Sparse) -> float:
        """How much a text resembles those of the sample that it resembles most, from 0 to 1."""
        if not vector.places.size or not self.sample.shape[1]:
            return 1.0
        likeness = vector.values @ self.sample[vector.places]
        nearest = min(_NEAREST, likeness.shape[0])
        return float(np.partition(likeness, -nearest)[-nearest:].mean())

    def is_unlike(self, text: str) -> bool | None:
        """Whether a text is unlike the baseline; ``None`` where there are no words to tell by."""
        vector = self.vector(text)
        return None if not vector.places.size else self.likeness(vector) < self.bound


@dataclass(frozen=True, slots=True)
class Reference:
    """The baseline of what users and the agent say, learned at a time from ``n`` conversations of ``days`` days.

    ``total`` is how many conversations those days had.
    """

    user: Side
    assistant: Side
    learned_at: datetime
    n: int
    days: float
    total: int
    topics: Grouping

    @classmethod
    def learned(
        cls,
        conversations: Sequence[Conversation],
        learned_at: datetime,
        *,
        days: float,
        total: int,
        seed: int = 1,
        before: Grouping | None = None,
    ) -> Reference:
        """Learn what is usual; topics that were known ``before`` keep their names.

        Raises:
            BadInput: There are too few conversations.
        """
        if len(conversations) < FEWEST:
            raise BadInput(f"a baseline takes {FEWEST} conversations, got {len(conversations)}", "conversations")
        shuffled = list(conversations)
        random.Random(seed).shuffle(shuffled)
        user, assistant = (_side([text_of(c, role) for c in shuffled]) for role in _SIDES)
        said = [text for c in shuffled if counts_of(text := text_of(c, "user"))][: user.sample.shape[1]]
        topics = grouped(user.sample, [redact(text).text for text in said], before, learned_at, seed)
        return cls(user, assistant, learned_at, len(shuffled), days, total, topics)

    def topic(self, conversation: Conversation) -> str | None:
        """What a conversation is about, of the topics that the baseline has; ``None`` where it is none of them."""
        vector = self.user.vector(text_of(conversation, "user"))
        return self.topics.of(vector.places, vector.values)

    def measure(self, conversation: Conversation) -> dict[str, float]:
        """By signal, 1 where a side of the conversation is unlike the baseline and 0 where it is not."""
        found = {
            "input_drift": self.user.is_unlike(text_of(conversation, "user")),
            "output_drift": self.assistant.is_unlike(text_of(conversation, "assistant")),
        }
        return {name: float(unlike) for name, unlike in found.items() if unlike is not None}

    def to_bytes(self) -> bytes:
        """The baseline as a compressed numpy archive, without pickles."""
        out = io.BytesIO()
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, side in (("user", self.user), ("assistant", self.assistant)):
            rows, columns = np.nonzero(side.sample)
            arrays |= {
                f"{name}_rarity": side.rarity,
                f"{name}_rows": rows.astype(np.uint16),
                f"{name}_columns": columns.astype(np.uint16),
                f"{name}_values": side.sample[rows, columns].astype(np.float16),
                f"{name}_shape": np.array([side.sample.shape[1], 0]),
                f"{name}_bound": np.array([side.bound]),
            }
        places, topics = np.nonzero(self.topics.middles)
        arrays |= {
            "topic_size": np.array([self.topics.size]),
            "topic_since": np.frombuffer(format_time(self.topics.since).encode(), np.uint8),
            "topic_names": np.frombuffer("\n".join(self.topics.names).encode(), np.uint8),
            "topic_places": places.astype(np.uint16),
            "topic_topics": topics.astype(np.uint16),
            "topic_values": self.topics.middles[places, topics].astype(np.float16),
        }
        head = np.array([_FORMAT, self.n, self.total], dtype=np.int64)
        learned = np.frombuffer(format_time(self.learned_at).encode(), np.uint8)
        np.savez_compressed(out, allow_pickle=False, head=head, learned=learned, days=np.array([self.days]), **arrays)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, saved: bytes) -> Reference:
        """What ``to_bytes`` wrote.

        Raises:
            BadInput: It is none; learn it again then.
        """
        try:
            with np.load(io.BytesIO(saved), allow_pickle=False) as archive:
                version, n, total = (int(x) for x in archive["head"])
                if version != _FORMAT:
                    raise BadInput("written by another version; it is learned again", "drift baseline")
                learned_at = parse_time(archive["learned"].tobytes().decode())
                user, assistant = (_saved_side(archive, role) for role in _SIDES)
                return cls(user, assistant, learned_at, n, float(archive["days"][0]), total, _saved_topics(archive))
        except (ValueError, KeyError, EOFError, OSError, IndexError) as error:
            raise BadInput("not a saved baseline; it is learned again", "drift baseline") from error


def _saved_side(archive: np.lib.npyio.NpzFile, name: str) -> Side:
    sample = np.zeros((DIMENSIONS, int(archive[f"{name}_shape"][0])), dtype=np.float32)
    sample[archive[f"{name}_rows"], archive[f"{name}_columns"]] = archive[f"{name}_values"]
    return Side(archive[f"{name}_rarity"].astype(np.float32), sample, float(archive[f"{name}_bound"][0]))


def _saved_topics(archive: np.lib.npyio.NpzFile) -> Grouping:
    written = archive["topic_names"].tobytes().decode()
    names = tuple(written.split("\n")) if written else ()
    middles = np.zeros((DIMENSIONS, len(names)), dtype=np.float32)
    middles[archive["topic_places"], archive["topic_topics"]] = archive["topic_values"]
    since = parse_time(archive["topic_since"].tobytes().decode())
    return Grouping(names, middles, int(archive["topic_size"][0]), since)


def _side(texts: list[str]) -> Side:
    """The baseline of one side: the first half are the sample, by the second the bound is set."""
    counts = [found for text in texts if (found := counts_of(text))]
    half = min(KEPT, len(counts) // 2)
    kept, held_out = counts[:half], counts[half : half + _HELD_OUT]
    rarity = rarity_of(kept)
    sample = np.zeros((DIMENSIONS, len(kept)), dtype=np.float32)
    for column, one in enumerate(kept):
        vector = weighted(one, rarity)
        # What is stored is what is used, so that a restart changes nothing.
        sample[vector.places, column] = vector.values.astype(np.float16)
    side = Side(rarity, sample, 0.0)
    likeness = [side.likeness(weighted(one, rarity)) for one in held_out]
    return Side(rarity, sample, float(np.quantile(likeness, UNLIKE)) if likeness else 0.0)
