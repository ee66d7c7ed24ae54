"""What is wrong with Hark itself is an alert of its own: one for each fault, over when it is over, never for a moment's wait."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import HOUR, MINUTE, NOW, ingest, talk, workspace_in

from alerts.health import vitals
from alerts.health.faults import CHECKS, PART
from alerts.own import UNDELIVERABLE
from alerts.signals import SignalOverride
from alerts.telling.pipeline import Posting
from alerts.telling.routes import Routing
from alerts.telling.severity import Severity, severity_of
from alerts.watching.watch import WatchSettings
from bot.disk import ENOUGH, Disk, full_disk
from bot.jobs.detect import Detection
from bot.slack.check import check
from bot.slack.render import Renderer
from traces.model import AlertState, Segment
from traces.store import open_store
from traces.store.outbox import DeliveryState

ROUTING = Routing(default="#llm-alerts", receivers=("pager",))


@pytest.fixture(scope="module")
def database():
    with closing(open_store("sqlite://")) as opened:
        yield opened


class House:
    """A Hark whose detection runs, and nothing else: nobody evaluates or delivers unless a test does."""

    def __init__(self, store, overrides=None) -> None:
        self.store, self.now, self.overrides = store, NOW, overrides or {}
        self.disk = Disk(1, 10 * ENOUGH)
        self.restart()

    def restart(self):
        checks = [*CHECKS, full_disk(lambda: self.disk)]
        posting = Posting(channel="#llm-alerts", routing=ROUTING)
        self.detection = Detection(self.store, WatchSettings(), posting, {}, self.overrides, checks=checks)

    def waits(self, span, every=MINUTE):
        until = self.now + span
        while self.now < until:
            self.now += every
            self.detection.run(self.now)

    def asks_for_a_message(self, kind="digest", name="daily"):
        with self.store.begin() as tx:
            tx.outbox.request(kind=kind, subject_id=name, channel="#c", at=self.now)

    def delivers(self, *, without=()):
        with self.store.begin() as tx:
            for due in tx.outbox.undelivered((DeliveryState.PENDING,)):
                if due.delivery_id not in without and (claimed := tx.outbox.claim(due.delivery_id, self.now)):
                    tx.outbox.sent(claimed, channel="C1", ts="1.1", at=self.now)

    def alerts(self, signal=None):
        """Those of a signal; the notices that an alert asks for are nobody's concern here."""
        with self.store.read() as tx:
            of = [a for a in tx.alerts.all(limit=50) if signal in (None, a.signal)]
        return [a for a in of if a.segment != Segment(((PART, "receivers"),))]


@pytest.fixture
def house(database):
    return House(workspace_in(database))


def test_a_message_that_nobody_delivers_is_told_and_told_as_over(house):
    house.asks_for_a_message()
    house.waits(4 * MINUTE)
    assert house.alerts() == []
    house.waits(4 * MINUTE)
    (alert,) = house.alerts()
    assert (alert.signal, alert.segment, alert.state) == ("outbox_age", Segment(((PART, "slack"),)), AlertState.OPEN)
    assert alert.started_at == NOW
    house.delivers()
    house.waits(MINUTE)
    assert [a.state for a in house.alerts()] == [AlertState.RESOLVED]


def test_what_is_only_due_later_does_not_wait(house):
    with house.store.begin() as tx:
        tx.outbox.request(kind="alert", subject_id="a-1", channel="#c", at=NOW + 8 * HOUR)
    house.waits(7 * HOUR, every=10 * MINUTE)
    assert house.alerts() == []


def test_a_fault_that_slack_cannot_show_is_told_to_every_receiver_and_is_grave(house):
    house.asks_for_a_message()
    house.waits(8 * MINUTE)
    (alert,) = house.alerts()
    assert alert.signal in UNDELIVERABLE
    assert alert.detail["way"]["receivers"] == ["pager"]
    assert severity_of(alert) is Severity.HIGH


def test_the_card_says_what_is_wrong_since_when_and_the_way_out(house):
    house.asks_for_a_message()
    house.waits(8 * MINUTE)
    renderer = Renderer((), {})
    with house.store.read() as tx:
        (delivery,) = [d for d in tx.outbox.due(house.now) if d.kind == "alert"]
        payload = renderer.message(tx, delivery).payload()
    assert check(payload, "message") == []
    assert payload["text"] == "🔴 Messages for Slack are not delivered"
    said = str(payload["blocks"])
    assert "hark deliveries" in said
    assert f"<!date^{int(NOW.timestamp())}" in said
    assert "See conversations" not in said
    assert "Affected" not in said


def test_conversations_that_nobody_evaluates_are_told_after_a_quarter_of_an_hour(house):
    ingest(house.store, talk(at=NOW), at=NOW)
    house.waits(14 * MINUTE)
    assert house.alerts("evaluator_stall") == []
    house.waits(6 * MINUTE)
    (alert,) = house.alerts("evaluator_stall")
    assert alert.segment == Segment(((PART, "evaluators"),))
    with house.store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(house.now, 10))
    house.waits(MINUTE)
    assert [a.state for a in house.alerts("evaluator_stall")] == [AlertState.RESOLVED]


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_conversation_of_another_century_is_no_stall(house, year):
    ingest(house.store, talk(at=NOW.replace(year=year)), at=NOW)
    house.waits(10 * MINUTE)
    assert house.alerts() == []


