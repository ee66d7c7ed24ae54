"""The loop over HTTP: an alert is posted, people answer it, and the messages show what they said."""

from __future__ import annotations

import pytest
from slack_house import House, house, put_alert, put_review
from slack_people import MIA, NOAH, words_of
from slack_script import Script
from web_double import ALERTS, MINIMAL_METHODS, TEAM, SlackDouble

from bot.slack.check import check


def _script(hark: House) -> Script:
    return Script(hark.slack, hark.send, meanwhile=hark.deliver)


def _prepared(hark: House) -> Script:
    put_alert(hark.store)
    put_review(hark.store)
    return _script(hark)


def test_people_work_through_an_alert_over_http(hark):
    _prepared(hark).whole()


def test_every_payload_of_the_loop_is_one_that_slack_takes(hark):
    _prepared(hark).whole()
    for surface, payload in hark.slack.payloads():
        assert check({k: v for k, v in payload.items() if k not in _NOT_CHECKED}, surface) == []


_NOT_CHECKED = {"channel", "ts", "thread_ts", "unfurl_links", "unfurl_media", "response_type", "replace_original"}


def test_an_alert_is_one_message_whatever_happens_to_it(hark):
    script = _prepared(hark)
    script.whole()
    posts = [p["metadata"]["event_payload"]["delivery_id"] for p in hark.slack.called("chat.postMessage")]
    assert sorted(posts) == ["alert:a1", "example:item-1", "example:item-2", "review:item-9"]
    assert {u["ts"] for u in hark.slack.called("chat.update")} <= {m["ts"] for m in _all(hark.slack)}


def _all(slack: SlackDouble) -> list[dict]:
    return [m for channel in ("C0ALERTS", "C0REVIEW") for m in slack.posted(channel)]


def test_a_window_opens_before_it_is_filled(hark):
    script = _prepared(hark)
    ts = script.the_alert_stands_with_its_examples()
    hark.do(script.hands.press(ALERTS, ts, "alert_conversations"))
    methods = [c.method for c in hark.slack.calls if c.method.startswith("views.")]
    assert methods == ["views.open", "views.update"]
    assert "cannot help with refunds" in words_of(hark.slack.views["V0001"])


def test_undoing_what_somebody_else_said_is_answered_and_changes_nothing(hark):
    script = _prepared(hark)
    first = hark.slack.thread(ALERTS, script.the_alert_stands_with_its_examples())[0]["ts"]
    hark.send(script.hands.press(ALERTS, first, "label_yes", MIA))
    script.becomes(ALERTS, first, "Refusal: yes", "mia")
    request = script.hands.press(ALERTS, first, "label_undo", NOAH)
    hark.do(request)
    [answer] = hark.slack.answers[request.answer_key]
    assert "no label of yours" in words_of(answer)
    script.becomes(ALERTS, first, "Refusal: yes", "mia")


def test_nothing_is_unfurled(hark):
    _prepared(hark).whole()
    for post in hark.slack.called("chat.postMessage"):
        assert str(post["unfurl_links"]).lower() in {"0", "false"}
        assert str(post["unfurl_media"]).lower() in {"0", "false"}


@pytest.mark.parametrize("identity", [{"team_id": TEAM}, {"team_id": TEAM, "user_id": "U0BOT"}])
def test_the_loop_works_with_a_slack_that_knows_only_four_methods(identity, database):
    with SlackDouble(MINIMAL_METHODS, identity) as slack, house(slack, database) as hark:
        _prepared(hark).whole()


def test_a_slack_that_does_not_say_which_workspace_it_is_lets_nobody_in(database):
    with SlackDouble(identity={}) as slack, house(slack, database) as hark:
        script = _prepared(hark)
        ts = script.the_alert_stands_with_its_examples()
        before = hark.state()
        request = script.hands.press(ALERTS, ts, "alert_acknowledge")
        hark.do(request)
        assert hark.state() == before
        assert slack.answers[request.answer_key]


def test_an_alert_that_the_workspace_posted_by_channel_name_is_updated_by_its_id(slack, database):
    with house(slack, database) as hark:
        put_alert(hark.store, channel="#llm-alerts")
        script = _script(hark)
        ts = script.the_alert_stands_with_its_examples()
        script.acknowledging_changes_it_in_place(ts)
        assert {u["channel"] for u in slack.called("chat.update")} == {ALERTS}
