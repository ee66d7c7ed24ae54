from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from traces.errors import BadInput
from traces.formats import AUTO, read
from traces.model import Conversation

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAIRS = [
    {"user_input": "Why?", "response": "Because.", "retrieved_contexts": ["It is so."], "reference": "So."},
    {"input": "Why?", "actual_output": "Because.", "retrieval_context": ["It is so."], "expected_output": "So."},
    {"question": "Why?", "answer": "Because.", "contexts": ["It is so."], "ground_truth": "So."},
]


def conversation(value: Any) -> Conversation:
    return read(value, AUTO, NOW).offers[0].conversation


@pytest.mark.parametrize("sample", PAIRS, ids=["ragas", "deepeval", "older ragas"])
def test_a_sample_of_another_product_is_a_conversation_with_its_documents(sample: dict[str, Any]) -> None:
    found = conversation(sample)
    assert [(m.role, m.content) for m in found.messages] == [("user", "Why?"), ("assistant", "Because.")]
    assert [document.content for document in found.messages[1].documents] == ["It is so."]
    assert list(found.metadata.values()) == ["So."]
    assert found.conversation_id == conversation(dict(sample)).conversation_id


def test_a_sample_of_several_turns_keeps_its_tool_calls() -> None:
    ragas = {
        "user_input": [
            {"content": "Where is it?", "type": "human"},
            {"content": "", "type": "ai", "tool_calls": [{"name": "find", "args": {"order": 1}}]},
            {"content": "On its way", "type": "tool"},
        ]
    }
    found = conversation(ragas)
    assert [m.role for m in found.messages] == ["user", "assistant", "tool"]
    assert (found.messages[1].tool_calls[0].name, found.messages[1].tool_calls[0].arguments) == ("find", '{"order":1}')


def test_a_conversational_test_case_keeps_what_each_turn_had_retrieved() -> None:
    case = {
        "scenario": "refund",
        "turns": [
            {"role": "user", "content": "Refund?"},
            {"role": "assistant", "content": "Yes.", "retrieval_context": ["Refunds take a week."]},
        ],
    }
    found = conversation(case)
    assert found.messages[1].documents[0].content == "Refunds take a week."
    assert found.metadata["scenario"] == "refund"


def test_a_sample_with_an_id_and_labels_keeps_them() -> None:
    found = conversation({**PAIRS[0], "id": "s-1", "labels": [{"name": "groundedness", "value": 1}]})
    assert (found.conversation_id, found.labels[0].value, found.labels[0].reviewer) == ("s-1", 1.0, "file")


@pytest.mark.parametrize("value", [{"input": "a", "output": "b"}, {"turns": []}, {"turns": ["a"]}, {"question": "a"}])
def test_what_is_no_sample_is_not_taken_for_one(value: Any) -> None:
    with pytest.raises(BadInput):
        read(value, "samples", NOW)
