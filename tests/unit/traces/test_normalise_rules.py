from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traces.conversation_format import parse_conversation, to_json
from traces.model import Conversation, Span
from traces.normalise import conversation_id_of, conversation_of
from traces.otlp_logs import LOGGED

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRACE = "ab" * 16


def span(number: int, *, trace: int = 0, parent: int | None = None, seconds: float = 1.0, **fields: Any) -> Span:
    started = START + timedelta(minutes=trace, seconds=number)
    known: dict[str, Any] = {
        "trace_id": f"{trace + 1:032x}",
        "span_id": f"{trace + 1:08x}{number + 1:08x}",
        "parent_id": None if parent is None else f"{trace + 1:08x}{parent + 1:08x}",
        "name": "span",
        "started_at": started,
        "ended_at": started + timedelta(seconds=seconds),
        "attributes": {},
    }
    return Span(**known | fields)


def call(number: int, given: list[Any], said: str | list[Any] | None, *, trace: int = 0, **fields: Any) -> Span:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": orjson.dumps(given).decode(),
    }
    if said is not None:
        answer = (
            {"role": "assistant", "content": said} if type(said) is str else {"role": "assistant", "tool_calls": said}
        )
        attributes["gen_ai.output.messages"] = orjson.dumps([answer]).decode()
    extra = fields.pop("attributes", {})
    return span(number, trace=trace, attributes=attributes | extra, **fields)


def user(said: str) -> dict[str, str]:
    return {"role": "user", "content": said}


def assistant(said: str) -> dict[str, str]:
    return {"role": "assistant", "content": said}


def told(*spans: Span) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in conversation_of("c", spans).messages]


# --- merging -----------------------------------------------------------------------------------------------


def test_an_application_that_sends_only_the_new_message_keeps_a_repeated_yes() -> None:
    spans = [call(0, [user("yes")], "ok", trace=0), call(0, [user("yes")], "fine", trace=1)]
    assert told(*spans) == [("user", "yes"), ("assistant", "ok"), ("user", "yes"), ("assistant", "fine")]


def test_an_application_that_sends_the_whole_history_keeps_a_repeated_yes() -> None:
    spans = [call(0, [user("yes")], "ok"), call(0, [user("yes"), assistant("ok"), user("yes")], "fine", trace=1)]
    assert told(*spans) == [("user", "yes"), ("assistant", "ok"), ("user", "yes"), ("assistant", "fine")]


def test_a_retry_within_one_trace_does_not_repeat_the_question() -> None:
    spans = [call(0, [user("hi")], None, status_code=2, status_message="timeout"), call(1, [user("hi")], "hello")]
    assert told(*spans) == [("user", "hi"), ("assistant", ""), ("assistant", "hello")]
    assert conversation_of("c", spans).errors == ("timeout",)


def test_a_question_asked_again_after_a_failed_turn_stands_twice() -> None:
    spans = [
        call(0, [user("hi")], None, status_code=2, status_message="overloaded"),
        call(0, [user("hi")], "hello", trace=1),
    ]
    assert told(*spans) == [("user", "hi"), ("assistant", ""), ("user", "hi"), ("assistant", "hello")]


def test_history_from_before_the_first_trace_is_kept_in_front() -> None:
    spans = [call(0, [user("a"), assistant("b"), user("c")], "d")]
    assert told(*spans) == [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]


def test_a_history_cut_to_its_end_adds_nothing() -> None:
    spans = [
        call(0, [user("a")], "b"),
        call(0, [user("a"), assistant("b"), user("c")], "d", trace=1),
        call(0, [assistant("d"), user("e")], "f", trace=2),
    ]
    assert [content for _, content in told(*spans)] == ["a", "b", "c", "d", "e", "f"]


def test_a_system_prompt_that_only_differs_in_its_clock_stands_once() -> None:
    prompt = "You are the support agent of a shop that sells garden tools and seeds. It is {}."
    spans = [
        call(0, [{"role": "system", "content": prompt.format(hour)}, user(f"q{hour}")], "a", trace=hour)
        for hour in range(3)
    ]
    assert [role for role, _ in told(*spans)].count("system") == 1


