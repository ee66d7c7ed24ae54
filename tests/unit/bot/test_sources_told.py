"""What people see of who sends: ``hark sources`` and what stands behind ``/hark status``."""

from __future__ import annotations

import gzip
import json

import httpx
import orjson
import pytest
from click.testing import CliRunner
from made import DAY, HOUR, MINUTE, NOW, talk
from pydantic import SecretStr

from bot.app import build_hark
from bot.cli.main import hark
from bot.config.settings import DatabaseSettings, Settings
from bot.keys import door_of, make_key, pepper_of
from bot.playground.serving import loopback_socket, serving
from bot.sources import SourceReport, reports_of
from traces.clock import FakeClock, format_time
from traces.store.arrivals import Arrival

OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "0" * 31 + str(n),
                            "spanId": "0" * 15 + "1",
                            "name": "chat",
                            "startTimeUnixNano": str(int((NOW - n * MINUTE).timestamp()) * 10**9),
                            "endTimeUnixNano": str(int((NOW - n * MINUTE).timestamp() + 1) * 10**9),
                        }
                        for n in (1, 2)
                    ]
                    + [{"traceId": "00", "spanId": "01", "name": "broken"}]
                }
            ],
        }
    ]
}


class Edge:
    """A Hark that receives, behind its door."""

    def __init__(self, path) -> None:
        url = f"sqlite:///{path}"
        self.clock = FakeClock(NOW)
        self.hark = build_hark(Settings(database=DatabaseSettings(url=SecretStr(url))), self.clock, {})
        self.pepper = pepper_of({}, url)
        self.writer = self.hark.writer()
        receiver = self.hark.receiver(self.writer)
        door = door_of(
            receiver.app(), self.hark.store, self.clock, {}, host="127.0.0.1", database=url, say=lambda _: None,
            refused=receiver.turned_away,
        )  # fmt: skip
        self._server = serving(door, loopback_socket())
        self.client = httpx.Client(base_url=self._server.__enter__(), timeout=20)

    def close(self):
        """Stop, so that everything is stored; what is told is read after this."""
        self.client.close()
        self._server.__exit__(None, None, None)
        self.writer.close()

    def told(self, now=NOW) -> dict[str, SourceReport]:
        with self.hark.store.read() as tx:
            return {report.name: report for report in reports_of(tx, (), now)}


@pytest.fixture
def edge(tmp_path):
    running = Edge(tmp_path / "hark.db")
    yield running
    running.hark.store.close()


def test_each_client_is_told_by_how_it_sends_and_as_whom(edge):
    _key, secret = make_key(edge.hark.store, edge.pepper, NOW, name="prod", application="shop")
    edge.client.post("/v1/traces", json=OTLP)
    edge.client.post("/v1/traces", json=OTLP, headers={"authorization": f"Bearer {secret}"})
    edge.client.post("/v1/conversations", json=talk("c-1", metadata={"application": "cart"}))
    edge.client.post("/hooks/litellm", content=b"not json", headers={"content-type": "application/json"})
    edge.client.post("/api/public/scores", json=[{"name": "good"}])
    edge.client.post("/v1/traces", json=OTLP, headers={"x-api-key": "hark_aaaaaaaa_" + "b" * 43})
    edge.close()
    told = edge.told()
    shop, keyed = told["otlp · shop"], told["otlp · key prod"]
    assert (shop.traces_1h, shop.traces_24h, shop.spans_24h, shop.rejected) == (2, 2, 2, 1)
    assert shop.last_trace_at == NOW - MINUTE
    assert shop.seen_at == NOW
    assert (keyed.traces_24h, keyed.spans_24h) == (0, 2)
    assert told["conversations · cart"].traces_24h == 1
    assert (told["litellm"].errors, told["litellm"].last_trace_at) == (1, None)
    assert "JSON" in told["litellm"].error
    assert told["langfuse sdk"].errors == 1
    assert told["otlp · no valid key"].error == "this key is not known, or was revoked"


def test_a_client_that_was_refused_within_the_hour_is_a_problem_and_later_is_none(edge):
    edge.client.post("/v1/traces", content=gzip.compress(b"{"), headers={"content-encoding": "gzip"})
    edge.close()
    (problem,) = edge.told()["otlp"].problems
    assert problem.startswith("Source otlp: 1 request was refused in the last hour: ")
    assert edge.told(NOW + 3 * HOUR)["otlp"].problems == []
    assert edge.told(NOW + 3 * HOUR)["otlp"].errors == 1
    assert edge.told(NOW + 2 * DAY)["otlp"].errors == 0


def test_the_hours_at_the_edge_count_in_proportion(edge):
    edge.close()
    with edge.hark.store.begin() as tx:
        for at, traces in ((NOW - HOUR, 60), (NOW, 10), (NOW - DAY, 24)):
            tx.arrivals.note([Arrival(kind="push", source="otlp", at=at, seen_at=at, traces=traces)])
    half_past = edge.told(NOW + 30 * MINUTE)["otlp"]
    assert (half_past.traces_1h, half_past.traces_24h) == (40, 82)


def test_hark_sources_lists_clients_and_files_and_forgets_one_when_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    (tmp_path / "talks.jsonl").write_text(json.dumps(talk("c-1")) + '\n{"id": 1}\n', encoding="utf-8")
    run = CliRunner()
    assert "nothing was received yet" in run.invoke(hark, ["sources"]).stdout
    run.invoke(hark, ["ingest", "talks.jsonl"])
    (told,) = orjson.loads(run.invoke(hark, ["sources", "--json"]).stdout)
    assert (told["name"], told["kind"], told["traces_24h"]) == ("hark ingest · talks.jsonl", "file", 1)
    assert (told["rejected"], told["last_trace_at"]) == (1, format_time(NOW))
    assert "hark ingest · talks.jsonl" in run.invoke(hark, ["sources"]).stdout
    assert run.invoke(hark, ["sources", "--forget", told["name"]]).exit_code == 0
    assert "nothing was received yet" in run.invoke(hark, ["sources"]).stdout
    assert run.invoke(hark, ["sources", "--forget", "nobody"]).exit_code != 0
