"""Whoever watches the watcher is told when it no longer does its work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from made import HOUR, MINUTE, NOW
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from bot.config.keeping import HeartbeatSettings
from bot.http.gate import ROOM
from bot.http.health import HealthEndpoints, exposition
from bot.http.room import Room
from bot.slack.blocks.values import EvaluatorHealth, SourceStatus, StatusReport
from bot.vitals import Heartbeat, unready
from traces.clock import FakeClock
from traces.urlguard import GuardedClient, UrlGuard

WELL = StatusReport(
    at=NOW,
    last_ingest_at=NOW - MINUTE,
    last_detection_at=NOW - timedelta(seconds=5),
    open_alerts=2,
    conversations_24h=1_200,
    queued=3,
    evaluators=(EvaluatorHealth(name="refusal", version="1", scored=1_190, failed=10, agreement=0.8),),
    sources=(SourceStatus(name='a "quoted"\nsource\\', last_trace_at=NOW - HOUR, traces_24h=7),),
)


def samples(report):
    families = text_string_to_metric_families(exposition(report).decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_who_does_their_work_is_ready():
    assert unready(WELL) == []
    assert unready(replace(WELL, last_detection_at=None)) == [], "a Hark that has just begun is not stalled"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"last_detection_at": NOW - 20 * MINUTE}, "detection last ran 20 minutes ago"),
        ({"outbox_oldest_s": 3_600.0}, "a message has waited 60 minutes to be delivered"),
        ({"faults": (("slack_token", "slack"),)}, "Slack refuses the bot's token"),
    ],
)
def test_a_stall_is_told(broken, said):
    assert unready(replace(WELL, **broken)) == [said]


def readiness(endpoints):
    app = Starlette(routes=endpoints.routes())
    setattr(app.state, ROOM, Room())

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hark") as client:
            return await client.get("/readyz")

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("report", "status"), [(WELL, 200), (replace(WELL, outbox_oldest_s=3_600.0), 503)], ids=["well", "stalled"]
)
def test_who_asks_whether_hark_is_ready_is_told_so_or_why_not(report, status):
    answer = readiness(HealthEndpoints(lambda: report))
    assert answer.status_code == status
    assert answer.json().get("problems", []) == unready(report)
    assert ("retry-after" in answer.headers) is (status == 503)


def test_what_is_wrong_in_one_process_alone_makes_it_not_ready():
    endpoints = HealthEndpoints(lambda: WELL)
    endpoints.watch(lambda: ["no jobs could be taken up for 40 s"])
    answer = readiness(endpoints)
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["no jobs could be taken up for 40 s"]


def test_prometheus_reads_every_figure_and_hostile_names_stay_names():
    found = samples(WELL)
    assert found[("hark_alerts", (("state", "open"),))] == 2
    assert found[("hark_awaiting_evaluation", ())] == 3
    assert found[("hark_evaluator_failed_24h", (("evaluator", "refusal"), ("version", "1")))] == 10
    assert found[("hark_source_last_trace_age_seconds", (("source", 'a "quoted"\nsource\\'),))] == 3_600


def test_what_never_happened_is_no_zero():
    found = samples(replace(WELL, last_ingest_at=None, sources=()))
    assert not [name for name, _ in found if name in ("hark_last_ingest_age_seconds", "hark_judge_spend_usd")]


def beating(answer, report=WELL, fail_url=None):
    asked = []

    def server(request):
        asked.append(str(request.url.path))
        return answer(request)

    client = GuardedClient(
        UrlGuard(resolver=lambda *_: ["93.184.215.14"]), FakeClock(NOW), transport=httpx.MockTransport(server)
    )
    return Heartbeat("https://uptime.example/ping/1", client, lambda: report, fail_url=fail_url), asked


def test_a_beat_is_sent_whatever_the_answer_says():
    heartbeat, asked = beating(lambda _: httpx.Response(200, text="OK, not JSON"))
    assert heartbeat.run()
    assert asked == ["/ping/1"]


def test_no_beat_is_sent_by_a_hark_that_is_stalled():
    heartbeat, asked = beating(lambda _: httpx.Response(200), replace(WELL, outbox_oldest_s=3_600.0))
    assert not heartbeat.run()
    assert asked == []


def test_a_check_that_takes_failures_is_told_at_once_what_is_wrong():
    said = []
    url = HeartbeatSettings(fail=True).fail_url("https://uptime.example/ping/1?x=2")
    heartbeat, asked = beating(
        lambda request: said.append(request.read()) or httpx.Response(200),
        replace(WELL, outbox_oldest_s=3_600.0),
        url,
    )
    assert not heartbeat.run()
    assert asked == ["/ping/1/fail"]
    assert said == [b"a message has waited 60 minutes to be delivered"]


@pytest.mark.parametrize(
    ("url", "takes"), [("https://hc-ping.com/an-id", True), ("https://uptime.example/ping/1", False)]
)
def test_only_checks_known_to_take_failures_are_told_unless_asked(url, takes):
    assert HeartbeatSettings().fail_url(url) == (f"{url}/fail" if takes else None)
    assert HeartbeatSettings(fail=False).fail_url(url) is None


def test_a_check_that_is_down_is_told_once_and_harms_nothing(caplog):
    heartbeat, asked = beating(lambda _: httpx.Response(503))
    assert [heartbeat.run() for _ in range(3)] == [False] * 3
    assert len(asked) == 3
    assert len(caplog.records) == 1
