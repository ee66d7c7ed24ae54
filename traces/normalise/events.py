"""Messages that were recorded as events, of the span itself or as log records beneath it.

Before version 1.37 the GenAI conventions had one event for each message; since then one event holds the details of an
inference. Either way they say what the span's attributes would have said, so they are read as if they stood there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from traces.model import Role, Span
from traces.normalise.attributes import json_of, listed
from traces.otlp_logs import Event

_MESSAGES: Final[dict[str, Role]] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE: Final = "gen_ai.choice"
_DETAILS: Final = frozenset(
    {"gen_ai.client.inference.operation.details", "gen_ai.content.prompt", "gen_ai.content.completion"},
)
_OURS: Final = frozenset({*_MESSAGES, _CHOICE, *_DETAILS})


def with_events(span: Span, logged: Sequence[Event]) -> Span:
    """The span with what its events say as attributes; attributes that it has itself stay."""
    events = [event for event in (*span.events, *logged, *_listed(span)) if event[0] in _OURS]
    if not events:
        return span
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
    return replace(span, attributes=said | dict(span.attributes))


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
    """Parts that were written as JSON text, as Bedrock's are; other text stays text."""
    parts = json_of(value)
    return parts if type(parts) is list and parts and all(type(part) is dict for part in parts) else value
