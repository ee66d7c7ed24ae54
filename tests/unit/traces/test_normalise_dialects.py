"""Dialects in which clients wrap, repeat or delay what they tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from traces.model import Conversation, Span
from traces.normalise import conversation_of
from traces.otlp_logs import LOGGED

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def span(number: int, attributes: dict[str, Any], *, parent: int | None = None, **fields: Any) -> Span:
    started = START + timedelta(seconds=number)
    known: dict[str, Any] = {
        "trace_id": "ab" * 16,
        "span_id": f"{number + 1:016x}",
        "parent_id": None if parent is None else f"{parent + 1:016x}",
        "name": "span",
        "started_at": started,
        "ended_at": started + timedelta(seconds=0.5),
        "attributes": attributes,
    }
    return Span(**known | fields)


def told(*spans: Span) -> Conversation:
    return conversation_of("c", spans)


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
DETAILS = CHAT | {
    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "q"}]}],
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "a"}]}],
    "gen_ai.usage.input_tokens": 3,
}


@pytest.mark.parametrize("details", [DETAILS, {k: v for k, v in DETAILS.items() if "usage" not in k}])
def test_a_log_record_with_the_details_of_a_call_is_no_call_of_its_own(details: dict[str, Any]) -> None:
    call = span(0, CHAT | {"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2})
    event = ("gen_ai.client.inference.operation.details", START, details)
    logged = span(1, {}, parent=0, name=LOGGED, events=(event,))
    asked, answered = told(logged, call).messages
    assert (asked.content, answered.content, answered.latency_s) == ("q", "a", 0.5)
    assert (answered.input_tokens, answered.output_tokens) == (3, 2)


def test_what_was_logged_of_a_call_whose_span_never_came_is_told() -> None:
    event = ("gen_ai.client.inference.operation.details", START, DETAILS)
    assert [m.content for m in told(span(1, {}, parent=0, name=LOGGED, events=(event,))).messages] == ["q", "a"]


def typed(value: Any) -> str:
    return orjson.dumps({"type": "json", "value": value}).decode()


def test_langwatchs_typed_values_are_unwrapped() -> None:
    said = told(
        span(0, {"langwatch.span.type": "rag", "langwatch.rag_contexts": typed([{"document_id": "d", "content": "x"}])}),
        span(1, {
            "langwatch.span.type": "llm", "gen_ai.request.model": "gpt-4o", "langwatch.input": typed([{"role": "user", "content": "q"}]),
            "langwatch.output": '{"type": "text", "value": "a"}',
            "langwatch.metrics": typed({"promptTokens": 12, "completionTokens": 4, "cost": 0.5}),
        }),
        span(2, {"langwatch.span.type": "tool", "langwatch.input": typed({"o": 1}), "langwatch.output": typed({"p": 2})}),
    )  # fmt: skip
    answered, ran = said.messages[1:]
    assert (answered.input_tokens, answered.output_tokens, answered.cost_usd) == (12, 4, 0.5)
    assert [d.document_id for d in answered.documents] == ["d"]
    assert (ran.metadata["arguments"], ran.content) == ('{"o":1}', '{"p":2}')


def test_an_adk_tool_tells_its_arguments_and_its_response() -> None:
    (ran,) = told(
        span(0, {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather",
            "gcp.vertex.agent.tool_call_args": '{"city": "Rome"}', "gcp.vertex.agent.tool_response": '{"temp": 30}',
        })
    ).messages  # fmt: skip
    assert (ran.name, ran.metadata["arguments"], ran.content) == ("weather", '{"city": "Rome"}', '{"temp": 30}')


def test_documents_that_were_found_after_the_last_answer_stand_on_it() -> None:
    found = orjson.dumps([{"page_content": "policy"}]).decode()
    said = told(
        span(0, CHAT | {"gen_ai.input.messages": [{"role": "user", "content": "q"}], "gen_ai.output.messages": "a"}),
        span(1, {"mlflow.spanType": '"RETRIEVER"', "mlflow.spanOutputs": found}),
    )
    assert [d.content for d in said.messages[-1].documents] == ["policy"]
