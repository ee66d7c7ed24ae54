"""Vapi's ``end-of-call-report``: ``{"message": {"type": "end-of-call-report", "artifact": {"messages": [...]}, ...}}``.

``secondsFromStart`` places a turn in the call, ``duration`` is in milliseconds, costs are US dollars. Turn latencies come as
a list beside the messages, one for each answer, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from traces.sources.voice import (
    Call,
    number_at,
    object_at,
    objects_at,
    seconds_at,
    share_at,
    text_at,
    time_at,
    tool_call,
)

_ROLES: Final = {"user": "user", "bot": "assistant", "assistant": "assistant", "system": "system"}
_MS: Final = 1000


def conversation_of_vapi(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The call in Hark's format; ``None`` for a message that does not end one.

    Raises:
        BadInput: When the report is none; the error names the field.
    """
    message = object_at(sent, "message", required=True)
    if text_at(message, "type") != "end-of-call-report":
        return None
    raw, artifact = object_at(message, "call"), object_at(message, "artifact")
    started_at = time_at(message, "startedAt") or time_at(raw, "startedAt") or time_at(raw, "createdAt")
    call = Call(
        "vapi",
        raw.get("id"),
        started_at,
        time_at(message, "endedAt") or time_at(raw, "endedAt"),
        field="message.call.id",
    )
    metrics = object_at(artifact, "performanceMetrics")
    _turns(call, objects_at(artifact, "messages") or objects_at(message, "messages"), _latencies(metrics))
    call.cost_usd = number_at(message, "cost") if "cost" in message else number_at(raw, "cost")
    reason = text_at(message, "endedReason") or text_at(raw, "endedReason")
    if "error" in reason or "failed" in reason:
        call.error = reason
    assistant = object_at(message, "assistant")
    customer = object_at(message, "customer")
    call.user_id = text_at(customer, "externalId") or text_at(raw, "customerId") or None
    call.note(
        application=text_at(assistant, "name") or text_at(raw, "assistantId"),
        model=text_at(object_at(assistant, "model"), "model"),
        provider=text_at(object_at(assistant, "model"), "provider"),
        end_reason=reason,
        user_interruptions=number_at(metrics, "numUserInterrupted"),
        assistant_interruptions=number_at(metrics, "numAssistantInterrupted"),
    )
    analysis = object_at(message, "analysis")
    call.score("success_evaluation", analysis.get("successEvaluation"), text_at(analysis, "summary"))
    return call.as_conversation()


def _latencies(metrics: dict[str, Any]) -> Iterator[float | None]:
    for turn in objects_at(metrics, "turnLatencies"):
        latency_ms = number_at(turn, "turnLatency")
        yield None if latency_ms is None else latency_ms / _MS


def _turns(call: Call, messages: list[dict[str, Any]], latencies: Iterator[float | None]) -> None:
    was_user = False
    for message in messages:
        kind, start_s = text_at(message, "role"), seconds_at(message, "secondsFromStart")
        if kind in _ROLES:
            duration_ms = number_at(message, "duration")
            known = start_s is not None and duration_ms is not None
            call.turn(
                _ROLES[kind],
                text_at(message, "message"),
                start_s=start_s,
                end_s=round((start_s or 0.0) + (duration_ms or 0.0) / _MS, 3) if known else None,
                interrupted=message["interrupted"] if type(message.get("interrupted")) is bool else None,
                confidence=_confidence(message),
                # Only an answer to the user has a latency; a greeting or a continuation has none.
                latency_s=next(latencies, None) if kind in ("bot", "assistant") and was_user else None,
            )
            was_user = kind == "user"
        elif kind == "tool_calls":
            call.turn("assistant", "", start_s=start_s, tool_calls=_calls(message))
        elif kind == "tool_call_result":
            call.turn(
                "tool",
                text_at(message, "result"),
                start_s=start_s,
                name=text_at(message, "name") or None,
                tool_call_id=text_at(message, "toolCallId") or None,
            )


def _confidence(message: dict[str, Any]) -> float | None:
    """The mean over the words, where the transcriber tells it."""
    words = object_at(message, "metadata").get("wordLevelConfidence")
    told = [share_at(word, "confidence") for word in words if type(word) is dict] if type(words) is list else []
    known = [confidence for confidence in told if confidence is not None]
    return round(sum(known) / len(known), 4) if known else None


def _calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        tool_call(text_at(function, "name"), function.get("arguments"), raw.get("id"))
        for raw in objects_at(message, "toolCalls")
        for function in (object_at(raw, "function"),)
    ]
