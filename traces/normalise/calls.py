"""What one span says: the messages of a model call, a tool run, retrieved documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from traces.clock import parse_time
from traces.costs import cost_of
from traces.documents import truncate
from traces.model import Document, JsonMap, Message, Role, Span
from traces.normalise import mapping
from traces.normalise.attributes import (
    amount,
    find,
    find_count,
    find_number,
    find_text,
    first_within,
    json_of,
    listed,
    text_of,
    unflatten,
    untyped,
)
from traces.normalise.mapping import Names
from traces.normalise.messages import messages_of, of_flattened, tool_calls_of
from traces.parts import UNFINISHED

_MOST_DOCUMENTS: Final = 100
_LANGCHAIN_OUTPUT: Final = frozenset({"output", "kwargs"})


def input_of(span: Span) -> list[Message]:
    """The messages that a model or an agent was given, system prompt first."""
    given = _messages(span, mapping.INPUT_MESSAGES, mapping.FLAT_INPUT, "user")
    system = find(span.attributes, mapping.SYSTEM)
    if system is not None and not any(message.role == "system" for message in given):
        given = [*messages_of(system, "system"), *given]
    return given


def _messages(span: Span, names: Names, flattened: Names, role: Role) -> list[Message]:
    for prefix in first_within(span.attributes, flattened):
        found = of_flattened(unflatten(span.attributes, prefix), role)
        if any(message.content or message.tool_calls for message in found):
            return found if "gen_ai.input.messages" not in span.attributes else _richer(found, span, names, role)
    return messages_of(find(span.attributes, names), role)


def _richer(found: list[Message], span: Span, names: Names, role: Role) -> list[Message]:
    """LiteLLM writes calls flattened and texts as JSON: take the texts and, where they are silent, the calls."""
    listed_messages = messages_of(find(span.attributes, names), role)
    said = any(message.content or message.tool_calls for message in listed_messages)
    return listed_messages if said else found


def output_of(span: Span) -> Message:
    """The assistant's message that a model call ended with, without measurements."""
    said = [m for m in _messages(span, mapping.OUTPUT_MESSAGES, mapping.FLAT_OUTPUT, "assistant") if m.role != "user"]
    answer = next((m for m in reversed(said) if m.role == "assistant"), Message(role="assistant"))
    if not answer.tool_calls and (calls := tool_calls_of(find(span.attributes, mapping.OUTPUT_TOOL_CALLS))):
        answer = replace(answer, tool_calls=calls)
    return answer


def measured(message: Message, span: Span, error: str | None) -> Message:
    """A model call's message with what the span measured about it."""
    attributes = span.attributes
    provider, model = find_text(attributes, mapping.PROVIDER), find_text(attributes, mapping.MODEL)
    return Message(
        role=message.role,
        content=message.content,
        name=message.name,
        tool_calls=message.tool_calls,
        tool_call_id=message.tool_call_id,
        at=span.ended_at,
        model=model,
        latency_s=_latency_s(span),
        ttft_s=ttft_of(span),
        input_tokens=find_count(attributes, mapping.INPUT_TOKENS),
        output_tokens=find_count(attributes, mapping.OUTPUT_TOKENS),
        cost_usd=_cost(attributes, model, provider) if error is None else None,
        error=error,
        metadata=_origin(span) | ({"provider": provider} if provider else {}),
    )


def _latency_s(span: Span) -> float | None:
    return None if UNFINISHED in span.attributes else (span.ended_at - span.started_at).total_seconds()


def _cost(attributes: JsonMap, model: str | None, provider: str | None) -> float | None:
    """US dollars: as reported, else by the price table."""
    reported = find_number(attributes, mapping.COST)
    given = find_count(attributes, mapping.INPUT_TOKENS)
    if reported is not None or not given:
        return reported
    beside_read = find_count(attributes, mapping.CACHE_READ_BESIDE) or 0
    beside_write = find_count(attributes, mapping.CACHE_WRITE_BESIDE) or 0
    return cost_of(
        model,
        provider,
        given + beside_read + beside_write,
        find_count(attributes, mapping.OUTPUT_TOKENS),
        cache_read=beside_read or find_count(attributes, mapping.CACHE_READ_TOKENS),
        cache_write=beside_write or find_count(attributes, mapping.CACHE_WRITE_TOKENS),
    )


