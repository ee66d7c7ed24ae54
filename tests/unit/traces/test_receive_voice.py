"""Calls of voice platforms, in the shapes that their SDKs and documentation give."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.errors import BadInput
from traces.ingest import offer
from traces.model import Conversation
from traces.sources.voice_agents import conversation_of_livekit, conversation_of_pipecat
from traces.sources.voice_bland import conversation_of_bland
from traces.sources.voice_elevenlabs import conversation_of_elevenlabs
from traces.sources.voice_retell import conversation_of_retell
from traces.sources.voice_vapi import conversation_of_vapi

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEGAN_MS = int(BEGAN.timestamp() * 1000)
BEGAN_S = BEGAN_MS // 1000


def word(text: str, start: float, end: float) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end}


RETELL: dict[str, Any] = {
    "event": "call_analyzed",
    "call": {
        "call_id": "Jabr9",
        "agent_id": "agent_1",
        "agent_name": "Front desk",
        "agent_version": 3,
        "call_type": "phone_call",
        "direction": "inbound",
        "start_timestamp": BEGAN_MS,
        "end_timestamp": BEGAN_MS + 30_000,
        "disconnection_reason": "user_hangup",
        "recording_url": "https://recordings.example/1.wav",
        "transcript_with_tool_calls": [
            {"role": "agent", "content": "Hello, how can I", "words": [word("Hello", 0.4, 0.9), word("I", 1.5, 2.4)]},
            {"role": "user", "content": "My order!", "words": [word("My", 2.0, 2.2), word("order", 2.2, 2.8)]},
            {"role": "tool_call_invocation", "tool_call_id": "t-1", "name": "find_order", "arguments": '{"id":7}'},
            {"role": "tool_call_result", "tool_call_id": "t-1", "content": "no such order", "successful": False},
            {"role": "node_transition", "former_node_id": "a", "new_node_id": "b"},
            {"role": "agent", "content": "I cannot find it.", "words": [word("I", 5.0, 5.2), word("it", 5.9, 6.4)]},
        ],
        "latency": {"e2e": {"p50": 800, "num": 2}},
        "call_cost": {"combined_cost": 70, "product_costs": []},
        "call_analysis": {"call_successful": False, "call_summary": "Not found.", "user_sentiment": "Negative"},
    },
}
VAPI: dict[str, Any] = {
    "message": {
        "type": "end-of-call-report",
        "endedReason": "customer-ended-call",
        "cost": 0.21,
        "startedAt": "2026-11-20T10:00:00.000Z",
        "endedAt": "2026-11-20T10:00:20.000Z",
        "call": {"id": "call-7", "assistantId": "as-1"},
        "assistant": {"name": "Clinic", "model": {"provider": "openai", "model": "gpt-4o"}},
        "customer": {"number": "+15550100"},
        "analysis": {"summary": "Booked.", "successEvaluation": "true"},
        "artifact": {
            "recordingUrl": "https://recordings.example/7.wav",
            "messages": [
                {"role": "system", "message": "Be brief.", "time": BEGAN_MS, "secondsFromStart": 0},
                {"role": "bot", "message": "Clinic, hello.", "time": 1, "secondsFromStart": 1.2, "duration": 1400},
                {"role": "user", "message": "A slot, please.", "time": 2, "secondsFromStart": 3.5, "duration": 900},
                {
                    "role": "tool_calls",
                    "message": "",
                    "secondsFromStart": 4.5,
                    "toolCalls": [{"id": "t-1", "type": "function", "function": {"name": "slots", "arguments": "{}"}}],
                },
                {
                    "role": "tool_call_result",
                    "toolCallId": "t-1",
                    "name": "slots",
                    "result": "[9]",
                    "secondsFromStart": 5,
                },
                {"role": "bot", "message": "At nine?", "time": 3, "secondsFromStart": 6.0, "duration": 700},
            ],
            "performanceMetrics": {"turnLatencies": [{"turnLatency": 1200}], "numAssistantInterrupted": 1},
        },
    }
}
ELEVENLABS: dict[str, Any] = {
    "type": "post_call_transcription",
    "event_timestamp": BEGAN_S + 60,
    "data": {
        "agent_id": "agent_9",
        "conversation_id": "conv_1",
        "status": "done",
        "user_id": "u-9",
        "transcript": [
            {"role": "agent", "message": "Hey there", "time_in_call_secs": 0, "interrupted": True},
            {"role": "user", "message": "Weather in Atlantis?", "time_in_call_secs": 2},
            {
                "role": "agent",
                "message": None,
                "time_in_call_secs": 4,
                "tool_calls": [{"request_id": "r-1", "tool_name": "weather", "params_as_json": '{"city": "Atlantis"}'}],
                "tool_results": [
                    {"request_id": "r-1", "tool_name": "weather", "result_value": "unknown city", "is_error": True}
                ],
            },
            {
                "role": "agent",
                "message": "I do not know.",
                "time_in_call_secs": 6,
                "producing_llm": "gemini-2.0-flash",
                "conversation_turn_metrics": {"metrics": {"convai_llm_service_ttfb": {"elapsed_time": 0.37}}},
            },
        ],
        "metadata": {
            "start_time_unix_secs": BEGAN_S,
            "call_duration_secs": 22,
            "cost": 296,
            "cost_fiat": 0.05,
            "termination_reason": "client ended call",
            "feedback": {"overall_score": None, "rating": 2, "comment": "slow"},
        },
        "analysis": {"call_successful": "failure", "transcript_summary": "No answer."},
    },
}
BLAND: dict[str, Any] = {
    "call_id": "c-1",
    "completed": True,
    "inbound": True,
    "created_at": "2026-11-20T09:59:50+00:00",
    "started_at": "2026-11-20T10:00:00+00:00",
    "corrected_duration": "71",
    "call_length": 1.2,
    "price": 0.068,
    "call_ended_by": "ASSISTANT",
    "answered_by": "human",
    "error_message": None,
    "recording_url": None,
    "transcripts": [
        {"id": 1, "created_at": "2026-11-20T10:00:02+00:00", "text": "Hey.", "user": "user"},
        {"id": 2, "created_at": "2026-11-20T10:00:04.5+00:00", "text": "Hi! It's Blandie.", "user": "assistant"},
        {"id": 3, "created_at": "2026-11-20T10:00:05+00:00", "text": "Waited.", "user": "agent-action"},
    ],
}
LIVEKIT: dict[str, Any] = {
    "job_id": "AJ_1",
    "room_id": "RM_1",
    "room": "lobby",
    "agent_name": "greeter",
    "timestamp": BEGAN_S + 40.0,
    "duration_ms": 40_000,
    "close_reason": "CR_PARTICIPANT_DISCONNECTED",
    "events": [],
    "usage": [{"type": "llm_usage", "provider": "openai", "model": "gpt-4o-mini", "input_tokens": 90}],
    "chat_history": {
        "items": [
            {"id": "i0", "type": "agent_config_update", "instructions": "Greet.", "created_at": BEGAN_S + 0.1},
            {
                "id": "i1",
                "type": "message",
                "role": "user",
                "content": ["Hello?"],
                "interrupted": False,
                "created_at": BEGAN_S + 3.0,
                "metrics": {"started_speaking_at": BEGAN_S + 2.0, "stopped_speaking_at": BEGAN_S + 2.8},
            },
            {
                "id": "i2",
                "type": "function_call",
                "call_id": "f-1",
                "name": "look_up",
                "arguments": "{}",
                "created_at": BEGAN_S + 3.2,
            },
            {
                "id": "i3",
                "type": "function_call_output",
                "call_id": "f-1",
                "name": "look_up",
                "output": "no access",
                "is_error": True,
                "created_at": BEGAN_S + 3.4,
            },
            {
                "id": "i4",
                "type": "message",
                "role": "assistant",
                "content": ["Hi, I", "am here."],
                "interrupted": True,
                "created_at": BEGAN_S + 4.0,
                "metrics": {
                    "started_speaking_at": BEGAN_S + 4.0,
                    "stopped_speaking_at": BEGAN_S + 6.5,
                    "llm_node_ttft": 0.4,
                    "e2e_latency": 1.2,
                },
            },
        ]
    },
}
PIPECAT: dict[str, Any] = {
    "call_id": "p-1",
    "metadata": {"application": "bot", "model": "gpt-4o"},
    "cost_usd": 0.01,
    "end_reason": "client_disconnected",
    "messages": [
        {"role": "user", "content": "Hello?", "timestamp": "2026-11-20T10:00:00+00:00", "user_id": "u-1"},
        {"role": "assistant", "content": "Hi", "timestamp": "2026-11-20T10:00:01.5+00:00", "interrupted": True},
    ],
}
READERS = {
    "retell": (conversation_of_retell, RETELL),
    "vapi": (conversation_of_vapi, VAPI),
    "elevenlabs": (conversation_of_elevenlabs, ELEVENLABS),
    "bland": (conversation_of_bland, BLAND),
    "livekit": (conversation_of_livekit, LIVEKIT),
    "pipecat": (conversation_of_pipecat, PIPECAT),
}


def call_of(platform: str, sent: Any = None) -> Conversation:
    read, sample = READERS[platform]
    written = read(sample if sent is None else sent)
    assert written is not None
    return offer(written, NOW).conversation


def said(call: Conversation) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in call.messages]


@pytest.mark.parametrize(
    ("platform", "call_id", "length_s", "cost_usd", "end_reason"),
    [
        ("retell", "retell:Jabr9", 30, 0.7, "user_hangup"),
        ("vapi", "vapi:call-7", 20, 0.21, "customer-ended-call"),
        ("elevenlabs", "elevenlabs:conv_1", 22, 0.05, "client ended call"),
        ("bland", "bland:c-1", 71, 0.068, "ASSISTANT"),
        ("livekit", "livekit:AJ_1", 40, None, "CR_PARTICIPANT_DISCONNECTED"),
        ("pipecat", "pipecat:p-1", 1.5, 0.01, "client_disconnected"),
    ],
)
def test_a_call_knows_its_length_its_cost_and_how_it_ended(platform, call_id, length_s, cost_usd, end_reason):
    call = call_of(platform)
    assert call.conversation_id == call_id
    assert call.started_at == BEGAN
    assert (call.ended_at - call.started_at).total_seconds() == length_s
    assert call.cost_usd == cost_usd
    assert call.metadata["end_reason"] == end_reason
    assert (call.metadata["source"], call.metadata["channel"]) == (platform, "voice")


@pytest.mark.parametrize("platform", READERS)
def test_the_address_of_a_recording_is_not_kept(platform):
    assert "recordings.example" not in repr(call_of(platform))


def test_retell_turns_keep_their_words_times_tools_and_interruptions():
    call = call_of("retell")
    assert said(call) == [
        ("assistant", "Hello, how can I"),
        ("user", "My order!"),
        ("assistant", ""),
        ("tool", "no such order"),
        ("assistant", "I cannot find it."),
    ]
    assert call.messages[0].metadata["voice"] == {"start_s": 0.4, "end_s": 2.4, "interrupted": True}
    assert call.messages[4].metadata["voice"]["interrupted"] is False
    assert call.messages[3].error == "no such order"
    assert call.messages[2].tool_calls[0].name == "find_order"
    assert call.metadata["latency_p50_s"] == 0.8
    assert [(s.name, s.value, s.explanation) for s in call.scores] == [("call_successful", 0.0, "Not found.")]


def test_vapi_answers_keep_how_long_the_user_waited():
    call = call_of("vapi")
    answers = [m for m in call.messages if m.role == "assistant"]
    assert [(m.content, m.latency_s) for m in answers] == [("Clinic, hello.", None), ("", None), ("At nine?", 1.2)]
    assert answers[0].metadata["voice"] == {"start_s": 1.2, "end_s": 2.6}
    assert call.metadata["assistant_interruptions"] == 1


def test_elevenlabs_turns_keep_interruptions_tools_and_what_the_user_thought():
    call = call_of("elevenlabs")
    assert call.messages[0].metadata["voice"] == {"start_s": 0.0, "interrupted": True}
    assert call.messages[3].error == "unknown city"
    assert call.messages[4].latency_s == 0.37
    assert call.messages[4].model == "gemini-2.0-flash"
    assert [(f.name, f.value, f.comment) for f in call.feedback] == [("rating", 2.0, "slow")]
    assert call.user_id == "u-9"


def test_bland_phrases_are_placed_in_the_call_and_actions_left_out():
    call = call_of("bland")
    assert said(call) == [("user", "Hey."), ("assistant", "Hi! It's Blandie.")]
    assert [m.metadata["voice"]["start_s"] for m in call.messages] == [2.0, 4.5]


def test_livekit_items_keep_speaking_times_latency_and_interruptions():
    call = call_of("livekit")
    answer = call.messages[-1]
    assert said(call)[0] == ("user", "Hello?")
    assert answer.content == "Hi, I\nam here."
    assert answer.metadata["voice"] == {"start_s": 4.0, "end_s": 6.5, "interrupted": True}
    assert (answer.latency_s, answer.ttft_s) == (1.2, 0.4)
    assert call.messages[2].error == "no access"
    assert call.metadata["model"] == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("platform", "sent"),
    [
        ("retell", {"event": "call_started", "call": {"call_id": "x"}}),
        ("vapi", {"message": {"type": "status-update"}}),
        ("elevenlabs", {"type": "post_call_audio", "data": {"full_audio": "AAAA"}}),
        ("bland", {"call_id": "c", "completed": False}),
    ],
)
def test_events_that_do_not_end_a_call_are_taken_and_left_alone(platform, sent):
    assert READERS[platform][0](sent) is None


@pytest.mark.parametrize(
    ("platform", "sent", "reason"),
    [
        ("retell", {"event": "call_ended"}, "call: is missing"),
        ("retell", {"event": "call_ended", "call": {}}, "call.call_id: must be text, not null"),
        ("vapi", {"message": {"type": "end-of-call-report"}}, "message.call.id: must be text, not null"),
        ("elevenlabs", {"type": "post_call_transcription", "data": {}}, "data.conversation_id: must be text, not null"),
        ("bland", {"call_id": "c", "transcripts": {}}, "transcripts: must be a list, not an object"),
        ("bland", {"call_id": "c", "started_at": "noon"}, "started_at: 'noon' is not an ISO 8601 time"),
        ("livekit", {"job_id": "j"}, "chat_history: is missing"),
        ("pipecat", {"call_id": "c", "messages": [{"role": "dog"}]}, "messages[0].role: 'dog' is not a role"),
    ],
)
def test_what_is_no_call_is_refused_in_one_line_that_names_the_field(platform, sent, reason):
    with pytest.raises(BadInput) as refused:
        READERS[platform][0](sent)
    assert str(refused.value) == reason


def test_a_call_that_failed_says_so_on_its_last_answer():
    broken = {**VAPI, "message": VAPI["message"] | {"endedReason": "pipeline-error-openai-llm-failed"}}
    assert call_of("vapi", broken).errors == ("pipeline-error-openai-llm-failed",)


wild = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def spoiled(sample: Any, place: list[int], value: Any) -> Any:
    """The sample with one value somewhere in it replaced."""
    if not place or type(sample) not in (dict, list) or not sample:
        return value
    keys = list(sample) if type(sample) is dict else list(range(len(sample)))
    key = keys[place[0] % len(keys)]
    copy = dict(sample) if type(sample) is dict else list(sample)
    copy[key] = spoiled(copy[key], place[1:], value)
    return copy


@pytest.mark.parametrize("platform", READERS)
@given(place=st.lists(st.integers(0, 30), min_size=1, max_size=6), value=wild)
def test_a_spoiled_call_is_either_read_or_bad_input(platform, place, value):
    read, sample = READERS[platform]
    sent = spoiled(sample, place, value)
    with contextlib.suppress(BadInput):
        written = read(sent) if type(sent) is dict else None
        if written is not None:
            offer(written, NOW)


def test_elevenlabs_evaluation_criteria_are_scores():
    results = {
        "polite": {"criteria_id": "polite", "result": "success", "rationale": "It thanked them."},
        "solved": {"criteria_id": "solved", "result": "failure", "rationale": ""},
        "upsell": {"criteria_id": "upsell", "result": "unknown"},
        "odd": None,
    }
    for analysis in (
        {"evaluation_criteria_results": results},
        {"evaluation_criteria_results_list": [r for r in results.values() if r]},
    ):
        sent = {**ELEVENLABS, "data": {**ELEVENLABS["data"], "analysis": analysis}}
        scores = {s.name: s for s in offer(conversation_of_elevenlabs(sent), NOW).conversation.scores}
        assert {name: (s.value, s.label) for name, s in scores.items()} == {
            "polite": (1.0, None),
            "solved": (0.0, None),
            "upsell": (None, "unknown"),
        }
        assert scores["polite"].explanation == "It thanked them."


def test_how_surely_a_turn_was_recognised_is_kept_where_the_platform_tells_it():
    pipecat = conversation_of_pipecat(
        {"call_id": "p", "messages": [{"role": "user", "content": "hi", "confidence": 0.9}, {"role": "bot"}]}
    )
    words = {"wordLevelConfidence": [{"confidence": 0.8}, {"confidence": 0.6}, {"confidence": "x"}, 3]}
    said = {"role": "user", "message": "hi", "metadata": words}
    report = {"type": "end-of-call-report", "call": {"id": "v"}, "artifact": {"messages": [said]}}
    vapi = conversation_of_vapi({"message": report})
    item = {"type": "message", "role": "user", "content": ["hi"], "transcript_confidence": 0.5, "created_at": 1.8e9}
    livekit = conversation_of_livekit({"job_id": "j", "chat_history": {"items": [item]}})
    assert [call["messages"][0]["voice"]["confidence"] for call in (pipecat, vapi, livekit)] == [0.9, 0.7, 0.5]
