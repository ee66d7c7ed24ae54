"""New topics: conversations unlike the baseline that are like each other, named by the words that they share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from scipy import special

from alerts.drift.features import DIMENSIONS, Sparse, cosine, text_of, words_of
from alerts.drift.reference import Side
from traces.clock import format_time, parse_time
from traces.model import Conversation
from traces.redact import redact

FEWEST = 8
"""Conversations in a day that make a topic."""
FEWEST_USERS = 3
CHANCE = 1e-6
"""How unlikely so many conversations must be, by what the baseline had of their like."""
ALIKE = 0.22
_SAME_TOPIC = 0.4
_IN_NAME = 3
_SHARED = 0.4
_LETTERS = 4
_TOPICS_KEPT = 50
_KEPT_FOR = timedelta(days=60)
_FEATURES_KEPT = 60
_COMMON = 0.25
_IDS = UUID("7d2a5f0e-0c2b-4d9c-9f3e-2f1c7f5f6b10")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Conversations that are like each other; ``middle`` is their mean, of length 1."""

    members: tuple[Conversation, ...]
    middle: Sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic that nobody watched when it came up.

    ``days`` counts its conversations of 24 hours, by the hour in which they were last counted, for the trend; ``middle`` are
    its strongest features, by which it is known again.
    """

    topic_id: str
    name: str
    first_at: datetime
    last_at: datetime
    n: int
    usual: float
    share: float
    examples: tuple[str, ...] = ()
    days: Mapping[str, int] = field(default_factory=dict)
    middle: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "topic_id": self.topic_id,
            "name": self.name,
            "first_at": format_time(self.first_at),
            "last_at": format_time(self.last_at),
            "n": self.n,
            "usual": self.usual,
            "share": self.share,
            "examples": list(self.examples),
            "days": dict(self.days),
            "middle": dict(self.middle),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Topic:
        times = {name: parse_time(saved[name]) for name in ("first_at", "last_at")}
        return cls(**{**saved, **times, "examples": tuple(saved["examples"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBook:
    """The topics that came up in the last two months; ``current`` are the ids of those that are new now."""

    topics: tuple[Topic, ...] = ()
    current: tuple[str, ...] = ()

    def with_found(self, found: Sequence[Topic], now: datetime) -> TopicBook:
        """The book after another look: a topic that is known keeps its id, name and beginning."""
        topics = {t.topic_id: t for t in self.topics if now - t.last_at <= _KEPT_FOR}
        current = []
        for one in found:
            known = next((t for t in topics.values() if _likeness(t, one) >= _SAME_TOPIC), None)
            if known is not None:
                days = dict([*known.days.items(), *one.days.items()][-30:])
                one = replace(  # noqa: PLW2901 - the same topic under its own name
                    one, topic_id=known.topic_id, name=known.name, first_at=known.first_at, days=days
                )
            topics[one.topic_id] = one
            current.append(one.topic_id)
        newest = sorted(topics.values(), key=lambda t: (t.last_at, t.topic_id))[-_TOPICS_KEPT:]
        return TopicBook(topics=tuple(newest), current=tuple(dict.fromkeys(current)))

    def to_json(self) -> dict[str, Any]:
        return {"topics": [topic.to_json() for topic in self.topics], "current": list(self.current)}

    @classmethod
    def from_json(cls, saved: Any) -> TopicBook:
        if not isinstance(saved, Mapping):
            return cls()
        return cls(topics=tuple(map(Topic.from_json, saved["topics"])), current=tuple(saved["current"]))


def clusters(conversations: Sequence[Conversation], side: Side) -> list[Cluster]:
    """Groups of conversations that are alike, the largest first: each joins the group whose middle it is most like.

    One pass in order of time, so that the same conversations always give the same groups.
    """
    sums: list[np.ndarray[Any, np.dtype[np.float32]]] = []
    members: list[list[Conversation]] = []
    for conversation in sorted(conversations, key=lambda c: (c.ended_at, c.conversation_id)):
        vector = side.vector(text_of(conversation, "user"))
        if not vector.places.size:
            continue
        likeness = [float(s[vector.places] @ vector.values) / (float(np.linalg.norm(s)) or 1.0) for s in sums]
        best = int(np.argmax(likeness)) if likeness else -1
        if best < 0 or likeness[best] < ALIKE:
            sums.append(np.zeros(DIMENSIONS, dtype=np.float32))
            members.append([])
            best = len(sums) - 1
        sums[best][vector.places] += vector.values
        members[best].append(conversation)
    found = [Cluster(tuple(m), _middle(s)) for s, m in zip(sums, members, strict=True)]
    return sorted(found, key=lambda cluster: -len(cluster.members))


def _middle(total: np.ndarray[Any, np.dtype[np.float32]]) -> Sparse:
    places = np.flatnonzero(total).astype(np.int64)
    return Sparse(places, (total[places] / (np.linalg.norm(total[places]) or 1.0)).astype(np.float32))


def topic_of(cluster: Cluster, side: Side, *, a_day: int, baseline: tuple[float, int], now: datetime) -> Topic | None:
    """What a cluster of a day's conversations is, if it is a topic that the baseline hardly had.

    Args:
        cluster: The conversations, all of the last 24 hours.
        side: The baseline of what users say.
        a_day: All conversations of these 24 hours.
        baseline: Conversations a day of the baseline, and how many are in its sample.
        now: As of when.
    """
    n, users = len(cluster.members), {c.user_id for c in cluster.members if c.user_id}
    if n < FEWEST or (users and len(users) < FEWEST_USERS):
        return None
    alike = side.sample[cluster.middle.places].T @ cluster.middle.values >= ALIKE
    per_day, kept = baseline
    usual = (int(alike.sum()) + 1) * max(per_day, float(a_day)) / max(kept, 1)
    if special.pdtrc(n - 1, usual) > CHANCE:
        return None
    name = name_of(cluster, side)
    first = min(c.started_at for c in cluster.members)
    strongest = np.argsort(-cluster.middle.values, kind="stable")[:_FEATURES_KEPT]
    return Topic(
        topic_id=uuid5(_IDS, f"{name}\n{format_time(first)}").hex,
        name=name,
        first_at=first,
        last_at=now,
        n=n,
        usual=usual,
        share=n / max(a_day, n),
        examples=tuple(c.conversation_id for c in cluster.members[-5:]),
        days={f"{now:%Y-%m-%d}": n},
        middle={str(int(cluster.middle.places[i])): float(cluster.middle.values[i]) for i in strongest},
    )


def name_of(cluster: Cluster, side: Side) -> str:
    """The words that most of the conversations share and the baseline hardly has; personal data is taken out first."""
    within: Counter[str] = Counter()
    for conversation in cluster.members:
        within.update(set(words_of(redact(text_of(conversation, "user")).text)))
    least = _SHARED * len(cluster.members)
    rare = float(np.log((1 + side.sample.shape[1]) / (1 + _COMMON * side.sample.shape[1])) + 1)
    scored = {
        word: count * weight
        for word, count in within.items()
        if count >= least and len(word) >= _LETTERS and (weight := _rarity(word, side)) >= rare
    }
    best = sorted(scored, key=lambda word: (-scored[word], word))[:_IN_NAME]
    return ", ".join(best) or "unlike what was before"


def _rarity(word: str, side: Side) -> float:
    vector = side.vector(word)
    return float(side.rarity[vector.places].max()) if vector.places.size else 0.0


def _likeness(one: Topic, other: Topic) -> float:
    def sparse(topic: Topic) -> Sparse:
        pairs = sorted((int(place), value) for place, value in topic.middle.items())
        size = math.sqrt(sum(value * value for _, value in pairs)) or 1.0
        return Sparse(
            np.array([place for place, _ in pairs], dtype=np.int64),
            np.array([value / size for _, value in pairs], dtype=np.float32),
        )

    return cosine(sparse(one), sparse(other))
