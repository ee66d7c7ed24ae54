"""What instrumentations record beside a span's own attributes: as events, on other spans, on the resource."""

from __future__ import annotations

from typing import Any

import pytest
from test_normalise_instrumentations import MODEL, START, span, text, told

from traces.model import Conversation
from traces.normalise import conversation_id_of

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order", "gen_ai.tool.call.id": "t-1"}
DETAILS = "gen_ai.client.inference.operation.details"
ASKED = [
    ("gen_ai.tool.message", START, {"role": "tool", "content": '{"id": 7}', "id": "t-1"}),
    ("gen_ai.choice", START, {"message": text([{"text": "sent"}, {"json": {"days": 2}}]), "id": "t-1"}),
]
ASKED_LATELY = [
    (DETAILS, START, {"gen_ai.input.messages": text([
        {"role": "tool", "parts": [{"type": "tool_call", "name": "find_order", "id": "t-1", "arguments": {"id": 7}}]},
    ])}),
    (DETAILS, START, {"gen_ai.output.messages": text([
        {"role": "tool", "parts": [
            {"type": "tool_call_response", "id": "t-1", "response": [{"text": "sent"}, {"json": {"days": 2}}]},
        ]},
    ])}),
]  # fmt: skip


@pytest.mark.parametrize("events", [ASKED, ASKED_LATELY], ids=["older", "latest"])
def test_what_a_tool_of_strands_was_given_and_gave_is_read_from_its_events(events: list[Any]) -> None:
    (ran,) = told(span(TOOL | {"gen_ai.tool.status": "success"}, events=tuple(events))).messages
    assert (ran.role, ran.name, ran.tool_call_id) == ("tool", "find_order", "t-1")
    assert ran.metadata["arguments"].replace(" ", "") == '{"id":7}'
    assert (ran.content, ran.error) == ('sent\n{"days":2}', None)


def test_a_tools_own_attributes_count_before_its_events() -> None:
    own = {"gen_ai.tool.call.arguments": '{"id":8}', "gen_ai.tool.call.result": "lost"}
    (ran,) = told(span(TOOL | own, events=tuple(ASKED))).messages
    assert (ran.metadata["arguments"], ran.content) == ('{"id":8}', "lost")


def realtime(operation: str, number: int, **attributes: Any):
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    said = {"gen_ai.operation.name": operation, "service.operation": operation, "conversation.id": "call-1"}
    return span({**said, **MODEL, **named}, number=number, name=operation)


def as_told(conversation: Conversation) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in conversation.messages]


def test_a_call_over_pipecats_gemini_live_reads_like_any_other() -> None:
    call = told(
        realtime("llm_setup", 0, tools__count=1),
        realtime("stt", 1, transcript="Where is order 7?", is_final=True),
        realtime("llm_tool_call", 2, tool__function_name="find_order", tool__call_id="t-1", tool__arguments='{"id": 7}'),
        realtime("llm_tool_result", 3, tool__function_name="find_order", tool__call_id="t-1", tool__result='{"error": "no"}',
                 tool__result_status="error"),
        realtime("llm_response", 4, output="I cannot find it.", gen_ai__usage__input_tokens=20,
                 gen_ai__usage__output_tokens=4),
    )  # fmt: skip
    assert as_told(call) == [
        ("user", "Where is order 7?"), ("assistant", ""), ("tool", '{"error": "no"}'), ("assistant", "I cannot find it."),
    ]  # fmt: skip
    asked, ran, answered = call.messages[1:]
    assert [(c.name, c.arguments, c.tool_call_id) for c in asked.tool_calls] == [("find_order", '{"id": 7}', "t-1")]
    assert (ran.name, ran.tool_call_id, ran.error) == ("find_order", "t-1", "error")
    assert (answered.input_tokens, answered.output_tokens) == (20, 4)


def test_a_call_over_pipecats_openai_realtime_has_what_was_asked_from_the_request_before() -> None:
    call = told(
        realtime("llm_request", 0, input=text([{"role": "user", "content": "Hello"}])),
        realtime("llm_response", 1, output="Hi!", gen_ai__usage__input_tokens=3, gen_ai__usage__output_tokens=2),
        realtime("llm_request", 2, input=text([
            {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}, {"role": "user", "content": "Bye"},
        ])),
        realtime("llm_response", 3, output="Bye!", gen_ai__usage__input_tokens=9, gen_ai__usage__output_tokens=2),
    )  # fmt: skip
    assert as_told(call) == [("user", "Hello"), ("assistant", "Hi!"), ("user", "Bye"), ("assistant", "Bye!")]


def test_a_function_call_of_pipecat_is_a_tools_run() -> None:
    (ran,) = told(
        span({
            "tool.function_name": "find_order", "tool.call_id": "t-1", "tool.arguments": '{"id": 7}',
            "tool.result": '"sent"', "tool.result_status": "success",
        }),
    ).messages  # fmt: skip
    assert (ran.role, ran.name, ran.tool_call_id, ran.content, ran.error) == ("tool", "find_order", "t-1", "sent", None)


@pytest.mark.parametrize("name", ["session.id", "gen_ai.conversation.id", "langfuse.session.id"])
def test_a_conversation_that_only_the_resource_names_is_that_conversation(name: str) -> None:
    held = [span(MODEL, resource={name: "c-9"}), span(MODEL, number=1, resource={"service.name": "shop"})]
    assert conversation_id_of(held) == "c-9"
    assert conversation_id_of([*held, span({"session.id": "c-1"}, number=2)]) == "c-1"


@pytest.mark.parametrize("said", ["[Scrubbed due to 'session']", "", "x" * 300, "a\nb", 7, None])
def test_what_is_no_id_on_a_span_is_none_on_a_resource(said: Any) -> None:
    assert conversation_id_of([span(MODEL, resource={"session.id": said})]) == ("7" if said == 7 else None)


@pytest.mark.parametrize("name", ["user.id", "enduser.id"])
def test_a_user_that_only_the_resource_names_is_the_user(name: str) -> None:
    assert told(span(MODEL, resource={name: "u-1"})).user_id == "u-1"
    assert told(span(MODEL | {"enduser.id": "u-2"}, resource={"user.id": "u-1"})).user_id == "u-2"
