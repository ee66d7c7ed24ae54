"""OpenAI chat logs: ``{"messages": [...]}`` a line, as for fine-tuning, or requests with their responses.

Such a line says nothing of whose conversation it is: unless it has an id, its id is a digest of what it says, so that the
same line is the same conversation in every file.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from traces.errors import BadInput
from traces.fields import wrong_kind
from traces.formats.read import Read, has
from traces.ingest import offer
from traces.model import Message
from traces.normalise.messages import messages_of
from traces.otlp_span import moment_of

_NO_METADATA = (
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "object",
)
_LATEST_S = 2**34


def recognises(value: Any) -> bool:
    return has(value, "messages") or _request(value) is not None


def read(value: Any, received_at: datetime) -> Read:
    """One conversation.

    Raises:
        BadInput: It has no messages, or they are none.
    """
    if type(value) is not dict:
        wrong_kind(value, "an object")
    sent = _of_messages(value) if "messages" in value and "response" not in value else _of_pair(value)
    return Read(offers=[offer(sent, received_at)])


def _of_messages(value: dict[str, Any]) -> dict[str, Any]:
    kept = {key: item for key, item in value.items() if key not in _NO_METADATA}
    return kept if "id" in kept else {"id": _digest(value["messages"]), **kept}


def _request(value: Any) -> dict[str, Any] | None:
    """The request of a pair: under ``request``, under ``body`` as in batch files, or the messages beside the response."""
    if type(value) is not dict:
        return None
    for key in ("request", "body", "input"):
        inside = value.get(key)
        inside = inside.get("body", inside) if type(inside) is dict else None
        if type(inside) is dict and ("messages" in inside or "input" in inside):
            return inside
    return value if "messages" in value else None


def _response(value: dict[str, Any]) -> dict[str, Any]:
    held = [value[key] for key in ("response", "completion", "output") if type(value.get(key)) is dict]
    found: dict[str, Any] = held[0] if held else {}
    inside = found.get("body", found)
    return inside if type(inside) is dict else {}


def _of_pair(value: dict[str, Any]) -> dict[str, Any]:
    request, response = _request(value), _response(value)
    if request is None:
        raise BadInput("is missing: neither messages nor a request with messages", "messages")
    asked = messages_of(request.get("messages", request.get("input")), "user")
    said = [m for m in messages_of(response.get("choices") or response.get("output"), "assistant") if m.role != "user"]
    held = request.get("metadata")
    metadata: dict[str, Any] = held if type(held) is dict else {}
    model = response.get("model") or request.get("model")
    answer = _measures(response, model)
    messages = [_json(m) for m in asked] + [{**_json(m), **(answer if m is said[-1] else {})} for m in said]
    sent = {
        "id": value.get("id") or value.get("custom_id") or response.get("id") or _digest([messages]),
        "messages": messages,
        "user_id": request.get("user") or request.get("safety_identifier"),
        "metadata": {**metadata, "model": model} if model else metadata,
    }
    return sent | _started(response)


def _measures(response: dict[str, Any], model: Any) -> dict[str, Any]:
    held = response.get("usage")
    usage: dict[str, Any] = held if type(held) is dict else {}
    found = {
        "model": model,
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
    }
    return {key: item for key, item in found.items() if item is not None}


def _started(response: dict[str, Any]) -> dict[str, str]:
    created: Any = response.get("created", response.get("created_at"))
    if type(created) not in (int, float) or not 0 < created < _LATEST_S:
        return {}
    return {"started_at": moment_of(int(created * 1_000_000_000)).isoformat()}


def _json(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        written["tool_calls"] = [
            {"id": call.tool_call_id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    for key in ("name", "tool_call_id"):
        if (item := getattr(message, key)) is not None:
            written[key] = item
    return written


def _digest(messages: Any) -> str:
    return f"openai:{blake2b(orjson.dumps(messages, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()}"
