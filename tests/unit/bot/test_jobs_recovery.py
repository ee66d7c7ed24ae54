"""A process that dies while it posts: what stands in Slack is found again, and shows the newest state in the end."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from made import NOW, alert
from slack_sdk import WebClient

from bot.jobs.deliver import Delivering
from bot.playground.double import web_api
from bot.playground.people import ALERTS
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from bot.slack.render import Renderer
from traces.model import AlertState, Direction
from traces.store.outbox import DeliveryState

LATER = timedelta(seconds=61)


@pytest.fixture
def slack(clock):
    workspace = Workspace(clock=clock, rng=random.Random(1))
    with serving(web_api(workspace), loopback_socket()) as url:
        yield WebClient(token="xoxb-playground", base_url=f"{url}/api/", retry_handlers=[])


def shown(slack):
    return slack.conversations_history(channel=ALERTS)["messages"]


class Dies(WebClient):
    """Slack takes the message; the process is gone before it hears of it."""

    def chat_postMessage(self, **arguments):  # noqa: N802 - Slack's name
        super().chat_postMessage(**arguments)
        raise KeyboardInterrupt


def test_a_change_made_while_the_sender_died_is_shown_in_the_one_message(store, clock, slack):
    with store.begin() as tx:
        tx.alerts.add(alert(direction=Direction.UP))
        delivery_id = tx.outbox.request(kind="alert", subject_id="a-1", channel=ALERTS, at=NOW)
    dying = Dies(token=slack.token, base_url=slack.base_url, retry_handlers=[])
    with pytest.raises(KeyboardInterrupt):
        Delivering(store, dying, clock, Renderer((), {})).run()
    [before] = shown(slack)

    with store.begin() as tx:
        tx.alerts.replace(alert(state=AlertState.RESOLVED, resolved_at=NOW, version=2), expecting=1)
        tx.outbox.request(kind="alert", subject_id="a-1", channel=ALERTS, at=NOW)
    clock.advance(LATER)
    Delivering(store, slack, clock, Renderer((), {})).run()

    [after] = shown(slack)
    assert after["ts"] == before["ts"]
    assert after["text"] != before["text"]
    with store.read() as tx:
        delivery = tx.outbox.get(delivery_id)
    assert (delivery.state, delivery.delivered_revision) == (DeliveryState.SENT, 2)
