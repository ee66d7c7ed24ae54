"""The same call, tool run or failure as many instrumentations write it, by their documented attributes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from traces.model import Conversation, Span
from traces.normalise import conversation_of
from traces.normalise.conversation import conversation_id_of

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def span(attributes: dict[str, Any], *, number: int = 0, **fields: Any) -> Span:
    started = START + timedelta(seconds=number)
    known: dict[str, Any] = {
        "trace_id": "ab" * 16,
        "span_id": f"{number + 1:016x}",
        "parent_id": None,
        "name": "span",
        "started_at": started,
        "ended_at": started + timedelta(seconds=0.5),
        "attributes": attributes,
    }
    return Span(**known | fields)


def told(*spans: Span) -> Conversation:
    return conversation_of("c", spans)


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


MODEL = {"gen_ai.request.model": "gpt-4o"}
TOKENS = {"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2}
CALLS: dict[str, dict[str, Any]] = {
    "adk without an operation": {
        **MODEL,
        "gcp.vertex.agent.llm_request": text({"contents": [{"role": "user", "parts": [{"text": "q"}]}]}),
        "gcp.vertex.agent.llm_response": text({
            "content": {"role": "model", "parts": [{"text": "a"}]},
            "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 2},
        }),
    },
    "semantic kernel": {
        **MODEL, **TOKENS, "gen_ai.operation.name": "chat.completions",
        "gen_ai.prompt": text([{"role": "user", "content": "q"}]),
        "gen_ai.completion": text([{"role": "assistant", "content": "a"}]),
    },
    "haystack": {
        "haystack.component.type": "OpenAIChatGenerator",
        "haystack.component.input": text({"messages": [{"role": "user", "content": [{"text": "q"}]}]}),
        "haystack.component.output": text({"replies": [{
            "role": "assistant", "content": [{"text": "a"}],
            "meta": {"model": "gpt-4o", "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        }]}),
    },
    "livekit agents": {
        **MODEL, **TOKENS, "gen_ai.operation.name": "chat", "lk.response.text": "a",
        "lk.chat_ctx": text({"items": [{"type": "message", "role": "user", "content": ["q"]}]}),
    },
    "spring ai": {
        **MODEL, **TOKENS, "gen_ai.operation.name": "chat", "gen_ai.prompt": ["q"], "gen_ai.completion": ["a"],
    },
    "bedrock by openllmetry": {
        **MODEL, **TOKENS, "llm.request.type": "chat", "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": text([{"text": "q"}]), "gen_ai.completion.0.content": "a",
    },
    "pipecat": {
        **MODEL, **TOKENS, "gen_ai.operation.name": "chat", "output": "a",
        "input": text([{"role": "user", "content": "q"}]),
    },
    "logfire": {
        **MODEL, **TOKENS, "request_data": text({"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}]}),
        "response_data": text({"message": {"role": "assistant", "content": "a"}}),
    },
    "openllmetry of 2024": {
        "llm.request.type": "chat", "llm.request.model": "gpt-4o", "llm.prompts.0.role": "user", "llm.prompts.0.content": "q",
        "llm.completions.0.role": "assistant", "llm.completions.0.content": "a",
        "llm.usage.prompt_tokens": 3, "llm.usage.completion_tokens": 2,
    },
    "openinference completions": {
        "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.prompts.0.prompt.text": "q",
        "llm.choices.0.completion.text": "a", "llm.token_count.prompt": 3, "llm.token_count.completion": 2,
    },
    "openai responses": {
        "openinference.span.kind": "LLM", "llm.token_count.prompt": 3, "llm.token_count.completion": 2,
        "input.value": text({"model": "gpt-4o", "input": [{"role": "user", "content": [{"type": "input_text", "text": "q"}]}]}),
        "output.value": text({"output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        ]}),
    },
    "langsmith without a model of its own": {
        "langsmith.span.kind": "llm", "langsmith.metadata.ls_model_name": "gpt-4o", **TOKENS,
        "gen_ai.prompt": text({"messages": [{"type": "human", "content": "q"}]}),
        "gen_ai.completion": text({"messages": [{"type": "ai", "content": "a"}]}),
    },
    "mlflow": {
        "mlflow.spanType": '"CHAT_MODEL"', "mlflow.chat.tokenUsage": text({"input_tokens": 3, "output_tokens": 2}),
        "mlflow.spanInputs": text({"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}]}),
        "mlflow.spanOutputs": text({"choices": [{"message": {"role": "assistant", "content": "a"}}]}),
    },
}  # fmt: skip


@pytest.mark.parametrize("instrumentation", CALLS)
def test_a_model_call_reads_the_same_from_every_instrumentation(instrumentation: str) -> None:
    asked, answered = told(span(CALLS[instrumentation])).messages
    assert (asked.role, asked.content, answered.role, answered.content) == ("user", "q", "assistant", "a")
    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("gpt-4o", 3, 2)
    assert answered.cost_usd is not None


def test_responses_keep_the_tool_traffic_between_their_messages() -> None:
    items = [
        {"role": "user", "content": "q"},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "t", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "t", "output": "42"},
    ]
    recorded = {"openinference.span.kind": "LLM", "input.value": text({"instructions": "s", "input": items})}
    said = told(span(recorded | {"output.value": "a"})).messages
    assert [(m.role, m.content) for m in said] == [
        ("system", "s"), ("user", "q"), ("assistant", ""), ("tool", "42"), ("assistant", "a"),
    ]  # fmt: skip
    assert (said[2].tool_calls[0].name, said[3].tool_call_id) == ("f", "t")


RUNS: dict[str, dict[str, Any]] = {
    "livekit agents": {
        "lk.function_tool.name": "f", "lk.function_tool.id": "t", "lk.function_tool.arguments": '{"x":1}',
        "lk.function_tool.output": "42", "lk.function_tool.is_error": True,
    },
    "strands": {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gen_ai.tool.call.id": "t",
        "gen_ai.tool.call.arguments": '{"x":1}', "gen_ai.tool.call.result": "42", "gen_ai.tool.status": "error",
    },
    "spring ai": {
        "spring.ai.tool.definition.name": "f", "spring.ai.tool.call.arguments": '{"x":1}', "tool_call.id": "t",
        "spring.ai.tool.call.result": "42", "tool.status": "error",
    },
    "langchain by openllmetry": {
        "traceloop.span.kind": "tool", "traceloop.entity.name": "f", "tool_call.id": "t", "tool.status": "error",
        "traceloop.entity.input": text({"input_str": "{'x': 1}", "inputs": {"x": 1}, "metadata": {}}),
        "traceloop.entity.output": text({"output": {"lc": 1, "id": ["m", "ToolMessage"], "kwargs": {"content": "42"}}, "kwargs": {}}),
    },
}  # fmt: skip


@pytest.mark.parametrize("instrumentation", RUNS)
def test_a_failed_tool_reads_the_same_from_every_instrumentation(instrumentation: str) -> None:
    (ran,) = told(span(RUNS[instrumentation])).messages
    assert (ran.role, ran.name, ran.tool_call_id, ran.content) == ("tool", "f", "t", "42")
    assert (ran.metadata["arguments"], ran.error) == ('{"x":1}', "error")


def test_tools_that_adk_repeats_in_a_merged_span_ran_once() -> None:
    ran = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gcp.vertex.agent.tool_response": "42"}
    merged = ran | {"gen_ai.tool.name": "(merged tools)", "gcp.vertex.agent.tool_response": "<not serializable>"}
    assert [m.name for m in told(span(ran), span(merged, number=1)).messages] == ["f"]


def test_rows_of_a_vector_database_are_documents() -> None:
    row = {"db.query.result.id": "d", "db.query.result.score": 0.5, "db.query.result.document": "policy"}
    found = span({"db.system": "chroma", "db.vector.query.top_k": 3}, events=(("db.query.result", START, row),))
    (document,) = told(found, span(CALLS["pipecat"], number=1)).messages[-1].documents
    assert (document.document_id, document.score, document.content) == ("d", 0.5, "policy")


@pytest.mark.parametrize(("said", "seconds"), [(120, 0.12), (0.2, 0.2)])
def test_a_time_to_first_token_longer_than_its_call_was_in_milliseconds(said: float, seconds: float) -> None:
    assert told(span(CALLS["pipecat"] | {"gen_ai.server.time_to_first_token": said})).messages[-1].ttft_s == seconds


@pytest.mark.parametrize("name", [
    "conversation.id", "gen_ai.thread.id", "traceloop.association.properties.sessionId", "ai.telemetry.metadata.threadId", "session_id",
])  # fmt: skip
def test_a_conversation_id_is_found_under_the_names_that_applications_choose(name: str) -> None:
    assert conversation_id_of([span({name: "conv"})]) == "conv"


def test_an_item_whose_type_is_no_text_is_kept_as_text() -> None:
    recorded = text([{"type": [], "x": 1}])
    assert told(span(CALLS["pipecat"] | {"input": recorded})).messages[0].content == '{"type":[],"x":1}'
