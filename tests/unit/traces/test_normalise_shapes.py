"""The shapes in which clients record chat messages."""

from __future__ import annotations

from typing import Any

import pytest

from traces.model import Message, ToolCall
from traces.normalise.messages import messages_of

SHAPES: list[tuple[Any, list[Message]]] = [
    ("hi", [Message(role="user", content="hi")]),
    ('{"role": "user", "content": "hi"}', [Message(role="user", content="hi")]),
    ({"messages": [{"role": "user", "content": "hi"}]}, [Message(role="user", content="hi")]),
    ([[{"type": "human", "content": "hi"}]], [Message(role="user", content="hi")]),
    ({"lc": 1, "kwargs": {"type": "ai", "content": "yo"}}, [Message(role="assistant", content="yo")]),
    ({"type": "chat_messages", "value": [{"role": "user", "content": "hi"}]}, [Message(role="user", content="hi")]),
    ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}], [Message(role="user", content="a\n[image]")]),
    ([{"role": "model", "parts": [{"text": "yo"}]}], [Message(role="assistant", content="yo")]),
    (
        {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}}]},
        [Message(role="assistant", tool_calls=(ToolCall(name="f", arguments="{}", tool_call_id="1"),))],
    ),
    (
        [{"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}]}],
        [Message(role="assistant", tool_calls=(ToolCall(name="f", arguments='{"a":1}', tool_call_id="1"),))],
    ),
    (
        [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "42"}]}],
        [Message(role="tool", content="42", tool_call_id="1")],
    ),
    (
        [{"role": "tool", "content": [{"type": "tool-result", "toolCallId": "1", "toolName": "f", "output": {"type": "text", "value": "42"}}]}],
        [Message(role="tool", content="42", name="f", tool_call_id="1")],
    ),
    ([{"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "yo"}]}], [Message(role="assistant", content="yo")]),
]  # fmt: skip


SHAPES += [
    (
        {"generations": [[{"text": "yo", "message": {"lc": 1, "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": {"content": "yo", "type": "ai"}}}]]},
        [Message(role="assistant", content="yo")],
    ),
    ({"messages": [[{"lc": 1, "id": ["m", "HumanMessage"], "kwargs": {"content": "hi"}}]]}, [Message(role="user", content="hi")]),
    (
        {"lc": 1, "id": ["m", "AIMessage"], "kwargs": {"content": "", "type": "ai", "tool_calls": [{"name": "f", "args": {"a": 1}, "id": "1", "type": "tool_call"}]}},
        [Message(role="assistant", tool_calls=(ToolCall(name="f", arguments='{"a":1}', tool_call_id="1"),))],
    ),
    (
        {"config": {"system_instruction": "be kind"}, "contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        [Message(role="system", content="be kind"), Message(role="user", content="hi")],
    ),
    (
        {"content": {"role": "model", "parts": [{"function_call": {"id": "1", "name": "f", "args": {"a": 1}}}]}},
        [Message(role="assistant", tool_calls=(ToolCall(name="f", arguments='{"a":1}', tool_call_id="1"),))],
    ),
    (
        [{"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "42"}]}}]}],
        [Message(role="tool", content="42", tool_call_id="1")],
    ),
    ({"input": "hi", "chat_history": []}, [Message(role="user", content="hi")]),
]  # fmt: skip


@pytest.mark.parametrize(("recorded", "messages"), SHAPES)
def test_messages_are_read_in_every_shape_that_clients_record(recorded: Any, messages: list[Message]) -> None:
    assert messages_of(recorded, "user") == messages


def test_deeply_nested_text_is_kept_as_text() -> None:
    deep = "[" * 900 + "]" * 900
    assert messages_of(deep, "user") == [Message(role="user", content=deep)]
