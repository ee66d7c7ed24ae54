"""An application that falls silent: one alert that names it, whoever sends its conversations; nights are no outage."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, conversation, workspace_in

from alerts.telling.pipeline import Posting
from alerts.watching.watch import WatchSettings
from bot.jobs.applications import note_applications
from bot.jobs.detect import Detection
from bot.slack.render import Renderer
from traces.model import AlertState, Segment
from traces.store import open_store
from traces.store.arrivals import Arrival
from traces.store.rollups import HOUR_S, bucket_start

STEP = 5 * MINUTE


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


class House:
    """Two applications of one client; ``shop`` works by day only."""

    def __init__(self, store) -> None:
        self.store, self.now = store, NOW
        self.detection = Detection(store, WatchSettings(), Posting(channel="#llm-alerts"), {}, {})

    def lives(self, span, *, without=(), client=True, looking_every=STEP, applications=("shop", "desk")):
        until = self.now + span
        while self.now < until:
            self.now += STEP
            said = [a for a in applications if a not in without and (a == "desk" or 8 <= self.now.hour < 20)]
            with self.store.begin() as tx:
                tx.state.beat(bucket_start(self.now, HOUR_S))
                come = [conversation(f"{a}-{self.now}-{n}", at=self.now, application=a) for a in said for n in range(3)]
                come = come if client else []
                note_applications(tx, come, self.now, 100)
                if client:
                    tx.arrivals.note([Arrival(kind="push", source="otlp", at=self.now, seen_at=self.now, traces=6)])
            if (self.now - NOW) % looking_every == timedelta(0):
                self.detection.run(self.now)

    @property
    def alerts(self):
        with self.store.read() as tx:
            return tx.alerts.all(limit=50)


def test_a_silent_application_is_missed_by_its_own_rhythm_and_its_nights_are_not(database):
    house = House(workspace_in(database))
    house.lives(5 * DAY, looking_every=HOUR)
    assert house.alerts == [], "three nights of silence were no outage"
    silent = house.now
    house.lives(2 * HOUR, without=("shop",))
    (alert,) = house.alerts
    assert (alert.signal, alert.segment) == ("no_data", Segment.of(application="shop"))
    assert alert.started_at - silent <= 2 * MINUTE
    assert alert.detected_at - silent <= 40 * MINUTE
    assert "no data; usually 36 an hour" in alert.detail["rule"]["text"]
    with house.store.read() as tx:
        (delivery,) = [d for d in tx.outbox.due(house.now) if d.kind == "alert"]
        payload = Renderer((), {}).message(tx, delivery).payload()
    assert "application shop" in payload["text"]
    house.lives(10 * MINUTE)
    assert [a.state for a in house.alerts] == [AlertState.RESOLVED]


def test_applications_that_fall_silent_with_their_source_are_told_by_its_alert_alone(database):
    house = House(workspace_in(database))
    house.lives(3 * DAY, looking_every=HOUR)
    house.lives(3 * HOUR, client=False)
    assert [a.signal for a in house.alerts] == ["source_lag"]


def test_a_conversation_of_the_year_2100_does_not_hide_a_silence(database):
    house = House(workspace_in(database))
    house.lives(3 * DAY, looking_every=HOUR)
    with house.store.begin() as tx:
        note_applications(tx, [conversation("odd", at=NOW.replace(year=2100), application="desk")], house.now, 100)
    house.lives(2 * HOUR, without=("desk",))
    assert [a.segment for a in house.alerts] == [Segment.of(application="desk")]


def test_no_more_applications_are_watched_than_values_are_kept(database):
    store = workspace_in(database)
    with store.begin() as tx:
        seen = {("application", f"a{n}"): (NOW + n * MINUTE, NOW + n * MINUTE) for n in range(5)}
        tx.state.note_segment_values(seen)
        note_applications(tx, [conversation(f"c-{n}", at=NOW, application=f"a{n}") for n in range(5)], NOW, 3)
        assert tx.arrivals.names() == {("application", f"a{n}") for n in range(3)}
