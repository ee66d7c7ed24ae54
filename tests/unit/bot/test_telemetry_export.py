"""Hark's own figures and alerts reach an OTLP receiver as its standard has them, and a receiver that is away disturbs nobody."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import DAY, HOUR, MINUTE, NOW, alert, fact, workspace_in
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from pydantic import SecretStr

from bot.config.export import ExportSettings, headers_of
from bot.health import Health
from bot.slack.render import Renderer
from bot.telemetry.exporting import Telemetry
from bot.telemetry.otlp import EVENT, metrics_of, nanoseconds
from bot.telemetry.points import ALL, Point, points_of
from evaluators.registry import build
from traces.clock import FakeClock
from traces.errors import BadConfig
from traces.model import AlertState, Segment
from traces.otlp_protobuf import flatten
from traces.store import open_store
from traces.store.arrivals import Arrival
from traces.urlguard import GuardedClient, UrlGuard


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


@dataclass
class Collector:
    """A receiver of OTLP over HTTP, in process."""

    url: str = ""
    answers: int = 200
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def metrics(self):
        """By name and attributes, what the last export said."""
        body = next(body for path, _, body in reversed(self.taken) if path == "/v1/metrics")
        (group,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
        found = {}
        for metric in group.scope_metrics[0].metrics:
            for point in (metric.gauge if metric.HasField("gauge") else metric.sum).data_points:
                found[metric.name, tuple(sorted(flatten(point.attributes).items()))] = point
        return flatten(group.resource.attributes), found

    @property
    def events(self):
        """The log events of all exports, in order."""
        bodies = [ExportLogsServiceRequest.FromString(body) for path, _, body in self.taken if path == "/v1/logs"]
        return [record for body in bodies for record in body.resource_logs[0].scope_logs[0].log_records]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if collector.answers == 200:
                collector.taken.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(collector.answers)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def collector():
    with collecting() as found:
        yield found


def telemetry(store, url, clock):
    renderer, health = Renderer((), {}), Health(build())
    return Telemetry(
        store,
        GuardedClient(UrlGuard(["127.0.0.1"]), clock),
        clock,
        lambda tx, now: points_of(tx, health.report(tx, now), cache(renderer.signal), now),
        lambda alert: f"{alert.signal} is off",
        metrics_url=f"{url}/v1/metrics",
        logs_url=f"{url}/v1/logs",
        headers={"authorization": SecretStr("Bearer s3cret")},
        resource={"service.name": "hark"},
    )


def test_signals_sources_and_the_process_are_exported_as_metrics(database, collector):
    store, clock = workspace_in(database), FakeClock(NOW + 10 * MINUTE)
    shop = Segment.of(application="shop")
    with store.begin() as tx:
        facts = [
            fact(f"c-{n}", NOW - 30 * MINUTE, segments=(shop,), refusal=float(n == 0), latency=2.0) for n in range(4)
        ]
        tx.rollups.record(facts)
        tx.arrivals.note([Arrival(kind="push", source="otlp", at=NOW, seen_at=NOW, traces=1, spans=7)])
    assert telemetry(store, collector.url, clock).run()
    resource, found = collector.metrics
    assert resource == {"service.name": "hark"}
    of = {"segment": ALL, "signal": "refusal", "unit": "share"}
    point = found["hark.signal.value", tuple(sorted(of.items()))]
    assert point.as_double == 0.25
    assert point.time_unix_nano == nanoseconds(clock.now())
    of["segment"] = "application=shop"
    assert found["hark.signal.count", tuple(sorted(of.items()))].as_double == 4
    assert found["hark.ingest.spans", (("source", "otlp"),)].as_double == 7
    assert found["hark.dead_letters", ()].as_double == 0
    assert found["process.memory.usage", ()].as_double > 1e6
    assert ("hark.detection.age", ()) not in found, "what never ran has no age"
    _, headers, _ = collector.taken[-1]
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["content-type"] == "application/x-protobuf"


def test_each_change_of_an_alert_is_one_log_event(database, collector):
    store, clock = workspace_in(database), FakeClock(NOW)
    job = telemetry(store, collector.url, clock)
    with store.begin() as tx:
        tx.alerts.add(alert("past", state=AlertState.RESOLVED, resolved_at=NOW - DAY))
        tx.alerts.add(alert("a-1"))
    for _ in range(3):
        assert job.run()
    clock.advance(HOUR)
    with store.begin() as tx:
        over = alert("a-1", state=AlertState.RESOLVED, resolved_at=clock.now(), version=2)
        assert tx.alerts.replace(over, expecting=1)
        tx.alerts.add(alert("short", state=AlertState.RESOLVED, resolved_at=clock.now()))
    assert job.run()
    told = [
        (flatten(e.attributes)["hark.alert.id"], flatten(e.attributes)["hark.alert.state"]) for e in collector.events
    ]
    assert told[0] == ("a-1", "open")
    assert sorted(told[1:]) == [("a-1", "resolved"), ("short", "resolved")]
    first = collector.events[0]
    assert (first.event_name, first.body.string_value) == (EVENT, "refusal is off")
    assert flatten(first.attributes)["hark.alert.value"] == 0.25


@pytest.mark.parametrize("status", [404, 401, 429, 503])
def test_a_receiver_that_refuses_is_told_once_and_gets_what_it_missed(database, collector, caplog, status):
    store, clock = workspace_in(database), FakeClock(NOW)
    job = telemetry(store, collector.url, clock)
    with store.begin() as tx:
        tx.alerts.add(alert())
    collector.answers = status
    assert not any(job.run() for _ in range(3))
    assert [record.message for record in caplog.records if "alerts" in record.message] != []
    assert len(caplog.records) == 2
    assert "s3cret" not in caplog.text
    collector.answers = 200
    assert job.run()
    assert len(collector.events) == 1


def test_a_receiver_that_is_not_there_disturbs_nobody(database):
    assert not telemetry(workspace_in(database), "http://127.0.0.1:9", FakeClock(NOW)).run()


@given(
    values=st.lists(st.floats(), max_size=20),
    words=st.text(st.characters(), max_size=20),
)
@settings(max_examples=50, deadline=None)
def test_whatever_a_name_or_a_figure_is_the_export_can_be_read(values, words):
    points = [Point(name="hark.x", unit="1", value=value, text="x", about={"segment": words}) for value in values]
    read = ExportMetricsServiceRequest.FromString(metrics_of(points, {"service.name": words}, began_at=NOW, now=NOW))
    finite = [value for value in values if math.isfinite(value)]
    metrics = read.resource_metrics[0].scope_metrics[0].metrics
    assert [p.as_double for m in metrics for p in m.gauge.data_points] == finite


def test_headers_are_read_as_opentelemetry_writes_them():
    asked = ExportSettings(otlp_endpoint="https://otlp.example.com/v1/metrics", headers_env="OTLP_HEADERS")
    found = headers_of(asked, {"OTLP_HEADERS": "Api-Key=abc%3D1, x-scope=team"})
    assert {name: value.get_secret_value() for name, value in found.items()} == {"api-key": "abc=1", "x-scope": "team"}
    for said in ("", "nothing", "a=b\r\nc=d"):
        with pytest.raises(BadConfig, match="OTLP_HEADERS"):
            headers_of(asked, {"OTLP_HEADERS": said})