def test_a_token_that_slack_refuses_is_told_until_it_takes_another(house):
    with house.store.begin() as tx:
        vitals.note_token(tx, NOW, "token_revoked")
    house.waits(MINUTE)
    (alert,) = house.alerts()
    assert "token_revoked" in alert.detail["fault"]["line"]
    with house.store.begin() as tx:
        vitals.note_token(tx, house.now, None)
    house.waits(MINUTE)
    assert [a.state for a in house.alerts()] == [AlertState.RESOLVED]


def test_a_message_that_was_given_up_is_told_with_its_reason_until_it_is_sent_again(house):
    house.asks_for_a_message()
    with house.store.begin() as tx:
        (due,) = tx.outbox.due(NOW)
        tx.outbox.claim(due.delivery_id, NOW)
        tx.outbox.bury(due.delivery_id, problem="Slack answered is_archived")
    house.waits(MINUTE)
    (alert,) = house.alerts()
    assert (alert.signal, alert.value) == ("dead_letters", 1.0)
    assert "is_archived" in alert.detail["fault"]["line"]
    with house.store.begin() as tx:
        tx.outbox.revive(house.now)
    house.delivers()
    house.waits(MINUTE)
    assert [a.state for a in house.alerts()] == [AlertState.RESOLVED]


def test_a_jump_of_the_clock_is_told_for_an_hour(house):
    with house.store.begin() as tx:
        vitals.note_jump(tx, NOW, 3_600.0)
    house.waits(MINUTE)
    (alert,) = house.alerts()
    assert "forward by 3,600 s" in alert.detail["fault"]["line"]
    house.delivers()
    house.waits(HOUR)
    assert [a.state for a in house.alerts("clock_jump")] == [AlertState.RESOLVED]


def test_a_job_that_fails_for_five_minutes_is_told_with_its_name(house):
    with house.store.begin() as tx:
        vitals.note_failing(tx, NOW, {"retain": vitals.Failing(since=vitals.written(NOW), why="OperationalError")})
    house.waits(4 * MINUTE)
    assert house.alerts() == []
    house.waits(2 * MINUTE)
    (alert,) = house.alerts()
    assert alert.segment == Segment(((PART, "retain"),))
    with house.store.begin() as tx:
        vitals.note_failing(tx, house.now, {})
    house.waits(MINUTE)
    assert [a.state for a in house.alerts()] == [AlertState.RESOLVED]


def test_a_judge_whose_budget_is_spent_is_told_with_what_it_was_not_asked(house):
    with house.store.begin() as tx:
        for _ in range(2):
            tx.judge_spending.reserve("polite", 0.2, NOW, daily=0.1, own=None)
    house.waits(MINUTE)
    (alert,) = house.alerts()
    assert (alert.signal, alert.value, alert.segment) == ("judge_budget", 2.0, Segment(((PART, "polite"),)))


def test_a_full_disk_is_told_before_it_is_full_and_a_large_one_later(house):
    house.disk = Disk(96 * ENOUGH, 4 * ENOUGH)
    house.waits(2 * MINUTE)
    assert house.alerts() == []
    house.disk = Disk(99 * ENOUGH, ENOUGH - 1)
    house.waits(MINUTE)
    assert [a.signal for a in house.alerts()] == ["disk_space"]


def test_a_restart_neither_opens_it_again_nor_ends_it(house):
    house.asks_for_a_message()
    house.waits(8 * MINUTE)
    house.restart()
    house.waits(HOUR)
    (alert,) = house.alerts("outbox_age")
    assert (alert.state, alert.started_at) == (AlertState.OPEN, NOW)


def test_what_is_old_after_a_long_pause_has_its_two_minutes(house):
    house.asks_for_a_message()
    house.waits(MINUTE)
    house.now += 8 * HOUR
    house.waits(MINUTE)
    house.delivers()
    house.waits(10 * MINUTE)
    assert house.alerts() == []


def test_a_team_that_switches_a_signal_off_is_left_in_peace(database):
    house = House(workspace_in(database), {"outbox_age": SignalOverride(enabled=False)})
    house.asks_for_a_message()
    house.waits(HOUR)
    assert house.alerts() == []


@given(pauses=st.lists(st.sampled_from([1, 4, 8, 12]), min_size=1, max_size=6))
@settings(max_examples=5, deadline=None)
def test_deliveries_that_come_and_go_never_make_a_second_alert(database, pauses):
    house = House(workspace_in(database))
    for minutes in pauses:
        house.asks_for_a_message(name=f"n{house.now}")
        house.waits(minutes * MINUTE)
        house.delivers()
    house.waits(MINUTE)
    assert len(house.alerts("outbox_age")) == (max(pauses) >= 8)
    assert all(a.state is AlertState.RESOLVED for a in house.alerts())
