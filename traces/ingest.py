"""From what was sent to what is stored: idempotent, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from traces.conversation_format import parse_conversation, to_json
from traces.costs import cost_of
from traces.model import Conversation, EvaluatorFailure, Label, Message, Score, Span
from traces.normalise import KEPT, Told, conversation_id_of, merged, own_conversation_id, told_of
from traces.quiet import QUIET, quiet_times
from traces.redact import is_redacted
from traces.redacted import Lasting, lasting
from traces.store import Tx
from traces.store.conversations import Arrival, Known
from traces.store.reviews import LabelChange

_LONG = 64
_WAIT_PER_TRACE = timedelta(seconds=0.05)
LONGEST_WAIT = timedelta(minutes=1)
"""For so long at most a long conversation waits to be brought up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A valid conversation as it was sent. ``is_timed``: it says when it began. ``is_complete``: it says that it ended."""

    conversation: Conversation
    digest: str
    is_timed: bool
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What ingesting did, in conversations. ``fresh`` are the traces and conversations sent that were not known before."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    fresh: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            new=self.new + other.new,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            fresh=self.fresh | other.fresh,
        )


def offer(sent: Any, received_at: datetime) -> Offer:
    """A conversation in the JSON format, checked.

    Raises:
        BadInput: It is not in the format; the error names the field.
    """
    conversation = with_costs(parse_conversation(sent, received_at=received_at))
    return Offer(
        conversation=conversation,
        digest=digest_of(sent),
        is_timed="started_at" in sent or any(m.at is not None for m in conversation.messages),
        is_complete=sent.get("ended_at") is not None,
    )


def with_costs(conversation: Conversation) -> Conversation:
    """The conversation with what its model calls cost by the price table, where it has tokens but no cost."""
    model, provider = (conversation.metadata.get(key) for key in ("model", "provider"))
    messages = tuple(_with_cost(message, model, provider) for message in conversation.messages)
    return conversation if messages == conversation.messages else replace(conversation, messages=messages)


def _with_cost(message: Message, model: Any, provider: Any) -> Message:
    if message.cost_usd is not None or message.input_tokens is None or message.role != "assistant" or message.error:
        return message
    said = message.metadata.get("provider", provider)
    cost = cost_of(
        message.model or (model if type(model) is str else None),
        said if type(said) is str else None,
        message.input_tokens,
        message.output_tokens,
    )
    return message if cost is None else replace(message, cost_usd=cost)


def take_conversations(tx: Tx, offers: Sequence[Offer], at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Store conversations; one that is stored already in the same words is left alone."""
    receipt = Receipt()
    if offers:
        tx.spans.one_at_a_time()
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
    hidden = tx.words.hidden(standing)
    standing = {i: lasting(c) if i in hidden else c for i, c in standing.items()}
    as_kept = {id(o): _as_kept(o, hidden) for o in changed}
    changed = [o for o in changed if not _is_outdated(standing.get(o.conversation.conversation_id), as_kept[id(o)])]
    changed = _beyond_what_is_stored(tx, changed, standing, hidden)
    times = quiet_times(tx, quiet)
    arrivals = [_arrival(o, known.get(o.conversation.conversation_id), at, times.of(o.conversation)) for o in changed]
    tx.conversations.put(arrivals, at)
    _take_verdicts(tx, [a.conversation for a in arrivals], at)
    fresh = frozenset(a.conversation.conversation_id for a in arrivals if a.version == 1)
    updated = len(arrivals) - len(fresh)
    return Receipt(new=len(fresh), updated=updated, unchanged=len(offers) - len(arrivals), fresh=fresh)


def _is_news(known: Known | None, offered: Offer) -> bool:
    return known is None or known.digest != offered.digest


def _as_kept(offered: Offer, hidden: Collection[str]) -> Conversation:
    """What was sent, as it would stand: of what is no longer kept word by word, without those words."""
    c = offered.conversation
    return lasting(c) if c.conversation_id in hidden else c


def _beyond_what_is_stored(
    tx: Tx, offers: Sequence[Offer], standing: Mapping[str, Conversation], hidden: Collection[str]
) -> list[Offer]:
    """Without those that say the same in other words, such as what was exported, with all the scores and labels by now."""
    same = [
        sent
        for sent in (_as_kept(offered, hidden) for offered in offers)
        if (stored := standing.get(sent.conversation_id)) is not None and _says_the_same(sent, stored)
    ]
    if not same:
        return list(offers)
    ids = [c.conversation_id for c in same]
    scores, labels = tx.scores.current(ids), tx.reviews.labels_of(ids)
    known = {
        c.conversation_id
        for c in same
        if _is_among(c.scores, scores.get(c.conversation_id, ()))
        and _is_among(c.labels, labels.get(c.conversation_id, ()))
    }
    return [offered for offered in offers if offered.conversation.conversation_id not in known]


