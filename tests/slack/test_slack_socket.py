"""The loop over Socket Mode, with ``hark run`` as its own process."""

from __future__ import annotations

import os
from datetime import timedelta

import httpx
import pytest
from slack_house import SECRET, an_alert, eventually, put_alert, put_review
from slack_people import MIA, STRANGER, controls, over_http, words_of
from slack_process import hark_run
from slack_script import Script
from socket_double import SocketDouble
from web_double import ALERTS, APP_TOKEN, MINIMAL_METHODS, REVIEW, TEAM, SlackDouble, refused

from traces.clock import SystemClock
from traces.store import open_store

ONE_APP = {"SLACK_APP_TOKEN": APP_TOKEN}


@pytest.fixture
def socket(slack):
    with SocketDouble() as double:
        slack.socket_url = double.url
        yield double


def _fill(running) -> None:
    store = open_store(running.database)
    now = SystemClock().now()
    times = {"started_at": now - timedelta(hours=1), "detected_at": now, "updated_at": now}
    put_alert(store, an_alert(**times), channel="#llm-alerts")
    put_review(store, channel="#llm-review")
    store.close()


def test_people_work_through_an_alert_over_socket_mode(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        _fill(running)
        Script(slack, socket).whole()
        assert "Slack over Socket Mode" in running.said
        assert running.stop() == 0
        assert socket.doubled == []
        assert "Traceback" not in running.said


def test_socket_mode_connects_anew_when_slack_says_so(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        _fill(running)
        script = Script(slack, socket)
        ts = script.the_alert_stands_with_its_examples()
        socket.take_away()
        eventually(lambda: socket.connected == 2 and socket.open, 20)
        script.acknowledging_changes_it_in_place(ts)
        assert running.stop() == 0


@pytest.mark.slow
def test_socket_mode_outlives_a_connection_that_is_cut_and_a_slack_that_is_away(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        slack.fail("apps.connections.open", refused("internal_error"))
        socket.drop()
        eventually(lambda: socket.connected == 2 and socket.open, 60)
        Script(slack, socket).asks("help", "/hark status")
        assert running.stop() == 0


def test_a_slack_that_is_away_at_the_start_keeps_nothing_else_from_working(slack, tmp_path):
    slack.fail("apps.connections.open", refused("internal_error"), refused("internal_error"))
    with SocketDouble() as socket, hark_run(slack, tmp_path, ONE_APP) as running:
        assert httpx.get(f"{running.url}/healthz", trust_env=False).text == "ok\n"
        slack.socket_url = socket.url
        eventually(lambda: socket.open, 20)
        Script(slack, socket).asks("help", "/hark status")
        assert running.stop() == 0


def test_a_refused_submission_is_told_in_its_window(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        _fill(running)
        script = Script(slack, socket)
        card = script.see(lambda: slack.roots(REVIEW))[0]["ts"]
        socket(script.hands.press(REVIEW, card, "label_more", MIA))
        view_id = script.see(script.filled_view)
        acknowledged = socket(script.hands.submit(view_id, {"verdict": "no"}, STRANGER))
        assert acknowledged["response_action"] == "update"
        assert "Only members of this workspace" in words_of(acknowledged["view"])
        assert not socket(script.hands.submit(view_id, {"verdict": "no"}, MIA))
        script.becomes(REVIEW, card, "Refusal: no")
        assert running.stop() == 0


def test_who_presses_what_this_version_does_not_know_is_told_so(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        _fill(running)
        script = Script(slack, socket)
        card = script.see(lambda: slack.roots(REVIEW))[0]["ts"]
        pressed = script.hands.press(REVIEW, card, "label_yes", MIA)
        pressed.payload["actions"][0]["action_id"] = "from_another_version"
        socket(pressed)
        [answer] = script.see(lambda: slack.answers[pressed.answer_key])
        assert "another version" in words_of(answer)
        socket(script.hands.press(REVIEW, card, "label_more", MIA))
        sent = script.hands.submit(script.see(script.filled_view), {"verdict": "no"}, MIA)
        sent.payload["view"]["callback_id"] = "from_another_version"
        assert "another version" in words_of(socket(sent)["view"])
        assert controls(script.message(REVIEW, card)) == ["label_yes", "label_no", "label_more", "label_menu"]
        assert running.stop() == 0


def test_the_same_process_works_over_http_with_a_signing_secret_alone(tmp_path):
    with (
        SlackDouble(MINIMAL_METHODS, {"team_id": TEAM}) as slack,
        hark_run(slack, tmp_path, {"SLACK_SIGNING_SECRET": SECRET}) as running,
    ):
        _fill(running)
        send = over_http(f"{running.url}/slack/events", SECRET, lambda: SystemClock().now().timestamp())
        Script(slack, send).whole()
        assert "Slack over HTTP" in running.said
        assert running.stop() == 0
        assert "Traceback" not in running.said


def test_a_process_that_is_started_again_goes_on_with_the_messages_that_stand(slack, socket, tmp_path):
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        _fill(running)
        ts = Script(slack, socket).the_alert_stands_with_its_examples()
        os.kill(running.process.pid, 9)
        running.process.wait(10)
    eventually(lambda: not socket.open)
    with hark_run(slack, tmp_path, ONE_APP) as running:
        eventually(lambda: socket.open)
        script = Script(slack, socket)
        script.acknowledging_changes_it_in_place(ts)
        assert controls(slack.roots(ALERTS)[0]) == ["alert_resolve", "alert_conversations", "alert_more"]
        posted = [p["metadata"]["event_payload"]["delivery_id"] for p in slack.called("chat.postMessage")]
        assert len(posted) == len(set(posted))
        assert running.stop() == 0
