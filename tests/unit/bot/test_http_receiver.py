"""The HTTP edge: what is good is stored before the answer, what is bad is refused in one line, and it never breaks."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import random
import sqlite3
import tracemalloc
import zlib
from contextlib import closing
from urllib.parse import urlencode

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import NOW, span, talk
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.config.slack import Secrets
from bot.http import Receiver
from bot.playground.double import web_api
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from traces import limits
from traces.clock import FakeClock

PROTOBUF, JSON = "application/x-protobuf", "application/json"
BOT_TOKEN = "xoxb-playground"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def settings_of(path, api_url, **secrets):
    return Settings(
        database=DatabaseSettings(url=SecretStr(f"sqlite:///{path}")),
        secrets=Secrets(**{name: SecretStr(value) for name, value in secrets.items()}),
        slack_api_url=api_url,
    )


class Edge:
    """A Hark that receives, with its database."""

    def __init__(self, path, api_url=None, room=None, door=lambda app: app, **secrets) -> None:
        self.path = path
        self.hark = build_hark(settings_of(path, api_url, **secrets), FakeClock(NOW), {})
        self.writer = self.hark.writer()
        receiver = self.hark.receiver(self.writer)
        if room is not None:
            receiver = Receiver(self.hark.store, self.writer, self.hark.clock, room=room)
        self._server = serving(door(receiver.app()), loopback_socket())
        self.client = httpx.Client(base_url=self._server.__enter__(), timeout=20)

    def post(self, where, body, kind=JSON, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(where, content=content, headers={"content-type": kind, **headers})

    def stored(self):
        with self.hark.store.read() as tx:
            return [c.conversation_id for batch in tx.conversations.in_order() for c in batch]

    def close(self) -> None:
        self.client.close()
        self._server.__exit__(None, None, None)
        self.writer.close()
        self.hark.store.close()


@pytest.fixture
def edge(tmp_path):
    with closing(Edge(tmp_path / "hark.db")) as made:
        yield made


@pytest.fixture(scope="module")
def slack(tmp_path_factory):
    path = tmp_path_factory.mktemp("slack") / "hark.db"
    slack_api = web_api(Workspace(clock=FakeClock(NOW), rng=random.Random(1)))
    with (
        serving(slack_api, loopback_socket()) as url,
        closing(Edge(path, f"{url}/api/", bot_token=BOT_TOKEN, signing_secret=SECRET)) as made,
    ):
        yield made


def protobuf(*trace_numbers) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in trace_numbers:
        made, sent = span(number), scope.spans.add()
        sent.trace_id, sent.span_id = bytes.fromhex(made.trace_id), bytes.fromhex(made.span_id)
        sent.start_time_unix_nano = sent.end_time_unix_nano = int(NOW.timestamp()) * 10**9
    return request.SerializeToString()


def otlp_json(*trace_numbers):
    nano = str(int(NOW.timestamp()) * 10**9)
    spans = [
        {"traceId": f"{n:032x}", "spanId": f"{n:016x}", "startTimeUnixNano": nano, "endTimeUnixNano": nano}
        for n in trace_numbers
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


def reason_in(response):
    """The one-line reason of a refusal."""
    reason = response.json()["error"]
    assert reason
    assert "\n" not in reason
    assert len(reason) <= 500
    return reason


# --- traces ------------------------------------------------------------------------------------------------


def test_an_otlp_export_in_protobuf_is_stored_and_answered_in_protobuf(edge):
    answer = edge.post("/v1/traces", protobuf(1, 2), PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (200, PROTOBUF)
    assert ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans == 0
    assert len(edge.stored()) == 2


def test_an_otlp_export_in_json_is_stored_and_answered_in_json(edge):
    answer = edge.post("/v1/traces", otlp_json(1, 2))
    assert (answer.status_code, answer.json()) == (200, {})
    assert len(edge.stored()) == 2


def test_a_compressed_export_is_stored(edge):
    assert edge.post("/v1/traces", gzip.compress(protobuf(1)), PROTOBUF, content_encoding="gzip").status_code == 200
    assert edge.post("/v1/traces", zlib.compress(protobuf(2)), PROTOBUF, content_encoding="deflate").status_code == 200
    assert len(edge.stored()) == 2


def test_spans_that_are_none_are_told_as_a_partial_success(edge):
    sent = otlp_json(1, 2)
    sent["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["traceId"] = "00"
    partial = edge.post("/v1/traces", sent).json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert "trace id" in partial["errorMessage"]
    assert len(edge.stored()) == 1


def test_an_empty_export_is_fine(edge):
    assert edge.post("/v1/traces", b"", PROTOBUF).status_code == 200
    assert edge.post("/v1/traces", {"resourceSpans": []}).status_code == 200


@pytest.mark.parametrize(
    ("status", "body", "kind", "encoding", "says"),
    [
        (400, gzip.compress(protobuf(1), mtime=0)[:-9], PROTOBUF, "gzip", "cut short"),
        (400, protobuf(1), PROTOBUF, "gzip", "not valid gzip"),
        (400, protobuf(1)[:-3], PROTOBUF, "", "protobuf"),
        (400, b"{", JSON, "", "not valid JSON"),
        (400, b'{"resourceSpans": NaN}', JSON, "", "not valid JSON"),
        (400, b"[]", JSON, "", "must be an object"),
        (400, b'{"resourceSpans": 3}', JSON, "", "resourceSpans"),
        (413, b"x" * (limits.WIRE_BYTES + 1), PROTOBUF, "", "larger than"),
        (413, gzip.compress(b"\0" * (limits.INFLATED_BYTES + 1), mtime=0), PROTOBUF, "gzip", "inflates"),
        (413, b"[" * 5_000 + b"]" * 5_000, JSON, "", "nested|JSON"),
        (415, protobuf(1), "text/plain", "", "text/plain"),
        (415, protobuf(1), "", "", "content type"),
        (415, protobuf(1), PROTOBUF, "br", "br"),
    ],
)
def test_a_bad_export_is_refused_in_one_line_and_nothing_is_stored(edge, status, body, kind, encoding, says):
    answer = edge.post("/v1/traces", body, kind, **({"content_encoding": encoding} if encoding else {}))
    assert answer.status_code in {status, 400 if says == "nested|JSON" else status}
    assert any(word in reason_in(answer) for word in says.split("|"))
    assert edge.stored() == []


# --- conversations -----------------------------------------------------------------------------------------


def test_one_conversation_a_list_and_json_lines_are_stored(edge):
    assert edge.post("/v1/conversations", talk("c-1")).json() == {"new": 1, "updated": 0, "unchanged": 0}
    assert edge.post("/v1/conversations", [talk("c-1"), talk("c-2")]).json() == {
        "new": 1,
        "updated": 0,
        "unchanged": 1,
    }
    lines = "\n".join(json.dumps(talk(i)) for i in ("c-3", "c-4")).encode() + b"\n\n"
    assert edge.post("/v1/conversations", lines, "application/x-ndjson").json()["new"] == 2
    assert edge.post("/v1/conversations", gzip.compress(lines), "application/x-ndjson", content_encoding="gzip").json()
    assert sorted(edge.stored()) == ["c-1", "c-2", "c-3", "c-4"]


def test_a_list_with_one_bad_conversation_stores_nothing_and_names_its_place(edge):
    bad = talk("c-2") | {"messages": [{"role": "robot", "content": "Hi"}]}
    answer = edge.post("/v1/conversations", [talk("c-1"), bad])
    assert answer.status_code == 400
    assert reason_in(answer).startswith("[1].messages[0].role:")
    assert edge.stored() == []


def test_json_lines_with_one_bad_line_store_nothing_and_name_the_line(edge):
    lines = json.dumps(talk("c-1")).encode() + b'\n{"id": \n'
    answer = edge.post("/v1/conversations", lines, "application/x-ndjson")
    assert answer.status_code == 400
    assert reason_in(answer).startswith("line 2: not valid JSON")
    assert edge.stored() == []


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (400, b"", JSON, "not valid JSON"),
        (400, b"{", JSON, "not valid JSON"),
        (400, b'{"id": "c", "messages": [], "x": NaN}', JSON, "not valid JSON"),
        (400, b'{"id": "c"}', JSON, "messages: is missing"),
        (400, b'{"id": 3, "messages": []}', JSON, "id: must be text"),
        (400, b"null", JSON, "must be an object"),
        (400, b'{"id": "c", "messages": [], "started_at": "soon"}', JSON, "started_at"),
        (413, json.dumps([talk(str(n)) for n in range(1_001)]).encode(), JSON, "1001 conversations"),
        (413, b'{"id": "c", "messages": [], "x": ' + b"[" * 100 + b"]" * 100 + b"}", JSON, "nested"),
        (413, json.dumps(talk("c", "x" * limits.WIRE_BYTES)).encode(), JSON, "larger than"),
        (415, b"{}", "text/plain", "text/plain"),
        (415, b"{}", "", "content type"),
    ],
)
def test_a_bad_conversation_is_refused_in_one_line_that_names_the_field(edge, status, body, kind, says):
    answer = edge.post("/v1/conversations", body, kind)
    assert (answer.status_code, says in reason_in(answer)) == (status, True), answer.text
    assert edge.stored() == []


def test_a_body_without_a_length_is_read_no_further_than_the_limit(edge):
    def pieces():
        for _ in range(limits.WIRE_BYTES // 100_000 + 2):
            yield b" " * 100_000

    answer = edge.client.post("/v1/conversations", content=pieces(), headers={"content-type": JSON})
    assert answer.status_code == 413


def test_a_body_that_was_refused_is_let_go_at_once(edge):
    bomb = gzip.compress(b"[" + b" " * (2 * limits.INFLATED_BYTES))
    edge.post("/v1/traces", bomb, content_encoding="gzip")
    tracemalloc.start()
    for where in ("/v1/traces", "/v1/conversations", "/hooks/litellm", "/runs/multipart", "/hooks/vapi") * 2:
        assert edge.post(where, bomb, content_encoding="gzip").status_code in (413, 415)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < limits.INFLATED_BYTES


@pytest.mark.parametrize(
    ("item", "says"), [(b"{}", "objects and lists"), (b"[]", "objects and lists"), (b"1", "values")]
)
def test_small_text_that_would_be_much_in_memory_is_refused(edge, item, says):
    body = gzip.compress(b'{"a":[' + b",".join([item] * (limits.JSON_VALUES + 2)) + b"]}", 1)
    for where in ("/v1/traces", "/v1/conversations"):
        answer = edge.post(where, body, content_encoding="gzip")
        assert answer.status_code in (413, 400)
        assert says in reason_in(answer)


def test_a_body_of_nothing_but_lines_is_refused(edge):
    answer = edge.post("/v1/conversations", b"{}\n" * 1_000_000, "application/x-ndjson")
    assert (answer.status_code, reason_in(answer)) == (413, "the body holds more than 100000 lines; send less at once")


def test_metrics_are_answered_in_the_encoding_that_they_came_in(edge):
    assert edge.post("/v1/metrics", {"resourceMetrics": []}).json() == {}
    assert edge.post("/v1/metrics", b"anything", PROTOBUF).content == b""


def test_a_database_that_is_away_is_told_with_the_time_to_come_again(edge):
    with closing(sqlite3.connect(edge.path)) as other:
        other.execute("DROP TABLE conversations")
    for answer in (edge.post("/v1/conversations", talk()), edge.client.get("/readyz")):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        reason_in(answer)
    assert edge.client.get("/healthz").status_code == 200


def test_health_is_told(edge):
    assert edge.client.get("/healthz").text == "ok\n"
    edge.post("/v1/conversations", talk())
    assert edge.client.get("/readyz").json() == {"status": "ready", "awaiting_evaluation": 1}
    assert edge.client.get("/v1/traces").status_code == 405
    assert edge.client.get("/nothing").status_code == 404


# --- Slack -------------------------------------------------------------------------------------------------


def signed(body: bytes, *, secret=SECRET, age_s=0):
    at = str(int(NOW.timestamp()) - age_s)
    digest = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}


def form(payload) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


CLICK = {
    "type": "block_actions",
    "team": {"id": "T1"},
    "user": {"id": "U1", "team_id": "T1"},
    "actions": [{"action_id": "no_such_button", "block_id": "b", "type": "button", "value": "1"}],
}
FORM = "application/x-www-form-urlencoded"


def test_slack_is_told_how_to_be_connected_where_it_is_not(edge):
    answer = edge.post("/slack/events", form(CLICK), FORM, **signed(form(CLICK)))
    assert answer.status_code == 404
    assert "SLACK_SIGNING_SECRET" in reason_in(answer)


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "not signed"),
        ({"x-slack-request-timestamp": "soon", "x-slack-signature": "v0=1"}, "not signed"),
        ({"x-slack-request-timestamp": "²²²²²²²²²²".encode().decode("latin-1"), "x-slack-signature": "v0=" + "0" * 64}, "not signed"),
        (signed(form(CLICK), age_s=301), "expired"),
        (signed(form(CLICK), age_s=-301), "expired"),
        (signed(form(CLICK), secret="another"), "does not match"),
        (signed(form(CLICK) + b" "), "does not match"),
    ],
)  # fmt: skip
def test_a_request_that_slack_did_not_sign_just_now_is_refused(slack, headers, says):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = slack.client.post("/slack/events", content=form(CLICK), headers={"content-type": FORM, **encoded})
    assert answer.status_code == 401
    assert says in reason_in(answer)


def test_an_unknown_button_is_named(slack):
    answer = slack.post("/slack/events", form(CLICK), FORM, **signed(form(CLICK)))
    assert answer.status_code == 404
    assert "no_such_button" in reason_in(answer)


def test_slack_checks_the_address_and_is_answered(slack):
    body = json.dumps({"type": "url_verification", "challenge": "c-123"}).encode()
    answer = slack.post("/slack/events", body, JSON, **signed(body))
    assert (answer.status_code, "c-123" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"payload=%7B", b"payload=3", b"payload=[]", b"payload=%22x%22", b"\xff\xfe", b"[1]", b"null", b"{", b"=",
     b"payload=" + b"%5B" * 20_000],
)  # fmt: skip
def test_garbage_with_the_right_signature_is_refused_in_one_line(slack, body):
    for kind in (FORM, JSON):
        answer = slack.post("/slack/events", body, kind, **signed(body))
        assert answer.status_code in {400, 404}
        reason_in(answer)


def test_a_request_of_slack_that_is_too_large_is_refused(slack):
    assert slack.post("/slack/events", b"x" * (1024 * 1024 + 1), FORM).status_code == 413


# --- anything at all ---------------------------------------------------------------------------------------

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
keys = st.sampled_from(
    ["type", "actions", "user", "team", "view", "callback_id", "command", "value", "action_id", "id", "messages",
     "metadata", "role", "content", "started_at", "resourceSpans", "scopeSpans", "spans", "trigger_id", "response_url",
     "channel", "event", "state", "private_metadata", "is_enterprise_install", "enterprise"]
)  # fmt: skip
shaped = st.recursive(
    leaves | st.sampled_from(["block_actions", "view_submission", "user", "/hark", "2026-11-20T10:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=200),
    (shaped | anything).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200).map(gzip.compress),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from([PROTOBUF, JSON, FORM, "application/x-ndjson", "x", "application/json; charset=ü"]),
        "content-encoding": st.sampled_from(["gzip", "deflate", "identity", "GZIP", "br", ""]),
    },
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(where=st.sampled_from(["/v1/traces", "/v1/conversations"]), body=bodies, sent=headers)
def test_no_body_and_no_header_breaks_it(slack, where, body, sent):
    encoded = {name: value.encode("latin-1") for name, value in sent.items()}
    answer = slack.client.post(where, content=body, headers=encoded)
    assert answer.status_code in {200, 400, 413, 415}, answer.text
    if answer.status_code != 200:
        reason_in(answer)


@settings(max_examples=80, deadline=None)
@given(payload=shaped | anything, as_form=st.booleans())
def test_nothing_that_is_signed_breaks_it(slack, payload, as_form):
    body = form(payload) if as_form else json.dumps(payload).encode()
    answer = slack.post("/slack/events", body, FORM if as_form else JSON, **signed(body))
    assert answer.status_code in {200, 400, 404}, answer.text


fields = st.dictionaries(
    st.sampled_from(["user_id", "text", "command", "team_id", "trigger_id", "response_url", "payload", "ssl_check"]),
    st.text(max_size=30),
)


@settings(max_examples=40, deadline=None)
@given(fields)
def test_no_slash_command_breaks_it(slack, given_):
    body = urlencode(given_).encode()
    answer = slack.post("/slack/events", body, FORM, **signed(body))
    assert answer.status_code in {200, 400, 404}, answer.text
