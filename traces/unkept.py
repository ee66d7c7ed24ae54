"""Takes words out of what is stored of conversations, their traces and what was said of them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from traces.conversation_format import to_json
from traces.ingest import digest_of, says_something
from traces.model import Conversation, Span
from traces.normalise import KEPT, Told, merged, told_of
from traces.normalise.told import read_back
from traces.redacted import Lasting
from traces.schema import packed, unpacked
from traces.store import Tx


def hide(tx: Tx, conversation_ids: Sequence[str]) -> None:
    """Replace personal data and secrets in all that is stored of these conversations by ``[kind]``.

    What their traces add up to afterwards is what they are compared by, so that merging them anew changes nothing.
    """
    tx.spans.one_at_a_time()
    standing = tx.conversations.many(conversation_ids)
    kept = tx.spans.told_in(conversation_ids)
    spans = tx.spans.of_traces(trace_id for traces in kept.values() for trace_id in traces)
    for conversation_id, conversation in standing.items():
        _hide(tx, conversation, kept.get(conversation_id, {}), spans)
    tx.words.hide_beside(list(standing))


def _hide(
    tx: Tx, conversation: Conversation, kept: Mapping[str, bytes | None], spans: Mapping[str, Sequence[Span]]
) -> None:
    said = Lasting((conversation.conversation_id, *kept, *conversation.trace_ids))
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
    digest = digest_of(to_json(merged(conversation.conversation_id, told))) if came_as_traces else None
    redacted = said.conversation(conversation)
    tx.words.hide(redacted, to_json(redacted), digest)
    _hide_feedback(tx, conversation, said)


def _told_again(trace_id: str, body: bytes | None, said: Lasting) -> Told | None:
    """What a trace told whose spans are gone."""
    return None if body is None else read_back(trace_id, unpacked(packed(said.json(unpacked(body)))))


def _hide_feedback(tx: Tx, conversation: Conversation, said: Lasting) -> None:
    given = tx.feedback.about([conversation.conversation_id], conversation.trace_ids)
    tx.feedback.put([replace(one, feedback=said.feedback(one.feedback)) for one in given])
