"""Merging what model calls were given and said into one conversation.

Every model call carries the history so far in its input, some whole, some cut or without the tool traffic, and a failed
turn is often dropped by the client. A message of that history is taken as known when the transcript already holds it; what
follows the last assistant message of the input is new unless this very turn already has it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

import orjson

from traces.conversation_format import bounded
from traces.model import Document, Message, ToolCall
from traces.normalise.attributes import json_of
from traces.normalise.told import Step
from traces.redacted import Lasting

Key: TypeAlias = tuple[object, ...]
_SYSTEM_CHARACTERS = 64
"""System prompts that begin alike are one prompt; many end in the current time."""
_LOOK_BACK = 200
_MOST_DOCUMENTS = 1_000


def _arguments_key(call: ToolCall) -> object:
    parsed = json_of(call.arguments)
    return parsed if type(parsed) is str else orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS)


def key_of(message: Message) -> Key:
    """What makes two records of a message the same message."""
    if message.role == "system":
        return ("system", message.content[:_SYSTEM_CHARACTERS])
    if message.role == "tool":
        return ("tool", message.tool_call_id or message.name or message.content)
    said = " ".join(message.content.split())
    if message.role == "user":
        return ("user", said)
    return ("assistant", said, tuple((call.name, _arguments_key(call)) for call in message.tool_calls))


def hidden_key_of(message: Message) -> Key:
    """The same, alike for a message as it came and as it stands once its words are no longer kept."""
    return key_of(Lasting().message(message))


class Transcript:
    """The messages of one conversation, built trace by trace.

    Args:
        key_of: What makes two records of a message the same message.
    """

    def __init__(self, key_of: Callable[[Message], Key] = key_of) -> None:
        self._key_of = key_of
        self.messages: list[Message] = []
        self._positions: defaultdict[Key, list[int]] = defaultdict(list)
        self._trace_start = 0
        self._answered_before = -1
        self._last_answer = -1
        self._retrieved: list[tuple[int, tuple[Document, ...]]] = []

    def tell(self, steps: Sequence[Step]) -> None:
        """Add what one trace tells."""
        self.begin_trace()
        for kind, what, beside in steps:
            if kind == "hear":
                self.hear(what, beside)
            elif kind == "say":
                self.say(what)
            elif kind == "run":
                self.run(what, beside)
            elif kind == "retrieve":
                self.retrieve(what)
            elif kind == "fail":
                self.fail(what, beside)
            else:
                self.end_trace()

    def begin_trace(self) -> None:
        """What follows belongs to the next trace."""
        self._trace_start = len(self.messages)
        self._answered_before = self._last_answer
        self._retrieved = []

    def _append(self, message: Message, key: Key | None = None) -> None:
        """Add a message, whose key is ``key`` where it was asked for already."""
        place = len(self.messages)
        self.messages.append(bounded(message))
        self._positions[self._key_of(message) if key is None else key].append(place)
        if message.role == "assistant":
            self._last_answer = place

    def hear(self, given: list[Message], at: datetime) -> None:
        """Add what is new in the input of a model call."""
        for message in given:
            if message.role == "system" and not self._positions[key := self._key_of(message)]:
                self._append(message, key)
        spoken = [message for message in given if message.role != "system"]
        answered = max((i for i, message in enumerate(spoken) if message.role == "assistant"), default=-1)
        anchor = self._replay(spoken[: answered + 1])
        self._continue(spoken[answered + 1 :], max(anchor, self._answered_before) + 1, at)

    def _replay(self, history: list[Message]) -> int:
        """Add what the transcript lacks of a history that ends with the assistant; where that last message stands."""
        seen: defaultdict[Key, int] = defaultdict(int)
        last: list[int] = [-1]
        for message in history:
            key = self._key_of(message)
            seen[key] += 1
            last = self._positions[key]
            if seen[key] > len(last):
                self._append(message, key)
        return last[-1]

    def _continue(self, new: list[Message], since: int, at: datetime) -> None:
        """Add the end of an input, save what already stands in the transcript from ``since`` on."""
        used: defaultdict[Key, int] = defaultdict(int)
        for message in new:
            key = self._key_of(message)
            held = self._positions[key]
            place = bisect_left(held, since) + used[key]
            used[key] += 1
            if place < len(held):
                self._fill(held[place], message)
            else:
                self._append(replace(message, at=at), key)

    def _fill(self, index: int, message: Message) -> None:
        if message.role == "tool" and not self.messages[index].content:
            self.messages[index] = bounded(replace(self.messages[index], content=message.content))

    def say(self, message: Message) -> None:
        """Add what a model call said."""
        self._append(message)

    def run(self, message: Message, arguments: str) -> None:
        """Add a tool's run, joined to the call that asked for it; one without a call keeps its arguments itself."""
        asked = self._open_call(message)
        if asked is None:
            metadata = {**message.metadata, "arguments": arguments} if arguments else message.metadata
            self._append(replace(message, metadata=metadata))
        else:
            self._append(replace(message, tool_call_id=message.tool_call_id or asked.tool_call_id))

    def _open_call(self, message: Message) -> ToolCall | None:
        """The latest call of this tool that has no result yet."""
        results: Counter[str | None] = Counter()
        for earlier in reversed(self.messages[-_LOOK_BACK:]):
            if earlier.role == "tool":
                results[earlier.tool_call_id] += 1
            for call in reversed(earlier.tool_calls):
                if not self._matches(call, message):
                    continue
                if not results[call.tool_call_id]:
                    return call
                results[call.tool_call_id] -= 1
        return None

    @staticmethod
    def _matches(call: ToolCall, message: Message) -> bool:
        if message.tool_call_id is not None:
            return call.tool_call_id == message.tool_call_id
        return call.name == message.name

    def retrieve(self, documents: tuple[Document, ...]) -> None:
        """Keep what a retriever found for the answer that it serves."""
        self._retrieved.append((len(self.messages), documents))

    def end_trace(self) -> None:
        """Put the documents on the first answer with text after the retrieval, or else the first one, or the last before."""
        if not self._retrieved:
            return
        answers = [i for i in range(self._trace_start, len(self.messages)) if self.messages[i].role == "assistant"]
        spoken = [i for i in answers if self.messages[i].content]
        for since, documents in self._retrieved:
            after = spoken[bisect_left(spoken, since) :] or answers[bisect_left(answers, since) :] or answers[-1:]
            for index in after[:1]:
                served = self.messages[index]
                self.messages[index] = replace(served, documents=(*served.documents, *documents)[:_MOST_DOCUMENTS])

    def fail(self, error: str, at: datetime) -> None:
        """Put an error that no model call or tool had on the turn's last answer, or on an answer of its own."""
        last = self._last_answer
        if last >= self._trace_start and self.messages[last].error is None:
            self.messages[last] = replace(self.messages[last], error=error)
        else:
            self._append(Message(role="assistant", at=at, error=error))

    def turn(self) -> int | None:
        """Where this trace's last assistant message stands; ``None`` without one."""
        return self._last_answer if self._last_answer >= self._trace_start else None
