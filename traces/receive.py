"""From what other products' clients sent to what is stored, where spans come in parts and feedback comes by itself.

Idempotent, in the caller's transaction, like ``traces.ingest``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from traces.ingest import Receipt, merge_again, take_spans
from traces.model import Change, Feedback, Span
from traces.parts import PART, Parts
from traces.quiet import QUIET
from traces.redacted import Lasting
from traces.store import Tx
from traces.store.feedback import Given


def take_parts(tx: Tx, parts: Parts, at: datetime, quiet: timedelta = QUIET) -> Receipt:
    """Store parts of spans and bring the conversations that they belong to up to date.

    A part that does not name its trace goes to the trace of its span; while that is not known, to a trace of its own, from
    where it is taken once a part of the same span names the trace.
    """
    tx.spans.one_at_a_time()
    named = {s.parent_id or "": s.trace_id for s in parts.spans if s.name == PART and s.span_id not in parts.placed_by}
    standing = tx.placing.traces_of(sorted({*named, *parts.placed_by.values()}))
    spans = [_placed(span, parts.placed_by, named, standing) for span in parts.spans]
    placed = ((parts.placed_by.get(s.span_id) or (s.parent_id if s.name == PART else None), s.trace_id) for s in spans)
    places = {about: trace_id for about, trace_id in placed if about is not None}
    tx.placing.place({span_id: trace_id for span_id, trace_id in places.items() if standing.get(span_id) != trace_id})
    moved, receipt = _moved(tx, {s: t for s, t in places.items() if standing.get(s, t) != t}, standing, at, quiet)
    return receipt + take_spans(tx, [*moved, *spans], at, quiet)


def _placed(span: Span, placed_by: Mapping[str, str], named: Mapping[str, str], standing: Mapping[str, str]) -> Span:
    about = placed_by.get(span.span_id)
    if about is None:
        return span
    return replace(span, trace_id=named.get(about) or standing.get(about) or span.trace_id)


def _moved(
    tx: Tx, places: Mapping[str, str], standing: Mapping[str, str], at: datetime, quiet: timedelta
) -> tuple[list[Span], Receipt]:
    """What waited in traces of their own for spans whose traces are known now, under those traces."""
    moved: list[Span] = []
    receipt = Receipt()
    for span_id, trace_id in places.items():
        before = standing[span_id]
        conversations = tx.spans.conversations_of([before])
        taken, left = tx.placing.take_out(before, span_id)
        moved += [replace(span, trace_id=trace_id) for span in taken]
        if left:
            receipt += take_spans(tx, left, at, quiet)
        elif before in conversations:
            receipt += merge_again(tx, [conversations[before]], at, quiet)
    return moved, receipt


def take_feedback(tx: Tx, given: Sequence[Given], at: datetime) -> int:
    """Store feedback, with the conversations that it is about or until they come; returns how much of it was news.

    Feedback without a time is as of now, unless it repeats what the same user said last.
    """
    timed = [g if g.feedback.at else replace(g, feedback=replace(g.feedback, at=at)) for g in given]
    known = tx.feedback.known([g.feedback_id for g in given])
    news = [
        later
        for said, later in zip(given, timed, strict=True)
        if (before := known.get(said.feedback_id)) is None
        or not _is_kept(before, later.feedback, replace(said.feedback, at=said.feedback.at or before.at))
    ]
    tx.feedback.put(news)
    in_trace = tx.spans.conversations_of(sorted({g.trace_id for g in news if g.trace_id}))
    about = {g.conversation_id or in_trace.get(g.trace_id or "") for g in news}
    for conversation_id in sorted(filter(None, about)):
        tx.conversations.refresh_feedback(conversation_id, at)
    return len(news)


def _is_kept(stored: Feedback, *said: Feedback) -> bool:
    """Whether it stands there already, save for words that are no longer kept."""
    return stored in said or stored in [Lasting().feedback(one) for one in said]


def take_changes(tx: Tx, changes: Sequence[Change]) -> int:
    """Store markers of deploys and the like; returns how many were given."""
    tx.state.note_changes(changes)
    return len(changes)
