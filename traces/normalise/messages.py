"""Chat messages out of every shape that clients record them in.

Read are OpenAI's form, the GenAI conventions' parts, Anthropic's content blocks, the Vercel AI SDK's parts, LangChain's
typed messages, OpenInference's flattened ones, and objects that merely wrap one of these. What is none of them becomes
one message with the value as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from traces.model import Message, Role, ToolCall
from traces.normalise.attributes import json_of, listed, text_of

ROLE_OF: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "tool": "tool",
    "function": "tool",
}
_WRAPPERS: Final = (
    "messages", "choices", "message", "generations", "contents", "candidates", "replies", "items", "value", "kwargs", "content",
    "input", "output",
)  # fmt: skip
_CLASS_OF: Final[Mapping[str, Role]] = {
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
}
_SAYINGS: Final = (
    "content",
    "text",
    "input",
    "query",
    "question",
    "prompt",
    "output",
    "answer",
    "response",
    "q",
    "a",
    "combined_chunk_content",
)
_DEPTH: Final = 12
_MOST_CALLS: Final = 1_000


def messages_of(value: Any, default: Role, depth: int = _DEPTH) -> list[Message]:
    """The messages that ``value`` holds; ``default`` is the role of what names none."""
    value = json_of(value)
    if value is None or value == "" or depth <= 0:
        return []
    if type(value) is list:
        return _of_list(value, default, depth)
    if type(value) is not dict:
        return [Message(role=default, content=text_of(value))]
    return _of_object(value, default, depth)


def _of_object(value: dict[str, Any], default: Role, depth: int) -> list[Message]:
    if _is_message(value):
        return _of_message(value, default)
    if _is_item(value):
        return _of_item(value, default)
    default = _class_role(value) or default
    for wrapper in _WRAPPERS:
        if type(value.get(wrapper)) in (list, dict) or (wrapper == "value" and "type" in value and "value" in value):
            return _system_beside(value) + messages_of(value[wrapper], default, depth - 1)
    return [Message(role=default, content=_saying(value))]


def _of_list(value: list[Any], default: Role, depth: int) -> list[Message]:
    if value and all(type(item) is dict for item in value):
        if all(_is_part(item) for item in value):
            return _of_message({"role": default, "parts": value}, default)
        return [message for item in value for message in messages_of(item, default, depth - 1)]
    if value and all(type(item) is list for item in value):
        return [message for item in value for message in messages_of(item, default, depth - 1)]
    if value and all(type(item) is str for item in value):
        return [Message(role=default, content=text_of("\n".join(value)))]
    return [Message(role=default, content=text_of(value))] if value else []


def _is_item(value: dict[str, Any]) -> bool:
    """One of OpenAI's items that stand between messages: a tool's call or its result, or reasoning."""
    return "role" not in value and type(kind := value.get("type")) is str and kind in _ITEM_KINDS


def _of_item(value: dict[str, Any], default: Role) -> list[Message]:
    role: Role = "assistant" if value["type"] in _CALL_KINDS else default
    return [said for said in _of_message({"role": role, "parts": [value]}, role) if said.content or said.tool_calls]


def _class_role(value: dict[str, Any]) -> Role | None:
    """The role that LangChain's serialisation has in the name of a class."""
    path = value.get("id")
    return _CLASS_OF.get(str(path[-1])) if "lc" in value and type(path) is list and path else None


def _system_beside(value: dict[str, Any]) -> list[Message]:
    """The system prompt that Anthropic and the Vercel AI SDK put beside the messages."""
    config = value.get("config")
    system = (
        value.get("system")
        or value.get("instructions")
        or (config.get("system_instruction") if type(config) is dict else None)
    )
    return _of_message({"role": "system", "content": system}, "system") if system else []


def _is_message(value: dict[str, Any]) -> bool:
    """By its role, or, as LangChain writes them, by its type."""
    role = value.get("role")
    if type(role) is str and role.lower() in ROLE_OF:
        return True
    return value.get("type") in ("human", "ai", "system", "tool") and "content" in value


def _is_part(value: dict[str, Any]) -> bool:
    return "role" not in value and type(kind := value.get("type")) is str and kind in _PART_KINDS


def _saying(value: dict[str, Any]) -> str:
    for key in _SAYINGS:
        if type(said := value.get(key)) is str:
            return text_of(said)
    arguments = value.get("args")
    spoken = [item for item in arguments if type(item) is str] if type(arguments) is list else []
    return text_of(spoken[-1]) if spoken else text_of(value)


