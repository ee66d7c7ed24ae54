"""OTLP exports of made-up agent turns, as OpenInference instrumentations send them: the same bytes in every run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SPANS_OF_A_TRACE = 5
TURNS_OF_A_CONVERSATION = 4
_AT_ONCE = 200
"""Conversations that are under way at the same time: a batch of spans touches many of them."""
_WORDS = (  # noqa: SIM905
    "order delivery refund invoice account please thank where when parcel customer address number return policy "
    "question answer status shipped tomorrow warehouse support agent payment card receipt item colour size"
).split()


def turns(traces: int, started_ns: int, seed: int = 1) -> list[list[Span]]:
    """``traces`` traces of five spans each, about 2.7 kB a span, in the order in which they were finished."""
    rng = random.Random(seed)
    return [_turn(rng, number, started_ns + number * 50_000_000) for number in range(traces)]


def batches(spans: Sequence[Span], size: int) -> list[bytes]:
    """Export requests of ``size`` spans each, serialised."""
    return [_request(spans[start : start + size]) for start in range(0, len(spans), size)]


def in_order(traces: Sequence[Sequence[Span]]) -> Iterator[Span]:
    """The spans trace by trace."""
    return (span for trace in traces for span in trace)


def _request(spans: Sequence[Span]) -> bytes:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for key, value in (("service.name", "shop"), ("deployment.environment.name", "production")):
        group.resource.attributes.add(key=key).value.string_value = value
    scoped = group.scope_spans.add()
    scoped.scope.name = "openinference.instrumentation.openai_agents"
    scoped.spans.extend(spans)
    return request.SerializeToString()


def _turn(rng: random.Random, number: int, started_ns: int) -> list[Span]:
    group, within = divmod(number, _AT_ONCE * TURNS_OF_A_CONVERSATION)
    conversation = f"conversation-{group * _AT_ONCE + within % _AT_ONCE}"
    trace_id = rng.randbytes(16)
    asked, answered, found = _text(rng, 40), _text(rng, 80), _text(rng, 80)
    given = [("system", f"You help customers of a shop. {_text(random.Random(7), 60)}"), ("user", asked)]
    shared = {"session.id": conversation, "user.id": f"user-{number % 977}"}
    root = _span(trace_id, rng.randbytes(8), None, "agent", started_ns, 2_000, "AGENT", shared)
    _say(root, {"input.value": asked, "output.value": answered, "metadata": json.dumps({"plan": _text(rng, 150)})})
    first = _call(root, rng, started_ns + 1_000_000, given, None, shared)
    tool = _span(trace_id, rng.randbytes(8), root.span_id, "find_order", started_ns + 700_000_000, 90, "TOOL", shared)
    _say(tool, {"tool.name": "find_order", "input.value": '{"order":"A-1"}', "output.value": _text(rng, 230)})
    retriever = _span(
        trace_id, rng.randbytes(8), root.span_id, "search", started_ns + 800_000_000, 60, "RETRIEVER", shared
    )
    _say(retriever, {"input.value": asked})
    for place in range(3):
        _say(retriever, {f"retrieval.documents.{place}.document.content": _text(rng, 75)})
        _say(retriever, {f"retrieval.documents.{place}.document.score": 0.9 - place / 10})
    last = _call(root, rng, started_ns + 900_000_000, [*given, ("tool", found)], answered, shared)
    return [first, tool, retriever, last, root]


def _call(
    root: Span,
    rng: random.Random,
    started_ns: int,
    given: Sequence[tuple[str, str]],
    answer: str | None,
    shared: dict[str, Any],
) -> Span:
    span = _span(root.trace_id, rng.randbytes(8), root.span_id, "ChatCompletion", started_ns, 600, "LLM", shared)
    for place, (role, content) in enumerate(given):
        prefix = f"llm.input_messages.{place}.message"
        _say(span, {f"{prefix}.role": role, f"{prefix}.content": content})
        if role == "tool":
            _say(span, {f"{prefix}.tool_call_id": "call-1"})
    _say(span, {"llm.output_messages.0.message.role": "assistant"})
    if answer is None:
        prefix = "llm.output_messages.0.message.tool_calls.0.tool_call"
        _say(span, {f"{prefix}.id": "call-1", f"{prefix}.function.name": "find_order"})
        _say(span, {f"{prefix}.function.arguments": '{"order":"A-1"}'})
    else:
        _say(span, {"llm.output_messages.0.message.content": answer, "output.value": answer})
    _say(span, {"llm.model_name": "gpt-4o-mini", "llm.provider": "openai", "input.mime_type": "application/json"})
    _say(span, {"llm.token_count.prompt": 412, "llm.token_count.completion": 61, "llm.token_count.total": 473})
    _say(span, {"llm.invocation_parameters": '{"temperature":0.2,"max_tokens":512}'})
    _say(span, {"input.value": json.dumps({"messages": [{"role": r, "content": c} for r, c in given]})})
    return span


def _span(
    trace_id: bytes,
    span_id: bytes,
    parent_id: bytes | None,
    name: str,
    started_ns: int,
    took_ms: int,
    kind: str,
    shared: dict[str, Any],
) -> Span:
    span = Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_id or b"",
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=started_ns,
        end_time_unix_nano=started_ns + took_ms * 1_000_000,
    )
    span.status.code = 1
    _say(span, {"openinference.span.kind": kind, **shared})
    return span


def _say(span: Span, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        held = span.attributes.add(key=key).value
        if isinstance(value, str):
            held.string_value = value
        elif isinstance(value, int):
            held.int_value = value
        else:
            held.double_value = value


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))
