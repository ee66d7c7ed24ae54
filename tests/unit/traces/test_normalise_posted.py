from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.errors import BadInput
from traces.normalise import conversation_of
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.litellm import spans_of_calls

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALL: dict[str, Any] = {"litellm_call_id": "c", "startTime": 1795213453.5, "endTime": 1795213454.5, "trace_id": "s"}
SCORE: dict[str, Any] = {"name": "csat", "value": 1, "traceId": "ab" * 16}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("x", "must be an object or a list of them, not text"),
        ([3], "[0]: must be an object, not a number"),
        ([CALL, {"litellm_call_id": "c"}], "[1].startTime: is missing"),
        ([CALL | {"startTime": "now"}], "[0].startTime: must be a number, not text"),
        ([CALL | {"endTime": 1e18}], "[0].endTime: is not a Unix time in seconds"),
    ],
)
def test_a_call_that_is_none_is_named_by_its_place(sent: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        spans_of_calls(sent)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "must be an object or a list of them, not null"),
        ([{"name": "a"}], "[0].value: is missing"),
        ([{"name": "a", "value": 1}], "[0]: names neither a traceId nor a sessionId"),
        ([SCORE | {"traceId": 7}], "[0].traceId: must be text, not a number"),
        ([SCORE | {"timestamp": "x"}], "[0].timestamp: 'x' is not an ISO 8601 time"),
    ],
)
def test_a_score_that_is_none_is_named_by_its_place(sent: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        spans_of_scores(sent, NOW)
    assert str(refused.value) == said


def test_a_call_sent_twice_is_one_span() -> None:
    first, again = spans_of_calls([CALL, CALL]).spans
    assert first == again


def test_a_call_of_an_older_litellm_is_known_by_its_id_and_times() -> None:
    older = {name: value for name, value in CALL.items() if name != "litellm_call_id"} | {"id": "chatcmpl-1"}
    later = older | {"startTime": 1795213454.0}
    first, again, other = spans_of_calls([older, older, later]).spans
    assert first == again
    assert first.trace_id != other.trace_id
    assert first.attributes["session.id"] == "s"
    with pytest.raises(BadInput, match=r"\[0\].litellm_call_id: is missing"):
        spans_of_calls([older | {"id": None}])


@pytest.mark.parametrize(
    ("said", "user"),
    [
        ({"end_user": "u", "model_parameters": {"user": "v"}}, "u"),
        ({"end_user": None, "model_parameters": {"user": "v"}}, "v"),
        ({"metadata": {"user_api_key_end_user_id": "w", "user_api_key_user_id": "x"}}, "w"),
        ({"metadata": {"user_api_key_user_id": "x"}}, "x"),
        ({"metadata": "x", "model_parameters": ["user"], "end_user": 3}, None),
    ],
)
def test_the_user_of_a_call_is_found_wherever_litellm_says_it(said: dict[str, Any], user: str | None) -> None:
    (span,) = spans_of_calls(CALL | said).spans
    assert span.attributes.get("enduser.id") == user


def test_a_failed_call_tells_its_error_from_either_place() -> None:
    information = {"status": "failure", "error_information": {"error_message": "exploded"}}
    assert spans_of_calls(CALL | information).spans[0].status_message == "exploded"
    assert spans_of_calls(CALL | information | {"error_str": "boom"}).spans[0].status_message == "boom"


def test_an_embedding_is_no_model_call_of_the_conversation() -> None:
    (span,) = spans_of_calls(CALL | {"call_type": "aembedding", "prompt_tokens": 3, "model": "m"}).spans
    assert conversation_of("s", [span]).messages == ()


def test_a_score_sent_again_with_another_value_replaces_itself() -> None:
    first, again = (spans_of_scores(SCORE | {"id": "x", "value": value}, NOW).spans[0] for value in (0, 1))
    assert (first.trace_id, first.span_id) == (again.trace_id, again.span_id)
    assert first.events != again.events


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(
    [*CALL, *SCORE, "messages", "response", "stream", "completionStartTime", "status", "session_id", "model"]
)


@given(st.dictionaries(keys, values, max_size=4))
def test_whatever_is_posted_is_either_read_or_bad_input(fields: dict[str, Any]) -> None:
    with contextlib.suppress(BadInput):
        spans_of_calls(CALL | fields)
    with contextlib.suppress(BadInput):
        spans_of_scores(SCORE | fields, NOW)