class _Draft:
    """What the parts of one recorded message add up to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.calls: list[ToolCall] = []
        self.results: list[Message] = []

    def add(self, part: Any) -> None:
        if type(part) is str:
            self.said.append(text_of(part))
            return
        if type(part) is not dict:
            return
        kind = str(part.get("type", "text"))
        for key, meaning in _NAMED_PARTS.items():
            if type(part.get(key)) is dict:
                part = part[key]
                kind = meaning or str(part.get("type", "text"))
                break
        if kind in _CALL_KINDS and len(self.calls) < _MOST_CALLS:
            self.calls.append(_tool_call(part))
        elif kind in _RESULT_KINDS:
            self.results.append(_tool_result(part))
        elif kind in _SILENT_KINDS:
            return
        else:
            self.said.append(_part_text(part, kind))


_NAMED_PARTS: Final = {
    "message_content": "",  # OpenInference
    "function_call": "tool_call",  # Gemini
    "functionCall": "tool_call",
    "function_response": "tool_result",
    "functionResponse": "tool_result",
    "toolUse": "tool_call",  # Bedrock
    "toolResult": "tool_result",
    "toolRequest": "tool_call",  # Genkit
    "toolResponse": "tool_result",
    "tool_call": "tool_call",  # Haystack
    "tool_call_result": "tool_result",
}
_CALL_KINDS: Final = frozenset({"tool_call", "tool-call", "tool_use", "function_call"})
_RESULT_KINDS: Final = frozenset({"tool_call_response", "tool-result", "tool_result", "function_call_output"})
_ITEM_KINDS: Final = frozenset({"function_call", "function_call_output", "reasoning"})
_SILENT_KINDS: Final = frozenset({"reasoning", "thinking", "redacted_thinking"})
_TEXT_KINDS: Final = frozenset({"text", "input_text", "output_text", "image_url", "image", "file", "blob", "uri"})
_PART_KINDS: Final = _CALL_KINDS | _RESULT_KINDS | _SILENT_KINDS | _TEXT_KINDS


def _part_text(part: dict[str, Any], kind: str) -> str:
    for key in ("text", "content", "refusal"):
        if type(said := part.get(key)) is str:
            return text_of(said)
    return f"[{kind[:40]}]"


def _first(value: dict[str, Any], *names: str) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _tool_call(raw: dict[str, Any]) -> ToolCall:
    """A call in any form: ``{function: {name, arguments}}``, or flat under one of several names."""
    raw = raw["tool_call"] if type(raw.get("tool_call")) is dict else raw
    function = raw.get("function")
    inner: dict[str, Any] = function if type(function) is dict else raw
    identity = _first(raw, "id", "toolCallId", "toolUseId", "tool_call_id", "call_id", "ref")
    return ToolCall(
        name=text_of(_first(inner, "name", "toolName", "tool_name")),
        arguments=text_of(_first(inner, "arguments", "input", "args")),
        tool_call_id=None if identity is None else text_of(identity),
    )


def _tool_result(part: dict[str, Any]) -> Message:
    identity = _first(part, "id", "toolCallId", "toolUseId", "tool_use_id", "tool_call_id", "call_id", "ref")
    origin = part.get("origin")
    identity = origin.get("id") if identity is None and type(origin) is dict else identity
    result = _first(part, "response", "result", "output", "content")
    if type(result) is dict and "value" in result:
        result = result["value"]
    if type(result) is list and result and all(type(item) is dict for item in result):
        result = "\n".join(_part_text(item, str(item.get("type", "json"))) for item in result)
    name = _first(part, "toolName", "name")
    return Message(
        role="tool",
        content=text_of(result),
        name=None if name is None else text_of(name),
        tool_call_id=None if identity is None else text_of(identity),
    )


def tool_calls_of(value: Any) -> tuple[ToolCall, ...]:
    """Tool calls from a list of them in any form, possibly as JSON text or flattened."""
    return tuple(_tool_call(item) for item in listed(json_of(value))[:_MOST_CALLS])


def _of_message(raw: dict[str, Any], default: Role) -> list[Message]:
    """One recorded message; tool results in it become messages of their own, before it."""
    role = ROLE_OF.get(str(raw.get("role", raw.get("type", ""))).lower(), default)
    draft = _Draft()
    for part in _parts(raw):
        draft.add(part)
    calls = (*draft.calls, *tool_calls_of(raw.get("tool_calls")))
    if type(raw.get("function_call")) is dict:
        calls = (*calls, _tool_call(raw["function_call"]))
    said = "\n".join(piece for piece in draft.said if piece)
    if role == "tool" and draft.results and not said:
        return draft.results
    if draft.results and not said and not calls:
        return draft.results
    identity = _first(raw, "tool_call_id", "toolCallId") or (raw.get("id") if role == "tool" else None)
    name = raw.get("name")
    message = Message(
        role=role,
        content=said,
        name=None if name is None else text_of(name),
        tool_calls=calls,
        tool_call_id=None if identity is None else text_of(identity),
    )
    return [*draft.results, message]


def _parts(raw: dict[str, Any]) -> list[Any]:
    for name in ("parts", "content", "contents", "text"):
        value = raw.get(name)
        if type(value) is list:
            return value
        if type(value) is dict:
            return listed(value) or [value]
        if type(value) is str and value:
            return [value]
    return []


_STEPS: Final = ("message", "prompt", "completion")


def of_flattened(raw: list[dict[str, Any]], default: Role) -> list[Message]:
    """Messages from ``prefix.N.…`` attributes, with or without OpenInference's ``message`` step."""
    steps = [next((item[key] for key in _STEPS if type(item.get(key)) is dict), item) for item in raw]
    return [message for step in steps for message in _of_message(_with_parts(step), default)]


def _with_parts(step: dict[str, Any]) -> dict[str, Any]:
    """A flattened message whose content OpenLLMetry wrote as a JSON list of parts."""
    parts = json_of(step.get("content"))
    readable = type(parts) is list and parts and all(type(part) is dict and _says(part) for part in parts)
    return step | {"content": parts} if readable else step


def _says(part: dict[str, Any]) -> bool:
    return type(part.get("text")) is str or _is_part(part) or not _NAMED_PARTS.keys().isdisjoint(part)
