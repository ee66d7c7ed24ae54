"""Files of other products are read as what they are, whether or not somebody says which format they have."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import NOW, talk

from traces.conversation_format import to_json
from traces.errors import BadInput
from traces.formats import AUTO, FORMATS, otlp, read
from traces.ingest import take_conversations, take_spans
from traces.receive import take_parts

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
KEYS = st.sampled_from(
    [
        "id",
        "messages",
        "role",
        "content",
        "resourceSpans",
        "resourceLogs",
        "traceId",
        "startTime",
        "trace_id",
        "start_time",
        "type",
        "name",
        "value",
        "dataType",
        "timestamp",
        "sessionId",
        "observations",
        "data",
        "batch",
        "run_type",
        "runs",
        "child_runs",
        "inputs",
        "outputs",
        "request",
        "response",
        "body",
        "choices",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)

LANGSMITH = [
    {
        "id": "01900000-0000-7000-8000-000000000001",
        "trace_id": "01900000-0000-7000-8000-000000000001",
        "name": "agent",
        "run_type": "chain",
        "start_time": "2026-11-20T10:00:00.000000",
        "end_time": "2026-11-20T10:00:02.000000",
        "inputs": {"question": "Where is it?"},
        "outputs": {"answer": "On its way."},
        "extra": {"metadata": {"thread_id": "thread-1"}},
    },
    {
        "id": "01900000-0000-7000-8000-000000000002",
        "trace_id": "01900000-0000-7000-8000-000000000001",
        "parent_run_ids": ["01900000-0000-7000-8000-000000000001"],
        "name": "ChatOpenAI",
        "run_type": "llm",
        "start_time": "2026-11-20T10:00:00.500000",
        "end_time": "2026-11-20T10:00:01.500000",
        "inputs": {"messages": [{"role": "user", "content": "Where is it?"}]},
        "outputs": {"choices": [{"message": {"role": "assistant", "content": "On its way."}}]},
        "extra": {"metadata": {"ls_model_name": "gpt-4o", "ls_provider": "openai"}},
        "prompt_tokens": 11,
        "completion_tokens": 4,
    },
]
LANGFUSE = {
    "id": "obs-1",
    "trace_id": "trace-1",
    "session_id": "thread-1",
    "user_id": "u-1",
    "trace_name": "agent",
    "type": "GENERATION",
    "name": "answer",
    "start_time": "2026-11-20 10:00:00.500000",
    "end_time": "2026-11-20 10:00:01.500000",
    "provided_model_name": "gpt-4o",
    "input": '[{"role": "user", "content": "Where is it?"}]',
    "output": '{"role": "assistant", "content": "On its way."}',
    "usage_details": {"input": 11, "output": 4},
    "total_cost": 0.25,
}
LANGFUSE_TRACE = {
    "id": "trace-1",
    "timestamp": "2026-11-20T10:00:00.000Z",
    "sessionId": "thread-1",
    "userId": "u-1",
    "name": "agent",
    "observations": [
        {
            "id": "obs-1",
            "type": "GENERATION",
            "startTime": "2026-11-20T10:00:00.500Z",
            "endTime": "2026-11-20T10:00:01.500Z",
            "model": "gpt-4o",
            "input": [{"role": "user", "content": "Where is it?"}],
            "output": {"role": "assistant", "content": "On its way."},
            "usageDetails": {"input": 11, "output": 4},
            "calculatedTotalCost": 0.25,
        }
    ],
    "scores": [
        {"id": "s-1", "traceId": "trace-1", "name": "helpful", "value": 1, "dataType": "NUMERIC",
         "timestamp": "2026-11-20T10:01:00.000Z"},
    ],
}  # fmt: skip


def stored(store, *values, form=AUTO):
    with store.begin() as tx:
        for value in values:
            found = read(value, form, NOW)
            take_conversations(tx, found.offers, NOW)
            take_parts(tx, found.parts, NOW)
            if found.spans:
                take_spans(tx, found.spans, NOW)
    with store.read() as tx:
        return [to_json(c) for batch in tx.conversations.in_order() for c in batch]


def said(conversation):
    return [(m["role"], m["content"]) for m in conversation["messages"]]


HEARD = [("user", "Where is it?"), ("assistant", "On its way.")]


@pytest.mark.parametrize("values", [LANGSMITH, LANGSMITH[::-1], [{"runs": LANGSMITH}]])
def test_a_langsmith_export_makes_the_conversation_of_its_thread(store, values):
    (conversation,) = stored(store, *values)
    assert conversation["id"] == "thread-1"
    assert said(conversation) == HEARD
    answer = conversation["messages"][-1]
    assert (answer["model"], answer["input_tokens"], answer["output_tokens"]) == ("gpt-4o", 11, 4)


def test_runs_nested_in_their_parents_are_read_too(store):
    (conversation,) = stored(
        store, {**LANGSMITH[0], "child_runs": [{**LANGSMITH[1], "parent_run_id": LANGSMITH[0]["id"]}]}
    )
    assert said(conversation) == HEARD


@pytest.mark.parametrize("value", [LANGFUSE, LANGFUSE_TRACE, {"data": [LANGFUSE], "meta": {}}])
def test_a_langfuse_export_makes_the_conversation_of_its_session(store, value):
    (conversation,) = stored(store, value)
    assert (conversation["id"], conversation["user_id"]) == ("thread-1", "u-1")
    assert said(conversation) == HEARD
    answer = conversation["messages"][-1]
    assert (answer["input_tokens"], answer["output_tokens"], answer["cost_usd"]) == (11, 4, 0.25)


def test_reading_an_export_again_changes_nothing(store):
    before = stored(store, LANGFUSE_TRACE, *LANGSMITH)
    assert stored(store, LANGFUSE_TRACE, *LANGSMITH) == before


def test_a_chat_log_line_without_an_id_is_the_same_conversation_each_time(store):
    line = {"messages": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello!"}]}
    (once,) = stored(store, line)
    assert stored(store, line, json.loads(json.dumps(line))) == [once]
    assert once["id"].startswith("openai:")


@pytest.mark.parametrize(
    "pair",
    [
        lambda asked, answered: {"request": asked, "response": answered},
        lambda asked, answered: {"body": asked, "response": {"status_code": 200, "body": answered}},
        lambda asked, answered: {**asked, "response": answered},
    ],
)
def test_a_request_with_its_response_is_a_conversation_with_model_and_tokens(store, pair):
    asked = {"model": "gpt-4o", "user": "u-1", "messages": [{"role": "user", "content": "Where is it?"}]}
    answered = {
        "id": "chatcmpl-1",
        "created": 1_790_000_000,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "On its way."}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 4},
    }
    (conversation,) = stored(store, pair(asked, answered))
    assert conversation["id"] == "chatcmpl-1"
    assert conversation["user_id"] == "u-1"
    assert said(conversation) == HEARD
    answer = conversation["messages"][-1]
    assert (answer["model"], answer["input_tokens"], answer["output_tokens"]) == ("gpt-4o-2024-08-06", 11, 4)


def test_a_conversation_of_harks_own_format_stays_one(store):
    assert [c["id"] for c in stored(store, talk("c-1"))] == ["c-1"]


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
def test_an_otlp_file_in_json_or_protobuf_is_read():
    in_json = read(json.loads((CAPTURED / "vercel_ai_json" / "001.json").read_bytes()), AUTO, NOW)
    assert len(in_json.spans) > 0
    assert len(otlp.read_protobuf((CAPTURED / "openinference_agent" / "001.pb").read_bytes()).spans) > 0


@pytest.mark.parametrize("value", [None, 3, [], {}, {"nothing": 1}, {"messages": 3}, {"run_type": "llm", "id": 4}])
@pytest.mark.parametrize("form", [AUTO, *FORMATS])
def test_what_is_of_no_format_is_refused_in_one_line(value, form):
    with pytest.raises(BadInput) as caught:
        read(value, form, NOW)
    assert "\n" not in str(caught.value)


@given(JSON, st.sampled_from([AUTO, *FORMATS]))
def test_any_json_is_read_or_refused(value, form):
    with contextlib.suppress(BadInput):
        assert len(read(value, form, NOW)) >= 0
