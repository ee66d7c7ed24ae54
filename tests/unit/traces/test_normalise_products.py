"""One turn with a tool as Laminar, Genkit, Braintrust, LangWatch, Mastra, Google's and Azure's instrumentations write it."""

from __future__ import annotations

from typing import Any

import pytest
from test_normalise_instrumentations import START, span, text, told

from traces.normalise import conversation_id_of

ASKED = [{"role": "user", "content": "q"}]
ANSWERED = [{"role": "assistant", "content": "a"}]
PARTS = {"asked": [{"role": "user", "parts": [{"type": "text", "content": "q"}]}],
         "answered": [{"role": "assistant", "parts": [{"type": "text", "content": "a"}]}]}  # fmt: skip
GEN_AI = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2}
CALLS: dict[str, dict[str, Any]] = {
    "laminar": {
        **GEN_AI, "lmnr.span.type": "LLM", "lmnr.span.input": text(ASKED), "lmnr.span.output": text(ANSWERED),
        "lmnr.association.properties.session_id": "s", "lmnr.association.properties.user_id": "u",
    },
    "braintrust": {
        "braintrust.span_attributes": text({"type": "llm", "name": "Chat Completion"}),
        "braintrust.input_json": text(ASKED), "braintrust.output_json": text([{"message": ANSWERED[0]}]),
        "braintrust.metadata": text({"model": "gpt-4o", "session_id": "s", "user_id": "u"}),
        "braintrust.metrics": text({"prompt_tokens": 3, "completion_tokens": 2}),
    },
    "langwatch": {
        "langwatch.span.type": "llm", "gen_ai.request.model": "gpt-4o", "langwatch.thread.id": "s", "langwatch.user.id": "u",
        "langwatch.input": text({"type": "chat_messages", "value": ASKED}),
        "langwatch.output": text({"type": "chat_messages", "value": ANSWERED}),
        "langwatch.metrics": text({"type": "json", "value": {"promptTokens": 3, "completionTokens": 2}}),
    },
    "mastra": {
        **GEN_AI, "gen_ai.operation.name": "chat", "mastra.metadata.threadId": "s", "mastra.metadata.userId": "u",
        "gen_ai.input.messages": text(PARTS["asked"]), "gen_ai.output.messages": text(PARTS["answered"]),
    },
    "vercel ai sdk 4": {
        "ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.response.text": "a",
        "ai.prompt.messages": text([{"role": "user", "content": [{"type": "text", "text": "q"}]}]),
        "ai.usage.promptTokens": 3, "ai.usage.completionTokens": 2,
        "ai.telemetry.metadata.sessionId": "s", "ai.telemetry.metadata.userId": "u",
    },
}  # fmt: skip


@pytest.mark.parametrize("product", CALLS)
def test_a_turn_is_in_its_conversation_of_its_user_and_has_its_words_tokens_and_cost(product: str) -> None:
    sent = span(CALLS[product])
    conversation = told(sent)
    asked, answered = conversation.messages
    assert (conversation_id_of([sent]), conversation.user_id) == ("s", "u")
    assert (asked.role, asked.content, answered.role, answered.content) == ("user", "q", "assistant", "a")
    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("gpt-4o", 3, 2)
    assert answered.cost_usd == pytest.approx(2.75e-05)


RUNS: dict[str, dict[str, Any]] = {
    "laminar": {"lmnr.span.type": "TOOL", "lmnr.span.input": '{"x":1}', "lmnr.span.output": '"42"'},
    "genkit": {
        "genkit:type": "action", "genkit:metadata:subtype": "tool", "genkit:name": "f", "genkit:input": '{"x":1}',
        "genkit:output": '"42"',
    },
    "braintrust": {
        "braintrust.span_attributes": text({"type": "tool", "name": "f"}), "braintrust.input_json": '{"x":1}',
        "braintrust.output_json": '"42"',
    },
}  # fmt: skip


@pytest.mark.parametrize("product", RUNS)
def test_a_tools_run_has_its_arguments_and_result(product: str) -> None:
    (ran,) = told(span(RUNS[product], name="f")).messages
    assert (ran.role, ran.name, ran.content, ran.metadata["arguments"]) == ("tool", "f", "42", '{"x":1}')


def model_of_genkit(messages: list[Any], answer: Any) -> dict[str, Any]:
    return {
        "genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "openai/gpt-4o", "genkit:sessionId": "s",
        "genkit:input": text({"messages": messages, "config": {}, "tools": []}),
        "genkit:output": text({"message": {"role": "model", "content": [answer]}, "usage": {"inputTokens": 3, "outputTokens": 2}}),
    }  # fmt: skip


def test_a_turn_of_genkit_with_a_tool_reads_like_any_other() -> None:
    asked = {"role": "user", "content": [{"text": "q"}]}
    wish = {"toolRequest": {"name": "f", "ref": "t", "input": {"x": 1}}}
    got = {"role": "tool", "content": [{"toolResponse": {"name": "f", "ref": "t", "output": "42"}}]}
    conversation = told(
        span(model_of_genkit([asked], wish)),
        span(RUNS["genkit"], number=1),
        span(model_of_genkit([asked, {"role": "model", "content": [wish]}, got], {"text": "a"}), number=2),
    )
    assert [(m.role, m.content) for m in conversation.messages] == [
        ("user", "q"), ("assistant", ""), ("tool", "42"), ("assistant", "a"),
    ]  # fmt: skip
    _, wished, ran, answered = conversation.messages
    assert [(call.name, call.arguments, call.tool_call_id) for call in wished.tool_calls] == [("f", '{"x":1}', "t")]
    assert ran.tool_call_id == "t"
    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("openai/gpt-4o", 3, 2)


def test_a_failed_step_of_genkit_is_an_error() -> None:
    assert told(span(RUNS["genkit"] | {"genkit:state": "error"})).messages[0].error == "error"


def test_the_events_of_googles_instrumentation_have_their_words_one_level_further_in() -> None:
    events = (
        ("gen_ai.user.message", START, {"content": {"parts": [{"text": "q"}], "role": "user"}}),
        ("gen_ai.choice", START, {"index": 0, "content": {"parts": [{"text": "a"}], "role": "model"}}),
    )
    conversation = told(span(GEN_AI | {"gen_ai.operation.name": "generate_content"}, events=events))
    assert [(m.role, m.content) for m in conversation.messages] == [("user", "q"), ("assistant", "a")]


def test_the_events_of_azures_instrumentation_have_their_words_in_one_attribute() -> None:
    wish = {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    events = (
        ("gen_ai.user.message", START, {"gen_ai.event.content": text({"role": "user", "content": "q"})}),
        ("gen_ai.choice", START, {"gen_ai.event.content": text({"message": {"content": "", "tool_calls": [wish]}})}),
    )
    asked, wished = told(span(GEN_AI | {"gen_ai.operation.name": "chat"}, events=events)).messages
    assert (asked.content, wished.tool_calls[0].name, wished.tool_calls[0].tool_call_id) == ("q", "f", "t")
