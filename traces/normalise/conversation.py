"""Conversations out of spans: in any order, with duplicates, without roots, over several traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from traces import limits
from traces.model import Conversation, JsonMap, Message, Score, Span
from traces.normalise import mapping
from traces.normalise.attributes import find_text
from traces.normalise.mapping import Names
from traces.normalise.telling import CONTROL, SCRUBBED, told_of
from traces.normalise.told import Told, preferred
from traces.normalise.transcript import Transcript, hidden_key_of, key_of

_ID_HOLDERS: Final = frozenset(name.partition("#")[0] for name in mapping.CONVERSATION_ID)
_MOST_METADATA: Final = 64


def own_conversation_id(trace_id: str) -> str:
    """The id of the conversation that a trace without any conversation id is."""
    return f"trace:{trace_id}"


def conversation_id_of(spans: Sequence[Span]) -> str | None:
    """The conversation that one trace belongs to: the most preferred id on any of its spans, else on a resource.

    Ids that a client's privacy filter wrote over, and ids longer than ``limits.ID_CHARACTERS``, are none.
    """
    carrying = [span for span in spans if not _ID_HOLDERS.isdisjoint(span.attributes)]
    carrying.sort(key=lambda span: (span.started_at, span.span_id))
    return _first_id(mapping.CONVERSATION_ID, [span.attributes for span in carrying]) or _first_id(
        mapping.CONVERSATION_ID_OF_RESOURCE, _resources(spans)
    )


def _resources(spans: Sequence[Span]) -> list[JsonMap]:
    """The resources that may name a conversation, by when their spans began; spans of one export share theirs."""
    held = {id(span.resource): span for span in sorted(spans, key=lambda span: span.started_at, reverse=True)}
    naming = [span for span in held.values() if not _ID_HOLDERS.isdisjoint(span.resource)]
    return [span.resource for span in sorted(naming, key=lambda span: (span.started_at, span.span_id))]


def _first_id(names: Names, holders: Sequence[JsonMap]) -> str | None:
    for name in names:
        for attributes in holders:
            said = find_text(attributes, (name,))
            if said and len(said) <= limits.ID_CHARACTERS and not SCRUBBED.search(said) and not CONTROL.search(said):
                return said
    return None


def conversation_of(conversation_id: str, spans: Iterable[Span]) -> Conversation:
    """The conversation that ``spans`` tell, each trace being a turn.

    Raises:
        ValueError: Without any span.
    """
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    return merged(conversation_id, [told_of(held) for held in by_trace.values()])


def merged(
    conversation_id: str, traces: Iterable[Told], application: str | None = None, *, are_words_hidden: bool = False
) -> Conversation:
    """The conversation that traces add up to, whatever order they are given in.

    Args:
        conversation_id: Its id.
        traces: What they told, at least one.
        application: Whose it is where it did not come as traces.
        are_words_hidden: Whether some of them stand there without words that are no longer kept, while others repeat these
            in the history that model calls are given.

    Raises:
        ValueError: Without any trace.
    """
    ordered = sorted(traces, key=lambda told: (told.began_at, told.trace_id))
    lived = [told for told in ordered if told.lived] or ordered
    application = application or preferred(lived, "application")
    transcript = Transcript(hidden_key_of if are_words_hidden else key_of)
    scores: list[Score] = []
    for told in ordered:
        transcript.tell(told.steps)
        turn = transcript.turn()
        if _may_judge(told, application):
            scores += [replace(score, turn=turn) for score in told.scores]
    return Conversation(
        conversation_id=conversation_id,
        started_at=min(told.started_at for told in lived),
        ended_at=max(told.ended_at for told in lived),
        user_id=preferred(ordered, "user_id"),
        metadata=_metadata(lived, transcript.messages),
        messages=tuple(transcript.messages[-limits.MESSAGES :]),
        trace_ids=tuple(told.trace_id for told in lived),
        scores=tuple(scores),
    )


def _may_judge(told: Told, application: str | None) -> bool:
    """Whether scores that came by themselves count: not where the key that they came with is of another application."""
    place, _, said = told.texts.get("application", (1, False, ""))
    return told.lived or place != 0 or application in (None, said)


def _metadata(traces: Sequence[Told], messages: Sequence[Message]) -> dict[str, Any]:
    answered = Counter(message.model for message in messages if message.model and message.error is None)
    models = answered or Counter(message.model for message in messages if message.model)
    providers = Counter(message.metadata["provider"] for message in messages if "provider" in message.metadata)
    named = {
        "application": preferred(traces, "application"),
        "environment": preferred(traces, "environment"),
        "release": preferred(traces, "release"),
        "model": models.most_common(1)[0][0] if models else None,
        "provider": providers.most_common(1)[0][0] if providers else None,
        "prompt_name": preferred(traces, "prompt_name"),
        "prompt_version": preferred(traces, "prompt_version"),
    }
    return _own(traces) | {key: value for key, value in named.items() if value is not None}


def _own(traces: Sequence[Told]) -> dict[str, Any]:
    """The keys that the application itself set, and not too many: the last in JSON, else the first."""
    found: dict[str, tuple[bool, Any]] = {}
    for told in traces:
        for key, said in told.own.items():
            if said[0] or key not in found:
                found[key] = said
    return {key: value for key, (_, value) in list(found.items())[:_MOST_METADATA]}
