from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces import limits
from traces.conversation_format import label_to_json, parse_conversation, parse_label_line, to_json, value_of_label
from traces.errors import BadInput, TooLarge
from traces.model import ROLES, Conversation, Document, Feedback, Label, Message, Score, ToolCall

DATA = Path(__file__).parents[4] / "shared" / "data"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def conversation(**fields: Any) -> dict[str, Any]:
    return {"id": "c-1", "messages": [{"role": "user", "content": "hi"}], **fields}


def parse(**fields: Any) -> Conversation:
    return parse_conversation(conversation(**fields), received_at=NOW)


def message(**fields: Any) -> Message:
    return parse(messages=[{"role": "assistant", **fields}]).messages[0]


# --- what is refused, and how it is said -------------------------------------------------------------------

REFUSED: list[tuple[Any, str]] = [
    (None, "must be an object, not null"),
    ([], "must be an object, not a list"),
    ({"messages": []}, "id: is missing"),
    ({"id": "c"}, "messages: is missing"),
    (conversation(id=""), "id: is empty"),
    (conversation(id=7), "id: must be text, not a number"),
    (conversation(id="a\nb"), "id: has control characters"),
    (conversation(id="a\ud800"), "id: has control characters"),
    (conversation(id="x" * 256), "id: has 256 characters, more than 255"),
    (conversation(messages={}), "messages: must be a list, not an object"),
    (conversation(messages=["hi"]), "messages[0]: must be an object, not text"),
    (conversation(messages=[{"content": "hi"}]), "messages[0].role: is missing"),
    (
        conversation(messages=[{"role": "user"}] * 3 + [{"role": "robot"}]),
        "messages[3].role: 'robot' is not one of system, user, assistant, tool",
    ),
    (conversation(messages=[{"role": None}]), "messages[0].role: null is not one of system, user, assistant, tool"),
    (conversation(messages=[{"role": "user", "content": 5}]), "messages[0].content: must be text, not a number"),
    (
        conversation(messages=[{"role": "user", "content": [5]}]),
        "messages[0].content[0]: must be an object or text, not a number",
    ),
    (conversation(messages=[{"role": "assistant", "latency_s": -1}]), "messages[0].latency_s: is negative"),
    (
        conversation(messages=[{"role": "assistant", "latency_s": True}]),
        "messages[0].latency_s: must be a number, not true or false",
    ),
    (
        conversation(messages=[{"role": "assistant", "cost_usd": float("nan")}]),
        "messages[0].cost_usd: is not a finite number",
    ),
    (
        conversation(messages=[{"role": "assistant", "cost_usd": 10**400}]),
        "messages[0].cost_usd: is not a finite number",
    ),
    (
        conversation(messages=[{"role": "assistant", "input_tokens": 1.5}]),
        "messages[0].input_tokens: is not a whole number",
    ),
    (
        conversation(messages=[{"role": "assistant", "tool_calls": [{"id": "1"}]}]),
        "messages[0].tool_calls[0].name: is missing",
    ),
    (
        conversation(messages=[{"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}]),
        "messages[0].tool_calls[0].function.name: is missing",
    ),
    (
        conversation(messages=[{"role": "user", "timestamp": "soon"}]),
        "messages[0].timestamp: 'soon' is not an ISO 8601 time",
    ),
    (conversation(started_at=12), "started_at: must be an ISO 8601 time, not a number"),
    (
        conversation(started_at="0001-01-01T00:00:00+14:00"),
        "started_at: '0001-01-01T00:00:00+14:00' is not an ISO 8601 time",
    ),
    (
        conversation(started_at="2026-11-20T10:00:00Z", ended_at="2026-11-20T09:59:59Z"),
        "ended_at: is before started_at",
    ),
    (conversation(metadata=[]), "metadata: must be an object, not a list"),
    (conversation(metadata={"model": ["a"]}), "metadata.model: must be text, not a list"),
    (conversation(metadata={"x": float("inf")}), "metadata: is not a finite number"),
    (conversation(scores=[{"name": "s", "value": float("nan")}]), "scores[0].value: is not a finite number"),
    (conversation(labels=[{"name": "a", "value": 1, "reviewer": ""}]), "labels[0].reviewer: is empty"),
    (conversation(documents=[{"id": "d"}]), "documents[0].content: is missing"),
    (conversation(documents=7), "documents: must be a list, not a number"),
    (conversation(labels=[{"name": "a", "value": None, "reviewer": "r"}]), "labels[0].value: is empty"),
    (
        conversation(labels=[{"name": "a", "value": 1, "reviewer": "r", "colour": 1}]),
        "labels[0].colour: is not a known field; known are name, value, reviewer, note, at, inclusion_probability, question_version",
    ),
    (conversation(feedback=[{"value": 1}]), "feedback[0].name: is missing"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[said[:60] for _, said in REFUSED])
def test_a_wrong_conversation_is_refused_with_one_line_that_names_the_field(given: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_conversation(given, received_at=NOW)
    assert str(refused.value) == said


def test_the_error_carries_the_path_of_the_field() -> None:
    with pytest.raises(BadInput) as refused:
        parse(messages=[{"role": "user"}, {"role": "robot"}])
    assert refused.value.field == "messages[1].role"


def test_deep_nesting_is_refused_without_running_out_of_stack() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TooLarge, match="metadata: is nested more than 64 levels deep"):
        parse(metadata={"deep": deep})
    while deep:
        deep = deep.pop()


# --- what is taken, and how --------------------------------------------------------------------------------


def test_developer_and_function_are_other_words_for_system_and_tool() -> None:
    read = parse(
        messages=[{"role": "developer", "content": "be kind"}, {"role": "function", "name": "f", "content": "1"}]
    )
    assert [m.role for m in read.messages] == ["system", "tool"]


def test_content_parts_become_text_and_what_is_no_text_is_named() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:x"}}, "there"]
    assert message(content=parts).content == "look\n[image_url]\nthere"


def test_tool_calls_are_read_in_openai_form_with_arguments_as_text_or_object() -> None:
    calls = [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "2", "type": "function", "function": {"name": "g", "arguments": {"b": 2}}},
    ]
    assert message(content=None, tool_calls=calls).tool_calls == (
        ToolCall(name="f", arguments='{"a":1}', tool_call_id="1"),
        ToolCall(name="g", arguments='{"b":2}', tool_call_id="2"),
    )


def test_a_text_over_the_limit_is_truncated_and_flagged() -> None:
    long = message(content="x" * (limits.TEXT_CHARACTERS + 5))
    assert len(long.content) == limits.TEXT_CHARACTERS
    assert long.metadata["truncated"] == limits.TEXT_CHARACTERS + 5


def test_text_that_no_database_can_hold_is_made_harmless() -> None:
    assert message(content="a\x00b\ud800c").content == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


def test_unknown_keys_are_kept_and_written_back() -> None:
    given = conversation(tier="gold", metadata={"tier": "silver", "n": 1})
    given["messages"][0]["mood"] = "calm"
    read = parse_conversation(given, received_at=NOW)
    assert read.metadata == {"tier": "silver", "n": 1}
    assert read.messages[0].metadata == {"mood": "calm"}
    assert to_json(read)["messages"][0]["mood"] == "calm"


def test_named_metadata_given_as_numbers_becomes_text_so_that_it_can_be_a_segment() -> None:
    assert parse(metadata={"prompt_version": 7, "model": None}).metadata == {"prompt_version": "7"}


def test_times_not_given_come_from_the_messages_or_from_the_time_of_receipt() -> None:
    assert parse().started_at == parse().ended_at == NOW
    said = parse(
        messages=[
            {"role": "user", "timestamp": "2026-11-20T10:00:00+01:00"},
            {"role": "assistant", "timestamp": "2026-11-20T09:00:05Z"},
        ]
    )
    assert said.started_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert said.ended_at - said.started_at == timedelta(seconds=5)
    assert parse(ended_at="2026-11-19T00:00:00Z").started_at == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "value", "label"),
    [
        ({"value": True}, 1.0, None),
        ({"value": 0.25, "label": "poor"}, 0.25, "poor"),
        ({"label": "Pass"}, 1.0, "Pass"),
        ({"label": "no"}, 0.0, "no"),
        ({"label": "maybe"}, None, "maybe"),
        ({"value": "bad"}, 0.0, "bad"),
    ],
)
def test_a_score_may_come_as_number_truth_or_label(
    given: dict[str, Any], value: float | None, label: str | None
) -> None:
    score = parse(scores=[{"name": "s", **given}]).scores[0]
    assert (score.value, score.label) == (value, label)


def test_a_label_line_is_read_and_written() -> None:
    line = {
        "conversation_id": "c",
        "name": "task_success",
        "value": True,
        "reviewer": "ann",
        "note": "ok",
        "at": "2026-11-20T00:00:00Z",
    }
    label = parse_label_line(line)
    assert label == Label(
        conversation_id="c",
        name="task_success",
        value=1.0,
        reviewer="ann",
        note="ok",
        at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert parse_label_line(label_to_json(label)) == label


def test_an_unknown_field_in_a_label_line_is_an_error() -> None:
    with pytest.raises(BadInput, match=r"^lable: is not a known field"):
        parse_label_line({"conversation_id": "c", "name": "a", "value": 1, "reviewer": "r", "lable": 1})


# --- properties --------------------------------------------------------------------------------------------

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
ids = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
amounts = st.none() | st.floats(min_value=0, max_value=1e9)
counts = st.none() | st.integers(0, 2**53)
times = st.datetimes(timezones=st.just(UTC))
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | numbers | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
maps = st.dictionaries(texts | st.sampled_from(["role", "model", "metadata", "id"]), values, max_size=3)
calls = st.builds(ToolCall, name=texts, arguments=texts, tool_call_id=st.none() | texts)
documents = st.builds(Document, content=texts, document_id=st.none() | texts, score=st.none() | numbers)
messages = st.builds(
    Message, role=st.sampled_from(ROLES), content=texts, name=st.none() | texts, tool_calls=st.tuples() | st.tuples(calls),
    tool_call_id=st.none() | texts, at=st.none() | times, model=st.none() | texts, latency_s=amounts, ttft_s=amounts,
    input_tokens=counts, output_tokens=counts, cost_usd=amounts, error=st.none() | texts,
    documents=st.tuples() | st.tuples(documents), metadata=maps,
)  # fmt: skip
feedback = st.builds(
    Feedback,
    name=ids,
    value=st.none() | numbers | texts,
    comment=st.none() | texts,
    user_id=st.none() | texts,
    at=st.none() | times,
)
scores = st.builds(
    Score, name=ids, value=st.none() | numbers, label=st.none() | texts, explanation=st.none() | texts, source=texts,
    evaluator_version=texts, turn=counts, evidence=st.none() | texts, cost_usd=amounts, input_tokens=counts,
    output_tokens=counts, inclusion_probability=st.floats(min_value=0.01, max_value=1),
).filter(lambda score: score.value is not None or score.label is None or value_of_label(score.label) is None)  # fmt: skip
labels = st.builds(
    Label, conversation_id=st.just("c-1"), name=ids, value=numbers | texts.filter(bool), reviewer=ids,
    note=st.none() | texts, at=st.none() | times, inclusion_probability=st.none() | st.floats(min_value=0.01, max_value=1),
)  # fmt: skip


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    started, ended = sorted([draw(times), draw(times)])
    named = st.dictionaries(st.sampled_from(["application", "model"]), texts)
    free = maps.map(lambda given: {key: value for key, value in given.items() if key != "model"})
    return Conversation(
        conversation_id="c-1", started_at=started, ended_at=ended, user_id=draw(st.none() | texts),
        metadata=draw(free) | draw(named), messages=tuple(draw(st.lists(messages, max_size=3))),
        trace_ids=tuple(draw(st.lists(texts, max_size=2))), feedback=tuple(draw(st.lists(feedback, max_size=2))),
        scores=tuple(draw(st.lists(scores, max_size=2))), labels=tuple(draw(st.lists(labels, max_size=2))),
    )  # fmt: skip


@given(conversations())
def test_what_is_written_is_read_back_as_it_was(written: Conversation) -> None:
    through_json = orjson.loads(orjson.dumps(to_json(written)))
    assert parse_conversation(through_json, received_at=NOW) == written


@given(
    st.dictionaries(
        st.sampled_from(["id", "messages", "metadata", "started_at", "scores", "labels", "feedback"]), values
    )
)
def test_any_json_is_either_a_conversation_or_bad_input(given: dict[str, Any]) -> None:
    try:
        read = parse_conversation({"id": "c", "messages": [], **given}, received_at=NOW)
    except BadInput as refused:
        said = refused.message
    else:
        said = ""
        assert read.started_at <= read.ended_at
    assert "\n" not in said


@pytest.mark.skipif(not DATA.exists(), reason="the sample data is not beside this checkout")
@pytest.mark.parametrize("name", ["airline", "injection", "pii", "groundedness", "abandonment", "judge_verdicts"])
def test_every_sample_conversation_is_read_and_survives_a_round_trip(name: str) -> None:
    lines = (DATA / f"{name}.jsonl").read_bytes().splitlines()[:200]
    for line in lines:
        read = parse_conversation(orjson.loads(line), received_at=NOW)
        assert parse_conversation(to_json(read), received_at=NOW) == read