def test_a_model_call_in_a_trace_of_its_own_continues_after_the_tool_result() -> None:
    asked = [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]
    result = {"role": "tool", "tool_call_id": "1", "content": "42"}
    spans = [
        call(0, [user("q")], asked, trace=0),
        call(0, [user("q"), {"role": "assistant", "tool_calls": asked}, result], "it is 42", trace=1),
    ]
    assert told(*spans) == [("user", "q"), ("assistant", ""), ("tool", "42"), ("assistant", "it is 42")]


def test_only_the_innermost_model_call_counts() -> None:
    usage = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
    outer = call(0, [user("q")], "a", seconds=9, attributes=usage)
    inner = call(1, [user("q")], "a", parent=0, attributes=usage)
    said = conversation_of("c", [outer, inner])
    assert sum(message.input_tokens or 0 for message in said.messages) == 10


def test_a_silent_model_call_says_what_the_call_around_it_recorded() -> None:
    outer = call(0, [user("q")], "a", seconds=9)
    inner = span(1, parent=0, attributes={"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 5})
    (asked, answered) = conversation_of("c", [outer, inner]).messages
    assert (asked.content, answered.content, answered.output_tokens, answered.latency_s) == ("q", "a", 5, 1.0)


def test_a_tool_that_no_model_asked_for_keeps_its_arguments() -> None:
    tool = span(
        0,
        attributes={"openinference.span.kind": "TOOL", "tool.name": "f", "input.value": '{"x":1}', "output.value": "2"},
    )
    (message,) = conversation_of("c", [tool]).messages
    assert (message.role, message.name, message.content, message.metadata["arguments"]) == ("tool", "f", "2", '{"x":1}')


def test_a_turn_without_model_calls_is_told_by_its_root() -> None:
    root = span(0, attributes={"input.value": '{"question": "why?"}', "output.value": "because"})
    assert told(root) == [("user", "why?"), ("assistant", "because")]


def test_an_error_of_the_agent_itself_stands_on_its_last_answer() -> None:
    agent = span(
        0, seconds=5, status_code=2, status_message="out of budget", attributes={"openinference.span.kind": "AGENT"}
    )
    said = conversation_of("c", [agent, call(1, [user("q")], "a", parent=0)])
    assert said.messages[-1].error == "out of budget"
    assert said.messages[-1].content == "a"


def test_a_cycle_of_parents_ends() -> None:
    spans = [span(0, parent=1, status_code=2), call(1, [user("q")], "a", parent=0)]
    assert told(*spans)[-1] == ("assistant", "a")


EVENTS = [
    ([("gen_ai.user.message", {"content": "q"}), ("gen_ai.choice", {"message": {"content": "a"}})], "old events"),
    (
        [
            ("gen_ai.user.message", {"gen_ai.event.content": '{"content": "q"}'}),
            ("gen_ai.choice", {"message": '{"content": "a"}'}),
        ],
        "old events as JSON text",
    ),
    (
        [
            ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "q"}]'}),
            ("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "a"}]'}),
        ],
        "older events",
    ),
    (
        [
            (
                "gen_ai.client.inference.operation.details",
                {
                    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "q"}]}],
                    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "a"}]}],
                },
            )
        ],
        "details",
    ),
]


@pytest.mark.parametrize(("events", "kind"), EVENTS, ids=[kind for _, kind in EVENTS])
@pytest.mark.parametrize("place", ["on the span", "in log records"])
def test_messages_recorded_as_events_are_told_like_any(
    events: list[tuple[str, dict[str, Any]]], kind: str, place: str
) -> None:
    timed = tuple((name, START, attributes) for name, attributes in events)
    made = span(0, attributes={"gen_ai.operation.name": "chat"}, events=timed if place == "on the span" else ())
    logged = span(1, parent=0, name=LOGGED, events=timed, seconds=0)
    assert told(*([made] if place == "on the span" else [logged, made])) == [("user", "q"), ("assistant", "a")]


