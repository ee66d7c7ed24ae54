"""The native endpoints of other products at the HTTP edge: their paths, their answers, their encodings, their proofs."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from contextlib import closing
from datetime import timedelta

import httpx
import pytest
import zstandard
from made import NOW, talk
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.config.webhooks import WebhookSettings
from bot.playground.serving import loopback_socket, serving
from traces import limits
from traces.clock import FakeClock, format_time
from traces.errors import BadInput

RUN = "01a1fb99-4720-7dc9-8d62-d98c239a51bc"
LLM = "01a1fb99-473b-7189-a075-2bcd36371488"
KEYS = {"RETELL_KEY": "key-1", "VAPI_KEY": "key-2", "ELEVEN_KEY": "key-3", "BLAND_KEY": "key-4", "LIVEKIT_KEY": "key-5"}
SIGNED = WebhookSettings(
    retell_secret_env="RETELL_KEY",
    vapi_secret_env="VAPI_KEY",
    elevenlabs_secret_env="ELEVEN_KEY",
    bland_secret_env="BLAND_KEY",
    livekit_secret_env="LIVEKIT_KEY",
)


class Edge:
    """A Hark that receives, with a real database."""

    def __init__(self, path, webhooks) -> None:
        database = DatabaseSettings(url=SecretStr(f"sqlite:///{path}"))
        self.clock = FakeClock(NOW)
        self.hark = build_hark(Settings(database=database, webhooks=webhooks), self.clock, KEYS)
        self.writer = self.hark.writer()
        self._server = serving(self.hark.receiver(self.writer).app(), loopback_socket())
        self.client = httpx.Client(base_url=self._server.__enter__(), timeout=20)

    def send(self, method, where, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(
            method, where, content=content, headers={"content-type": "application/json"} | headers
        )

    def post(self, where, body, **headers):
        return self.send("POST", where, body, **headers)

    def stored(self):
        with self.hark.store.read() as tx:
            return {c.conversation_id: c for batch in tx.conversations.in_order() for c in batch}

    def close(self) -> None:
        self.client.close()
        self._server.__exit__(None, None, None)
        self.writer.close()
        self.hark.store.close()


@pytest.fixture
def edge(tmp_path):
    with closing(Edge(tmp_path / "hark.db", WebhookSettings())) as made:
        yield made


@pytest.fixture
def signed(tmp_path):
    with closing(Edge(tmp_path / "hark.db", SIGNED)) as made:
        yield made


def run(**more):
    return {"id": RUN, "trace_id": RUN, "name": "llm", "run_type": "llm", "start_time": format_time(NOW)} | more


def trace_event(number=1, **body):
    return {"id": f"e-{number}", "type": "trace-create", "timestamp": format_time(NOW), "body": {"id": "t"} | body}


# --- Langfuse ----------------------------------------------------------------------------------------------


def test_a_langfuse_batch_is_answered_event_by_event(edge):
    wrong = {"id": "e-2", "type": "span-create", "timestamp": format_time(NOW), "body": {"id": "s"}}
    answer = edge.post("/api/public/ingestion", {"batch": [trace_event(sessionId="s-1"), wrong], "metadata": {}})
    assert answer.status_code == 207
    assert answer.json()["successes"] == [{"id": "e-1", "status": 201}]
    (refused,) = answer.json()["errors"]
    assert (refused["id"], refused["status"]) == ("e-2", 400)
    assert refused["error"] == "batch[1].body.traceId: is missing; an observation is found by its trace"
    assert list(edge.stored()) == ["s-1"]


def test_a_langfuse_client_finds_a_server_and_a_project_before_it_begins(edge):
    assert edge.client.get("/api/public/health").json()["status"] == "OK"
    assert edge.client.get("/api/public/projects").json()["data"]


def test_a_langfuse_score_finds_a_trace_whose_id_is_any_text(edge):
    edge.post("/api/public/ingestion", {"batch": [trace_event(sessionId="s-1", output="hi")]})
    assert edge.post("/api/public/scores", {"traceId": "t", "name": "csat", "value": 1}).status_code == 200
    with edge.hark.store.read() as tx:
        assert [s.name for s in tx.scores.current(["s-1"])["s-1"]] == ["csat"]


# --- LangSmith ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["", "/api/v1"])
def test_langsmith_runs_come_singly_and_are_changed_by_their_id_alone(edge, base):
    assert edge.client.get(f"{base}/info").json()["batch_ingest_config"]["use_multipart_endpoint"] is True
    begun = run(trace_id=None, inputs={"messages": [{"role": "user", "content": "Hi"}]})
    assert edge.post(f"{base}/runs", begun).status_code == 202
    ended = {"end_time": format_time(NOW + timedelta(seconds=2)), "outputs": {"role": "assistant", "content": "Hello"}}
    assert edge.send("PATCH", f"{base}/runs/{RUN}", ended | {"trace_id": None}).status_code == 202
    (conversation,) = edge.stored().values()
    assert [(m.role, m.content, m.latency_s) for m in conversation.messages] == [
        ("user", "Hi", None),
        ("assistant", "Hello", 2.0),
    ]
    assert edge.post(f"{base}/feedback", {"run_id": RUN, "key": "thumbs", "score": 1}).status_code == 200
    with edge.hark.store.read() as tx:
        (scores,) = tx.scores.current(edge.stored()).values()
    assert [(s.name, s.value) for s in scores] == [("thumbs", 1.0)]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("identity", bytes), ("gzip", gzip.compress), ("zstd", zstandard.compress)],
)
def test_a_langsmith_form_is_read_in_every_encoding(edge, encoding, pack):
    sections = {
        f"post.{RUN}": run(),
        f"post.{RUN}.inputs": {"messages": [{"role": "user", "content": "Hi"}]},
        f"post.{RUN}.extra": {"metadata": {"thread_id": "s-3"}},
    }
    body = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{json.dumps(said)}\r\n'.encode()
        for name, said in sections.items()
    )
    kind = "multipart/form-data; boundary=B"
    answer = edge.post("/runs/multipart", pack(body + b"--B--\r\n"), content_type=kind, content_encoding=encoding)
    assert answer.status_code == 202
    assert list(edge.stored()) == ["s-3"]


def test_a_zstd_bomb_is_refused_and_nothing_of_it_stored(edge):
    bomb = zstandard.compress(b"[" + b" " * (limits.INFLATED_BYTES + 1))
    assert edge.post("/runs/batch", bomb, content_encoding="zstd").status_code == 413
    assert edge.post("/runs/batch", bomb[:-9], content_encoding="zstd").status_code in (400, 413)
    assert edge.stored() == {}


def test_one_wrong_run_keeps_its_batch_out_and_is_named(edge):
    answer = edge.post("/runs/batch", {"post": [run(), run(start_time="noon")], "patch": []})
    assert answer.status_code == 400
    assert answer.json()["error"] == "post[1].start_time: 'noon' is not an ISO 8601 time"
    assert edge.stored() == {}


# --- Opik --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["/api/v1/private", "/v1/private"])
def test_opik_traces_and_spans_are_written_changed_and_scored(edge, base):
    begun = {"id": RUN, "start_time": format_time(NOW), "thread_id": "s-4", "project_name": "shop"}
    llm = {"id": LLM, "trace_id": RUN, "type": "llm", "start_time": format_time(NOW), "input": {"q": "Where?"}}
    ended = {"end_time": format_time(NOW + timedelta(seconds=1)), "output": {"content": "Here."}, "trace_id": RUN}
    score = {"id": RUN, "name": "csat", "value": 1.0, "source": "sdk"}
    sent = [
        ("PATCH", f"/spans/{LLM}", ended),
        ("POST", "/spans/batch", {"spans": [llm]}),
        ("POST", "/traces/batch", {"traces": [begun]}),
        ("POST", "/traces", begun),
        ("PATCH", f"/traces/{RUN}", {"output": {"a": "Here."}}),
        ("PUT", "/traces/feedback-scores", {"scores": [score]}),
        ("PUT", f"/spans/{LLM}/feedback-scores", {"name": "ok", "value": 1}),
        ("PUT", "/traces/threads/feedback-scores", {"scores": [{"thread_id": "s-4", "name": "whole", "value": 0.5}]}),
    ]
    for method, path, body in sent:
        assert edge.send(method, f"{base}{path}", body).status_code == 204, path
    conversation = edge.stored()["s-4"]
    assert [(m.role, m.content) for m in conversation.messages] == [("user", "Where?"), ("assistant", "Here.")]
    with edge.hark.store.read() as tx:
        assert {s.name: s.value for s in tx.scores.current(["s-4"])["s-4"]} == {"csat": 1.0, "ok": 1.0, "whole": 0.5}


# --- feedback and changes ----------------------------------------------------------------------------------


def test_feedback_on_a_conversation_shows_at_once_and_its_repetition_changes_nothing(edge):
    edge.post("/v1/conversations", talk("c-1"))
    said = {"conversation_id": "c-1", "name": "thumbs", "value": 1, "comment": "quick!", "user_id": "u-1"}
    assert edge.post("/v1/feedback", said).json() == {"new": 1, "unchanged": 0}
    edge.clock.advance(timedelta(minutes=1))
    assert edge.post("/v1/feedback", said).json() == {"new": 0, "unchanged": 1}
    (given,) = edge.stored()["c-1"].feedback
    assert (given.name, given.value, given.comment, given.user_id, given.at) == ("thumbs", 1.0, "quick!", "u-1", NOW)


def test_the_last_word_of_a_user_replaces_the_one_before(edge):
    edge.post("/v1/conversations", talk("c-1"))
    for value in (1, 0, 1, 0):
        edge.post("/v1/feedback", {"conversation_id": "c-1", "name": "thumbs", "value": value})
    assert [f.value for f in edge.stored()["c-1"].feedback] == [0.0]


def test_feedback_may_come_before_its_conversation_and_stays_when_the_conversation_grows(edge):
    edge.post("/v1/feedback", [{"conversation_id": "c-1", "name": "stars", "value": 2}])
    edge.post("/v1/conversations", talk("c-1"))
    edge.post("/v1/conversations", talk("c-1", "Hello?", "Hello!", "Bye"))
    assert [(f.name, f.value) for f in edge.stored()["c-1"].feedback] == [("stars", 2.0)]


@pytest.mark.parametrize("is_early", [True, False])
def test_feedback_on_a_trace_reaches_the_conversation_of_the_trace(edge, is_early):
    steps = [
        lambda: edge.post("/v1/feedback", {"trace_id": "t", "name": "thumbs", "value": 0}),
        lambda: edge.post("/api/public/ingestion", {"batch": [trace_event(sessionId="s-1", output="hi")]}),
    ]
    for step in steps if is_early else reversed(steps):
        assert step().is_success
    assert [f.value for f in edge.stored()["s-1"].feedback] == [0.0]


def test_feedback_makes_only_those_look_again_who_look_at_once(edge):
    edge.post("/v1/conversations", talk("c-1", ended_at=format_time(NOW)))
    with edge.hark.store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(NOW + timedelta(hours=1), 10))
    edge.post("/v1/feedback", {"conversation_id": "c-1", "name": "thumbs", "value": 1})
    with edge.hark.store.read() as tx:
        (pending,) = tx.conversations.pending(NOW + timedelta(hours=1), 10)
    assert (pending.has_arrived, pending.has_settled) == (True, False)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"name": "thumbs", "value": 1}, "give either conversation_id or trace_id"),
        ({"conversation_id": "c", "trace_id": "t", "name": "x", "value": 1}, "give either conversation_id or trace_id"),
        ([{"conversation_id": "c", "name": "x"}], "[0].value: is missing, and there is no comment either"),
        ({"conversation_id": "c", "name": "x", "value": {}}, "value: must be a number, not an object"),
        ([{"conversation_id": "c", "name": "x", "value": 1, "at": "noon"}], "[0].at: 'noon' is not an ISO 8601 time"),
        ("x", "must be an object or a list of them, not text"),
    ],
)
def test_feedback_that_is_none_is_refused_in_one_line(edge, body, reason):
    answer = edge.post("/v1/feedback", body)
    assert (answer.status_code, answer.json()["error"]) == (400, reason)


def test_a_deploy_becomes_a_marker_that_alerts_can_show(edge):
    answer = edge.post(
        "/v1/changes", [{"kind": "deploy", "value": "v2", "application": "shop"}, {"kind": "prompt", "value": "8"}]
    )
    assert answer.json() == {"changes": 2}
    with edge.hark.store.read() as tx:
        found = tx.state.changes_between(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    assert sorted((c.kind, c.value, c.application, c.at) for c in found) == [
        ("deploy", "v2", "shop", NOW),
        ("prompt_version", "8", None, NOW),
    ]


def test_a_change_without_a_kind_is_refused(edge):
    answer = edge.post("/v1/changes", {"value": "v2"})
    assert (answer.status_code, answer.json()["error"]) == (400, "kind: is missing")


# --- voice -------------------------------------------------------------------------------------------------

CALLS = {
    "retell": {"event": "call_ended", "call": {"call_id": "1", "start_timestamp": 1_795_168_800_000}},
    "vapi": {"message": {"type": "end-of-call-report", "call": {"id": "1"}}},
    "elevenlabs": {"type": "post_call_transcription", "data": {"conversation_id": "1"}},
    "bland": {"call_id": "1", "completed": True},
    "livekit": {"job_id": "1", "chat_history": {"items": []}},
    "pipecat": {"call_id": "1", "messages": []},
}


def mac(key, *pieces):
    return hmac.new(key.encode(), b"".join(pieces), hashlib.sha256).hexdigest()


def proof(platform, body, at=NOW):
    seconds = str(int(at.timestamp())).encode()
    return {
        "retell": lambda: {
            "x-retell-signature": f"v={seconds.decode()}000,d={mac('key-1', body, seconds + b'000')}",
        },
        "vapi": lambda: {"x-vapi-signature": mac("key-2", body)},
        "elevenlabs": lambda: {
            "elevenlabs-signature": f"t={seconds.decode()},v0={mac('key-3', seconds, b'.', body)}",
        },
        "bland": lambda: {"x-webhook-signature": mac("key-4", body)},
        "livekit": lambda: {"authorization": "Bearer key-5"},
    }[platform]()


@pytest.mark.parametrize("platform", CALLS)
def test_a_call_is_stored_once_however_often_it_is_sent(edge, platform):
    for _ in range(2):
        assert edge.post(f"/hooks/{platform}", CALLS[platform]).json() == {"calls": 1}
    assert list(edge.stored()) == [f"{platform}:1"]


@pytest.mark.parametrize("platform", [name for name in CALLS if name != "pipecat"])
def test_with_a_secret_only_what_the_platform_signed_is_taken(signed, platform):
    body = json.dumps(CALLS[platform]).encode()
    right = proof(platform, body)
    (header,) = right
    for wrong in ({}, {header: right[header][:-1] + "x"}, {header: "ä".encode()}):
        answer = signed.post(f"/hooks/{platform}", body, **wrong)
        assert answer.status_code == 401
        assert header in answer.json()["error"] or "authorization" in answer.json()["error"]
    assert signed.stored() == {}
    assert signed.post(f"/hooks/{platform}", body, **right).status_code == 200
    assert list(signed.stored()) == [f"{platform}:1"]


@pytest.mark.parametrize("platform", ["retell", "elevenlabs"])
def test_an_old_signature_is_no_proof(signed, platform):
    body = json.dumps(CALLS[platform]).encode()
    answer = signed.post(f"/hooks/{platform}", body, **proof(platform, body, NOW - timedelta(hours=1)))
    assert answer.status_code == 401
    assert "minutes ago" in answer.json()["error"]


@pytest.mark.parametrize("headers", [{"x-vapi-secret": "key-2"}, {"authorization": "Bearer key-2"}])
def test_vapi_may_send_the_secret_itself(signed, headers):
    assert signed.post("/hooks/vapi", CALLS["vapi"], **headers).status_code == 200


def test_a_platform_without_a_secret_needs_no_proof(signed):
    assert signed.post("/hooks/pipecat", CALLS["pipecat"]).status_code == 200


def test_a_secret_that_is_not_set_is_told_at_start():
    with pytest.raises(BadInput) as refused:
        SIGNED.secrets_in({})
    assert str(refused.value) == (
        "webhooks.retell_secret_env: the environment variable RETELL_KEY is not set; set it or remove retell_secret_env"
    )


def test_a_retell_call_that_was_analysed_is_not_made_poorer_by_a_late_end(edge):
    call = CALLS["retell"]["call"] | {"transcript_object": [{"role": "user", "content": "Hi", "words": []}]}
    analysed = call | {"call_analysis": {"user_sentiment": "Negative", "call_successful": False}}
    edge.post("/hooks/retell", {"event": "call_analyzed", "call": analysed})
    edge.post("/hooks/retell", {"event": "call_ended", "call": call})
    assert edge.stored()["retell:1"].metadata["user_sentiment"] == "Negative"


@pytest.mark.parametrize("platform", CALLS)
@pytest.mark.parametrize(
    "body", [b"[]", b"3", b"{", b"\xff", b'{"message": 3, "call": [], "data": [], "chat_history": 0}']
)
def test_a_body_that_is_no_call_is_refused_in_one_line(edge, platform, body):
    answer = edge.post(f"/hooks/{platform}", body)
    assert answer.status_code in (200, 400)
    assert "\n" not in answer.text.strip()
    assert edge.stored() == {}
