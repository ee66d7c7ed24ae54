"""Who is told of an alert elsewhere finds the way to its message in Slack."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from made import NOW, alert
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.jobs.deliver import Delivering
from bot.jobs.notify import Notifying
from bot.playground.double import web_api
from bot.playground.people import ALERTS
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from bot.slack.blocks.digest import DigestReport, digest_message
from bot.slack.blocks.listings import alert_text
from bot.slack.check import check
from bot.slack.render import Renderer

URL = "https://acme.slack.com/archives/C1/p1"


class Ear:
    def __init__(self) -> None:
        self.urls: list[str | None] = []

    def tell(self, notice) -> None:
        self.urls.append(notice.url)


class Unsure(WebClient):
    """Slack takes messages, but does not tell where they stand."""

    def chat_getPermalink(self, **_):  # noqa: N802 - Slack's name
        raise SlackApiError("no", {"ok": False, "error": "internal_error"})


@pytest.fixture
def slack(clock):
    workspace = Workspace(clock=clock, rng=random.Random(1))
    with serving(web_api(workspace), loopback_socket()) as url:
        yield WebClient(token="xoxb-playground", base_url=f"{url}/api/", retry_handlers=[])


def asked(store, at=NOW, *, receiver: bool = True) -> None:
    with store.begin() as tx:
        if tx.alerts.get("a-1") is None:
            tx.alerts.add(alert())
        tx.outbox.request(kind="alert", subject_id="a-1", channel=ALERTS, at=at)
        if receiver:
            tx.outbox.request(kind="notice.pager", subject_id="a-1", channel="notice.pager", at=at)


def link_of(store) -> str | None:
    with store.read() as tx:
        return tx.permalinks.of("alert", ["a-1"]).get("a-1")


def test_the_first_notice_waits_a_moment_and_leads_to_the_message(store, clock, slack):
    ear, renderer = Ear(), Renderer((), {})
    notify = Notifying(store, {"pager": ear}, clock, renderer)
    asked(store)
    notify.run()
    assert ear.urls == []
    Delivering(store, slack, clock, renderer).run()
    notify.run()
    assert ear.urls == [link_of(store)]
    assert "/archives/" in str(ear.urls[0])


def test_a_notice_does_not_wait_for_a_slack_that_does_not_come(store, clock):
    ear = Ear()
    notify = Notifying(store, {"pager": ear}, clock, Renderer((), {}))
    asked(store)
    clock.advance(timedelta(seconds=6))
    notify.run()
    assert ear.urls == [None]


def test_where_slack_does_not_tell_where_a_message_stands_the_next_edit_asks_again(store, clock, slack):
    unsure = Unsure(token=slack.token, base_url=slack.base_url, retry_handlers=[])
    asked(store, receiver=False)
    assert Delivering(store, unsure, clock, Renderer((), {})).run().sent == 1
    assert link_of(store) is None
    asked(store, clock.now(), receiver=False)
    Delivering(store, slack, clock, Renderer((), {})).run()
    assert link_of(store) is not None


def test_lists_of_alerts_lead_to_their_messages():
    signal = Renderer((), {}).signal("refusal")
    assert f"<{URL}|" in alert_text(alert(), signal, URL)
    assert "<http" not in alert_text(alert(), signal)
    report = DigestReport(
        rhythm="daily",
        since=NOW - timedelta(days=1),
        until=NOW,
        conversations=5,
        opened=((alert(), signal),),
        links={"a-1": URL},
    )
    payload = digest_message(report, "digest:1").payload()
    assert f"<{URL}|" in str(payload["blocks"])
    assert check(payload, "message") == []
