from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.groundedness import Groundedness
from traces.conversation_format import parse_conversation, parse_label_line, to_json
from traces.model import Conversation, Message

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TALK = [
    {"role": "user", "content": "How long do I have to send it back?"},
    {"role": "assistant", "content": "You have thirty days to send it back."},
]
RETURNS = "You have thirty days to send an item back."


def parse(**fields: Any) -> Conversation:
    return parse_conversation({"id": "c-1", "messages": TALK, **fields}, received_at=NOW)


def texts(message: Message) -> list[str]:
    return [document.content for document in message.documents]


@pytest.mark.parametrize("key", ["documents", "retrieved_contexts", "retrieval_context", "contexts", "context"])
@pytest.mark.parametrize("value", [[RETURNS], RETURNS, [{"content": RETURNS}], [{"page_content": RETURNS}]])
def test_documents_beside_the_messages_are_those_of_the_last_answer(key: str, value: Any) -> None:
    read = parse(**{key: value})
    assert [texts(message) for message in read.messages] == [[], [RETURNS]]
    assert key not in read.metadata


@pytest.mark.parametrize("key", ["retrieved_contexts", "retrieval_context", "contexts", "context"])
def test_an_answer_has_the_documents_that_stand_in_it_under_the_names_of_other_products(key: str) -> None:
    read = parse(messages=[TALK[0], {**TALK[1], key: [RETURNS, "Shipping is free."]}])
    assert texts(read.messages[1]) == [RETURNS, "Shipping is free."]
    assert not read.messages[1].metadata


def test_documents_let_groundedness_speak() -> None:
    score = Groundedness().evaluate(parse(retrieved_contexts=[RETURNS]))
    assert score is not None
    assert score.value is not None
    assert score.value > 0.5
    assert Groundedness().evaluate(parse()) is None


def test_what_was_retrieved_counts_and_what_an_ideal_retriever_would_have_found_is_metadata() -> None:
    read = parse(context=["An ideal passage of some words."], retrieval_context=[RETURNS])
    assert texts(read.messages[1]) == [RETURNS]
    assert read.metadata == {"context": ["An ideal passage of some words."]}


@pytest.mark.parametrize("context", ["checkout page", {"page": "checkout"}, [7], [], None, 3])
def test_a_context_that_is_no_passage_stays_metadata(context: Any) -> None:
    read = parse(context=context)
    assert read.metadata == {"context": context}
    assert not read.messages[1].documents


def test_documents_join_those_that_the_last_answer_has() -> None:
    read = parse(messages=[TALK[0], {**TALK[1], "documents": ["Shipping is free."]}], documents=[RETURNS])
    assert texts(read.messages[1]) == ["Shipping is free.", RETURNS]


def test_documents_of_a_conversation_that_nobody_answered_stand_in_its_last_message() -> None:
    assert texts(parse(messages=TALK[:1], documents=[RETURNS]).messages[0]) == [RETURNS]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab ", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["content", "text", "id"]), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["retrieved_contexts", "retrieval_context", "contexts", "context", "metadata", "page"])


@given(st.dictionaries(NAMES.filter(lambda n: n != "metadata"), JSON), st.dictionaries(NAMES, JSON))
def test_what_was_read_is_read_back_the_same_whatever_these_names_hold(
    beside: dict[str, Any], within: dict[str, Any]
) -> None:
    inner = {**within, "metadata": {"context": within.get("metadata")}}
    read = parse(messages=[TALK[0], {**TALK[1], **inner}], **beside)
    assert parse_conversation(to_json(read), received_at=NOW) == read


def test_labels_without_a_reviewer_are_from_a_file() -> None:
    assert parse(labels=[{"name": "refusal", "value": 0}]).labels[0].reviewer == "file"
    assert parse(labels=[{"name": "refusal", "value": 0, "reviewer": None}]).labels[0].reviewer == "file"
    assert parse_label_line({"conversation_id": "c", "name": "refusal", "value": 1}).reviewer == "file"
