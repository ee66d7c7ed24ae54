"""Whether the agent calls tools in circles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from evaluators.base import Need, When, excerpt
from evaluators.options import positive, versioned
from evaluators.tool_error import error_in
from traces.model import Conversation, Direction, Message, Score, ToolCall

_VERSION: Final = "1"
_CALLS: Final = 400
_CHARS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLoopOptions:
    """``repeats``: the number of equal calls, without anything new, that makes a loop."""

    repeats: int = field(default=3, metadata={"description": "Equal calls, with equal answers, that make a loop."})

    def __post_init__(self) -> None:
        positive(repeats=self.repeats - 1)


class _Call(NamedTuple):
    turn: int
    name: str
    arguments: str
    answer: str | None
    failed: bool


class _Loop(NamedTuple):
    length: int
    call: _Call
    words: str


class ToolLoop:
    """The longest run of a tool called with equal arguments and answered alike, or of one that fails again and again.

    Between equal calls there may be others, as in a circle of two; an answer that is not like the last ends the run, since
    asking until something has changed is no loop. Value 0.5 stands at ``repeats`` calls.
    """

    name = "tool_loop"
    when: When = "arrival"
    needs: tuple[Need, ...] = ("tools",)
    summary = (
        "The agent calls a tool with the same arguments and gets the same answer, or calls one that keeps failing."
        " It cannot see circles in which the arguments vary a little and the calls succeed."
    )
    question = "Did the agent call tools in a loop?"
    yes_label = "Yes, in a loop"
    no_label = "No, it moved on"
    bad = Direction.UP

    def __init__(self, options: ToolLoopOptions | None = None) -> None:
        self._options = options or ToolLoopOptions()
        self.version = versioned(_VERSION, self._options)

    def evaluate(self, conversation: Conversation) -> Score | None:
        calls = _calls(conversation)
        if not calls:
            return None
        longest = max((*_equal(calls), *_failing(calls)), key=lambda loop: loop.length)
        value = min(1.0, (longest.length - 1) / (2 * (self._options.repeats - 1)))
        if longest.length == 1:
            return Score(name=self.name, value=0.0, explanation=f"None of {len(calls)} tool calls repeats another.")
        name = excerpt(longest.call.name, limit=60)
        return Score(
            name=self.name,
            value=value,
            explanation=f"{name} was called {longest.length} times {longest.words}.",
            evidence=excerpt(f"{longest.call.name}({longest.call.arguments})"),
            turn=longest.call.turn,
        )


def _calls(conversation: Conversation) -> list[_Call]:
    answers, in_order = _answers(conversation)
    return [
        _read(turn, call, _answer_to(call, in_order.get((turn, at)), answers))
        for turn, message in enumerate(conversation.messages)
        for at, call in enumerate(message.tool_calls)
    ][-_CALLS:]


def _answer_to(call: ToolCall, next_one: Message | None, answers: dict[str, Message]) -> Message | None:
    # Some clients use an id twice: where the message in place has the id, it is the answer.
    if next_one is not None and (next_one.tool_call_id is None or next_one.tool_call_id == call.tool_call_id):
        return next_one
    return answers.get(call.tool_call_id or "")


def _answers(conversation: Conversation) -> tuple[dict[str, Message], dict[tuple[int, int], Message]]:
    """Tool messages by the id of their call, and those without one by the turn of the calls before and their place."""
    by_id: dict[str, Message] = {}
    in_order: dict[tuple[int, int], Message] = {}
    asked, place = -1, 0
    for turn, message in enumerate(conversation.messages):
        if message.tool_calls:
            asked, place = turn, 0
        elif message.role == "tool" and message.tool_call_id:
            by_id[message.tool_call_id] = message
        if message.role == "tool":
            in_order[asked, place] = message
            place += 1
    return by_id, in_order


def _read(turn: int, call: ToolCall, answer: Message | None) -> _Call:
    said = None if answer is None else answer.content[:_CHARS]
    return _Call(turn, call.name, _plain(call.arguments), said, answer is not None and error_in(answer) is not None)


def _plain(arguments: str) -> str:
    """``arguments`` with sorted keys, so that their order does not matter."""
    head = arguments[:_CHARS]
    try:
        return json.dumps(json.loads(head), sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return head.strip()


def _equal(calls: list[_Call]) -> Iterator[_Loop]:
    runs: dict[tuple[str, str], tuple[int, str | None]] = {}
    for call in calls:
        length, answer = runs.get((call.name, call.arguments), (0, call.answer))
        length = length + 1 if answer == call.answer else 1
        runs[call.name, call.arguments] = (length, call.answer)
        yield _Loop(length, call, "with the same arguments and the same answer")


def _failing(calls: list[_Call]) -> Iterator[_Loop]:
    runs: dict[str, int] = {}
    for call in calls:
        runs[call.name] = runs.get(call.name, 0) + 1 if call.failed else 0
        if runs[call.name] > 1:
            yield _Loop(runs[call.name], call, "and failed each time")
