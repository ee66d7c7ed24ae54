"""Opik's private REST API, as its SDKs write to it: traces and spans in batches, changes one by one, feedback scores.

A trace becomes the root span above its spans. A span may be written whole twice, or begun and changed, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from traces.errors import BadInput
from traces.fields import Table, identifier, json_map, json_value, moment, optional, read, text, under
from traces.model import Span
from traces.normalise.attributes import amount
from traces.otlp_logs import LOGGED
from traces.otlp_span import check_count
from traces.parts import Parts, digest, part_of, span_id_of, trace_id_of

_PRODUCT: Final = "opik"
_COMMON: Final[Table] = {
    "id": ("id", optional(identifier)),
    "project_name": ("project", optional(text)),
    "name": ("name", optional(text)),
    "start_time": ("started_at", optional(moment)),
    "end_time": ("ended_at", optional(moment)),
    "last_updated_at": ("at", optional(moment)),
    "input": ("input", json_value),
    "output": ("output", json_value),
    "metadata": ("metadata", json_value),
    "error_info": ("error", optional(json_map)),
    "environment": ("environment", optional(text)),
    "thread_id": ("thread_id", optional(text)),
    "trace_id": ("trace_id", optional(identifier)),
    "parent_span_id": ("parent", optional(identifier)),
    "type": ("kind", optional(text)),
    "model": ("model", optional(text)),
    "provider": ("provider", optional(text)),
    "usage": ("usage", json_value),
}
_SCORE: Final[Table] = {
    "id": ("id", optional(identifier)),
    "thread_id": ("thread_id", optional(identifier)),
    "name": ("name", identifier),
    "value": ("value", json_value),
    "category_name": ("label", optional(text)),
    "reason": ("reason", optional(text)),
}
_TOKENS: Final = {
    "gen_ai.usage.input_tokens": ("prompt_tokens", "input_tokens", "original_usage.input_tokens"),
    "gen_ai.usage.output_tokens": ("completion_tokens", "output_tokens", "original_usage.output_tokens"),
}
_MS: Final = 1000


def parts_of_traces(sent: Any, received_at: datetime) -> Parts:
    """The traces of ``{"traces": [...]}``.

    Raises:
        BadInput: When one is none; the error names it by its place.
    """
    return _each(sent, "traces", lambda one: parts_of_trace(one, received_at))


def parts_of_spans(sent: Any, received_at: datetime) -> Parts:
    """The spans of ``{"spans": [...]}``.

    Raises:
        BadInput: When one is none; the error names it by its place.
    """
    return _each(sent, "spans", lambda one: parts_of_span(one, received_at))


def parts_of_scores(sent: Any, received_at: datetime, *, of_spans: bool = False) -> Parts:
    """The feedback scores of ``{"scores": [...]}``, on traces, threads, or ``of_spans``.

    Raises:
        BadInput: When one is none; the error names it by its place.
    """
    return _each(sent, "scores", lambda one: _score(one, received_at, of_spans=of_spans))


def _each(sent: Any, key: str, parse: Callable[[Any], Parts]) -> Parts:
    listed = sent.get(key) if type(sent) is dict else None
    if type(listed) is not list:
        raise BadInput("must be a list", key)
    check_count(len(listed))
    taken: list[Parts] = []
    for place, one in enumerate(listed):
        try:
            taken.append(parse(one))
        except BadInput as wrong:
            raise under(f"{key}[{place}]", wrong) from None
    return Parts.joined(taken)


def parts_of_trace(sent: Any, received_at: datetime, *, changed: str | None = None) -> Parts:
    """One trace, whole or, with ``changed`` its id, what changed of it.

    Raises:
        BadInput: When a field is missing or wrong.
    """
    known = _read(sent, changed)
    attributes = _attributes(known) | {"openinference.span.kind": "CHAIN"}
    if known.get("thread_id"):
        attributes["thread_id"] = known["thread_id"]
    return Parts([_part(known, _root_id(known["id"]), None, known["id"], attributes, received_at, changed)])


def parts_of_span(sent: Any, received_at: datetime, *, changed: str | None = None) -> Parts:
    """One span, whole or, with ``changed`` its id, what changed of it.

    Raises:
        BadInput: When a field is missing or wrong.
    """
    known = _read(sent, changed)
    trace, parent = known.get("trace_id"), known.get("parent")
    above = span_id_of(_PRODUCT, parent) if parent else None if trace is None or changed else _root_id(trace)
    span_id = span_id_of(_PRODUCT, known["id"])
    part = _part(
        known, span_id, above, trace or known["id"], _attributes(known) | _of_call(known), received_at, changed
    )
    return Parts([part], {} if trace else {part.span_id: span_id})


def _read(sent: Any, changed: str | None) -> dict[str, Any]:
    known, rest = read(_COMMON, sent)
    known["id"] = changed or known.get("id")
    if known["id"] is None:
        raise BadInput("is missing", "id")
    return known | {"cost": amount(rest.get("total_estimated_cost")), "ttft_ms": amount(rest.get("ttft"))}


def _root_id(trace: str) -> str:
    return span_id_of(_PRODUCT, f"trace {trace}")


def _part(
    known: Mapping[str, Any],
    span_id: str,
    parent_id: str | None,
    trace: str,
    attributes: dict[str, Any],
    received_at: datetime,
    changed: str | None,
) -> Span:
    return part_of(
        span_id,
        trace_id=trace_id_of(trace),
        at=known.get("at") or known.get("ended_at") or received_at,
        rank=int(changed is not None),
        name=known.get("name"),
        parent_id=parent_id,
        started_at=known.get("started_at"),
        ended_at=known.get("ended_at"),
        error=_error(known.get("error")),
        attributes=attributes,
        resource={"service.name": known["project"]} if known.get("project") else None,
    )


def _attributes(known: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        "input.value": known.get("input"),
        "output.value": known.get("output"),
        "metadata": known["metadata"] if type(known.get("metadata")) is dict else None,
        "deployment.environment.name": known.get("environment"),
    }
    return {name: value for name, value in named.items() if value is not None}


def _of_call(known: Mapping[str, Any]) -> dict[str, Any]:
    kind, usage = known.get("kind"), known.get("usage")
    found: dict[str, Any] = {
        "openinference.span.kind": None if kind is None else _KINDS.get(kind, kind),
        "gen_ai.request.model": known.get("model"),
        "gen_ai.provider.name": known.get("provider"),
        "gen_ai.usage.cost": known["cost"],
        "gen_ai.response.time_to_first_chunk": None if known["ttft_ms"] is None else known["ttft_ms"] / _MS,
    }
    for ours, names in _TOKENS.items():
        counts = (amount(usage.get(name)) for name in names) if type(usage) is dict else ()
        found[ours] = next((count for count in counts if count is not None), None)
    return {name: value for name, value in found.items() if value is not None}


_KINDS: Final = {"general": "CHAIN"}


def _error(said: Mapping[str, Any] | None) -> str | None:
    """The message of an error; its type where it has none."""
    for key in ("message", "exception_type"):
        if said and type(said.get(key)) is str and said[key]:
            return str(said[key])
    return "error" if said else None


def _score(sent: Any, received_at: datetime, *, of_spans: bool) -> Parts:
    known, _ = read(_SCORE, sent, ("name", "value"))
    about, thread = known.get("id"), known.get("thread_id")
    if about is None and thread is None:
        raise BadInput("is missing", "id")
    key = "\n".join((f"{_PRODUCT} score", about or f"thread {thread}", known["name"]))
    beneath = None if about is None else span_id_of(_PRODUCT, about) if of_spans else _root_id(about)
    span = Span(
        trace_id=trace_id_of(about or key),
        span_id=digest(key),
        parent_id=beneath,
        name=LOGGED,
        started_at=received_at,
        ended_at=received_at,
        attributes={"thread_id": thread} if thread else {},
        events=(("gen_ai.evaluation.result", received_at, _evaluation(known)),),
    )
    return Parts([span], {span.span_id: beneath} if of_spans and beneath else {})


def _evaluation(known: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "gen_ai.evaluation.name": known["name"],
        "gen_ai.evaluation.score.value": known["value"],
        "gen_ai.evaluation.score.label": known.get("label"),
        "gen_ai.evaluation.explanation": known.get("reason"),
    }
    return {name: value for name, value in said.items() if value is not None}
