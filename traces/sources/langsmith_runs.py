"""LangSmith's runs, as its SDKs send them: singly, in batches, or as the parts of a multipart form.

A run is posted when it begins and patched when it ends; either may come first. Its trace is named by ``trace_id`` or by the
first step of ``dotted_order``; old clients name neither when they patch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from traces.errors import BadInput
from traces.fields import Table, identifier, json_value, moment, optional, read, text, under, wrong_kind
from traces.model import JsonMap, Span
from traces.normalise.attributes import amount
from traces.otlp_logs import LOGGED
from traces.otlp_span import check_count, moment_of
from traces.parts import Parts, digest, part_of, span_id_of, trace_id_of

Verb = Literal["post", "patch"]
_PRODUCT: Final = "langsmith"
_LATEST_MS: Final = 2**43
_UNTOLD: Final = ("ls_", "LANGSMITH_", "LANGCHAIN_")
"""What the SDK writes into the metadata by itself."""


def _time(value: Any) -> datetime:
    """ISO 8601, or milliseconds since 1970 as the JavaScript SDK has them."""
    if type(value) in (int, float):
        if not 0 <= value < _LATEST_MS:
            raise BadInput("is not a time in milliseconds since 1970")
        return moment_of(int(value * 1_000_000))
    return moment(value)


_RUN: Final[Table] = {
    "id": ("id", identifier),
    "trace_id": ("trace_id", optional(identifier)),
    "dotted_order": ("dotted_order", optional(text)),
    "parent_run_id": ("parent", optional(identifier)),
    "name": ("name", optional(text)),
    "run_type": ("run_type", optional(text)),
    "start_time": ("started_at", optional(_time)),
    "end_time": ("ended_at", optional(_time)),
    "error": ("error", optional(text)),
    "session_name": ("project", optional(text)),
    "inputs": ("inputs", json_value),
    "outputs": ("outputs", json_value),
    "extra": ("extra", json_value),
    "events": ("events", json_value),
}
_FEEDBACK: Final[Table] = {
    "id": ("id", optional(identifier)),
    "run_id": ("run_id", optional(identifier)),
    "trace_id": ("trace_id", optional(identifier)),
    "key": ("name", identifier),
    "score": ("score", json_value),
    "value": ("value", json_value),
    "comment": ("comment", optional(text)),
    "created_at": ("at", optional(_time)),
}


def parts_of_batch(sent: Any, received_at: datetime) -> Parts:
    """The runs of ``{"post": [...], "patch": [...]}``.

    Raises:
        BadInput: When a run is none; the error names it by its place.
    """
    if type(sent) is not dict:
        wrong_kind(sent, "an object")
    taken: list[Parts] = []
    verbs: tuple[Verb, ...] = ("post", "patch")
    for verb in verbs:
        runs = sent.get(verb) or []
        if type(runs) is not list:
            raise under(verb, _not_a_list(runs))
        check_count(len(runs))
        for place, run in enumerate(runs):
            try:
                taken.append(parts_of_run(run, verb, received_at))
            except BadInput as wrong:
                raise under(f"{verb}[{place}]", wrong) from None
    return Parts.joined(taken)


def _not_a_list(value: Any) -> BadInput:
    try:
        wrong_kind(value, "a list of runs")
    except BadInput as wrong:
        return wrong


def parts_of_run(sent: Any, verb: Verb, received_at: datetime) -> Parts:
    """One run as it began (``post``) or changed (``patch``).

    Raises:
        BadInput: When it is no run; the error names the field.
    """
    known, _ = read(_RUN, sent, ("id",))
    run_id, parent = known["id"], known.get("parent")
    trace = known.get("trace_id") or _root_of(known.get("dotted_order"))
    # A run that is begun without a parent is the root of its trace.
    is_named = trace is not None or (verb == "post" and parent is None)
    part = part_of(
        span_id_of(_PRODUCT, run_id),
        trace_id=trace_id_of(trace or run_id),
        at=known.get("ended_at") or known.get("started_at") or received_at,
        rank=int(verb == "patch"),
        message_id=None,
        name=known.get("name"),
        parent_id=None if parent is None else span_id_of(_PRODUCT, parent),
        started_at=known.get("started_at"),
        ended_at=known.get("ended_at"),
        error=_error(known.get("error")),
        attributes=_attributes(known),
        resource={"service.name": known["project"]} if known.get("project") else None,
        events=_first_token(known.get("events")),
    )
    return Parts([part], {} if is_named else {part.span_id: part.parent_id or ""})


def _root_of(dotted_order: str | None) -> str | None:
    """``20261120T100000000000Z<run id>.…``: the first step's run is the root."""
    return (dotted_order or "").partition(".")[0].partition("Z")[2] or None