def _says_the_same(sent: Conversation, stored: Conversation) -> bool:
    """Also where it was exported, and personal data was left out on the way."""
    said = _said(sent)
    return said == _said(stored) or (is_redacted(str(said)) and said == _said(lasting(stored)))


def _is_among(sent: Iterable[Score | Label], stored: Iterable[Score | EvaluatorFailure | Label]) -> bool:
    """Whether all of these are stored, the texts in them whole or as they were exported."""
    known = list(stored)
    left_out = Lasting()
    known += [left_out.score(one) for one in known if isinstance(one, Score)]
    known += [replace(one, note=left_out.maybe(one.note)) for one in known if isinstance(one, Label)]
    return all(one in known for one in sent)


def _said(conversation: Conversation) -> Conversation:
    """The conversation without what is kept beside it."""
    return replace(conversation, scores=(), labels=())


def _is_outdated(standing: Conversation | None, offered: Conversation) -> bool:
    """Whether what is stored has grown beyond what was sent now: an older copy came late."""
    if standing is None or standing.messages[: len(offered.messages)] != offered.messages:
        return False
    return len(offered.messages) < len(standing.messages) or _says_less(standing, offered)


def _says_less(standing: Conversation, offered: Conversation) -> bool:
    """Of the same messages: whether all else that was sent is stored already, and more is."""
    if offered.scores or offered.labels or offered.feedback or offered.user_id not in (None, standing.user_id):
        return False
    return offered.ended_at == standing.ended_at and offered.metadata.items() < standing.metadata.items()


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
    if scores:
        tx.scores.put(scores, at)
    for conversation in conversations:
        for label in conversation.labels:
            take_label(tx, label, at)


def take_label(tx: Tx, label: Label, at: datetime) -> LabelChange:
    """Store a label; one without a time is as of now. A note from which personal data was left out replaces no whole one."""
    if label.note is not None and is_redacted(label.note):
        standing = tx.reviews.standing_label(label.conversation_id, label.name, label.reviewer)
        if standing is not None and Lasting().maybe(standing.note) == label.note:
            label = replace(label, note=standing.note)
    return tx.reviews.put_label(label if label.at is not None else replace(label, at=at))


