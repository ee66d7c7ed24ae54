"""A source that falls behind: one alert that names it, over when it is back, never for what nobody could see."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, span, workspace_in

from alerts.signals import SignalOverride
from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.detect import Detection
from bot.slack.check import check
from bot.slack.render import Renderer
from traces.arriving import sendings_of_spans
from traces.clock import FakeClock
from traces.model import AlertState, Segment
from traces.store import open_store
from traces.store.arrivals import Arrival
from traces.store.rollups import HOUR_S, bucket_start
from traces.writer import Writer


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


class House:
    """A Hark that watches, and two sources that come every five minutes until they stall."""

    def __init__(self, store, overrides=None, sources=("phoenix",)) -> None:
        self.store = store
        self.now = NOW
        self.overrides = overrides or {}
        self.sources = sources
        self.detection = self.started()

    def started(self):
        posting = Posting(channel="#llm-alerts")
        return Detection(self.store, WatchSettings(), posting, {}, self.overrides, self.sources)

    def learns(self):
        """Three good days, looked at by the hour."""
        self.lives(3 * DAY, looking_every=HOUR)

    def lives(self, span_of_time, *, without=(), watching=True, looking_every=5 * MINUTE):
        until = self.now + span_of_time
        while self.now < until:
            self.now += 5 * MINUTE
            with self.store.begin() as tx:
                if watching:
                    tx.state.beat(bucket_start(self.now, HOUR_S))
                tx.arrivals.note(
                    [
                        Arrival(kind=kind, source=name, at=self.now, seen_at=self.now, trace_at=self.now, traces=3)
                        for kind, name in (("poll", "phoenix"), ("push", "otlp · key prod"))
                        if name not in without
                    ]
                )
            if watching and (self.now - NOW) % looking_every == timedelta(0):
                self.detection.run(self.now)

    @property
    def alerts(self):
        with self.store.read() as tx:
            return tx.alerts.all(limit=50)


@pytest.fixture
def house(database):
    return House(workspace_in(database))


@pytest.mark.parametrize("name", ["phoenix", "otlp · key prod"])
def test_a_source_that_stalls_is_one_alert_that_names_it_and_is_over_when_it_is_back(house, name):
    house.learns()
    assert house.alerts == []
    stalled = house.now
    house.lives(3 * HOUR, without=(name,))
    (alert,) = house.alerts
    assert (alert.signal, alert.segment, alert.state) == ("source_lag", Segment.of(source=name), AlertState.OPEN)
    assert alert.started_at == stalled
    assert alert.detected_at - stalled <= 30 * MINUTE
    house.lives(10 * MINUTE)
    (over,) = house.alerts
    assert over.state is AlertState.RESOLVED
    assert over.detail["outcome"] == "within its bounds again"
    house.lives(DAY, looking_every=HOUR)
    assert len(house.alerts) == 1


def test_what_slack_shows_names_the_source_and_its_habit(house):
    house.learns()
    house.lives(2 * HOUR, without=("phoenix",))
    renderer = Renderer((), {})
    with house.store.read() as tx:
        (delivery,) = [d for d in tx.outbox.due(house.now) if d.kind == "alert"]
        payload = renderer.message(tx, delivery).payload()
    assert check(payload, "message") == []
    assert "Source lag" in payload["text"]
    assert "source phoenix" in payload["text"]
    assert "never behind for more than 5 min" in str(payload["blocks"])
    assert "conversation" not in str(payload["blocks"][1:3])


def test_a_restart_neither_opens_it_again_nor_ends_it(house):
    house.learns()
    house.lives(2 * HOUR, without=("phoenix",))
    house.detection = house.started()
    house.lives(2 * HOUR, without=("phoenix",))
    (alert,) = house.alerts
    assert alert.state is AlertState.OPEN
    house.detection = house.started()
    house.lives(10 * MINUTE)
    assert [a.state for a in house.alerts] == [AlertState.RESOLVED]


def test_a_hark_that_was_away_blames_nobody(house):
    house.learns()
    house.lives(12 * HOUR, without=("phoenix", "otlp · key prod"), watching=False)
    house.lives(10 * MINUTE)
    assert house.alerts == []


def test_a_store_that_is_no_longer_polled_and_a_signal_that_is_off_are_left_alone(database):
    gone = House(workspace_in(database), sources=())
    off = House(workspace_in(database), {"source_lag": SignalOverride(enabled=False)})
    for house in (gone, off):
        house.learns()
        house.lives(2 * HOUR, without=("phoenix",))
        assert house.alerts == []


def test_a_team_can_ask_for_more_patience(database):
    house = House(workspace_in(database), {"source_lag": SignalOverride(min_absolute=240.0)})
    house.learns()
    house.lives(4 * HOUR, without=("phoenix",))
    assert house.alerts == []
    house.lives(HOUR, without=("phoenix",))
    assert len(house.alerts) == 1


def test_spans_that_come_through_the_writer_are_what_ends_it(house):
    house.learns()
    house.lives(2 * HOUR, without=("otlp · key prod",))
    assert [a.state for a in house.alerts] == [AlertState.OPEN]
    house.now += timedelta(minutes=5)
    writer = Writer(house.store, FakeClock(house.now))
    spans = [span(1, at=house.now)]
    writer.spans(spans, sendings_of_spans(spans, "otlp", "prod")).result(20)
    writer.close()
    with house.store.begin() as tx:
        tx.state.beat(bucket_start(house.now, HOUR_S))
    house.detection.run(house.now)
    assert [a.state for a in house.alerts] == [AlertState.RESOLVED]
