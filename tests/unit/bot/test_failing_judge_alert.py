"""A judge that keeps failing raises an alert that names it and says why, in the store and in Slack."""

from __future__ import annotations

from contextlib import closing

import pytest
from judge_provider import serving_provider
from made import DAY, HOUR, MINUTE, NOW, ingest, talk

from alerts.signals import signal_of_score
from bot.app import build_hark
from bot.config.settings import load
from bot.slack.blocks.alert import alert_message
from bot.slack.check import check
from traces.clock import FakeClock

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm")
START = NOW - 7 * DAY
PER_DAY = 24
YES = '{"explanation": "It was.", "evidence": "", "verdict": "yes"}'
SETTINGS = """
[judge]
calls_per_minute = 60000
[[judges]]
name = "polite"
question = "Was the assistant polite?"
model = "openai/gpt-5-mini"
api_base = "{url}"
"""


@pytest.fixture
def provider():
    with serving_provider() as fake:
        yield fake


@pytest.fixture
def hark(tmp_path, monkeypatch, provider):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hark.toml").write_text(SETTINGS.format(url=provider.url))
    built = build_hark(load({"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}, tmp_path), FakeClock(START), {})
    with closing(built.store):
        yield built


def live(hark, day):
    """One day's traffic, evaluated, judged and watched."""
    begun = START + day * DAY
    talks = [
        talk(f"c-{day}-{n}", f"Question {n} of day {day}", "An answer.", at=begun + n * (20 * HOUR / PER_DAY))
        for n in range(PER_DAY)
    ]
    ingest(hark.store, *talks, at=begun + DAY - 2 * HOUR)
    return hark.jobs.tick(begun + DAY + 15 * MINUTE)


def alerts(hark):
    with hark.store.read() as tx:
        return {alert.signal: alert for alert in tx.alerts.all()}


def test_a_judge_that_keeps_failing_raises_an_alert_that_names_it_and_says_why(hark, provider):
    provider.always = lambda _asked: YES
    for day in range(5):
        live(hark, day)
    assert not alerts(hark)

    provider.always = lambda _asked: "What a lovely day it is."
    live(hark, 5)

    raised = [alert for name, alert in alerts(hark).items() if name.startswith("evaluator_failure")]
    assert raised
    alert = raised[0]
    [why] = alert.detail["failures"]
    assert (why["evaluator"], why["reason"]) == ("polite", "judge_error")
    assert why["n"] > PER_DAY / 2
    message = alert_message(alert, signal_of_score(alert.signal), delivery_id="d-1")
    shown = str(message.blocks)
    assert "polite" in shown
    assert "judge_error" in shown
    assert why["message"][:40] in shown
    assert check(message.payload(), "message") == []
    assert "polite" not in {name for name in alerts(hark) if not name.startswith("evaluator_failure")}