# --- fields ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"session.id": "s"}, "s"),
        ({"session.id": "s", "gen_ai.conversation.id": "g"}, "s"),
        ({"session.id": "[Scrubbed due to 'session']", "gen_ai.conversation.id": "g"}, "g"),
        ({"session.id": "None"}, None),
        ({"session.id": "x" * 256}, None),
        ({"session.id": "a\nb"}, None),
        ({"session.id": ""}, None),
        ({"session.id": 17}, "17"),
        ({"metadata": '{"thread_id": "t"}'}, "t"),
        ({"metadata": "not json"}, None),
        ({"langsmith.trace.session_name": "project", "service.instance.id": "i"}, None),
    ],
)
def test_a_conversation_id_is_found_where_the_vendors_put_it(attributes: dict[str, Any], expected: str | None) -> None:
    assert conversation_id_of([span(0), span(1, attributes=attributes)]) == expected


@pytest.mark.parametrize(
    ("attributes", "cost"),
    [
        ({"langfuse.observation.cost_details": '{"total": 0.5}'}, 0.5),
        ({"llm.cost.total": 0.25}, 0.25),
        ({"operation.cost": "0.125"}, 0.125),
        ({"operation.cost": -1}, None),
        ({}, None),
    ],
)
def test_a_reported_cost_is_taken_and_none_is_made_up(attributes: dict[str, Any], cost: float | None) -> None:
    assert conversation_of("c", [call(0, [user("q")], "a", attributes=attributes)]).cost_usd == cost


def test_an_evaluation_event_becomes_a_score_of_its_turn() -> None:
    event = ("gen_ai.evaluation.result", START, {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.25,
             "gen_ai.evaluation.score.label": "off", "gen_ai.evaluation.explanation": "why"})  # fmt: skip
    (score,) = conversation_of("c", [call(0, [user("q")], "a", events=(event,))]).scores
    assert (score.name, score.value, score.label, score.explanation, score.turn) == ("Relevance", 0.25, "off", "why", 1)


def test_what_the_application_set_itself_becomes_metadata_without_the_ids() -> None:
    attributes = {
        "langfuse.trace.metadata.tier": '"gold"',
        "metadata": '{"language": "fr", "user_id": "u"}',
        "user.id": "u",
    }
    said = conversation_of("c", [call(0, [user("q")], "a", attributes=attributes)])
    assert said.metadata == {"tier": "gold", "language": "fr"}
    assert said.user_id == "u"


# --- vendors ---------------------------------------------------------------------------------------------

