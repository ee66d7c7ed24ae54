"""A click that takes longer than Slack waits is not answered as if nobody knew the button."""

from __future__ import annotations

import threading

from slack_bolt import App, BoltRequest
from slack_house import house, put_alert
from slack_people import MIA, Hands
from web_double import ALERTS, SlackDouble

from bot.slack.app import answer_the_unknown, dispatch, request_in


def _in_a_moment(app: App) -> None:
    for listener in app._listeners:
        listener.ack_timeout = 0.05


def test_a_button_whose_work_is_not_done_in_time_is_no_unknown_button(tmp_path):
    with SlackDouble() as slack, house(slack, f"sqlite:///{tmp_path / 'hark.db'}") as hark:
        put_alert(hark.store)
        hark.deliver()
        app = hark.hark.bolt
        answer_the_unknown(app)
        _in_a_moment(app)
        pressed = Hands(slack).press(ALERTS, slack.roots(ALERTS)[0]["ts"], "alert_acknowledge", MIA)
        held, is_over = threading.Event(), threading.Event()
        thread = threading.Thread(target=_hold, args=(hark.store, held, is_over))
        thread.start()
        assert held.wait(30)
        try:
            asked: BoltRequest = request_in(
                pressed.form().decode(), {"content-type": "application/x-www-form-urlencoded"}
            )
            assert dispatch(app, asked).status == 503
        finally:
            is_over.set()
            thread.join()
        hark.settle()
        assert [entry.action for entry in _audit(hark.store)] == ["alert.acknowledge"]
        assert "another version" not in str(dict(slack.answers))


def _audit(store):
    with store.read() as tx:
        return list(tx.audit.entries())


def _hold(store, held, is_over):
    with store.begin():
        held.set()
        is_over.wait(30)