def take_spans(tx: Tx, spans: Sequence[Span], at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Store spans and bring the conversations that they belong to up to date.

    Spans may come in any order, in several requests, without their root and twice: each time the conversation is merged
    anew from what all its traces tell. A long conversation that was merged a moment ago waits for ``merge_due``.
    """
    tx.spans.one_at_a_time()
    before = tx.spans.conversations_of(sorted({s.trace_id for s in spans}))
    hidden = tx.words.hidden(set(before.values()))
    spans = _news_of(tx, spans, before, hidden)
    tx.spans.put(spans)
    held = _by_trace(spans)
    before = {trace_id: c for trace_id, c in before.items() if trace_id in held}
    # A trace that is not known has no other spans than these.
    held |= tx.spans.of_traces(t for t in held if t in before)
    told = {trace_id: told_of(of_trace) for trace_id, of_trace in held.items()}
    now = {t: conversation_id_of(held[t]) or before.get(t) or own_conversation_id(t) for t in held}
    tx.spans.assign(now, {trace_id: KEPT.pack(of_trace) for trace_id, of_trace in told.items()})
    receipt = _merge(tx, sorted(set(now.values())), told, at, quiet)
    left = sorted({c for t, c in before.items() if now[t] != c} - set(now.values()))
    _merge(tx, left, told, at, quiet)
    tx.words.look_again(set(now.values()))
    return replace(receipt, fresh=frozenset(held.keys() - before.keys()))


def _news_of(
    tx: Tx, spans: Sequence[Span], conversation_of: Mapping[str, str], hidden: Collection[str]
) -> Sequence[Span]:
    """Without those that stand there already, save for words that are no longer kept."""
    if not hidden:
        return spans
    traces = [trace_id for trace_id, of in conversation_of.items() if of in hidden]
    standing = {(s.trace_id, s.span_id): s for held in tx.spans.of_traces(traces).values() for s in held}

    def is_kept(span: Span) -> bool:
        stored = standing.get((span.trace_id, span.span_id))
        if stored is None:
            return False
        said = Lasting((conversation_of[span.trace_id], span.trace_id))
        return said.span(span) == said.span(stored)

    return [span for span in spans if not is_kept(span)]


def merge_due(tx: Tx, at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Bring long conversations up to date whose turn has come."""
    if not tx.spans.deferred(at):
        return Receipt()
    tx.spans.one_at_a_time()
    due = tx.spans.deferred(at)
    return _merge_now(tx, due, tx.conversations.known(due), {}, at, quiet)


def merge_again(tx: Tx, conversation_ids: Sequence[str], at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Put conversations together anew after a trace of theirs was taken away; one without traces is forgotten."""
    return _merge_now(tx, conversation_ids, tx.conversations.known(conversation_ids), {}, at, quiet)


def _by_trace(spans: Sequence[Span]) -> dict[str, list[Span]]:
    held: dict[str, list[Span]] = {}
    for span in {(s.trace_id, s.span_id): s for s in spans}.values():
        held.setdefault(span.trace_id, []).append(span)
    return held


def _merge(
    tx: Tx, conversation_ids: Sequence[str], told: Mapping[str, Told], at: datetime, quiet: timedelta
) -> Receipt:
    known = tx.conversations.known(conversation_ids)
    later = _later(tx, known, at)
    tx.spans.defer(later)
    receipt = _merge_now(tx, [c for c in conversation_ids if c not in later], known, told, at, quiet)
    return receipt + Receipt(updated=len(later))


def _later(tx: Tx, known: Mapping[str, Known], at: datetime) -> dict[str, datetime]:
    """When to merge the conversations that are too long to be merged with each of their turns.

    The wait grows with the length, so that a conversation without end takes a bounded share of the time.
    """
    waits = {c: min(LONGEST_WAIT, n * _WAIT_PER_TRACE) for c, n in tx.spans.sizes(known).items() if n > _LONG}
    return {c: at + wait for c, wait in waits.items() if timedelta(0) <= at - known[c].updated_at < wait}


def _merge_now(
    tx: Tx,
    conversation_ids: Sequence[str],
    known: Mapping[str, Known],
    told: Mapping[str, Told],
    at: datetime,
    quiet: timedelta,
) -> Receipt:
    traces = _told_in(tx, conversation_ids, told)
    times = quiet_times(tx, quiet)
    arrivals = []
    judged = {c: of for c, of in traces.items() if c in known and not any(map(says_something, of))}
    _judge(tx, judged, at)
    for conversation_id, told_here in traces.items():
        if conversation_id in judged:
            continue
        standing = known.get(conversation_id)
        is_hidden = standing is not None and standing.are_words_hidden
        conversation = merged(conversation_id, told_here, are_words_hidden=is_hidden)
        body = to_json(conversation)
        digest = digest_of(body)
        if standing is None or standing.digest != digest:
            version = 1 if standing is None else standing.version + 1
            settle_at = _quiet_at(conversation, times.of(conversation))
            arrivals.append(
                Arrival(conversation=conversation, version=version, digest=digest, settle_at=settle_at, body=body)
            )
    tx.conversations.put(arrivals, at)
    _take_verdicts(tx, [a.conversation for a in arrivals], at)
    tx.spans.no_longer_deferred(conversation_ids)
    _forget(tx, [c for c in conversation_ids if c not in traces], at)
    updated = sum(a.version > 1 for a in arrivals)
    return Receipt(new=len(arrivals) - updated, updated=updated, unchanged=len(traces) - len(arrivals))


def says_something(told: Told) -> bool:
    """Whether a trace told of the conversation itself, and not only scores."""
    return told.lived or any(step[0] != "end" for step in told.steps)


def _judge(tx: Tx, traces: Mapping[str, list[Told]], at: datetime) -> None:
    """Keep the scores of conversations of which all but scores came otherwise: who judges one must not rewrite it."""
    standing = tx.conversations.many(traces)
    applications = {c: conversation.metadata.get("application") for c, conversation in standing.items()}
    _take_verdicts(tx, [merged(c, traces[c], applications[c]) for c in standing], at)


def _told_in(tx: Tx, conversation_ids: Sequence[str], fresh: Mapping[str, Told]) -> dict[str, list[Told]]:
    """What the traces of each conversation tell; a conversation that has none any more is left out."""
    kept = tx.spans.told_in(conversation_ids, besides=fresh)
    told = {t: KEPT.unpack(t, body) for traces in kept.values() for t, body in traces.items() if t not in fresh}
    again = tx.spans.of_traces(t for t, of_trace in told.items() if of_trace is None)
    return {
        conversation_id: [fresh.get(t) or told[t] or told_of(again[t]) for t in traces]
        for conversation_id, traces in kept.items()
    }


def _forget(tx: Tx, conversation_ids: Sequence[str], at: datetime) -> None:
    """Leave nothing that counts of conversations whose traces all belong to others now."""
    if not conversation_ids:
        return
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


def digest_of(sent: Any) -> str:
    """By which what was sent is compared with what is stored."""
    return blake2b(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
