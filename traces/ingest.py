"""From what was sent to what is stored: idempotent, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from traces.conversation_format import parse_conversation, to_json
from traces.model import Conversation, Label, Span
from traces.normalise import conversation_id_of, conversation_of
from traces.store import Tx
from traces.store.conversations import Arrival, Known
from traces.store.reviews import LabelChange

QUIET = timedelta(minutes=5)
"""After this long without a message a conversation counts as gone quiet, unless it says that it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A valid conversation as it was sent. ``is_timed``: it says when it began. ``is_complete``: it says that it ended."""

    conversation: Conversation
    digest: str
    is_timed: bool
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What ingesting did, in conversations."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            new=self.new + other.new,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
        )


def offer(sent: Any, received_at: datetime) -> Offer:
    """A conversation in the JSON format, checked.

    Raises:
        BadInput: It is not in the format; the error names the field.
    """
    conversation = parse_conversation(sent, received_at=received_at)
    return Offer(
        conversation=conversation,
        digest=_digest(sent),
        is_timed="started_at" in sent or any(m.at is not None for m in conversation.messages),
        is_complete=sent.get("ended_at") is not None,
    )


def take_conversations(tx: Tx, offers: Sequence[Offer], at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Store conversations; one that is stored already in the same words is left alone."""
    receipt = Receipt()
    # The last of several under one id in one batch would hide the others: each goes in by itself.
    for batch in _without_repeats(offers):
        receipt += _take_batch(tx, batch, at, quiet)
    return receipt


def _take_batch(tx: Tx, offers: Sequence[Offer], at: datetime, quiet: timedelta) -> Receipt:
    ids = [o.conversation.conversation_id for o in offers]
    known = tx.conversations.known(ids)
    changed = [o for o in offers if _is_news(known.get(o.conversation.conversation_id), o)]
    standing = tx.conversations.many(
        o.conversation.conversation_id for o in changed if o.conversation.conversation_id in known
    )
    changed = [o for o in changed if not _is_outdated(standing.get(o.conversation.conversation_id), o.conversation)]
    arrivals = [_arrival(o, known.get(o.conversation.conversation_id), at, quiet) for o in changed]
    tx.conversations.put(arrivals, at)
    _take_verdicts(tx, [a.conversation for a in arrivals], at)
    updated = sum(a.version > 1 for a in arrivals)
    return Receipt(new=len(arrivals) - updated, updated=updated, unchanged=len(offers) - len(arrivals))


def _is_news(known: Known | None, offered: Offer) -> bool:
    return known is None or known.digest != offered.digest


def _is_outdated(standing: Conversation | None, offered: Conversation) -> bool:
    """Whether what is stored has grown beyond what was sent now: an older copy came late."""
    if standing is None or len(offered.messages) >= len(standing.messages):
        return False
    return standing.messages[: len(offered.messages)] == offered.messages


def _arrival(offered: Offer, known: Known | None, at: datetime, quiet: timedelta) -> Arrival:
    c = offered.conversation
    if known is not None and not offered.is_timed:
        c = replace(c, started_at=known.started_at, ended_at=known.ended_at)
    return Arrival(
        conversation=c,
        version=1 if known is None else known.version + 1,
        digest=offered.digest,
        settle_at=_settle_at(offered, c, at, quiet),
    )


def _settle_at(offered: Offer, conversation: Conversation, at: datetime, quiet: timedelta) -> datetime:
    """One that says that it ended is over; one without any times was finished before it was sent."""
    if offered.is_complete:
        return conversation.ended_at
    return _quiet_at(conversation, quiet) if offered.is_timed else at


def _quiet_at(conversation: Conversation, quiet: timedelta) -> datetime:
    try:
        return conversation.ended_at + quiet
    except OverflowError:  # a client's clock at the end of the calendar
        return conversation.ended_at


def _take_verdicts(tx: Tx, conversations: Iterable[Conversation], at: datetime) -> None:
    scores = {c.conversation_id: c.scores for c in conversations if c.scores}
    tx.scores.put(scores, at)
    for conversation in conversations:
        for label in conversation.labels:
            take_label(tx, label, at)


def take_label(tx: Tx, label: Label, at: datetime) -> LabelChange:
    """Store a label; one without a time is as of now."""
    return tx.reviews.put_label(label if label.at is not None else replace(label, at=at))


def take_spans(tx: Tx, spans: Sequence[Span], at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Store spans and bring the conversations that they belong to up to date.

    Spans may come in any order, in several requests, without their root and twice: each time the conversation is made
    anew from all spans that are known of its traces.
    """
    tx.spans.put(spans)
    trace_ids = sorted({s.trace_id for s in spans})
    by_trace = tx.spans.of_traces(trace_ids)
    before = tx.spans.conversations_of(trace_ids)
    now = {t: conversation_id_of(by_trace[t]) or before.get(t) or f"trace:{t}" for t in trace_ids}
    tx.spans.assign({t: c for t, c in now.items() if before.get(t) != c})
    receipt = _rebuild(tx, sorted(set(now.values())), by_trace, at, quiet)
    left = sorted({c for t, c in before.items() if now[t] != c} - set(now.values()))
    _rebuild(tx, left, by_trace, at, quiet)
    return receipt


def _rebuild(
    tx: Tx, conversation_ids: Sequence[str], at_hand: Mapping[str, list[Span]], at: datetime, quiet: timedelta
) -> Receipt:
    traces = tx.spans.traces_in(conversation_ids)
    others = tx.spans.of_traces(t for ts in traces.values() for t in ts if t not in at_hand)
    known = tx.conversations.known(conversation_ids)
    arrivals, unchanged, emptied = [], 0, []
    for conversation_id in conversation_ids:
        spans = [s for t in traces.get(conversation_id, []) for s in at_hand.get(t) or others.get(t, [])]
        if not spans:
            emptied.append(conversation_id)
            continue
        conversation = conversation_of(conversation_id, spans)
        digest = _digest(to_json(conversation))
        standing = known.get(conversation_id)
        if standing is not None and standing.digest == digest:
            unchanged += 1
            continue
        arrivals.append(
            Arrival(
                conversation=conversation,
                version=1 if standing is None else standing.version + 1,
                digest=digest,
                settle_at=_quiet_at(conversation, quiet),
            )
        )
    tx.conversations.put(arrivals, at)
    _take_verdicts(tx, [a.conversation for a in arrivals], at)
    _forget(tx, emptied, at)
    updated = sum(a.version > 1 for a in arrivals)
    return Receipt(new=len(arrivals) - updated, updated=updated, unchanged=unchanged)


def _forget(tx: Tx, conversation_ids: Sequence[str], at: datetime) -> None:
    """Leave nothing that counts of conversations whose traces all belong to others now."""
    tx.conversations.forget(conversation_ids)
    tx.scores.withdraw(conversation_ids, at)
    if (oldest := tx.rollups.withdraw(conversation_ids)) is not None:
        tx.state.note_oldest_change(oldest)


def _without_repeats(offers: Sequence[Offer]) -> Iterable[list[Offer]]:
    batch: dict[str, Offer] = {}
    for offered in offers:
        if offered.conversation.conversation_id in batch:
            yield list(batch.values())
            batch = {}
        batch[offered.conversation.conversation_id] = offered
    if batch:
        yield list(batch.values())


def _digest(sent: Any) -> str:
    return blake2b(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
