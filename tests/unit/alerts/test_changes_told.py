"""A deploy that somebody posts is the nearest change of the alert that follows it."""

from __future__ import annotations

from contextlib import closing

import httpx
import pytest
from made import HOUR
from stream import BREAK, LATE, START, Stream, Weather, broken_from

from bot.http import Receiver
from bot.playground.serving import loopback_socket, serving
from bot.slack.render import Renderer
from traces.clock import FakeClock, format_time
from traces.store import open_store
from traces.writer import Writer

EVERYONE = Weather(refusal={"m1": 0.45})


@pytest.fixture
def stream(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path / 'hark.db'}")) as store:
        flowing = Stream(store, broken_from(BREAK, weather=EVERYONE))
        for _ in range(int((BREAK - START) / HOUR)):
            flowing.flow()
        flowing.detection.run(flowing.hour + LATE)
        yield flowing


def test_a_posted_deploy_shows_as_the_nearest_change(stream):
    writer = Writer(stream.store, FakeClock(BREAK))
    deploy = {"kind": "deploy", "value": "2026.10.22", "at": format_time(BREAK)}
    with (
        serving(Receiver(stream.store, writer, FakeClock(BREAK)).app(), loopback_socket()) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        assert client.post("/v1/changes", json=deploy).json() == {"changes": 1}
    writer.close()
    stream.run(12)
    (alert,) = [alert for alert in stream.alerts if alert.signal == "refusal"]
    assert (alert.detail["change"]["kind"], alert.detail["change"]["value"]) == ("deploy", "2026.10.22")
    with stream.store.read() as tx:
        delivery = tx.outbox.get(f"alert:{alert.alert_id}")
        shown = str(Renderer((), {}).message(tx, delivery).payload()["blocks"])
    assert "Nearest change" in shown
    assert "2026.10.22" in shown
