"""Retell's webhook: ``{"event": "call_ended" | "call_analyzed" | ..., "call": {...}}``.

Times are Unix milliseconds, words are timed in seconds of the call, costs are US cents. ``call_analyzed`` repeats the call
with Retell's own analysis.
"""

from __future__ import annotations

from typing import Any, Final

from traces.sources.voice import Call, number_at, object_at, objects_at, text_at, time_at, tool_call

_FINAL: Final = frozenset({"call_ended", "call_analyzed"})
_ROLES: Final = {"agent": "assistant", "user": "user", "transfer_target": "user"}
_CENTS: Final = 100
_MS: Final = 1000


def conversation_of_retell(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The call in Hark's format; ``None`` for an event that does not end one.

    Raises:
        BadInput: When the call is none; the error names the field.
    """
    if text_at(sent, "event") not in _FINAL:
        return None
    raw = object_at(sent, "call", required=True)
    call = Call(
        "retell",
        raw.get("call_id"),
        time_at(raw, "start_timestamp"),
        time_at(raw, "end_timestamp"),
        field="call.call_id",
    )
    _turns(call, raw)
    cents = number_at(object_at(raw, "call_cost"), "combined_cost")
    call.cost_usd = None if cents is None else cents / _CENTS
    reason = text_at(raw, "disconnection_reason")
    if reason.startswith("error"):
        call.error = reason
    latency_ms = number_at(object_at(object_at(raw, "latency"), "e2e"), "p50")
    call.note(
        application=text_at(raw, "agent_name") or text_at(raw, "agent_id"),
        release=str(raw["agent_version"]) if raw.get("agent_version") is not None else None,
        end_reason=reason,
        direction=text_at(raw, "direction"),
        latency_p50_s=None if latency_ms is None else latency_ms / _MS,
    )
    _analysis(call, object_at(raw, "call_analysis"))
    return call.as_conversation()


def _turns(call: Call, raw: dict[str, Any]) -> None:
    turns = objects_at(raw, "transcript_with_tool_calls") or objects_at(raw, "transcript_object")
    for place, turn in enumerate(turns):
        kind = text_at(turn, "role")
        if kind in _ROLES:
            _said(call, turn, _ROLES[kind], turns[place + 1 :])
        elif kind == "tool_call_invocation":
            name = text_at(turn, "name")
            calls = [tool_call(name, turn.get("arguments"), turn.get("tool_call_id"))]
            call.turn("assistant", "", start_s=number_at(turn, "time_sec"), tool_calls=calls)
        elif kind == "tool_call_result":
            failed = turn.get("successful") is False
            call.turn(
                "tool",
                text_at(turn, "content"),
                start_s=number_at(turn, "time_sec"),
                tool_call_id=text_at(turn, "tool_call_id") or None,
                error=(text_at(turn, "content") or "failed") if failed else None,
            )


def _said(call: Call, turn: dict[str, Any], role: str, following: list[dict[str, Any]]) -> None:
    words = objects_at(turn, "words")
    starts = [s for word in words if (s := number_at(word, "start")) is not None]
    ends = [s for word in words if (s := number_at(word, "end")) is not None]
    end_s = max(ends, default=None)
    # Retell marks no interruption as such: an agent is cut off when the user begins before its last word ends.
    interrupted = role == "assistant" and end_s is not None and _next_start(following) < end_s
    call.turn(role, text_at(turn, "content"), start_s=min(starts, default=None), end_s=end_s, interrupted=interrupted)


def _next_start(following: list[dict[str, Any]]) -> float:
    """When the next turn begins, if it is the user's."""
    if not following or text_at(following[0], "role") != "user":
        return float("inf")
    return min((s for w in objects_at(following[0], "words") if (s := number_at(w, "start")) is not None), default=1e9)


def _analysis(call: Call, raw: dict[str, Any]) -> None:
    call.score("call_successful", raw.get("call_successful"), text_at(raw, "call_summary"))
    call.note(user_sentiment=text_at(raw, "user_sentiment"), in_voicemail=raw.get("in_voicemail"))
