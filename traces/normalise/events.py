"""Messages that were recorded as events, of the span itself or as log records beneath it.

Before version 1.37 the GenAI conventions had one event for each message; since then one event holds the details of an
inference. Either way they say what the span's attributes would have said, so they are read as if they stood there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from traces.model import Role, Span
from traces.normalise.attributes import json_of, listed, text_of
from traces.normalise.mapping import CALLING
from traces.otlp_logs import Event

_MESSAGES: Final[dict[str, Role]] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE: Final = "gen_ai.choice"
_TOOL_MESSAGE: Final = "gen_ai.tool.message"
_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
_RESULT: Final = "gen_ai.tool.call.result"
_BLOCKS: Final = frozenset({"text", "json"})
_CALL: Final = {"id": "call_id", "name": "function_name", "arguments": "arguments"}
_DETAILS: Final = frozenset(
    {"gen_ai.client.inference.operation.details", "gen_ai.content.prompt", "gen_ai.content.completion"},
)
_OURS: Final = frozenset({*_MESSAGES, _CHOICE, *_DETAILS})


def with_events(span: Span, logged: Sequence[Event]) -> Span:
    """The span with what its events say as attributes; attributes that it has itself stay."""
    said = _asked_for(span)
    events = [event for event in (*span.events, *logged, *_listed(span)) if event[0] in _OURS]
    if events:
        said = _said_by(events)
        said |= _ran(events) if "gen_ai.tool.name" in span.attributes else {}
    return replace(span, attributes=said | dict(span.attributes)) if said else span


def _said_by(events: Sequence[Event]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    given = [_message(attributes, _MESSAGES[name]) for name, _, attributes in events if name in _MESSAGES]
    if given:
        said["gen_ai.input.messages"] = given
    choices = [_choice(attributes) for name, _, attributes in events if name == _CHOICE]
    if choices:
        said["gen_ai.output.messages"] = choices[:1]
    for name, _, attributes in events:
        if name in _DETAILS:
            said |= attributes
    return said


def _ran(events: Sequence[Event]) -> dict[str, Any]:
    """What a tool was given and gave, where its span says so in the words of a model's call, as Strands does."""
    ran: dict[str, Any] = {}
    for name, _, attributes in events:
        if name == _TOOL_MESSAGE:
            ran[_ARGUMENTS] = attributes.get("content")
        elif name == _CHOICE:
            ran[_RESULT] = _result(attributes.get("message"))
        for part in _parts_in(attributes.get("gen_ai.input.messages")):
            ran[_ARGUMENTS] = part.get("arguments")
        for part in _parts_in(attributes.get("gen_ai.output.messages")):
            ran[_RESULT] = _result(part.get("response"))
    return {name: held for name, held in ran.items() if held is not None}


def _parts_in(messages: Any) -> list[dict[str, Any]]:
    return [part for message in listed(json_of(messages)) for part in listed(message.get("parts"))]


def _result(value: Any) -> Any:
    """The blocks of a result as text: each is text, or JSON."""
    blocks = json_of(value)
    if type(blocks) is not list or not all(type(block) is dict and not _BLOCKS.isdisjoint(block) for block in blocks):
        return value
    return "\n".join(text_of(block["text"] if "text" in block else block["json"]) for block in blocks)


def _asked_for(span: Span) -> dict[str, Any]:
    """The tool that a model asks for, of which Pipecat's realtime services make a span of its own."""
    attributes = span.attributes
    if attributes.get("gen_ai.operation.name") != CALLING or "tool.function_name" not in attributes:
        return {}
    call = {key: attributes.get(f"tool.{name}") for key, name in _CALL.items()}
    return {"gen_ai.output.messages": [{"role": "assistant", "tool_calls": [call]}]}


def _listed(span: Span) -> list[Event]:
    """Events that older Pydantic AI wrote into one attribute, as a JSON list."""
    return [
        (str(item.get("event.name")), span.started_at, item)
        for item in listed(json_of(span.attributes.get("events")))
        if "event.name" in item
    ]


def _message(attributes: Any, role: Role) -> dict[str, Any]:
    inside = json_of(attributes.get("gen_ai.event.content"))
    held = inside if type(inside) is dict else attributes
    return {"role": role, **held, "content": _content(held.get("content"))}


def _choice(attributes: Any) -> dict[str, Any]:
    inside = json_of(attributes.get("gen_ai.event.content"))
    held = inside if type(inside) is dict else attributes
    message = json_of(held.get("message"))
    if type(message) is not dict:
        return {"role": "assistant", "content": _content(message if message is not None else held.get("content"))}
    return {"role": "assistant", **message}


def _content(value: Any) -> Any:
    """Parts that were written as JSON text, as Bedrock's are, or one level further in, as Google's; other text stays text."""
    parts = json_of(value)
    if type(parts) is dict and type(parts.get("parts")) is list:
        return parts["parts"]
    return parts if type(parts) is list and parts and all(type(part) is dict for part in parts) else value
