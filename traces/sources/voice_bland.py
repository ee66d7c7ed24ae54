"""Bland's post-call webhook: the call object, with ``transcripts`` of ``{"user", "text", "created_at"}``.

``user`` says who spoke. ``price`` is in US dollars, ``call_length`` in minutes, ``corrected_duration`` in seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from traces.sources.voice import Call, later, number_at, object_at, objects_at, text_at, time_at

_ROLES: Final = {"user": "user", "assistant": "assistant", "robot": "assistant"}
_MINUTE_S: Final = 60.0


def conversation_of_bland(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The call in Hark's format; ``None`` while it goes on.

    Raises:
        BadInput: When the call is none; the error names the field.
    """
    if sent.get("completed") is False or ("call_id" not in sent and "category" in sent):
        return None
    started_at = time_at(sent, "started_at") or time_at(sent, "created_at")
    call = Call(
        "bland", sent.get("call_id") or sent.get("c_id"), started_at, _ended_at(sent, started_at), field="call_id"
    )
    for turn in objects_at(sent, "transcripts"):
        if (role := _ROLES.get(text_at(turn, "user"))) is None:
            continue
        at = time_at(turn, "created_at")
        begun = None if at is None or started_at is None else max(0.0, (at - started_at).total_seconds())
        call.turn(role, text_at(turn, "text"), at=at, start_s=begun)
    call.cost_usd = number_at(sent, "price")
    call.error = text_at(sent, "error_message") or None
    request, variables = object_at(sent, "request_data"), object_at(sent, "variables")
    call.note(
        application=text_at(sent, "pathway_id") or text_at(request, "pathway_id") or text_at(request, "persona_id"),
        language=text_at(variables, "language") or text_at(request, "language"),
        end_reason=text_at(sent, "call_ended_by") or text_at(sent, "status"),
        answered_by=text_at(sent, "answered_by"),
        direction={True: "inbound", False: "outbound"}.get(sent["inbound"])
        if type(sent.get("inbound")) is bool
        else None,
    )
    return call.as_conversation()


def _ended_at(sent: dict[str, Any], started_at: datetime | None) -> datetime | None:
    duration = text_at(sent, "corrected_duration")
    minutes = number_at(sent, "call_length")
    seconds = float(duration) if duration.isdecimal() and len(duration) < 8 else number_at(sent, "corrected_duration")  # noqa: PLR2004 - more digits are no duration
    if seconds is None and minutes is not None:
        seconds = minutes * _MINUTE_S
    return later(started_at, seconds) if started_at is not None and seconds is not None and seconds >= 0 else None
