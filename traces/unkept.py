"""Takes words out of what is stored of conversations, their traces and what was said of them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from traces.columns import packed, unpacked
from traces.conversation_format import feedback_to_json, to_json
from traces.ingest import digest_of, says_something
from traces.model import Conversation, Span
from traces.normalise import KEPT, Told, merged, told_of
from traces.normalise.told import read_back
from traces.redacted import Lasting
from traces.store import Tx

_Traces = Mapping[str, Mapping[str, bytes | None]]


def hide(tx: Tx, conversation_ids: Sequence[str], known: dict[str, str] | None = None) -> int:
    """Replace personal data and secrets in all that is stored of these conversations by ``[kind]``.

    What their traces add up to afterwards is what they are compared by, so that merging them anew changes nothing. Of
    conversations without any, nothing is written but that they were looked at.

    Args:
        tx: A transaction that writes.
        conversation_ids: Which conversations.
        known: What stands in place of texts that were looked at before; it grows.

    Returns:
        How many conversations were written anew.
    """
    tx.spans.one_at_a_time()
    known = {} if known is None else known
    kept = tx.spans.told_in(conversation_ids)
    versions = _without_any(tx, conversation_ids, kept, known)
    tx.words.nothing_to_hide(versions)
    _hide_all(tx, [i for i in conversation_ids if i not in versions], kept, known)
    return len(conversation_ids) - len(versions)


def _without_any(tx: Tx, ids: Sequence[str], kept: _Traces, known: dict[str, str]) -> dict[str, int]:
    """The versions of conversations in which nothing is to be replaced. Nothing but JSON is read for that."""
    standing = tx.words.standing(ids)
    spans = tx.spans.words_of([trace_id for i in standing for trace_id in kept.get(i, ())])
    given = _feedback(tx, ids, kept)
    found = {}
    for conversation_id, stored in standing.items():
        traces = kept.get(conversation_id, {})
        said = Lasting((conversation_id, *traces), known)
        # What a trace told stands in its spans.
        told = (spans.get(t) or (None if body is None else unpacked(body)) for t, body in traces.items())
        if not any(map(said.holds, (*stored.words, given.get(conversation_id), *told))):
            found[conversation_id] = stored.version
    return found


def _feedback(tx: Tx, ids: Sequence[str], kept: _Traces) -> dict[str, list[Any]]:
    conversation_of = {trace_id: i for i in ids for trace_id in kept.get(i, ())}
    found: dict[str, list[Any]] = {}
    for given in tx.feedback.about(ids, list(conversation_of)):
        about = given.conversation_id or conversation_of[given.trace_id or ""]
        found.setdefault(about, []).append(feedback_to_json(given.feedback))
    return found


def _hide_all(tx: Tx, ids: Sequence[str], kept: _Traces, known: dict[str, str]) -> None:
    standing = tx.conversations.many(ids)
    spans = tx.spans.of_traces(trace_id for i in standing for trace_id in kept.get(i, ()))
    for conversation_id, conversation in standing.items():
        _hide(tx, conversation, kept.get(conversation_id, {}), spans, known)
    tx.words.hide_beside(list(standing), Lasting(standing, known))


def _hide(
    tx: Tx,
    conversation: Conversation,
    kept: Mapping[str, bytes | None],
    spans: Mapping[str, Sequence[Span]],
    known: dict[str, str],
) -> None:
    said = Lasting((conversation.conversation_id, *kept, *conversation.trace_ids), known)
    told: list[Told] = []
    for trace_id, body in kept.items():
        hidden = [said.span(span) for span in spans.get(trace_id, ())]
        tx.spans.put([new for new, old in zip(hidden, spans.get(trace_id, ()), strict=True) if new != old])
        one = told_of(hidden) if hidden else _told_again(trace_id, body, said)
        if one is not None:
            told.append(one)
    tx.spans.assign(
        {one.trace_id: conversation.conversation_id for one in told}, {t.trace_id: KEPT.pack(t) for t in told}
    )
    came_as_traces = any(map(says_something, told))
    digest = None
    if came_as_traces:
        digest = digest_of(to_json(merged(conversation.conversation_id, told, are_words_hidden=True)))
    redacted = said.conversation(conversation)
    tx.words.hide(redacted, to_json(redacted), digest)
    _hide_feedback(tx, conversation, said)


def _told_again(trace_id: str, body: bytes | None, said: Lasting) -> Told | None:
    """What a trace told whose spans are gone."""
    return None if body is None else read_back(trace_id, unpacked(packed(said.json(unpacked(body)))))


def _hide_feedback(tx: Tx, conversation: Conversation, said: Lasting) -> None:
    given = tx.feedback.about([conversation.conversation_id], conversation.trace_ids)
    tx.feedback.put([replace(one, feedback=said.feedback(one.feedback)) for one in given])
