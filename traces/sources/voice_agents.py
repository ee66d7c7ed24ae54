"""Voice agents that people run themselves and that post their own sessions: LiveKit's session report and Pipecat's turns.

LiveKit: what ``make_session_report().to_dict()`` gives. Pipecat has no report of its own, so its turn events are collected:
``{"call_id": ..., "messages": [{"role", "content", "timestamp", "interrupted"?, "end_timestamp"?, "latency_s"?, "confidence"?}]}``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from traces.errors import BadInput
from traces.sources.voice import Call, joined, number_at, object_at, objects_at, share_at, text_at, time_at, tool_call

_MS: Final = 1000
_LIVEKIT_ROLES: Final = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
_PIPECAT_ROLES: Final = {**_LIVEKIT_ROLES, "bot": "assistant", "tool": "tool"}


def conversation_of_livekit(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The session in Hark's format.

    Raises:
        BadInput: When it is no session report; the error names the field.
    """
    items = objects_at(object_at(sent, "chat_history", required=True), "items")
    ended_at = time_at(sent, "timestamp")
    duration_ms = number_at(sent, "duration_ms")
    started_at = time_at(sent, "started_at")
    if started_at is None and ended_at is not None and duration_ms is not None and duration_ms >= 0:
        started_at = ended_at - timedelta(milliseconds=min(duration_ms, 7 * 86_400_000.0))
    began_at = started_at or min((at for item in items if (at := time_at(item, "created_at"))), default=None)
    call = Call("livekit", sent.get("job_id") or sent.get("room_id"), began_at, ended_at, field="job_id")
    for item in items:
        _livekit_item(call, item, began_at)
    reason = text_at(sent, "close_reason")
    if "ERROR" in reason:
        call.error = reason
    call.note(application=text_at(sent, "agent_name"), room=text_at(sent, "room"), end_reason=reason)
    for usage in objects_at(sent, "usage"):
        if text_at(usage, "type") == "llm_usage":
            call.note(model=text_at(usage, "model"), provider=text_at(usage, "provider"))
    return call.as_conversation()


def _livekit_item(call: Call, item: dict[str, Any], began_at: datetime | None) -> None:
    kind, at = text_at(item, "type"), time_at(item, "created_at")
    if kind == "message" and (role := _LIVEKIT_ROLES.get(text_at(item, "role"))):
        metrics = object_at(item, "metrics")
        spoke_at, stopped_at = time_at(metrics, "started_speaking_at"), time_at(metrics, "stopped_speaking_at")
        pieces = item["content"] if type(item.get("content")) is list else [item.get("content")]
        call.turn(
            role,
            joined(pieces),
            at=spoke_at or at,
            start_s=_offset(spoke_at, began_at),
            end_s=_offset(stopped_at, began_at),
            interrupted=item["interrupted"] if type(item.get("interrupted")) is bool and role == "assistant" else None,
            confidence=share_at(item, "transcript_confidence") if role == "user" else None,
            latency_s=number_at(metrics, "e2e_latency"),
            ttft_s=_seconds(number_at(metrics, "llm_node_ttft")),
        )
    elif kind == "function_call":
        calls = [tool_call(text_at(item, "name"), item.get("arguments"), item.get("call_id"))]
        call.turn("assistant", "", at=at, tool_calls=calls)
    elif kind == "function_call_output":
        said = text_at(item, "output")
        error = (said or "failed") if item.get("is_error") is True else None
        name, call_id = text_at(item, "name") or None, text_at(item, "call_id") or None
        call.turn("tool", said, at=at, name=name, tool_call_id=call_id, error=error)


def _seconds(value: float | None) -> float | None:
    return value if value is not None and value >= 0 else None


def _offset(at: datetime | None, began_at: datetime | None) -> float | None:
    return None if at is None or began_at is None else max(0.0, round((at - began_at).total_seconds(), 3))


def conversation_of_pipecat(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The session in Hark's format.

    Raises:
        BadInput: When a turn is none; the error names the field.
    """
    turns = objects_at(sent, "messages") or objects_at(sent, "transcript")
    times = [at for turn in turns if (at := time_at(turn, "timestamp"))]
    began_at = time_at(sent, "started_at") or min(times, default=None)
    call_id = sent.get("call_id") or sent.get("conversation_id") or sent.get("session_id")
    call = Call("pipecat", call_id, began_at, time_at(sent, "ended_at"), field="call_id")
    for place, turn in enumerate(turns):
        role = _PIPECAT_ROLES.get(text_at(turn, "role"))
        if role is None:
            raise BadInput(f"{text_at(turn, 'role')[:40]!r} is not a role", f"messages[{place}].role")
        at, end_at = time_at(turn, "timestamp"), time_at(turn, "end_timestamp")
        call.turn(
            role,
            text_at(turn, "content"),
            at=at,
            start_s=_offset(at, began_at),
            end_s=_offset(end_at, began_at),
            interrupted=turn["interrupted"] if type(turn.get("interrupted")) is bool else None,
            confidence=share_at(turn, "confidence"),
            latency_s=number_at(turn, "latency_s"),
            ttft_s=_seconds(number_at(turn, "ttft_s")),
            tool_calls=turn.get("tool_calls") if type(turn.get("tool_calls")) is list else None,
            tool_call_id=text_at(turn, "tool_call_id") or None,
        )
        call.user_id = call.user_id or text_at(turn, "user_id") or None
    call.user_id = text_at(sent, "user_id") or call.user_id
    call.cost_usd = number_at(sent, "cost_usd")
    call.error = text_at(sent, "error") or None
    call.note(**object_at(sent, "metadata"), end_reason=text_at(sent, "end_reason"))
    return call.as_conversation()
