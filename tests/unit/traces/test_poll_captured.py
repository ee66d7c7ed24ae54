"""What real servers answered to a poller becomes the conversations that they show themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from poll_stores import KEY

from traces.clock import FakeClock
from traces.ingest import take_spans
from traces.sources.registry import SourceSetup, source_of
from traces.urlguard import GuardedClient, UrlGuard

CAPTURED = Path(__file__).parents[4] / "shared" / "data" / "captured" / "mlflow_poll"
NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not CAPTURED.exists(), reason="the captured answers are not beside this checkout")


def captured(name):
    return orjson.loads((CAPTURED / f"{name}.json").read_bytes())


def mlflow(request):
    if request.url.path.endswith("/search"):
        return httpx.Response(200, json=captured("search_session"))
    return httpx.Response(200, json=captured("batchGet"))


def test_mlflows_spans_tell_the_session_the_user_and_the_tokens_that_mlflow_counts(store):
    client = GuardedClient(
        UrlGuard(resolver=lambda host, port: ["93.184.216.34"]), FakeClock(NOW), transport=httpx.MockTransport(mlflow)
    )
    setup = SourceSetup(name="ml", kind="mlflow", url="https://ml.example.com", project="1", api_key=KEY)
    page = source_of(setup, client).poll(None, NOW + timedelta(hours=1))
    assert page.refused == 0
    with store.begin() as tx:
        take_spans(tx, page.spans, NOW)
        talk = tx.conversations.many(["conv-oi-1"])["conv-oi-1"]
    counted = [
        orjson.loads(trace["trace_info"]["trace_metadata"]["mlflow.trace.tokenUsage"])
        for trace in captured("batchGet")["traces"]
    ]
    assert talk.user_id == "u-21"
    assert talk.metadata["application"] == "oi-agent"
    assert sum(m.input_tokens or 0 for m in talk.messages) == sum(c["input_tokens"] for c in counted)
    assert sum(m.output_tokens or 0 for m in talk.messages) == sum(c["output_tokens"] for c in counted)
    assert {f"tr-{trace_id}" for trace_id in talk.trace_ids} <= set(page.targets.values())
