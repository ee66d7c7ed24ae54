"""Receivers outside Slack hear of alerts through the outbox: each on its own, again after a failure, and never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner
from made import HOUR, NOW, alert

from bot.cli.main import hark
from bot.jobs.deliver import Delivering, Report
from bot.jobs.notify import Notifying
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.errors import BadInput, Busy
from traces.model import AlertState
from traces.store import open_store
from traces.store.outbox import DeliveryState


class Ear:
    """A receiver that hears, or fails as it is told."""

    def __init__(self) -> None:
        self.heard = []
        self.failure = None
        self.asked = 0

    def tell(self, notice):
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.heard.append(notice)

    @property
    def states(self):
        return [notice.state.value for notice in self.heard]


class House:
    def __init__(self, url="sqlite://") -> None:
        self.store = open_store(url)
        self.clock = FakeClock(NOW)
        self.ears = {"pager": Ear(), "mail": Ear()}
        self.starts()

    def starts(self):
        self.notify = Notifying(self.store, self.ears, self.clock, Renderer([Refusal()], {}))

    def asks(self, *names, alert_id="a-1", at=None, **changed):
        with self.store.begin() as tx:
            if tx.alerts.get(alert_id) is None:
                tx.alerts.add(alert(alert_id, **changed))
            for name in names or self.ears:
                tx.outbox.request(
                    kind=f"notice.{name}", subject_id=alert_id, channel=f"notice.{name}", at=at or self.clock.now()
                )

    def turns(self, state, alert_id="a-1"):
        with self.store.begin() as tx:
            was = tx.alerts.get(alert_id)
            tx.alerts.replace(alert(alert_id, state=state, version=was.version + 1), expecting=was.version)

    def delivery(self, name="pager", alert_id="a-1"):
        with self.store.read() as tx:
            return tx.outbox.get(f"notice.{name}:{alert_id}")


@pytest.fixture
def house():
    made = House()
    yield made
    made.store.close()


def test_every_receiver_hears_an_alert_once_and_each_turn_of_it_again(house):
    house.asks()
    assert house.notify.run() == Report(sent=2)
    assert house.notify.run() == Report()
    house.turns(AlertState.RESOLVED)
    house.asks("pager")
    house.notify.run()
    assert house.ears["pager"].states == ["open", "resolved"]
    assert house.ears["mail"].states == ["open"]
    assert [notice.is_first for notice in house.ears["pager"].heard] == [True, False]


def test_a_notice_is_plain_text_without_what_slack_understands(house):
    house.asks("pager")
    house.notify.run()
    [heard] = house.ears["pager"].heard
    assert "Refusal rate 25" in heard.line
    assert not {"*", "`", "<!date"} & {mark for mark in ("*", "`", "<!date") if mark in heard.line + heard.text}


def test_a_busy_receiver_is_asked_again_when_it_says_and_delays_no_other(house):
    house.ears["pager"].failure = Busy("429", 90)
    house.asks()
    house.asks("pager", alert_id="a-2")
    assert house.notify.run() == Report(sent=1, failed=1)
    assert house.ears["mail"].states == ["open"]
    house.clock.advance(timedelta(seconds=80))
    house.notify.run()
    assert house.ears["pager"].asked == 1, "neither for this alert nor for the next one"
    house.ears["pager"].failure = None
    house.clock.advance(timedelta(seconds=10))
    assert house.notify.run() == Report(sent=2)
    assert house.ears["pager"].states == ["open", "open"]


def test_a_receiver_that_never_comes_back_is_given_up_in_the_end(house):
    house.ears["pager"].failure = Busy("503", 1)
    house.asks("pager")
    for _ in range(70):
        house.notify.run()
        house.clock.advance(timedelta(minutes=6))
    assert house.delivery().state is DeliveryState.DEAD
    assert house.delivery().problem == "given up after 60 attempts: 503"


def test_a_receiver_hears_only_how_an_alert_stands_by_the_time_it_can_be_reached(house):
    house.ears["pager"].failure = Busy("503", 60)
    house.asks("pager")
    house.notify.run()
    house.turns(AlertState.RESOLVED)
    house.asks("pager")
    house.ears["pager"].failure = None
    house.clock.advance(HOUR)
    house.notify.run()
    assert house.ears["pager"].states == ["resolved"]


def test_a_notice_that_was_cut_off_is_told_again(house):
    house.asks("pager")
    with house.store.begin() as tx:
        assert tx.outbox.claim("notice.pager:a-1", NOW) is not None
    house.starts()
    assert house.notify.run() == Report()
    house.clock.advance(timedelta(minutes=2))
    assert house.notify.run() == Report(sent=1)
    assert house.ears["pager"].states == ["open"]


def test_a_receiver_that_was_taken_out_of_the_settings_leaves_a_reason(house):
    house.asks("gone")
    house.notify.run()
    assert house.delivery("gone").problem == "there is no receiver gone any more"


def test_what_waits_for_the_end_of_quiet_hours_is_told_then(house):
    house.asks("pager", at=NOW + 8 * HOUR)
    house.notify.run()
    house.clock.advance(8 * HOUR)
    house.notify.run()
    assert house.ears["pager"].asked == 1


def test_what_is_refused_for_good_is_listed_and_tried_again_when_somebody_asks(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    house = House(url)
    house.ears["pager"].failure = BadInput("events.pagerduty.com refused the API key (403)")
    house.asks()
    house.notify.run()
    shown = CliRunner().invoke(hark, ["deliveries", "--failed"]).stdout
    assert "given up notice.pager:a-1  to receiver pager, 1 attempt" in shown
    assert "refused the API key (403)" in shown
    assert "mail" not in shown
    assert CliRunner().invoke(hark, ["deliveries", "--retry", "notice.pager:a-1"]).exit_code == 0
    assert house.delivery().state is DeliveryState.PENDING
    house.store.close()


def test_slack_is_never_asked_to_post_a_notice(house):
    class Nobody:
        def chat_postMessage(self, **_):  # noqa: N802 - Slack's name
            raise AssertionError

    house.asks()
    assert Delivering(house.store, Nobody(), house.clock, Renderer([Refusal()], {})).run() == Report()
    with house.store.read() as tx:
        assert tx.outbox.posted() == 0
