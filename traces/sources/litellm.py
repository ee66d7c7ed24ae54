"""LiteLLM's generic webhook: one JSON object for every model call.

Each call becomes a trace of one span. Its key is ``litellm_call_id``, because ``id`` is the provider's and repeats; older
versions of LiteLLM (seen: 1.83) send none, and there ``id`` and the times are the key. The conversation is in ``session_id``, or in ``trace_id`` when that is empty. Times are Unix seconds.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from traces.errors import BadInput
from traces.fields import Table, clean, identifier, json_value, not_negative, optional, read, text, under, wrong_kind
from traces.model import Span
from traces.otlp_span import SPAN_ID_BYTES, TRACE_ID_BYTES, check_count, moment_of
from traces.wire import Export

_LATEST_S: Final = 2**33
_CALL: Final[Table] = {
    "litellm_call_id": ("call_id", optional(identifier)),
    "session_id": ("session_id", optional(text)),
    "trace_id": ("trace_id", optional(text)),
    "startTime": ("started_s", not_negative),
    "endTime": ("ended_s", not_negative),
    "completionStartTime": ("first_s", optional(not_negative)),
    "status": ("status", optional(text)),
    "error_str": ("error", optional(text)),
}
_ATTRIBUTES: Final = {
    "model": "gen_ai.request.model",
    "custom_llm_provider": "gen_ai.provider.name",
    "messages": "gen_ai.input.messages",
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "response_cost": "gen_ai.cost.total_cost",
}
_USER: Final = (
    ("end_user",),
    ("model_parameters", "user"),
    ("metadata", "user_api_key_end_user_id"),
    ("metadata", "user_api_key_user_id"),
)
_ERROR: Final = (("error_information", "error_message"),)
_ID: Final = (("id",),)
_PROMPT: Final = (("metadata", "prompt_management_metadata", "prompt_id"),)


def spans_of_calls(sent: Any) -> Export:
    """The calls of one webhook body: an object, or a list of them, as one JSON array or as the lines of NDJSON.

    Raises:
        BadInput: When a call is none; the error names it by its place.
    """
    calls = [sent] if type(sent) is dict else sent
    if type(calls) is not list:
        wrong_kind(sent, "an object or a list of them")
    check_count(len(calls))
    spans: list[Span] = []
    for place, call in enumerate(calls):
        try:
            spans.append(_span(call))
        except BadInput as wrong:
            raise under(f"[{place}]", wrong) from None
    return Export(spans)


def _span(call: Any) -> Span:
    known, rest = read(_CALL, call, ("startTime", "endTime"))
    known["call_id"] = known.get("call_id") or _key_of_id(rest, known)
    started_s, ended_s = known["started_s"], max(known["started_s"], known["ended_s"])
    if ended_s > _LATEST_S:
        raise BadInput("is not a Unix time in seconds", "endTime")
    is_failure = known.get("status") == "failure"
    return Span(
        trace_id=_digest(known["call_id"], TRACE_ID_BYTES),
        span_id=_digest(known["call_id"], SPAN_ID_BYTES),
        parent_id=None,
        name="litellm_request",
        started_at=moment_of(int(started_s * 1e9)),
        ended_at=moment_of(int(ended_s * 1e9)),
        attributes=_attributes(known, rest),
        status_code=2 if is_failure else 1,
        status_message=(known.get("error") or _said(rest, _ERROR) or "failure") if is_failure else "",
    )


def _key_of_id(rest: dict[str, Any], known: dict[str, Any]) -> str:
    if not (response_id := _said(rest, _ID)):
        raise BadInput("is missing", "litellm_call_id")
    return f"{response_id}\n{known['started_s']!r}\n{known['ended_s']!r}"


def _attributes(known: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        ours: json_value(rest[theirs]) for theirs, ours in _ATTRIBUTES.items() if rest.get(theirs) is not None
    }
    attributes["gen_ai.operation.name"] = "embeddings" if "embedding" in str(rest.get("call_type")) else "chat"
    attributes |= {
        name: said
        for name, paths in (("enduser.id", _USER), ("gen_ai.prompt.name", _PROMPT))
        if (said := _said(rest, paths))
    }
    attributes["litellm.call_id"] = known["call_id"]
    if rest.get("response"):
        attributes["gen_ai.output.messages"] = json_value(rest["response"])
    if conversation_id := known.get("session_id") or known.get("trace_id"):
        attributes["session.id"] = conversation_id
    # Without streaming this repeats the end, and is no time to a first token.
    if rest.get("stream") is True and known.get("first_s") is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = max(known["first_s"] - known["started_s"], 0.0)
    return attributes


def _said(call: Any, paths: tuple[tuple[str, ...], ...]) -> str | None:
    """The first text that stands at one of the paths into a call."""
    for path in paths:
        held = call
        for key in path:
            held = held.get(key) if type(held) is dict else None
        if type(held) is str and held:
            return clean(held)
    return None


def _digest(call_id: str, size: int) -> str:
    return blake2b(call_id.encode(), digest_size=size).hexdigest()
