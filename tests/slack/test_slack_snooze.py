"""Snoozing an alert from its menu: for how long is chosen in a window, and the card says until when."""

from __future__ import annotations

from datetime import UTC, datetime

from home_hands import newest
from slack_house import an_alert, house, put_alert
from slack_people import MIA, Someone
from web_double import ALERTS

from bot.config.settings import RoleSettings
from traces.model import AlertState

VIEWER = Someone("U0VIEW", "vic")
ROLES = RoleSettings(reviewers=(MIA.user_id,), viewers=(VIEWER.user_id,))


def snoozed(hark, answer):
    root = hark.slack.roots(ALERTS)[0]["ts"]
    hark.do(hark.hands.press(ALERTS, root, "alert_more", option="Snooze…"))
    return hark.do(hark.hands.submit(newest(hark)[0], {"period": answer}))


def the_alert(hark):
    with hark.store.read() as tx:
        return tx.alerts.get("a1")


def test_an_alert_is_snoozed_for_as_long_as_was_chosen_and_its_card_says_so(hark):
    put_alert(hark.store, an_alert("a1"), ALERTS)
    hark.deliver()
    snoozed(hark, "1h")
    one = the_alert(hark)
    assert one.state is AlertState.SNOOZED
    assert 3_590 <= (one.snoozed_until - hark.clock.now()).total_seconds() <= 3_600
    assert hark.slack.roots(ALERTS)[0]["text"].startswith("💤 Snoozed")
    snoozed(hark, "morning")
    assert the_alert(hark).snoozed_until == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_sending_the_same_window_again_changes_nothing(hark):
    put_alert(hark.store, an_alert("a1"), ALERTS)
    hark.deliver()
    root = hark.slack.roots(ALERTS)[0]["ts"]
    hark.do(hark.hands.press(ALERTS, root, "alert_more", option="Snooze…"))
    request = hark.hands.submit(newest(hark)[0], {"period": "4h"})
    hark.do(request)
    once = hark.state()
    for _ in range(4):
        hark.do(request)
    assert hark.state() == once


def test_who_merely_looks_cannot_snooze(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        put_alert(hark.store, an_alert("a1"), ALERTS)
        hark.deliver()
        root = slack.roots(ALERTS)[0]["ts"]
        hark.do(hark.hands.press(ALERTS, root, "alert_more", VIEWER, option="Snooze…"))
        assert the_alert(hark).state is AlertState.OPEN
        assert "takes the role reviewer" in str(slack.answers)