VENDORS: dict[str, tuple[dict[str, Any], str | None]] = {
    "openllmetry 0.38": ({
        "llm.request.type": "chat", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "q",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "a", "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.prompt_tokens": 3, "gen_ai.usage.completion_tokens": 2,
        "traceloop.association.properties.thread_id": "conv",
    }, "conv"),
    "langsmith": ({
        "langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "langsmith.metadata.thread_id": "conv",
        "gen_ai.prompt": '{"messages": [[{"lc": 1, "id": ["x", "HumanMessage"], "kwargs": {"content": "q", "type": "human"}}]]}',
        "gen_ai.completion": '{"generations": [[{"text": "a", "message": {"lc": 1, "id": ["x", "AIMessage"], "kwargs": {"content": "a"}}}]]}',
        "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2,
    }, "conv"),
    "langwatch": ({
        "langwatch.span.type": "llm", "langwatch.input": '{"type": "chat_messages", "value": [{"role": "user", "content": "q"}]}',
        "langwatch.output": '{"type": "text", "value": "a"}', "metadata": '{"thread_id": "conv"}',
        "gen_ai.request.model": "gpt-4o", "langwatch.metrics": '{"promptTokens": 3, "completionTokens": 2}',
    }, "conv"),
    "mlflow": ({
        "mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": '{"messages": [{"role": "user", "content": "q"}], "model": "gpt-4o"}',
        "mlflow.spanOutputs": '{"choices": [{"message": {"role": "assistant", "content": "a"}}]}',
        "mlflow.llm.model": '"gpt-4o"', "mlflow.chat.tokenUsage": '{"input_tokens": 3, "output_tokens": 2}',
        "mlflow.trace.session": '"conv"',
    }, "conv"),
    "google adk": ({
        "gen_ai.operation.name": "call_llm", "gen_ai.request.model": "gpt-4o", "gcp.vertex.agent.session_id": "conv",
        "gcp.vertex.agent.llm_request": '{"contents": [{"role": "user", "parts": [{"text": "q"}]}]}',
        "gcp.vertex.agent.llm_response": '{"content": {"role": "model", "parts": [{"text": "a"}]}}',
        "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2,
    }, "conv"),
    "pydantic ai 1": ({
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2,
        "events": '[{"content": "q", "role": "user", "event.name": "gen_ai.user.message"}, {"index": 0, "message": {"role": "assistant", "content": "a"}, "event.name": "gen_ai.choice"}]',
    }, None),
    "openinference contents": ({
        "openinference.span.kind": "LLM", "session.id": "conv", "llm.model_name": "gpt-4o",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "text",
        "llm.input_messages.0.message.contents.0.message_content.text": "q",
        "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "a",
        "llm.token_count.prompt": 3, "llm.token_count.completion": 2,
    }, "conv"),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_model_call_reads_the_same_from_every_vendor(vendor: str) -> None:
    attributes, conversation_id = VENDORS[vendor]
    spans = [span(0, attributes=attributes)]
    assert conversation_id_of(spans) == conversation_id
    asked, answered = conversation_of("c", spans).messages
    assert (asked.role, asked.content, answered.content) == ("user", "q", "a")
    assert (answered.model, answered.input_tokens, answered.output_tokens) == ("gpt-4o", 3, 2)


# --- hostile input -----------------------------------------------------------------------------------------

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "parts",
                    "type",
                    "text",
                    "tool_calls",
                    "function",
                    "message",
                    "messages",
                    "value",
                    "0",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
names = st.sampled_from([
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.operation.name", "openinference.span.kind", "session.id",
    "llm.input_messages.0.message", "llm.input_messages.0.message.role", "gen_ai.prompt.0.content", "gen_ai.prompt.0",
    "gen_ai.usage.input_tokens", "langfuse.observation.type", "langfuse.observation.usage_details", "metadata",
    "retrieval.documents.0.document.content", "gen_ai.retrieval.documents", "langfuse.observation.output",
    "scenario", "langfuse.trace.metadata.scenario", "langfuse.trace.metadata.x", "operation.cost", "session.id",
    "gen_ai.response.time_to_first_chunk", "gen_ai.usage.output_tokens", "gen_ai.output.messages", "user.id",
    "gen_ai.tool.name", "gen_ai.tool.call.id", "ai.response.toolCalls", "langfuse.observation.completion_start_time",
])  # fmt: skip
kinds = st.sampled_from(["chat", "LLM", "tool", "RETRIEVER", "agent"])
attribute_maps = st.dictionaries(
    names, values | kinds | values.map(lambda value: orjson.dumps(value).decode()), max_size=8
)


@given(st.lists(st.tuples(attribute_maps, st.integers(0, 2), st.none() | st.integers(0, 4)), min_size=1, max_size=5))
@example([({"openinference.span.kind": "chat", "gen_ai.operation.name": []}, 0, None)])
def test_whatever_attributes_hold_a_conversation_comes_out(drawn: list[tuple[dict[str, Any], int, int | None]]) -> None:
    spans = [
        span(n, attributes=attributes, status_code=code, parent=parent)
        for n, (attributes, code, parent) in enumerate(drawn)
    ]
    conversation_id_of(spans)
    said = conversation_of("c", spans)
    assert isinstance(said, Conversation)
    assert said.started_at <= said.ended_at
    assert parse_conversation(to_json(said), received_at=START).messages == said.messages
