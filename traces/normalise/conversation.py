"""Conversations out of spans: in any order, with duplicates, without roots, over several traces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from traces import limits
from traces.conversation_format import NAMED_METADATA, value_of_label
from traces.fields import LARGEST, clean
from traces.model import Conversation, Message, Score, Span
from traces.normalise import mapping
from traces.normalise.attributes import find, find_text, json_of, text_of
from traces.normalise.calls import documents_of, input_of, measured, output_of, tool_run_of
from traces.normalise.messages import messages_of
from traces.normalise.trace import Trace
from traces.normalise.transcript import Transcript
from traces.otlp_logs import LOGGED

_SCRUBBED: Final = re.compile(r"^\[?scrubbed due to|^(null|none|undefined|unknown|n/a)$", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ID_HOLDERS: Final = frozenset(name.partition("#")[0] for name in mapping.CONVERSATION_ID)
_IDENTITIES: Final = frozenset((*mapping.CONVERSATION_ID, *mapping.USER_ID))
_MOST_METADATA: Final = 64
_UNNAMED: Final = "unknown_service"


def own_conversation_id(trace_id: str) -> str:
    """The id of the conversation that a trace without any conversation id is."""
    return f"trace:{trace_id}"


def conversation_id_of(spans: Sequence[Span]) -> str | None:
    """The conversation that one trace belongs to: the most preferred id on any of its spans.

    Ids that a client's privacy filter wrote over, and ids longer than ``limits.ID_CHARACTERS``, are none.
    """
    carrying = [span for span in spans if not _ID_HOLDERS.isdisjoint(span.attributes)]
    carrying.sort(key=lambda span: (span.started_at, span.span_id))
    for name in mapping.CONVERSATION_ID:
        for span in carrying:
            said = find_text(span.attributes, (name,))
            if said and len(said) <= limits.ID_CHARACTERS and not _SCRUBBED.search(said) and not _CONTROL.search(said):
                return said
    return None


def conversation_of(conversation_id: str, spans: Iterable[Span]) -> Conversation:
    """The conversation that ``spans`` tell, each trace being a turn.

    Raises:
        ValueError: Without any span.
    """
    traces = _traces(spans)
    every = [span for trace in traces for span in trace.spans]
    # What was only logged, such as a person's score days later, is no part of when and in which traces people talked.
    lived = [span for span in every if span.name != LOGGED] or every
    transcript = Transcript()
    scores: list[Score] = []
    for trace in traces:
        _tell(trace, transcript)
        scores += _scores(trace, transcript.turn())
    return Conversation(
        conversation_id=conversation_id,
        started_at=min(span.started_at for span in lived),
        ended_at=max(span.ended_at for span in lived),
        user_id=next(_texts(every, mapping.USER_ID), None),
        metadata=_metadata(every, transcript.messages),
        messages=tuple(transcript.messages[-limits.MESSAGES :]),
        trace_ids=tuple(dict.fromkeys(span.trace_id for span in lived)),
        scores=tuple(scores),
    )


def _traces(spans: Iterable[Span]) -> list[Trace]:
    """The traces in the order they began. Of a span that came twice the fuller one counts."""
    by_trace: dict[str, dict[str, Span]] = {}
    for span in spans:
        held = by_trace.setdefault(span.trace_id, {})
        before = held.get(span.span_id)
        if before is None or len(span.attributes) >= len(before.attributes):
            held[span.span_id] = span
    return sorted(
        (Trace(held.values()) for held in by_trace.values()), key=lambda trace: (trace.started_at, trace.trace_id)
    )


def _tell(trace: Trace, transcript: Transcript) -> None:
    transcript.begin_trace()
    errors = dict(trace.errors)
    asked = cache(lambda: _asked_of_agent(trace))
    for span in trace.steps:
        kind = trace.kinds[span.span_id]
        error = errors.pop(span.span_id, None)
        if kind == "llm":
            given, answer = _spoken(span, trace.call_around(span), error)
            transcript.hear(given or asked(), span)
            transcript.say(measured(answer, span, error))
        elif kind == "tool":
            transcript.run(*tool_run_of(span, error))
        else:
            transcript.retrieve(documents_of(span))
            if error is not None:
                transcript.fail(error, span)
    if not any(trace.kinds[span.span_id] == "llm" for span in trace.steps):
        _tell_from_outside(trace, transcript)
    transcript.end_trace()
    for span in trace.spans:
        if span.span_id in errors:
            transcript.fail(errors[span.span_id], span)


def _spoken(span: Span, outer: Span | None, error: str | None) -> tuple[list[Message], Message]:
    """What a model call was given and said; where its own span is silent, what the call around it recorded."""
    given, answer = input_of(span), output_of(span)
    if outer is None:
        return given, answer
    if error is None and not answer.content and not answer.tool_calls:
        answer = output_of(outer)
    return given or input_of(outer), answer


def _asked_of_agent(trace: Trace) -> list[Message]:
    """What the user said, from the agent around a model call that recorded nothing."""
    for span in trace.spans:
        said = messages_of(find(span.attributes, mapping.ALL_MESSAGES), "user")
        asked = [message for message in said if message.role == "user"]
        if asked:
            return asked[-1:]
    return []


def _tell_from_outside(trace: Trace, transcript: Transcript) -> None:
    """A turn without recorded model calls, from the input and output of its root."""
    span = trace.root
    if trace.kinds[span.span_id] not in ("agent", "other"):
        return
    given, answer = input_of(span), output_of(span)
    if not answer.content:
        return
    transcript.hear(given, span)
    transcript.say(measured(answer, span, None))


# --- what stands beside the messages -----------------------------------------------------------------------


def _texts(spans: Sequence[Span], names: mapping.Names) -> Iterator[str]:
    """What ``names`` say, the most preferred first; resources count after the spans themselves."""
    held = [span.attributes for span in spans]
    resources = {id(span.resource): span.resource for span in spans}
    for name in names:
        for attributes in (*held, *resources.values()):
            if attributes.get(name.partition("#")[0]) is None:
                continue
            said = find_text(attributes, (name,))
            if said and not _SCRUBBED.search(said):
                yield said


def _metadata(spans: list[Span], messages: list[Message]) -> dict[str, Any]:
    applications = (name for name in _texts(spans, mapping.APPLICATION) if not name.startswith(_UNNAMED))
    answered = Counter(message.model for message in messages if message.model and message.error is None)
    models = answered or Counter(message.model for message in messages if message.model)
    providers = Counter(message.metadata["provider"] for message in messages if "provider" in message.metadata)
    named = {
        "application": next(applications, None),
        "environment": next(_texts(spans, mapping.ENVIRONMENT), None),
        "release": next(_texts(spans, mapping.RELEASE), None),
        "model": models.most_common(1)[0][0] if models else None,
        "provider": providers.most_common(1)[0][0] if providers else None,
        "prompt_name": next(_texts(spans, mapping.PROMPT_NAME), None),
        "prompt_version": next(_texts(spans, mapping.PROMPT_VERSION), None),
    }
    return _own_metadata(spans) | {key: value for key, value in named.items() if value is not None}


def _own_metadata(spans: list[Span]) -> dict[str, Any]:
    """The keys that the application itself set: single values only, and not too many."""
    found: dict[str, Any] = {}
    for span in spans:
        for name, value in span.attributes.items():
            if name in mapping.METADATA_JSON:
                inside = json_of(value)
                found |= _without_identities(name, inside) if type(inside) is dict else {}
            if name.startswith(mapping.METADATA_PREFIXES) and name not in _IDENTITIES:
                prefix = next(prefix for prefix in mapping.METADATA_PREFIXES if name.startswith(prefix))
                found.setdefault(name.removeprefix(prefix), json_of(value))
    single = {clean(key): value for key, value in found.items() if type(value) in _single(key)}
    return dict(list(single.items())[:_MOST_METADATA])


def _single(key: str) -> tuple[type, ...]:
    return (str,) if key in NAMED_METADATA else (str, int, float, bool)


def _without_identities(holder: str, inside: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inside.items() if f"{holder}#{key}" not in _IDENTITIES}


def _scores(trace: Trace, turn: int | None) -> list[Score]:
    """The evaluations that clients recorded as events of spans."""
    scores: list[Score] = []
    for span in trace.spans:
        for name, _, attributes in span.events:
            if name == mapping.EVALUATION_EVENT:
                scores += _score(attributes, turn, "gen_ai.evaluation.")
            elif name == mapping.LANGWATCH_EVALUATION_EVENT:
                inside = json_of(attributes.get("json_encoded_event"))
                scores += _score(inside, turn, "") if type(inside) is dict else []
    return scores


def _score(raw: Any, turn: int | None, prefix: str) -> list[Score]:
    name = _CONTROL.sub(" ", find_text(raw, (f"{prefix}name",)) or "").strip()
    if not name:
        return []
    value = find(raw, (f"{prefix}score.value", f"{prefix}score", f"{prefix}passed"))
    label = find_text(raw, (f"{prefix}score.label", f"{prefix}label"))
    return [
        Score(
            name=name[: limits.ID_CHARACTERS],
            value=_number(value) if value is not None else value_of_label(label or ""),
            label=label,
            explanation=find_text(raw, (f"{prefix}explanation", f"{prefix}details")),
            source="external",
            turn=turn,
        )
    ]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return value_of_label(text_of(value))
    return number if abs(number) <= LARGEST else None
