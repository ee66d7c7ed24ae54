"""The menu of an alert: how long to leave it, and where to read what to do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, alert
from pydantic import ValidationError

from alerts.telling.pipeline import ALERT
from bot.alerting_periods import period_of
from bot.config.rules import BoundSettings, ObjectiveSettings, runbooks_of
from bot.config.settings import Settings
from bot.config.signals import SignalSettings, overrides_of
from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.snooze import parse_snooze, snooze_view
from bot.slack.check import check
from bot.slack.render import Renderer
from traces.errors import BadInput
from traces.store.outbox import DeliveryState

WIKI = "https://wiki.example.com"
RUNBOOK = "https://wiki.example.com/refusals?a=b|c"
BERLIN = "Europe/Berlin"


def menu(**shown) -> list[dict]:
    signal = Renderer((), {}).signal("refusal")
    payload = alert_message(alert(), signal, delivery_id="alert:a-1", **shown).payload()
    assert check(payload, "message") == []
    [found] = [e for block in payload["blocks"] for e in block.get("elements", []) if e["type"] == "overflow"]
    return found["options"]


def test_the_runbook_of_a_signal_is_a_link_in_the_menu_of_its_alerts():
    assert "url" not in str(menu())
    [linked] = [entry for entry in menu(runbook=RUNBOOK) if "url" in entry]
    assert (linked["text"]["text"], linked["url"]) == ("Runbook", RUNBOOK)


@pytest.mark.parametrize("url", ["http://wiki", "javascript:alert(1)", "https://", "https:// x", " https://wiki", "x"])
@pytest.mark.parametrize(
    "of",
    [
        SignalSettings,
        partial(ObjectiveSettings, signal="refusal", objective=0.9),
        partial(BoundSettings, signal="refusal", above=0.1),
    ],
)
def test_a_runbook_is_an_https_address_or_is_refused_when_settings_are_read(of, url):
    with pytest.raises(ValidationError):
        of(runbook=url)


def test_the_runbook_comes_from_the_settings():
    assert overrides_of({"refusal": SignalSettings(runbook=RUNBOOK)})["refusal"].runbook == RUNBOOK


@pytest.mark.parametrize(
    ("origin", "leads_to"),
    [("slo:answers", "answers"), ("threshold:answers", "bound"), ("threshold:plain", "refusals"), ("", "refusals")],
)
def test_an_alert_of_a_rule_leads_to_the_runbook_of_the_rule_and_else_to_that_of_its_signal(store, origin, leads_to):
    settings = Settings(
        signals={"refusal": SignalSettings(runbook=f"{WIKI}/refusals")},
        slos={"answers": ObjectiveSettings(signal="refusal", objective=0.9, runbook=f"{WIKI}/answers")},
        thresholds={
            "answers": BoundSettings(signal="refusal", above=0.1, runbook=f"{WIKI}/bound"),
            "plain": BoundSettings(signal="refusal", above=0.2),
        },
    )
    runbooks = runbooks_of(settings.slos, settings.thresholds)
    renderer = Renderer((), overrides_of(settings.signals), runbooks=runbooks)
    with store.begin() as tx:
        tx.alerts.add(alert(detail={"origin": origin} if origin else {}))
        tx.outbox.request(kind=ALERT, subject_id="a-1", channel="C1", at=NOW)
        [delivery] = tx.outbox.undelivered([DeliveryState.PENDING], 1)
        shown = renderer.message(tx, delivery).payload()
    assert re.findall(rf"{WIKI}/(\w+)", str(shown["blocks"])) == [leads_to]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 21, 8, tzinfo=UTC)),
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), datetime(2026, 11, 22, 8, tzinfo=UTC)),  # past midnight there
        (
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            datetime(2026, 10, 25, 8, tzinfo=UTC),
        ),  # the clocks go back that night
    ],
)
def test_tomorrow_morning_is_nine_o_clock_of_the_next_day_in_the_teams_zone(now, until):
    assert now + period_of("morning", now, BERLIN) == until


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"]),
)
def test_tomorrow_morning_is_always_to_come_and_never_far(now, zone):
    assert timedelta(hours=8) <= period_of("morning", now, zone) <= timedelta(hours=34)


@pytest.mark.parametrize("word", ["1h", "4h", "morning", "1w"])
def test_each_choice_of_the_window_is_read_back(word):
    view = snooze_view("a-1").payload()
    assert check(view, "modal") == []
    assert word in {o["value"] for o in view["blocks"][0]["element"]["options"]}
    sent = {**view, "state": {"values": {"period": {"period": {"selected_option": {"value": word}}}}}}
    assert parse_snooze(sent) == ("a-1", word)


@pytest.mark.parametrize("word", ["forever", "", "1d"])
def test_what_was_not_to_choose_from_is_refused(word):
    sent = {
        **snooze_view("a-1").payload(),
        "state": {"values": {"period": {"period": {"selected_option": {"value": word}}}}},
    }
    with pytest.raises(BadInput):
        parse_snooze(sent)
