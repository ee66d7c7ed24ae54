"""Whether a tool failed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import talk

from evaluators.run import run
from evaluators.tool_error import ToolError, error_in
from traces.model import Message, ToolCall

ERRORS = [
    "Error: not enough seats on flight HAT290",
    "ERROR - upstream closed the connection",
    "ValueError: bad date",
    "requests.exceptions.ConnectionError: refused",
    "Traceback (most recent call last):\n  File x\nKeyError: 'a'",
    "Failed to fetch the page",
    "Could not connect to the server",
    "Permission denied",
    "Request timed out after 30 s",
    "status code: 503",
    "Internal Server Error",
    "Tool execution error: no such tool",
    "❌ Error: quota",
    '{"error": "not found"}',
    '{"error": {"code": 1, "message": "x"}}',
    '{"errors": [{"message": "x"}], "data": null}',
    '{"status": "error", "message": "x"}',
    '{"status": 500}',
    '{"statusCode": 404, "message": "x"}',
    '{"code": 429, "message": "slow down"}',
    '{"success": false}',
    '{"ok": false, "error": "channel_not_found"}',
    '{"isError": true, "content": [{"type": "text", "text": "no"}]}',
    '{"result": {"status": "failed"}}',
    '[{"type": "text", "text": "Error: no such file"}]',
    '{"exception": "ZeroDivisionError"}',
]
WORKED = [
    "",
    "ok",
    "No errors found.",
    "The error log is empty",
    "0 errors, 3 warnings",
    "Errors happen to everybody",
    "There were 3 failed payments last month",
    '{"error": null, "data": [1]}',
    '{"error": "", "ok": true}',
    '{"error": false}',
    '{"errors": []}',
    '{"status": "available"}',
    '{"status": "cancelled", "order": 4}',
    '{"status": 200}',
    '{"area": {"code": 415}}',
    '{"code": 415, "city": "San Francisco"}',
    '[{"name": "a", "status": "error"}, {"name": "b", "status": "ok"}]',
    '{"success": true, "error_count": 0}',
    "[]",
    "null",
    "17",
    '"text"',
]


@pytest.mark.parametrize("content", ERRORS)
def test_a_tool_that_says_it_failed_is_an_error(content):
    assert error_in(Message(role="tool", content=content)) is not None


@pytest.mark.parametrize("content", WORKED)
def test_a_tool_that_answers_is_no_error_even_when_it_speaks_of_errors(content):
    assert error_in(Message(role="tool", content=content)) is None


def test_the_trace_s_own_mark_is_enough():
    assert error_in(Message(role="tool", content="fine", error="timeout")) == "timeout"
    assert error_in(Message(role="tool", content="fine", error="")) == "error"
    assert error_in(Message(role="tool", content="fine", metadata={"is_error": True})) is not None
    assert error_in(Message(role="tool", content="fine", metadata={"status": "error"})) is not None


def test_a_conversation_without_tool_calls_gets_no_score():
    assert run(ToolError(), talk(("user", "hi"), ("assistant", "Error: hello"))) is None


def test_the_tools_that_failed_are_named_and_counted():
    calls = tuple(ToolCall(name=name, tool_call_id=name[0]) for name in ("book", "search"))
    score = run(
        ToolError(),
        talk(
            ("user", "go"),
            Message(role="assistant", tool_calls=calls),
            Message(role="tool", tool_call_id="s", content="[]"),
            Message(role="tool", tool_call_id="b", content="Error: sold out"),
        ),
    )
    assert score.value == 1.0
    assert score.explanation == "1 of 2 tool calls failed: book."
    assert (score.turn, score.evidence) == (3, "Error: sold out")


def test_calls_that_all_worked_are_a_score_of_0():
    conversation = talk(("user", "go"), Message(role="tool", name="search", content="[1]"))
    assert run(ToolError(), conversation).value == 0.0


def test_an_error_that_nobody_can_name_is_still_explained():
    score = run(ToolError(), talk(Message(role="tool", content="Error: x")))
    assert score.explanation == "1 of 1 tool calls failed: a tool."


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda c: st.lists(c) | st.dictionaries(st.text(max_size=5), c),
    )
)
def test_any_json_without_words_of_failure_can_be_read(answer):
    error_in(Message(role="tool", content=json.dumps(answer)))