def _error(said: str | None) -> str | None:
    """What went wrong, without the traceback that follows it."""
    if not said:
        return None
    return said.partition("Traceback (most recent call last)")[0].strip() or said.strip().splitlines()[-1]


def _attributes(known: Mapping[str, Any]) -> dict[str, Any]:
    run_type, inputs, outputs = known.get("run_type"), known.get("inputs"), known.get("outputs")
    extra = known["extra"] if type(known.get("extra")) is dict else {}
    metadata = extra["metadata"] if type(extra.get("metadata")) is dict else {}
    found: dict[str, Any] = {f"langsmith.metadata.{k}": v for k, v in metadata.items() if not k.startswith(_UNTOLD)}
    found |= _model(metadata, extra.get("invocation_params"))
    if run_type:
        found["langsmith.span.kind"] = run_type
    # A patch does not repeat of what type its run is, and "{}" stands for what is not known yet.
    for name, said in (("input.value", inputs), ("output.value", outputs)):
        if said:
            found[name] = _unwrapped(said)
    return found | _usage(outputs, metadata)


def _unwrapped(said: Any) -> Any:
    """What a traced function took or gave: the SDK puts what is no object under ``output``."""
    return said["output"] if type(said) is dict and list(said) == ["output"] else said


def _model(metadata: Mapping[str, Any], parameters: Any) -> dict[str, Any]:
    asked = parameters if type(parameters) is dict else {}
    named = {
        "gen_ai.request.model": metadata.get("ls_model_name") or asked.get("model") or asked.get("model_name"),
        "gen_ai.provider.name": metadata.get("ls_provider"),
    }
    return {name: value for name, value in named.items() if type(value) is str and value}


_TOKENS: Final = {
    "gen_ai.usage.input_tokens": ("input_tokens", "prompt_tokens"),
    "gen_ai.usage.output_tokens": ("output_tokens", "completion_tokens"),
    "gen_ai.usage.cost": ("total_cost",),
}


def _usage(outputs: Any, metadata: Mapping[str, Any]) -> dict[str, float]:
    for holder in (*_usage_holders(outputs), metadata.get("usage_metadata")):
        if type(holder) is not dict:
            continue
        found = {
            ours: counted
            for ours, names in _TOKENS.items()
            if (counted := next((n for name in names if (n := amount(holder.get(name))) is not None), None)) is not None
        }
        if found:
            return found
    return {}


def _usage_holders(outputs: Any) -> list[Any]:
    if type(outputs) is not dict:
        return []
    inner = outputs["llm_output"] if type(outputs.get("llm_output")) is dict else {}
    return [outputs.get("usage_metadata"), inner.get("token_usage"), outputs.get("usage"), *_of_generations(outputs)]


def _of_generations(outputs: Mapping[str, Any]) -> list[Any]:
    """LangChain's chat models count in the message that they answer with."""
    value: Any = outputs.get("generations")
    while type(value) is list and value:
        value = value[0]
    for key in ("message", "kwargs", "usage_metadata"):
        value = value.get(key) if type(value) is dict else None
    return [value]


def _first_token(events: Any) -> list[tuple[str, datetime, JsonMap]]:
    for event in events if type(events) is list else ():
        if type(event) is dict and event.get("name") == "new_token":
            try:
                return [("gen_ai.content.completion.chunk", _time(event.get("time")), {})]
            except BadInput:
                return []
    return []


def parts_of_feedback(sent: Any, received_at: datetime) -> Parts:
    """One piece of feedback on a run or its trace; one with the same id replaces the other.

    Raises:
        BadInput: When a field is missing or wrong.
    """
    known, _ = read(_FEEDBACK, sent, ("key",))
    run_id, trace = known.get("run_id"), known.get("trace_id")
    if run_id is None and trace is None:
        raise BadInput("is missing", "run_id")
    at = known.get("at") or received_at
    key = known.get("id") or "\n".join(str(known.get(part)) for part in ("run_id", "trace_id", "name"))
    about = run_id or trace or ""
    span = Span(
        trace_id=trace_id_of(trace or about),
        span_id=digest(f"{_PRODUCT} feedback {key}"),
        parent_id=span_id_of(_PRODUCT, about),
        name=LOGGED,
        started_at=at.astimezone(UTC),
        ended_at=at,
        attributes={},
        events=(("gen_ai.evaluation.result", at, _evaluation(known)),),
    )
    return Parts([span], {} if trace is not None else {span.span_id: span.parent_id or ""})


def _evaluation(known: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"gen_ai.evaluation.name": known["name"]}
    for value in (known.get("score"), known.get("value")):
        if type(value) is str:
            said.setdefault("gen_ai.evaluation.score.label", value)
        elif isinstance(value, int | float):
            said.setdefault("gen_ai.evaluation.score.value", float(value))
    if known.get("comment"):
        said["gen_ai.evaluation.explanation"] = known["comment"]
    return said
