"""What real clients sent, against what is known by construction to have happened."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from traces.errors import BadInput
from traces.model import Conversation, Message, Span
from traces.normalise import conversation_id_of, conversation_of, own_conversation_id
from traces.otlp_logs import LOGGED
from traces.sources.langfuse_scores import spans_of_scores
from traces.sources.litellm import spans_of_calls
from traces.wire import JSON, PROTOBUF, read_export, read_logs

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
pytestmark = pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")

EXPECTED: dict[str, Any] = orjson.loads((CAPTURED / "EXPECTED.json").read_bytes()) if CAPTURED.exists() else {}
FOLDERS = [
    "langfuse_sdk5",
    "openinference_agent",
    "litellm_otel",
    "pydantic_ai_default",
    "vercel_ai_json",
    "otel_openai_v2_old",
]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
READERS = {"traces": read_export, "logs": read_logs}


@dataclass
class Play:
    """Everything that one client sent, normalised."""

    traces: dict[str, list[Span]]
    conversations: dict[str, Conversation]

    @property
    def messages(self) -> list[Message]:
        return [message for said in self.conversations.values() for message in said.messages]


def spans_in(folder: str) -> list[Span]:
    spans: list[Span] = []
    for meta in sorted((CAPTURED / folder).glob("*.meta.json")):
        request = orjson.loads(meta.read_bytes())
        read = READERS.get(request["path"].rpartition("/")[2])
        if read and "/v1/" in request["path"]:
            kind = JSON if request["file"].endswith(".json") else PROTOBUF
            spans += read((CAPTURED / folder / request["file"]).read_bytes(), kind).spans
    return spans


def play(spans: list[Span]) -> Play:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    by_conversation: dict[str, list[Span]] = defaultdict(list)
    for trace_id, held in traces.items():
        by_conversation[conversation_id_of(held) or own_conversation_id(trace_id)] += held
    return Play(traces, {name: conversation_of(name, held) for name, held in by_conversation.items()})


def calls(messages: list[Message] | tuple[Message, ...]) -> list[Message]:
    return [message for message in messages if message.role == "assistant" and message.latency_s is not None]


def failed_traces(messages: list[Message] | tuple[Message, ...]) -> int:
    """Traces that ended in an error: of a model call, or of a tool after which nothing was said."""
    last = {message.metadata["trace_id"]: message for message in messages if "trace_id" in message.metadata}
    return sum(message.error is not None for message in last.values())


def totals(played: Play) -> dict[str, Any]:
    streamed = [message.ttft_s for message in played.messages if message.ttft_s is not None]
    return {
        "traces": len(played.traces),
        "spans": len({span.span_id for held in played.traces.values() for span in held if span.name != LOGGED}),
        "log_records": sum(len(s.events) for held in played.traces.values() for s in held if s.name == LOGGED),
        "conversations": len(played.conversations),
        "llm_calls": len(calls(played.messages)),
        "tokens_in": sum(message.input_tokens or 0 for message in played.messages),
        "tokens_out": sum(message.output_tokens or 0 for message in played.messages),
        "error_traces": failed_traces(played.messages),
        "tool_errors": sum(message.role == "tool" and message.error is not None for message in played.messages),
        "ttft_ms": round(streamed[0] * 1000, 1) if streamed else None,
        "evaluations": sum(len(said.scores) for said in played.conversations.values()),
        "release": next((said.metadata.get("release") for said in played.conversations.values()), None),
        "environment": next((said.metadata.get("environment") for said in played.conversations.values()), None),
    }


def session_totals(said: Conversation) -> dict[str, Any]:
    return {
        "traces": len(said.trace_ids),
        "user": said.user_id,
        "llm_calls": len(calls(said.messages)),
        "tokens_in": sum(message.input_tokens or 0 for message in said.messages),
        "tokens_out": sum(message.output_tokens or 0 for message in said.messages),
        "tool_calls": [{"name": m.name, "ok": m.error is None} for m in said.messages if m.role == "tool"],
        "streamed": sum(message.ttft_s is not None for message in said.messages),
        "error_traces": failed_traces(said.messages),
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_clients_totals_are_exactly_what_it_did(folder: str) -> None:
    expected = EXPECTED[folder]
    found = totals(play(spans_in(folder)))
    checked = {key: value for key, value in expected.items() if key in found}
    assert {key: found[key] for key in checked} == checked


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if EXPECTED.get(folder, {}).get("sessions")])
def test_a_clients_sessions_become_conversations_with_their_totals(folder: str) -> None:
    conversations = play(spans_in(folder)).conversations
    sessions = EXPECTED[folder]["sessions"]
    named = {name for name in conversations if not name.startswith("trace:")}
    assert named == set(sessions)
    for name, expected in sessions.items():
        found = session_totals(conversations[name])
        assert {key: found[key] for key in expected} == expected


def test_a_session_id_that_a_privacy_filter_wrote_over_joins_nobody() -> None:
    assert (
        EXPECTED["pydantic_ai_default"]["forbidden_session"] not in play(spans_in("pydantic_ai_default")).conversations
    )


def test_retrieved_documents_stand_on_the_answer_that_they_served() -> None:
    expected = EXPECTED["openinference_agent"]["retrieval_docs_per_trace"]
    served: dict[str, int] = defaultdict(int)
    for message in play(spans_in("openinference_agent")).messages:
        if message.role == "assistant":
            served[message.metadata["trace_id"]] += len(message.documents)
    assert set(served.values()) == {expected}


def test_a_failure_repeated_on_every_ancestor_counts_once() -> None:
    said = play(spans_in("traceloop_latest")).conversations["conv-9"]
    assert [message.error for message in said.messages if message.error] == [
        "Error code: 429 - Rate limit reached for stub",
        "unknown city Atlantis",
    ]
    assert said.errors == ("Error code: 429 - Rate limit reached for stub",)


TOLD = [
    ("langfuse_sdk5", "sess-42"),
    ("openinference_agent", "conv-oi-1"),
    ("pydantic_ai_default", "01a1fb10-993c-740f-b129-69beb61d8d11"),
    ("otel_openai_v2_old", "conv-v2-1"),
]


@pytest.mark.parametrize(("folder", "name"), TOLD)
def test_each_message_is_told_once_and_in_order_although_every_call_repeats_the_history(folder: str, name: str) -> None:
    said = play(spans_in(folder)).conversations[name].messages
    assert [m.role for m in said] == [
        "system", "user", "assistant", "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    asked, answered = said[4].tool_calls[0], said[5]
    assert (asked.name, orjson.loads(asked.arguments)) == ("get_weather", {"city": "Lisbon"})
    assert answered.tool_call_id == asked.tool_call_id


def test_langfuses_scores_join_the_conversations_that_they_judge() -> None:
    posted = orjson.loads((CAPTURED / "langfuse_sdk5" / "002.json").read_bytes())
    spans = spans_in("langfuse_sdk5")
    scored = play([*spans_of_scores(posted, NOW).spans, *spans]).conversations["sess-42"]
    assert len(scored.scores) == EXPECTED["langfuse_sdk5"]["scores"]
    assert {(score.name, score.value, score.label) for score in scored.scores} == {
        ("user-feedback", 1.0, None), ("helpfulness", 0.0, "bad"), ("csat", 2.0, None),
    }  # fmt: skip
    unscored = play(spans).conversations["sess-42"]
    assert (scored.messages, scored.trace_ids) == (unscored.messages, unscored.trace_ids)
    assert (scored.started_at, scored.ended_at) == (unscored.started_at, unscored.ended_at)


def test_litellms_webhook_calls_become_conversations() -> None:
    lines = (CAPTURED / "litellm_generic_ndjson" / "001.json").read_bytes().splitlines()
    played = play(spans_of_calls([orjson.loads(line) for line in lines if line.strip()]).spans)
    assert set(played.conversations) == {"conv-5", "conv-6", "conv-7"}
    said = played.conversations["conv-5"]
    assert [m.role for m in said.messages] == [
        "user", "assistant", "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert [m.input_tokens for m in said.messages if m.latency_s is not None] == [11, 33, 55, 77]
    assert sum(m.ttft_s is not None for m in said.messages) == 1
    assert said.cost_usd == pytest.approx(6.6e-05)
    assert len(played.conversations["conv-7"].errors) == 2


@pytest.mark.parametrize("folder", [*FOLDERS, "traceloop_latest"])
def test_order_and_repetition_of_spans_change_nothing(folder: str) -> None:
    spans = spans_in(folder)
    shuffled = [*spans, *spans]
    random.Random(7).shuffle(shuffled)
    assert play(shuffled).conversations == play(spans).conversations


@pytest.mark.parametrize("folder", ["openinference_agent", "traceloop_latest", "vercel_ai_json"])
def test_roots_that_never_arrive_cost_no_message(folder: str) -> None:
    spans = spans_in(folder)
    rootless = [span for span in spans if span.parent_id is not None]
    assert [m.content for m in play(rootless).messages] == [m.content for m in play(spans).messages]


@pytest.mark.parametrize("name", ["001.pb", "003.pb", "004.pb"])
def test_a_metrics_body_sent_as_traces_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is this a metrics or logs body"):
        read_export((CAPTURED / "pydantic_ai_default" / name).read_bytes())
