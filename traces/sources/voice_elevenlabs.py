"""ElevenLabs' ``post_call_transcription`` webhook: ``{"type": ..., "event_timestamp": ..., "data": {...}}``.

Turns are placed by whole seconds of the call; ``cost_fiat`` is in US dollars, while ``cost`` counts credits and is no price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from traces.sources.voice import Call, later, number_at, object_at, objects_at, seconds_at, text_at, time_at, tool_call

_TRANSCRIPT: Final = "post_call_transcription"
_FAILURE: Final = "call_initiation_failure"
_ROLES: Final = {"agent": "assistant", "user": "user"}
_LATENCIES: Final = ("convai_turn_latency", "convai_llm_service_ttf_sentence", "convai_llm_service_ttfb")


def conversation_of_elevenlabs(sent: dict[str, Any]) -> dict[str, Any] | None:
    """The call in Hark's format; ``None`` for audio and other events.

    Raises:
        BadInput: When the call is none; the error names the field.
    """
    kind = text_at(sent, "type")
    if kind not in (_TRANSCRIPT, _FAILURE):
        return None
    raw = object_at(sent, "data", required=True)
    facts = object_at(raw, "metadata")
    started_at = time_at(facts, "start_time_unix_secs") or time_at(sent, "event_timestamp")
    duration_s = seconds_at(facts, "call_duration_secs")
    ended_at = None if started_at is None else later(started_at, duration_s)
    call = Call("elevenlabs", raw.get("conversation_id"), started_at, ended_at, field="data.conversation_id")
    for turn in objects_at(raw, "transcript"):
        _turn(call, turn)
    call.cost_usd = number_at(facts, "cost_fiat")
    call.user_id = text_at(raw, "user_id") or None
    failed = object_at(facts, "error")
    reason = text_at(facts, "termination_reason") or text_at(raw, "failure_reason")
    if failed or kind == _FAILURE or text_at(raw, "status") == "failed":
        call.error = text_at(failed, "reason") or text_at(failed, "message") or reason or "the call failed"
    call.note(
        application=text_at(raw, "agent_name") or text_at(raw, "agent_id"),
        release=text_at(raw, "version_id"),
        environment=text_at(raw, "environment"),
        language=text_at(facts, "main_language"),
        end_reason=reason,
    )
    _judged(call, object_at(raw, "analysis"), object_at(facts, "feedback"))
    return call.as_conversation()


def _turn(call: Call, turn: dict[str, Any]) -> None:
    role, start_s = text_at(turn, "role"), seconds_at(turn, "time_in_call_secs")
    calls = [
        tool_call(text_at(raw, "tool_name"), raw.get("params_as_json"), raw.get("request_id"))
        for raw in objects_at(turn, "tool_calls")
    ]
    if role in _ROLES and (text_at(turn, "message") or calls):
        interrupted = turn.get("interrupted")
        call.turn(
            _ROLES[role],
            text_at(turn, "message"),
            start_s=start_s,
            interrupted=interrupted if type(interrupted) is bool else None,
            latency_s=_latency(turn) if role == "agent" else None,
            model=text_at(turn, "producing_llm") or None,
            tool_calls=calls or None,
        )
    for result in objects_at(turn, "tool_results"):
        failed = result.get("is_error") is True
        said = text_at(result, "result_value")
        call.turn(
            "tool",
            said,
            start_s=start_s,
            latency_s=number_at(result, "tool_latency_secs"),
            name=text_at(result, "tool_name") or None,
            tool_call_id=text_at(result, "request_id") or None,
            error=(text_at(result, "raw_error_message") or said or "failed") if failed else None,
        )


def _latency(turn: dict[str, Any]) -> float | None:
    metrics = object_at(object_at(turn, "conversation_turn_metrics"), "metrics")
    told = (number_at(object_at(metrics, name), "elapsed_time") for name in _LATENCIES)
    return next((seconds for seconds in told if seconds is not None), None)


def _judged(call: Call, analysis: dict[str, Any], feedback: dict[str, Any]) -> None:
    verdict = _value_of(text_at(analysis, "call_successful"))
    call.score("call_successful", verdict, text_at(analysis, "transcript_summary"))
    for name, result in _results(analysis):
        call.score(name, _value_of(text_at(result, "result")), text_at(result, "rationale"))
    given = number_at(feedback, "rating")
    word = text_at(feedback, "overall_score")
    if given is not None or word:
        said = {"name": "rating" if given is not None else "thumbs", "value": word if given is None else given}
        call.feedback.append(said | ({"comment": c} if (c := text_at(feedback, "comment")) else {}))


def _value_of(verdict: str) -> bool | str | None:
    return {"success": True, "failure": False}.get(verdict, verdict or None)


def _results(analysis: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The agent's evaluation criteria with what came of them: by id, or in newer payloads a list."""
    by_id = object_at(analysis, "evaluation_criteria_results")
    found = by_id.items() if by_id else ((None, r) for r in objects_at(analysis, "evaluation_criteria_results_list"))
    for key, result in found:
        if type(result) is dict and (name := text_at(result, "criteria_id") or key):
            yield name, result
