"""What one trace tells: who said what, what was run and found, what failed, and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from traces import limits
from traces.conversation_format import NAMED_METADATA, value_of_label
from traces.fields import LARGEST, clean
from traces.model import JsonMap, Message, Score, Span
from traces.normalise import mapping
from traces.normalise.attributes import find, find_text, json_of, text_of
from traces.normalise.calls import documents_of, input_of, measured, output_of, tool_run_of
from traces.normalise.messages import messages_of
from traces.normalise.told import Said, Step, Told, score_of
from traces.normalise.trace import Trace, kind_of
from traces.otlp_logs import LOGGED

SCRUBBED: Final = re.compile(r"^\[?scrubbed due to|^(null|none|undefined|unknown|n/a)$", re.IGNORECASE)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_IDENTITIES: Final = frozenset((*mapping.CONVERSATION_ID, *mapping.USER_ID))
_OPERATION: Final = "gen_ai.operation.name"
_OF_REALTIME: Final = frozenset({"llm_response", mapping.CALLING})
_STAMP: Final = mapping.APPLICATION[0]
_UNNAMED: Final = "unknown_service"
_Placed: TypeAlias = Sequence[tuple[int, str]]
"""Names, each with its place among all that mean the same."""
_TEXTS: Final = {
    field: [(place, name, name.partition("#")[0]) for place, name in enumerate(names)]
    for field, names in (
        ("user_id", mapping.USER_ID),
        ("application", mapping.APPLICATION),
        ("environment", mapping.ENVIRONMENT),
        ("release", mapping.RELEASE),
        ("prompt_name", mapping.PROMPT_NAME),
        ("prompt_version", mapping.PROMPT_VERSION),
    )
}


def told_of(spans: Sequence[Span]) -> Told:
    """What the spans of one trace tell. Of a span that came twice the fuller one counts.

    Raises:
        ValueError: Without any span.
    """
    trace = Trace(_without_repeats(spans))
    # What was only logged, such as a person's score days later, is no part of when people talked.
    lived = [span for span in trace.spans if span.name != LOGGED]
    timed = lived or trace.spans
    texts = _texts(timed)
    return Told(
        trace_id=trace.trace_id,
        began_at=trace.started_at,
        started_at=min(span.started_at for span in timed),
        ended_at=max(span.ended_at for span in timed),
        lived=bool(lived),
        steps=list(_steps(trace)),
        texts=texts,
        own=_own(trace.spans),
        scores=_scores(trace, texts),
    )


def _without_repeats(spans: Sequence[Span]) -> list[Span]:
    held: dict[str, Span] = {}
    for span in spans:
        before = held.get(span.span_id)
        if before is None or len(span.attributes) >= len(before.attributes):
            held[span.span_id] = span
    return list(held.values())


def _steps(trace: Trace) -> Iterator[Step]:
    errors = dict(trace.errors)
    asked = cache(lambda: _asked_of_agent(trace))
    for span in trace.steps:
        kind = trace.kinds[span.span_id]
        error = errors.pop(span.span_id, None)
        if kind == "llm":
            given, answer = _spoken(span, trace.call_around(span), error)
            yield "hear", given or _asked_before(trace, span) or asked(), span.started_at
            yield "say", measured(answer, span, error), None
        elif kind == "tool":
            yield "run", *tool_run_of(span, error)
        else:
            yield "retrieve", documents_of(span), None
            if error is not None:
                yield "fail", error, span.ended_at
    if not any(trace.kinds[span.span_id] == "llm" for span in trace.steps):
        yield from _steps_from_outside(trace)
    yield "end", None, None
    for span in trace.spans:
        if span.span_id in errors:
            yield "fail", errors[span.span_id], span.ended_at


def _spoken(span: Span, outer: Span | None, error: str | None) -> tuple[list[Message], Message]:
    """What a model call was given and said; where its own span is silent, what the call around it recorded."""
    given, answer = input_of(span), output_of(span)
    if outer is None:
        return given, answer
    if error is None and not answer.content and not answer.tool_calls:
        answer = output_of(outer)
    return given or input_of(outer), answer


def _asked_before(trace: Trace, answer: Span) -> list[Message]:
    """What stands in spans before an answer over Pipecat's realtime services: its request, or what was heard."""
    if text_of(answer.attributes.get(_OPERATION)) not in _OF_REALTIME:
        return []
    before = [span for span in trace.spans if span.started_at <= answer.started_at]
    asked = next((span for span in reversed(before) if span.attributes.get(_OPERATION) == mapping.ASKING), None)
    if asked is not None:
        return input_of(asked)
    answered = max((s.started_at for s in before if s is not answer and kind_of(s) == "llm"), default=None)
    heard = [
        text_of(span.attributes.get("transcript"))
        for span in before
        if span.attributes.get(_OPERATION) == mapping.HEARING
        and span.attributes.get("is_final") is not False
        and (answered is None or span.started_at >= answered)
    ]
    return [Message(role="user", content=said) for said in heard if said]


