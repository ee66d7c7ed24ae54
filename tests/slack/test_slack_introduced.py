"""Which workspace Hark is in is asked before anybody clicks, once."""

from __future__ import annotations

import pytest
from slack_house import eventually, put_alert
from slack_people import words_of
from slack_process import hark_run
from web_double import ALERTS, refused

from bot.app import Line


def _introduce(hark) -> None:
    assert isinstance(hark.hark.line, Line)
    hark.hark.line.introduce().join(20)


def _acknowledge(hark):
    put_alert(hark.store)
    hark.deliver()
    [root] = hark.slack.roots(ALERTS)
    return hark.hands.press(ALERTS, root["ts"], "alert_acknowledge")


def test_the_first_click_asks_slack_nothing(hark):
    click = _acknowledge(hark)
    _introduce(hark)
    asked = len(hark.slack.called("auth.test"))
    hark.do(click)
    assert "acknowledged by mia" in words_of(hark.slack.roots(ALERTS)[0]).lower()
    assert len(hark.slack.called("auth.test")) == asked


def test_slack_is_asked_once_however_many_click(hark):
    click = _acknowledge(hark)
    asked = len(hark.slack.called("auth.test"))
    hark.do(click)
    hark.do(click)
    assert len(hark.slack.called("auth.test")) == asked + 1


def test_a_click_while_slack_does_not_say_which_workspace_it_is_is_answered(hark):
    click = _acknowledge(hark)
    hark.slack.fail("auth.test", *[refused("internal_error")] * 2)
    _introduce(hark)
    hark.do(click)
    assert "try again" in words_of(hark.slack.answers[click.answer_key])
    hark.do(click)
    assert "acknowledged by mia" in words_of(hark.slack.roots(ALERTS)[0]).lower()


@pytest.mark.slow
def test_a_process_that_starts_asks_before_anybody_clicks(slack, tmp_path):
    with hark_run(slack, tmp_path, {"SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5"}):
        eventually(lambda: slack.called("auth.test"), 30)
