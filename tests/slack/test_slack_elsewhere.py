"""``hark run`` before a Slack that nobody here wrote: npm's ``emulate``, over Socket Mode and over HTTP, as one process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from emulator_workspaces import EmulatedSlack, emulator
from slack_house import SECRET, an_alert, eventually, put_alert, put_review
from slack_people import Hands, Sender, Someone, controls, over_http, words_of
from slack_process import hark_run
from socket_elsewhere import SocketElsewhere, connected
from web_double import APP_TOKEN

from traces.clock import SystemClock
from traces.store import open_store


@pytest.fixture
def emulated(tmp_path_factory) -> Iterator[EmulatedSlack]:
    with emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


def _work(slack: SocketElsewhere, emulated: EmulatedSlack, database: str, send: Sender) -> None:
    """An alert comes, somebody acknowledges it, labels a card, opens its window, and asks."""
    alerts, review = emulated.channels["llm-alerts"], emulated.channels["llm-review"]
    mia, team = Someone("U0MIA", "mia", emulated.team), {"id": emulated.team}
    store, now = open_store(database), SystemClock().now()
    times = {"started_at": now - timedelta(hours=1), "detected_at": now, "updated_at": now}
    put_alert(store, an_alert(**times), channel=alerts)
    put_review(store, channel=review)
    store.close()
    hands = Hands(slack)

    eventually(lambda: len(slack.posted(alerts)) == 3, 30)
    root = slack.posted(alerts)[0]
    assert "Refusal" in root["text"]
    send(hands.press(alerts, root["ts"], "alert_acknowledge", mia, team=team))
    eventually(lambda: "acknowledged by mia" in words_of(slack.posted(alerts)[0]), 30)
    assert controls(slack.posted(alerts)[0]) == ["alert_resolve", "alert_conversations", "alert_more"]

    card = eventually(lambda: slack.posted(review), 30)[0]
    send(hands.press(review, card["ts"], "label_no", mia, team=team))
    eventually(lambda: "Refusal: no" in words_of(slack.posted(review)[0]), 30)
    assert "label_undo" in controls(slack.posted(review)[0])

    shown = slack.posted(review)[0]["ts"]
    send(hands.press(review, shown, "label_more", mia, team=team, trigger_id=emulated.trigger()))
    eventually(lambda: any("Note" in words_of(view) for view in slack.views.values()), 30)

    asked = hands.command("help", mia)
    assert not send(asked)
    (answer,) = eventually(lambda: slack.answers[asked.answer_key])
    assert "/hark status" in words_of(answer)


def test_the_loop_closes_over_socket_mode_in_somebody_elses_slack(emulated, tmp_path):
    with SocketElsewhere(emulated) as slack, hark_run(slack, tmp_path, {"SLACK_APP_TOKEN": APP_TOKEN}) as running:
        connected(slack)
        _work(slack, emulated, running.database, slack)
        assert "Slack over Socket Mode" in running.said
        assert running.stop() == 0
        assert "Traceback" not in running.said


@pytest.mark.slow
def test_the_loop_closes_over_http_in_somebody_elses_slack(emulated, tmp_path):
    with SocketElsewhere(emulated) as slack, hark_run(slack, tmp_path, {"SLACK_SIGNING_SECRET": SECRET}) as running:
        send = over_http(f"{running.url}/slack/events", SECRET, lambda: SystemClock().now().timestamp())
        _work(slack, emulated, running.database, send)
        assert "Slack over HTTP" in running.said
        assert running.stop() == 0
        assert "Traceback" not in running.said
