"""What real clients sent, posted as they posted it: what Hark then stores has exactly the totals that are known to be true."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import orjson
import pytest
from made import NOW
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.config.slack import Secrets
from bot.playground.serving import loopback_socket, serving
from traces.clock import FakeClock

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured"
pytestmark = pytest.mark.skipif(not CAPTURED.exists(), reason="the captured payloads are not beside this checkout")
EXPECTED = orjson.loads((CAPTURED / "EXPECTED.json").read_bytes()) if CAPTURED.exists() else {}
ORDERS = ["as captured", "last request first", "each request twice", "span by span in any order"]
_UNSENT = {"host", "content-length", "connection", "transfer-encoding"}


def captured(folder):
    """Path, headers and body of each request, as it was on the wire."""
    for meta in sorted((CAPTURED / folder).glob("*.meta.json")):
        request = orjson.loads(meta.read_bytes())
        headers = {name: value for name, value in request["headers"].items() if name not in _UNSENT}
        body = (CAPTURED / folder / request["file"]).read_bytes()
        yield request["path"], headers, gzip.compress(body) if request["content_encoding"] == "gzip" else body


def span_by_span(path, headers, body):
    """An export in protobuf as one request for each of its spans or records; any other request as it is."""
    kind = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}.get(path.rpartition("/")[2])
    if kind is None or headers["content-type"] != "application/x-protobuf":
        return [(path, headers, body)]
    whole = kind.FromString(gzip.decompress(body) if "content-encoding" in headers else body)
    groups, scopes, items = (
        ("resource_spans", "scope_spans", "spans")
        if "traces" in path
        else ("resource_logs", "scope_logs", "log_records")
    )
    plain = {name: value for name, value in headers.items() if name != "content-encoding"}
    requests = []
    for group in getattr(whole, groups):
        for scope in getattr(group, scopes):
            for item in getattr(scope, items):
                one = kind()
                held = getattr(one, groups).add(resource=group.resource)
                getattr(getattr(held, scopes).add(scope=scope.scope), items).append(item)
                requests.append((path, plain, one.SerializeToString()))
    return requests


def in_order(requests, order):
    if order == "last request first":
        return requests[::-1]
    if order == "each request twice":
        return [request for request in requests for _ in range(2)]
    if order == "as captured":
        return requests
    single = [one for request in requests for one in span_by_span(*request)]
    random.Random(11).shuffle(single)
    return single


@contextmanager
def receiving(path):
    settings = Settings(database=DatabaseSettings(url=SecretStr(f"sqlite:///{path}")), secrets=Secrets())
    hark = build_hark(settings, FakeClock(NOW), {})
    writer = hark.writer()
    with (
        serving(hark.receiver(writer).app(), loopback_socket()) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield hark, client
    writer.close()
    hark.store.close()


def stored(store):
    with store.read() as tx:
        found = [c for batch in tx.conversations.in_order() for c in batch]
        scores = tx.scores.current([c.conversation_id for c in found])
        return {c.conversation_id: replace(c, scores=tuple(scores.get(c.conversation_id, ()))) for c in found}


def errors_in(messages):
    """Traces that ended in an error: of a model call, or of a tool after which nothing was said."""
    last = {message.metadata["trace_id"]: message for message in messages if "trace_id" in message.metadata}
    return sum(message.error is not None for message in last.values())


def totals(conversations):
    messages = [message for said in conversations for message in said.messages]
    served = Counter(m.metadata["trace_id"] for m in messages for _ in m.documents)
    users = {said.user_id for said in conversations} - {None}
    first_tokens = [m.ttft_s for m in messages if m.ttft_s is not None]
    scores = sum(len(said.scores) for said in conversations)
    return {
        "traces": sum(len(said.trace_ids) for said in conversations),
        "conversations": len(conversations),
        "user": next(iter(users)) if len(users) == 1 else None,
        "llm_calls": sum(m.role == "assistant" and m.latency_s is not None for m in messages),
        "tokens_in": sum(m.input_tokens or 0 for m in messages),
        "tokens_out": sum(m.output_tokens or 0 for m in messages),
        "tool_calls": [{"name": m.name, "ok": m.error is None} for m in messages if m.role == "tool"],
        "tool_errors": sum(m.role == "tool" and m.error is not None for m in messages),
        "error_traces": errors_in(messages),
        "streamed": len(first_tokens),
        "ttft_ms": round(first_tokens[0] * 1000, 1) if first_tokens else None,
        "retrieval_docs_per_trace": next(iter(set(served.values())), None) if len(set(served.values())) < 2 else None,
        "scores": scores,
        "evaluations": scores,
        "release": next((said.metadata.get("release") for said in conversations), None),
        "environment": next((said.metadata.get("environment") for said in conversations), None),
    }


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("folder", sorted(EXPECTED))
def test_what_a_client_posted_is_stored_with_exactly_its_totals(tmp_path, folder, order):
    expected = EXPECTED[folder]
    with receiving(tmp_path / "hark.db") as (hark, client):
        for path, headers, body in in_order(list(captured(folder)), order):
            answer = client.post(path, content=body, headers=headers)
            assert answer.status_code == 200, answer.text
        found = stored(hark.store)
    whole = totals(list(found.values()))
    assert {key: whole[key] for key in expected if key in whole} == {k: v for k, v in expected.items() if k in whole}
    sessions = expected.get("sessions")
    if sessions is not None:
        assert {name for name in found if not name.startswith("trace:")} == set(sessions)
        for name, said in sessions.items():
            there = totals([found[name]])
            assert {key: there[key] for key in said} == said
    assert expected.get("forbidden_session") not in found
    if folder == "langfuse_sdk5":
        alone = [said for name, said in found.items() if name.startswith("trace:")]
        assert [message.cost_usd for said in alone for message in said.messages if message.cost_usd] == [0.00123]
