"""Learns what conversations are usually like, measures how many are unlike that, and looks for topics that are new."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from alerts.drift import Reference, Topic, TopicBook, clusters
from alerts.drift.mix import Shift, shifted
from alerts.drift.reference import FEWEST
from alerts.drift.topics import topic_of
from alerts.explaining.examples import diverse
from alerts.explaining.incident import Numbers
from alerts.explaining.sighting import Shown, Sighting, exceeding
from alerts.rules import Told
from alerts.signals import INPUT_DRIFT, NEW_TOPIC, OUTPUT_DRIFT
from traces.clock import format_time, parse_time
from traces.errors import BadInput
from traces.model import EVERYTHING, Conversation, Segment, Signal
from traces.store import Store, Tx
from traces.store.alerts import LIVE
from traces.store.rollups import DAY_S, HOUR_S, bucket_start
from traces.store.state import DetectorCheckpoint

BOOK = "topics"
NEW = "new_topics"
MIX = "mix"
_TOPIC = "topic"
_MIXED = ("language", "scenario", _TOPIC)
"""Keys whose shares are looked at: what users come with, not what a roll-out moves."""
_PANEL = "drift"
_DAY = timedelta(days=1)
_HISTORY_DAYS = 28
_LEAST_DAYS = 2
_RENEW_AFTER = timedelta(days=7)
_SAMPLE = 3_500
_IDS_READ = 2_000
_FACTS_READ = 5_000
_UNLIKE_READ = 400


class Likeness:
    """The baseline as the evaluation uses it: what a conversation contributes to the signals of drift."""

    def __init__(self) -> None:
        self.reference: Reference | None = None
        self._stored_at: datetime | None = None

    def refresh(self, tx: Tx) -> None:
        """Take over what was learned since, by whichever process."""
        stored_at = tx.state.checkpoint_at(_PANEL)
        if stored_at == self._stored_at:
            return
        saved = tx.state.checkpoint(_PANEL)
        self._stored_at = stored_at
        if saved is not None:
            try:
                self.reference = Reference.from_bytes(saved.body)
            except BadInput:
                return  # written by another version: it is learned again

    def measure(self, conversation: Conversation) -> Mapping[str, float]:
        """By signal, 1 where the conversation is unlike the baseline; nothing before there is one."""
        return {} if self.reference is None else self.reference.measure(conversation)

    def rarity(self) -> npt.NDArray[np.float32] | None:
        """How rare features of what users say are; ``None`` before there is a baseline."""
        return None if self.reference is None else self.reference.user.rarity

    def placed(self, conversation: Conversation) -> Conversation:
        """The conversation with its topic, unless it came with one or is of none that is known."""
        if self.reference is None or conversation.metadata.get(_TOPIC) is not None:
            return conversation
        topic = self.reference.topic(conversation)
        if topic is None:
            return conversation
        return replace(conversation, metadata={**conversation.metadata, _TOPIC: topic})


class Drifting:
    """Once an hour: keep the baseline a week young, and look for new topics in the last day."""

    def __init__(self, store: Store, likeness: Likeness, *, seed: int = 1) -> None:
        self._store = store
        self._likeness = likeness
        self._seed = seed
        self._hour: datetime | None = None

    def run(self, now: datetime) -> bool:
        """Whether there was anything to do as of ``now``."""
        hour = bucket_start(now, HOUR_S)
        if hour == self._hour:
            return False
        with self._store.read() as tx:
            self._likeness.refresh(tx)
        if self._is_due(now):
            self._learn(now)
        if self._likeness.reference is not None:
            self._look(self._likeness.reference, now)
        self._look_at_mix(now)
        self._hour = hour
        return True

    def _is_due(self, now: datetime) -> bool:
        known = self._likeness.reference
        if known is None:
            return True
        if now - known.learned_at < _RENEW_AFTER:
            return False
        with self._store.read() as tx:
            # What an open alert tells of must not be taken for usual.
            return not any(a.signal in {INPUT_DRIFT.name, OUTPUT_DRIFT.name} for a in tx.alerts.in_state(*LIVE))

    def _learn(self, now: datetime) -> None:
        until = bucket_start(now, DAY_S)
        since = until - _HISTORY_DAYS * _DAY
        with self._store.read() as tx:
            days = tx.rollups.series("volume", EVERYTHING, since=since, until=until, resolution_s=DAY_S)
            total = sum(rollup.n for _, rollup in days)
            if len(days) < _LEAST_DAYS or total < FEWEST:
                return
            sample = self._sample(tx, since, until, total)
        if len(sample) < FEWEST:
            return
        known = self._likeness.reference
        learned = Reference.learned(
            sample,
            now,
            days=float(len(days)),
            total=total,
            seed=self._seed,
            before=None if known is None else known.topics,
        )
        # What was stored is what is used, so that a restart changes nothing.
        with self._store.begin() as tx:
            tx.state.put_checkpoint(DetectorCheckpoint(panel=_PANEL, through_at=now, body=learned.to_bytes()))
            self._likeness.refresh(tx)

    def _sample(self, tx: Tx, since: datetime, until: datetime, total: int) -> list[Conversation]:
        """Conversations of every day, from each as large a share as from any other."""
        rng = random.Random(self._seed)
        chosen: list[str] = []
        day = since
        while day < until:
            ids = tx.conversations.ids_between(day, day + _DAY, _IDS_READ)
            count = min(len(ids), max(1, round(len(ids) * min(1.0, _SAMPLE / total)))) if ids else 0
            chosen += rng.sample(ids, count)
            day += _DAY
        found = tx.conversations.many(chosen)
        return [found[i] for i in chosen if i in found]

    def _look(self, reference: Reference, now: datetime) -> None:
        with self._store.read() as tx:
            facts = tx.rollups.facts_between(bucket_start(now - _DAY, HOUR_S), now, _FACTS_READ)
            judged = [f for f in facts if INPUT_DRIFT.name in f.values]
            unlike = [f.conversation_id for f in judged if f.values[INPUT_DRIFT.name][0]][:_UNLIKE_READ]
            talks = list(tx.conversations.many(unlike).values())
            book = TopicBook.from_json(tx.state.job_outcome(BOOK))
        baseline = (reference.total / max(reference.days, 1.0), reference.user.sample.shape[1])
        found = [
            topic
            for cluster in clusters(talks, reference.user)
            if (topic := topic_of(cluster, reference.user, a_day=len(judged), baseline=baseline, now=now)) is not None
        ]
        if not found and not book.current:
            return
        book = book.with_found(found, now)
        new = [t.to_json() | {"days": {}, "middle": {}} for t in book.topics if t.topic_id in book.current]
        with self._store.begin() as tx:
            tx.state.job_ran(BOOK, now, book.to_json())
            tx.state.job_ran(NEW, now, new)

    def _look_at_mix(self, now: datetime) -> None:
        """Note which languages, scenarios and topics have a far larger share of the last day than of the weeks before."""
        end = bucket_start(now, HOUR_S)
        with self._store.read() as tx:
            known = self._likeness.reference
            topics_since = end if known is None else known.topics.since
            shifts = [_shift_json(s, shift, end) for s, shift in _shifts(tx, end, topics_since)]
            before = tx.state.job_outcome(MIX) or []
        kept = {(one["key"], one["value"]): one["at"] for one in before}
        for one in shifts:
            one["at"] = kept.get((one["key"], one["value"]), one["at"])
        if shifts or before:
            with self._store.begin() as tx:
                tx.state.job_ran(MIX, now, shifts)


def _shifts(tx: Tx, end: datetime, topics_since: datetime) -> Iterator[tuple[Segment, Shift]]:
    today = bucket_start(end - _DAY, DAY_S)
    since = today - _HISTORY_DAYS * _DAY
    whole = _counts(tx, EVERYTHING, since, today, DAY_S)
    n = sum(_counts(tx, EVERYTHING, end - _DAY, end, HOUR_S).values())
    for key in _MIXED:
        for segment in tx.rollups.segments_with(key, since=end - _DAY, until=end):
            days = _counts(tx, segment, since, today, DAY_S)
            # Days before anybody told this value, or before these topics were learned, tell nothing of its share.
            first = max(min(days, default=today), topics_since if key == _TOPIC else since)
            told = [(days.get(day, 0), of) for day, of in whole.items() if day >= first]
            k = sum(_counts(tx, segment, end - _DAY, end, HOUR_S).values())
            if (shift := shifted(k, n, told)) is not None:
                yield segment, shift


def _counts(tx: Tx, segment: Segment, since: datetime, until: datetime, resolution_s: int) -> dict[datetime, int]:
    buckets = tx.rollups.series("volume", segment, since=since, until=until, resolution_s=resolution_s)
    return {at: rollup.n for at, rollup in buckets}


def _shift_json(segment: Segment, shift: Shift, end: datetime) -> dict[str, Any]:
    [(key, value)] = segment.pairs
    return {"key": key, "value": value, "at": format_time(end), **asdict(shift)}


class NewTopics:
    """What is new now, topics and shares, as something to be told. Not safe to share between threads."""

    def __init__(self) -> None:
        self._known: set[str] | None = None

    def look(self, tx: Tx, signals: Mapping[str, Signal]) -> Told:
        """What is new; nothing where the team has switched the signal off."""
        signal = signals.get(NEW_TOPIC.name)
        saved: Any = tx.state.job_outcome(NEW) or []
        topics = [Topic.from_json(one) for one in saved] if signal is not None else []
        mix: Any = (tx.state.job_outcome(MIX) or []) if INPUT_DRIFT.name in signals else []
        current = {topic.topic_id for topic in topics} | {f"{one['key']}={one['value']}" for one in mix}
        before = self._known if self._known is not None else set()
        self._known = current
        return Told(
            sightings=[
                *(_sighting(topic, signal) for topic in topics if signal is not None),
                *(_mix_sighting(one, signals[INPUT_DRIFT.name]) for one in mix),
            ],
            is_news=current != before,
        )


def _sighting(topic: Topic, signal: Signal) -> Sighting:
    usual = topic.share * topic.usual / max(topic.n, 1)
    numbers = Numbers(
        segment=Segment.of(topic=topic.name),
        value=topic.share,
        expected=usual,
        expected_low=0.0,
        expected_high=usual,
        n=max(round(topic.n / topic.share), topic.n) if topic.share else topic.n,
        k=topic.n,
    )

    def show(tx: Tx, examples: int) -> Shown:
        return Shown(
            detail={"rule": {"text": _text(topic)}},
            examples=topic.examples[:examples],
            users=tx.conversations.users_of(topic.examples),
        )

    return exceeding(signal, numbers, f"new_topic:{topic.topic_id}", since=topic.first_at, show=show)


def _mix_sighting(saved: Mapping[str, Any], signal: Signal) -> Sighting:
    segment = Segment.of(**{saved["key"]: saved["value"]})
    shift = Shift(**{name: saved[name] for name in ("n", "k", "usual", "low", "high")})
    at = parse_time(saved["at"])
    numbers = Numbers(
        segment=segment,
        value=shift.share,
        expected=shift.usual,
        expected_low=shift.low,
        expected_high=shift.high,
        n=shift.n,
        k=shift.k,
    )

    def show(tx: Tx, examples: int) -> Shown:
        facts = [f for f in tx.rollups.facts_between(at - _DAY, at + _DAY, _FACTS_READ) if segment in f.segments]
        return Shown(
            detail={"rule": {"text": _mix_text(segment, shift)}},
            examples=tuple(diverse(facts, examples)),
            users=tx.conversations.users_of(fact.conversation_id for fact in facts),
        )

    return exceeding(
        signal, numbers, f"mix:{saved['key']}={saved['value']}", since=at - _DAY, detected_at=at, show=show
    )


def _mix_text(segment: Segment, shift: Shift) -> str:
    return (
        f"{shift.share:.0%} of a day's conversations ({shift.k:,} of {shift.n:,}) are {segment};"
        f" usually {shift.low:.0%} to {shift.high:.0%} are"
    )


def _text(topic: Topic) -> str:
    usual = "less than one" if topic.usual < 1 else f"about {topic.usual:.0f}"
    return f"{topic.n} conversations in a day are alike and unlike what was before; {usual} a day was usual"


def topics_told(saved: Any) -> Sequence[dict[str, Any]]:
    """The topics of the last two months as ``hark topics`` shows them, the latest first."""
    book = TopicBook.from_json(saved)
    return [
        {
            "topic_id": t.topic_id,
            "name": t.name,
            "is_new": t.topic_id in book.current,
            "first_at": format_time(t.first_at),
            "last_at": format_time(t.last_at),
            "conversations_a_day": t.n,
            "usual_a_day": t.usual,
            "share": t.share,
            "trend": dict(t.days),
            "examples": list(t.examples),
        }
        for t in sorted(book.topics, key=lambda t: (t.last_at, t.topic_id), reverse=True)
    ]


__all__ = ["BOOK", "Drifting", "Likeness", "NewTopics", "topics_told"]
