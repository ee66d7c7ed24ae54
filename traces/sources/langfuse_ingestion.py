"""Langfuse's batch ingestion, as its SDKs before version 3 and many integrations send it: ``/api/public/ingestion``.

Each event creates or updates a trace, an observation or a score; create and update come as two events in any order. Traces
become the root spans of theirs. Every event is judged by itself: one that is wrong does not keep the others out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from traces.errors import BadInput
from traces.fields import Table, identifier, json_map, json_value, moment, optional, read, text, under, wrong_kind
from traces.normalise.attributes import amount
from traces.otlp_span import check_count
from traces.parts import Parts, part_of, span_id_of, trace_id_of
from traces.sources.langfuse_scores import spans_of_scores

_PRODUCT: Final = "langfuse"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch held: its parts, and by event id what was taken and why the others were not."""

    parts: Parts
    taken: list[str]
    refused: dict[str, str]


_EVENT: Final[Table] = {
    "id": ("event_id", identifier),
    "type": ("kind", identifier),
    "timestamp": ("at", optional(moment)),
    "body": ("body", json_map),
}
_TRACE: Final[Table] = {
    "id": ("id", identifier),
    "timestamp": ("started_at", optional(moment)),
    "name": ("name", optional(text)),
    "metadata": ("metadata", json_value),
}
_OBSERVATION: Final[Table] = {
    "id": ("id", identifier),
    "traceId": ("trace_id", optional(identifier)),
    "parentObservationId": ("parent", optional(text)),
    "type": ("type", optional(text)),
    "name": ("name", optional(text)),
    "startTime": ("started_at", optional(moment)),
    "endTime": ("ended_at", optional(moment)),
}
_TRACE_ATTRIBUTES: Final = {
    "name": "langfuse.trace.name",
    "userId": "langfuse.user.id",
    "sessionId": "langfuse.session.id",
    "release": "langfuse.release",
    "environment": "langfuse.environment",
    "input": "langfuse.observation.input",
    "output": "langfuse.observation.output",
}
_OBSERVATION_ATTRIBUTES: Final = {
    "input": "langfuse.observation.input",
    "output": "langfuse.observation.output",
    "model": "langfuse.observation.model.name",
    "level": "langfuse.observation.level",
    "statusMessage": "langfuse.observation.status_message",
    "completionStartTime": "langfuse.observation.completion_start_time",
    "promptName": "langfuse.observation.prompt.name",
    "promptVersion": "langfuse.observation.prompt.version",
    "environment": "langfuse.environment",
}
_TOKENS: Final = {
    "input": ("input", "promptTokens", "prompt_tokens", "input_tokens"),
    "output": ("output", "completionTokens", "completion_tokens", "output_tokens"),
}


def read_batch(sent: Any, received_at: datetime) -> Batch:
    """The events of one request.

    Raises:
        BadInput: When it is no batch, or an event has no id by which its fate could be told.
    """
    if type(sent) is not dict or type(sent.get("batch")) is not list:
        wrong_kind(sent.get("batch") if type(sent) is dict else sent, "a list of events under 'batch'")
    check_count(len(sent["batch"]))
    batch = Batch(Parts(), [], {})
    for place, event in enumerate(sent["batch"]):
        event_id = _id_of(event, place)
        try:
            batch.parts.spans.extend(_spans(event, received_at))
        except BadInput as wrong:
            batch.refused[event_id] = str(under(f"batch[{place}]", wrong))
        else:
            batch.taken.append(event_id)
    return batch


def _id_of(event: Any, place: int) -> str:
    try:
        if type(event) is not dict:
            wrong_kind(event, "an object")
        return identifier(event.get("id"))
    except BadInput as wrong:
        raise under(f"batch[{place}]" if type(event) is not dict else f"batch[{place}].id", wrong) from None