def _origin(span: Span) -> dict[str, Any]:
    return {"trace_id": span.trace_id, "span_id": span.span_id}


def ttft_of(span: Span) -> float | None:
    """Seconds from the start of a model call to its first token; ``None`` when it did not stream or say."""
    seconds = find_number(span.attributes, mapping.TTFT_S)
    if seconds is not None:
        return seconds
    for attributes in (span.attributes, *(event[2] for event in span.events)):
        milliseconds = find_number(attributes, mapping.TTFT_MS)
        if milliseconds is not None:
            return milliseconds / 1000
    unclear = find_number(span.attributes, mapping.TTFT_S_OR_MS)
    if unclear is not None:
        return unclear if unclear <= (span.ended_at - span.started_at).total_seconds() else unclear / 1000
    first = _first_token_at(span)
    waited = None if first is None else (first - span.started_at).total_seconds()
    return waited if waited is not None and waited >= 0 else None


def _first_token_at(span: Span) -> datetime | None:
    said = find_text(span.attributes, mapping.FIRST_TOKEN_AT)
    if said:
        try:
            return parse_time(said)
        except (ValueError, OverflowError):
            return None
    return min((at for name, at, _ in span.events if name in mapping.FIRST_TOKEN_EVENTS), default=None)


def tool_run_of(span: Span, error: str | None) -> tuple[Message, str]:
    """The tool's message, and the arguments it ran with as JSON text."""
    attributes = span.attributes
    recorded = _unwrapped(find(attributes, mapping.TOOL_RESULT))
    unquoted = json_of(recorded)
    result = unquoted if type(unquoted) is str else recorded
    message = Message(
        role="tool",
        content=truncate(text_of(result)),
        name=find_text(attributes, mapping.TOOL_NAME) or span.name,
        tool_call_id=find_text(attributes, mapping.TOOL_CALL_ID),
        at=span.ended_at,
        latency_s=_latency_s(span),
        error=error,
        metadata=_origin(span),
    )
    return message, truncate(text_of(_unwrapped(find(attributes, mapping.TOOL_ARGUMENTS))))


def _unwrapped(recorded: Any) -> Any:
    """What went into a tool or came out, as it was recorded, without LangWatch's type or LangChain's call around it."""
    parsed = json_of(recorded)
    inner = untyped(parsed)
    if type(parsed) is dict and "input_str" in parsed:
        inner = parsed.get("inputs") or parsed["input_str"]
    elif type(parsed) is dict and "output" in parsed and parsed.keys() <= _LANGCHAIN_OUTPUT:
        inner = parsed["output"]
    held = inner.get("kwargs") if type(inner) is dict and "lc" in inner else None
    if type(held) is dict and "content" in held:
        inner = held["content"]
    return recorded if inner is parsed else inner


def documents_of(span: Span) -> tuple[Document, ...]:
    """What a retriever found, best first as it gave them."""
    flat = unflatten(span.attributes, mapping.FLAT_DOCUMENTS)[:_MOST_DOCUMENTS]
    if flat:
        return tuple(_document(item.get("document") if type(item.get("document")) is dict else item) for item in flat)
    rows = [attributes for name, _, attributes in span.events if name == mapping.DOCUMENT_EVENT][:_MOST_DOCUMENTS]
    if rows:
        start = f"{mapping.DOCUMENT_EVENT}."
        return tuple(_document({name.removeprefix(start): held for name, held in row.items()}) for row in rows)
    found = json_of(find(span.attributes, mapping.DOCUMENTS))
    if type(found) is dict:
        found = next((found[key] for key in ("documents", "results", "value") if type(found.get(key)) is list), [])
    if type(found) is list and found and all(type(item) is str for item in found):
        return tuple(Document(content=truncate(text_of(item))) for item in found[:_MOST_DOCUMENTS])
    return tuple(_document(item) for item in listed(found)[:_MOST_DOCUMENTS])


def _document(raw: Any) -> Document:
    content = next(
        (raw[key] for key in ("content", "page_content", "text", "document") if raw.get(key) is not None), ""
    )
    identity = next((raw[key] for key in ("id", "document_id") if raw.get(key) is not None), None)
    return Document(
        content=truncate(text_of(content)),
        document_id=None if identity is None else text_of(identity),
        score=amount(raw.get("score")),
    )
