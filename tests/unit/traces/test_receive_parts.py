"""Spans that come in parts: what the native clients of other products send, in any order, split and repeated at will."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MINUTE, NOW, ingest, talk
from made import span as made_span

from traces.clock import format_time
from traces.conversation_format import to_json
from traces.errors import BadInput
from traces.ingest import take_spans
from traces.model import Span
from traces.parts import PART, Parts, completed, part_of, trace_id_of
from traces.receive import take_parts
from traces.sources.langfuse_ingestion import read_batch
from traces.sources.langsmith_multipart import parts_of_form
from traces.sources.langsmith_runs import parts_of_batch, parts_of_feedback, parts_of_run
from traces.sources.opik_rest import parts_of_scores, parts_of_span, parts_of_spans, parts_of_trace, parts_of_traces

RUN = "01a1fb99-4720-7dc9-8d62-d98c239a51bc"
LLM = "01a1fb99-473b-7189-a075-2bcd36371488"
TOOL = "01a1fb99-473c-7189-a075-2bcd36371488"


def at(seconds: float) -> str:
    return format_time(NOW + timedelta(seconds=seconds))


def event(number: int, kind: str, seconds: float, **body: Any) -> dict[str, Any]:
    return {"id": f"e-{number}", "type": kind, "timestamp": at(seconds), "body": body}


LANGFUSE = [
    event(1, "trace-create", 0, id="my trace/1", timestamp=at(0), name="shop", userId="u-1", sessionId="s-1",
          metadata={"plan": "pro"}, release="r9"),
    event(2, "span-create", 1, id="sp", traceId="my trace/1", name="find", startTime=at(1), input={"q": "order"}),
    event(3, "span-update", 2, id="sp", traceId="my trace/1", endTime=at(2), output="found"),
    event(4, "generation-create", 2, id="g", traceId="my trace/1", parentObservationId="sp", name="answer",
          startTime=at(2), model="gpt-4o", input=[{"role": "user", "content": "Where is my order?"}]),
    event(5, "generation-update", 4, id="g", traceId="my trace/1", endTime=at(4),
          output={"role": "assistant", "content": "On its way."},
          usage={"input": 12, "output": 5, "unit": "TOKENS", "totalCost": 0.002}),
    event(6, "trace-create", 5, id="my trace/1", output="On its way."),
    event(7, "generation-create", 6, id="g2", traceId="my trace/1", startTime=at(6), model="gpt-4o",
          input=[{"role": "user", "content": "And the bill?"}]),
    event(8, "generation-update", 7, id="g2", traceId="my trace/1", endTime=at(7), level="ERROR",
          statusMessage="429 rate limited"),
    event(9, "score-create", 8, id="sc", traceId="my trace/1", name="csat", value=1.0, comment="good"),
]  # fmt: skip
LANGSMITH_POSTS = [
    {"id": RUN, "trace_id": RUN, "dotted_order": f"2026Z{RUN}", "name": "agent", "run_type": "chain",
     "start_time": at(0), "session_name": "shop", "inputs": {"question": "Where?"}, "outputs": {},
     "extra": {"metadata": {"session_id": "s-2", "user_id": "u-2", "ls_method": "traceable"}}},
    {"id": TOOL, "dotted_order": f"2026Z{RUN}.2026Z{TOOL}", "parent_run_id": RUN, "name": "weather",
     "run_type": "tool", "start_time": at(1), "inputs": {"city": "Atlantis"}, "outputs": {}},
    {"id": LLM, "trace_id": RUN, "parent_run_id": RUN, "name": "llm", "run_type": "llm", "start_time": at(2),
     "inputs": {"messages": [{"role": "user", "content": "Where?"}]}, "outputs": {},
     "extra": {"metadata": {"ls_model_name": "gpt-4o", "ls_provider": "openai"}}},
]  # fmt: skip
LANGSMITH_PATCHES = [
    {"id": RUN, "trace_id": RUN, "end_time": at(5), "outputs": {"output": "Here."}},
    {"id": TOOL, "trace_id": RUN, "end_time": at(2),
     "error": "ValueError('unknown city')Traceback (most recent call last):\n  File"},
    # As a client without batches patches: nothing but the run's own id.
    {"id": LLM, "trace_id": None, "parent_run_id": None, "dotted_order": None, "end_time": at(4),
     "events": [{"name": "new_token", "time": at(2.5)}],
     "outputs": {"choices": [{"message": {"role": "assistant", "content": "Here."}}],
                 "usage_metadata": {"input_tokens": 12, "output_tokens": 5, "total_cost": 0.001}}},
]  # fmt: skip
LANGSMITH_FEEDBACK = [
    {"id": "f-1", "run_id": RUN, "trace_id": RUN, "key": "user_score", "score": 1, "comment": "great"},
    {"id": "f-2", "run_id": LLM, "key": "helpful", "score": 0},
]


def langfuse_messages() -> list[Parts]:
    return [read_batch({"batch": [one]}, NOW).parts for one in LANGFUSE]


def langsmith_messages() -> list[Parts]:
    return [
        *(parts_of_run(run, "post", NOW) for run in LANGSMITH_POSTS),
        *(parts_of_run(run, "patch", NOW) for run in LANGSMITH_PATCHES),
        *(parts_of_feedback(one, NOW) for one in LANGSMITH_FEEDBACK),
    ]


def opik_messages() -> list[Parts]:
    trace = {"id": RUN, "project_name": "shop", "name": "agent", "start_time": at(0), "last_updated_at": at(0)}
    llm = {"id": LLM, "trace_id": RUN, "name": "llm", "type": "llm", "start_time": at(1), "last_updated_at": at(1),
           "model": "gpt-4o", "provider": "openai", "input": {"messages": [{"role": "user", "content": "Where?"}]}}  # fmt: skip
    return [
        parts_of_traces({"traces": [trace]}, NOW),
        # The decorator writes the same trace again once it knows more.
        parts_of_traces({"traces": [trace | {"thread_id": "s-4", "last_updated_at": at(6)}]}, NOW),
        parts_of_trace({"end_time": at(7), "output": {"a": "Here."}}, NOW, changed=RUN),
        parts_of_spans({"spans": [llm]}, NOW),
        parts_of_span(
            {
                "end_time": at(3),
                "output": {"choices": [{"message": {"role": "assistant", "content": "Here."}}]},
                "usage": {"prompt_tokens": 12, "completion_tokens": 5},
                "total_estimated_cost": 0.002,
            },
            NOW,
            changed=LLM,
        ),
        parts_of_scores({"scores": [{"id": RUN, "name": "csat", "value": 1.0, "reason": "good"}]}, NOW),
        parts_of_scores({"scores": [{"id": LLM, "name": "ok", "value": 0.0}]}, NOW, of_spans=True),
    ]


PRODUCTS = {"langfuse": langfuse_messages, "langsmith": langsmith_messages, "opik": opik_messages}


def stored(store: Any, batches: list[Parts]) -> dict[str, Any]:
    """Everything that counts after the batches were taken one after the other."""
    for place, batch in enumerate(batches):
        with store.begin() as tx:
            take_parts(tx, batch, NOW + place * MINUTE)
    with store.read() as tx:
        found = {c.conversation_id: to_json(c) for page in tx.conversations.in_order() for c in page}
        scores = {key: {s.name: s.value for s in held} for key, held in tx.scores.current(list(found)).items()}
    return {"conversations": found, "scores": scores}


@pytest.mark.parametrize("product", PRODUCTS)
@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_order_nor_repetition_nor_batches_change_what_is_stored(new_store, product, data):
    messages = PRODUCTS[product]()
    in_order = stored(new_store(), [Parts.joined(messages)])
    places = data.draw(st.permutations(range(len(messages))))
    again = data.draw(st.lists(st.sampled_from(range(len(messages))), max_size=4))
    shuffled = [messages[place] for place in (*places, *again)]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled) - 1))))
    batches = [Parts.joined(shuffled[a:b]) for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert stored(new_store(), batches) == in_order


def test_langfuse_events_become_one_conversation_with_its_calls_costs_errors_and_scores(store):
    kept = stored(store, langfuse_messages())
    talked = kept["conversations"]["s-1"]
    assert list(kept["conversations"]) == ["s-1"]
    assert [(m["role"], m["content"]) for m in talked["messages"]] == [
        ("user", "Where is my order?"),
        ("assistant", "On its way."),
        ("user", "And the bill?"),
        ("assistant", ""),
    ]
    answer, failed = talked["messages"][1], talked["messages"][3]
    assert (answer["latency_s"], answer["input_tokens"], answer["output_tokens"], answer["cost_usd"]) == (
        2,
        12,
        5,
        0.002,
    )
    assert failed["error"] == "429 rate limited"
    assert talked["user_id"] == "u-1"
    assert (talked["metadata"]["application"], talked["metadata"]["release"]) == ("shop", "r9")
    assert kept["scores"] == {"s-1": {"csat": 1.0}}


def test_langsmith_runs_become_one_conversation_whoever_names_the_trace(store):
    kept = stored(store, langsmith_messages())
    assert list(kept["conversations"]) == ["s-2"]
    talked = kept["conversations"]["s-2"]
    tool, _, answer = talked["messages"]
    assert (tool["role"], tool["error"]) == ("tool", "ValueError('unknown city')")
    assert (answer["content"], answer["model"], answer["ttft_s"], answer["cost_usd"]) == ("Here.", "gpt-4o", 0.5, 0.001)
    assert talked["metadata"]["application"] == "shop"
    assert kept["scores"] == {"s-2": {"user_score": 1.0, "helpful": 0.0}}


def test_opik_traces_become_one_conversation(store):
    kept = stored(store, opik_messages())
    talked = kept["conversations"]["s-4"]
    assert [(m["role"], m["content"]) for m in talked["messages"]] == [("user", "Where?"), ("assistant", "Here.")]
    assert talked["messages"][1]["cost_usd"] == 0.002
    assert kept["scores"] == {"s-4": {"csat": 1.0, "ok": 0.0}}


def test_a_change_that_comes_before_its_run_leaves_nothing_behind_where_it_waited(store):
    post, patch = parts_of_run(LANGSMITH_POSTS[2], "post", NOW), parts_of_run(LANGSMITH_PATCHES[2], "patch", NOW)
    waiting = stored(store, [patch])["conversations"]
    assert list(waiting) == [f"trace:{trace_id_of(LLM)}"]
    assert list(stored(store, [post])["conversations"]) == [f"trace:{trace_id_of(RUN)}"]
    with store.read() as tx:
        assert tx.spans.of_traces([trace_id_of(LLM)]) == {}


def test_sending_everything_again_stores_nothing_new(store):
    with store.begin() as tx:
        first = take_parts(tx, Parts.joined(langfuse_messages()), NOW)
    with store.begin() as tx:
        again = take_parts(tx, Parts.joined(langfuse_messages()), NOW)
    assert (first.new, again.new, again.updated) == (1, 0, 0)


def test_an_observation_whose_end_nobody_told_has_no_latency(store):
    talked = stored(store, langfuse_messages()[3:4])["conversations"]
    (conversation,) = talked.values()
    assert [m.get("latency_s") for m in conversation["messages"]] == [None, None]


def test_one_wrong_event_does_not_keep_the_others_out():
    wrong = event(2, "generation-create", 0, id="g", traceId="t", startTime="noon")
    unknown = event(3, "hologram-create", 0, id="h")
    batch = read_batch({"batch": [LANGFUSE[0], wrong, unknown, event(4, "sdk-log", 0, log="x")]}, NOW)
    assert batch.taken == ["e-1", "e-4"]
    assert batch.refused == {
        "e-2": "batch[1].body.startTime: 'noon' is not an ISO 8601 time",
        "e-3": "batch[2].type: 'hologram-create' is not a known event",
    }


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ([], "must be a list of events under 'batch', not a list"),
        ({"batch": 3}, "must be a list of events under 'batch', not a number"),
        ({"batch": [3]}, "batch[0]: must be an object, not a number"),
        ({"batch": [{"type": "trace-create"}]}, "batch[0].id: must be text, not null"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(sent, reason):
    with pytest.raises(BadInput) as refused:
        read_batch(sent, NOW)
    assert str(refused.value) == reason


def form(*sections: tuple[str, Any]) -> bytes:
    written = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%b"\r\nContent-Type: application/json\r\n\r\n%b\r\n'
        % (name.encode(), said if isinstance(said, bytes) else orjson.dumps(said))
        for name, said in sections
    )
    return written + b"--B--\r\n"


KIND = "multipart/form-data; boundary=B"


def test_a_form_says_the_same_as_a_batch():
    post, patch = dict(LANGSMITH_POSTS[2]), dict(LANGSMITH_PATCHES[2])
    loose = [
        (f"{verb}.{LLM}.{field}", run.pop(field))
        for verb, run in (("post", post), ("patch", patch))
        for field in ("inputs", "outputs", "extra", "events")
        if field in run
    ]
    body = form((f"post.{LLM}", post), (f"patch.{LLM}", patch), *loose, ("attachment.x.y", b"\x89PNG"))
    batch = {"post": LANGSMITH_POSTS[2:], "patch": LANGSMITH_PATCHES[2:]}
    assert parts_of_form(body, KIND, NOW) == parts_of_batch(batch, NOW)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (form(("post.x", {"id": "x"}))[:-6], "the multipart body is cut short"),
        (form((f"post.{RUN}.inputs", {})), f"post.{RUN}: has fields but no part of its own"),
        (form((f"post.{RUN}", b"{")), f"post.{RUN}: not valid JSON: unexpected end of data: line 1 column 2 (char 1)"),
        (form((f"post.{RUN}", {"id": RUN, "start_time": "x"})), f"post.{RUN}.start_time: 'x' is not an ISO 8601 time"),
        (form((f"delete.{RUN}", {})), f"delete.{RUN}: is not a post, patch, feedback or attachment part"),
    ],
)
def test_a_form_that_is_none_is_refused_by_the_name_of_the_part(body, reason):
    with pytest.raises(BadInput) as refused:
        parts_of_form(body, KIND, NOW)
    assert str(refused.value) == reason


def test_milliseconds_as_the_javascript_client_writes_them_are_times():
    run = LANGSMITH_POSTS[0] | {"start_time": int(NOW.timestamp() * 1000)}
    assert parts_of_run(run, "post", NOW).spans[0].started_at == NOW


def test_a_span_that_merely_has_our_name_is_a_span_like_any_other(store):
    hostile = Span(
        trace_id="1" * 32, span_id="2" * 16, parent_id="3" * 16, name=PART, started_at=NOW, ended_at=NOW,
        attributes={"hark.said": {"rank": "x"}, "hark.said_at": 3, "session.id": "s"}, scope=PART,
    )  # fmt: skip
    assert completed([hostile]) == [hostile]
    with store.begin() as tx:
        assert take_spans(tx, [hostile], NOW).new == 1


def test_parts_and_whole_spans_of_one_trace_go_together():
    whole = made_span(1, 1)
    part = part_of("9" * 16, trace_id=whole.trace_id, at=NOW, name="late", parent_id=whole.span_id)
    assert [s.name for s in completed([part, whole])] == ["chat", "late"]


def test_a_conversation_sent_by_itself_is_not_touched_by_parts_of_another(store):
    ingest(store, talk("c-1", "Hello?", "Hello!"))
    assert sorted(stored(store, langfuse_messages())["conversations"]) == ["c-1", "s-1"]


wild = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


@given(st.sampled_from([*LANGSMITH_POSTS, *LANGSMITH_PATCHES]), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_spoiled_message_is_either_stored_or_bad_input(new_store, run, data):
    key = data.draw(st.sampled_from(sorted(run)))
    value = data.draw(wild)
    body = dict(LANGFUSE[data.draw(st.integers(0, 8))])
    body["body"] = body["body"] | {data.draw(st.sampled_from(sorted(body["body"]))): value}
    readers = (
        lambda: parts_of_run(run | {key: value}, "post", NOW),
        lambda: parts_of_run(run | {key: value}, "patch", NOW),
        lambda: parts_of_span(run | {key: value}, NOW),
        lambda: parts_of_trace(run | {key: value}, NOW),
        lambda: parts_of_feedback({**LANGSMITH_FEEDBACK[0], "score": value}, NOW),
        lambda: read_batch({"batch": [body]}, NOW).parts,
    )
    for read in readers:
        with contextlib.suppress(BadInput):
            stored(new_store(), [read()])


@given(st.binary(max_size=60), st.integers(0, 400))
def test_a_broken_form_is_bad_input(noise, cut):
    whole = form((f"post.{RUN}", LANGSMITH_POSTS[0]))
    with contextlib.suppress(BadInput):
        parts_of_form(whole[:cut] + noise + whole[cut:], KIND, NOW)