def _asked_of_agent(trace: Trace) -> list[Message]:
    """What the user said, from the agent around a model call that recorded nothing."""
    for span in trace.spans:
        said = messages_of(find(span.attributes, mapping.ALL_MESSAGES), "user")
        asked = [message for message in said if message.role == "user"]
        if asked:
            return asked[-1:]
    return []


def _steps_from_outside(trace: Trace) -> Iterator[Step]:
    """A turn without recorded model calls, from the input and output of its root."""
    span = trace.root
    if trace.kinds[span.span_id] not in ("agent", "other"):
        return
    given, answer = input_of(span), output_of(span)
    if not answer.content:
        return
    yield "hear", given, span.started_at
    yield "say", measured(answer, span, None), None


# --- what stands beside the messages -----------------------------------------------------------------------


def _texts(spans: Sequence[Span]) -> dict[str, Said]:
    own = [span.attributes for span in spans]
    resources = list({id(span.resource): span.resource for span in spans}.values())
    present = frozenset[str]().union(*own, *resources)
    found: dict[str, Said] = {}
    for field, names in _TEXTS.items():
        # Of dozens of names a trace has a few: what it lacks is looked for once, and not on each of its spans.
        held = [(place, name) for place, name, holder in names if holder in present]
        if held and (said := _text(field, held, len(names), own, resources)) is not None:
            found[field] = said
    return found


def _text(field: str, names: _Placed, in_all: int, own: Sequence[JsonMap], resources: Sequence[JsonMap]) -> Said | None:
    """What the most preferred name says; resources count after the spans themselves, for a user under any name."""
    if field == "user_id":
        said = _said(field, names, own, ()) or _said(field, names, (), resources)
        return said and (said[0] + in_all * said[1], said[1], said[2])
    return _said(field, names, own, resources)


def _said(field: str, names: _Placed, own: Sequence[JsonMap], resources: Sequence[JsonMap]) -> Said | None:
    for place, name in names:
        for from_resource, held in ((False, own), (True, resources)):
            for attributes in held:
                said = find_text(attributes, (name,))
                if said and not SCRUBBED.search(said) and (field != "application" or not said.startswith(_UNNAMED)):
                    return place, from_resource, said
    return None


def _own(spans: Sequence[Span]) -> dict[str, tuple[bool, Any]]:
    """The keys that the application itself set, single values only: the last in JSON, else the first."""
    found: dict[str, tuple[bool, Any]] = {}
    for span in spans:
        for name, value in span.attributes.items():
            if name in mapping.METADATA_JSON:
                inside = json_of(value)
                found |= _without_identities(name, inside) if type(inside) is dict else {}
            elif name.startswith(mapping.METADATA_PREFIXES) and name not in _IDENTITIES:
                prefix = next(prefix for prefix in mapping.METADATA_PREFIXES if name.startswith(prefix))
                found.setdefault(name.removeprefix(prefix), (False, json_of(value)))
    return {clean(key): said for key, said in found.items() if type(said[1]) in _single(key) and _is_finite(said[1])}


def _is_finite(value: Any) -> bool:
    return type(value) not in (int, float) or abs(value) <= LARGEST


def _single(key: str) -> tuple[type, ...]:
    return (str,) if key in NAMED_METADATA else (str, int, float, bool)


def _without_identities(holder: str, inside: dict[str, Any]) -> dict[str, tuple[bool, Any]]:
    return {key: (True, value) for key, value in inside.items() if f"{holder}#{key}" not in _IDENTITIES}


def _scores(trace: Trace, texts: Mapping[str, Said]) -> list[Score]:
    """The evaluations that clients recorded as events of spans, but for what a key of another application sent."""
    scores: list[Score] = []
    application = texts.get("application", (0, False, None))[2]
    for span in trace.spans:
        if span.attributes.get(_STAMP, application) != application:
            continue
        for name, _, attributes in span.events:
            if name == mapping.EVALUATION_EVENT:
                scores += _score(attributes, "gen_ai.evaluation.")
            elif name == mapping.LANGWATCH_EVALUATION_EVENT:
                inside = json_of(attributes.get("json_encoded_event"))
                scores += _score(inside, "") if type(inside) is dict else []
    return scores


def _score(raw: Any, prefix: str) -> list[Score]:
    name = CONTROL.sub(" ", find_text(raw, (f"{prefix}name",)) or "").strip()
    if not name:
        return []
    value = find(raw, (f"{prefix}score.value", f"{prefix}score", f"{prefix}passed"))
    label = find_text(raw, (f"{prefix}score.label", f"{prefix}label"))
    return [
        score_of(
            name[: limits.ID_CHARACTERS],
            _number(value) if value is not None else value_of_label(label or ""),
            label,
            find_text(raw, (f"{prefix}explanation", f"{prefix}details")),
        )
    ]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return value_of_label(text_of(value))
    return number if abs(number) <= LARGEST else None