def _spans(event: Any, received_at: datetime) -> list[Any]:
    known, _ = read(_EVENT, event, ("id", "type", "body"))
    at = known.get("at") or received_at
    kind, _, verb = known["kind"].rpartition("-")
    take = _TAKERS.get(kind)
    if known["kind"] == "sdk-log":
        return []
    if take is None or verb not in ("create", "update"):
        raise BadInput(f"{known['kind'][:40]!r} is not a known event", "type")
    try:
        return take(known["body"], kind, int(verb == "update"), at, known["event_id"])
    except BadInput as wrong:
        raise under("body", wrong) from None


def _trace(body: dict[str, Any], _kind: str, rank: int, at: datetime, event_id: str) -> list[Any]:
    known, _ = read(_TRACE, body, ("id",))
    attributes = _named(body, _TRACE_ATTRIBUTES) | {"langfuse.observation.type": "span"}
    if type(known.get("metadata")) is dict:
        attributes |= {f"langfuse.trace.metadata.{key}": value for key, value in known["metadata"].items()}
    part = part_of(
        root_id_of(known["id"]),
        trace_id=trace_id_of(known["id"]),
        at=at,
        rank=rank,
        message_id=event_id,
        name=known.get("name"),
        started_at=known.get("started_at"),
        attributes=attributes,
    )
    return [part]


def root_id_of(trace_id: str) -> str:
    """The id of the span that stands for a trace."""
    return span_id_of(_PRODUCT, f"trace {trace_id}")


def _observation(body: dict[str, Any], kind: str, rank: int, at: datetime, event_id: str) -> list[Any]:
    known, _ = read(_OBSERVATION, body, ("id",))
    if known.get("trace_id") is None:
        raise BadInput("is missing; an observation is found by its trace", "traceId")
    parent = known.get("parent")
    said_kind = (known.get("type") or "").lower() if kind == "observation" else kind
    attributes = _named(body, _OBSERVATION_ATTRIBUTES) | _usage(body)
    part = part_of(
        span_id_of(_PRODUCT, known["id"]),
        trace_id=trace_id_of(known["trace_id"]),
        at=at,
        rank=rank,
        message_id=event_id,
        name=known.get("name"),
        # An update may leave the parent out; only what creates an observation puts it beneath its trace.
        parent_id=span_id_of(_PRODUCT, parent) if parent else None if rank else root_id_of(known["trace_id"]),
        started_at=known.get("started_at"),
        ended_at=known.get("ended_at"),
        attributes=attributes | ({"langfuse.observation.type": said_kind} if said_kind else {}),
    )
    return [part]


def _named(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: body[theirs] for theirs, ours in names.items() if body.get(theirs) is not None}


def _usage(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and cost, from the newer ``usageDetails`` and ``costDetails`` or the older ``usage``."""
    found: dict[str, Any] = {}
    for holder in (body.get("usage"), body.get("usageDetails")):
        if type(holder) is not dict:
            continue
        for ours, names in _TOKENS.items():
            counted = next((n for name in names if (n := amount(holder.get(name))) is not None), None)
            if counted is not None:
                found.setdefault("langfuse.observation.usage_details", {})[ours] = int(counted)
    if (cost := _cost(body)) is not None:
        found["langfuse.observation.cost_details"] = {"total": cost}
    return found


def _cost(body: Mapping[str, Any]) -> float | None:
    details = body.get("costDetails")
    if type(details) is dict and details:
        total = amount(details.get("total"))
        parts = [cost for value in details.values() if (cost := amount(value)) is not None]
        return total if total is not None else sum(parts) if parts else None
    usage = body.get("usage")
    return amount(usage.get("totalCost")) if type(usage) is dict else None


def _score(body: dict[str, Any], _kind: str, _rank: int, at: datetime, event_id: str) -> list[Any]:
    return spans_of_scores({"timestamp": at.isoformat(), **body, "id": body.get("id") or event_id}, at).spans


_TAKERS: Final[Mapping[str, Callable[[dict[str, Any], str, int, datetime, str], list[Any]]]] = {
    "trace": _trace,
    "score": _score,
} | dict.fromkeys(
    (
        "span", "generation", "event", "observation", "agent", "tool", "chain", "retriever", "evaluator", "embedding",
        "guardrail",
    ),
    _observation,
)  # fmt: skip
