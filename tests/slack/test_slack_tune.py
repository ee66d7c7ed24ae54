"""From an alert to the settings of its signal, for admins; and to a trace of its conversations, where a store shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from settings_hands import save, shown
from slack_house import NOON, an_alert, conversation, house, put_alert, put_conversations
from slack_people import MIA, NOAH, find, words_of
from web_double import ALERTS

from bot.config.settings import RoleSettings, SourceSettings
from bot.slack.render import Renderer
from bot.trace_pages import TracePages
from traces.store.origins import Origin

ROLES = RoleSettings(admins=(MIA.user_id,), reviewers=(NOAH.user_id,))


def tune(hark, who):
    put_alert(hark.store, an_alert("a1"), ALERTS)
    hark.deliver()
    root = hark.slack.roots(ALERTS)[0]["ts"]
    request = hark.hands.press(ALERTS, root, "alert_more", who, option="Tune…")
    hark.do(request)
    return request


def test_an_admin_tunes_the_signal_of_an_alert_from_its_menu(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        tune(hark, MIA)
        view_id, window = shown(hark)
        assert window["callback_id"] == "settings_signal_form"
        assert "refusal" in words_of(window).lower()
        save(hark, view_id, MIA, sensitivity="low")
        with hark.store.read() as tx:
            [made] = tx.choices.current().values()
        assert (made.name, made.body["sensitivity"]) == ("signals.refusal", "low")


def test_a_reviewer_who_would_tune_is_told_that_it_takes_an_admin(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        request = tune(hark, NOAH)
        assert "takes the role admin" in str(slack.answers[request.answer_key])
        assert slack.views == {}


def test_the_trace_store_opens_at_the_first_example_that_it_has(hark):
    put_conversations(hark.store, [{**one, "trace_ids": [f"t-{one['id']}"]} for one in _examples()])
    put_alert(hark.store, an_alert("a1"), ALERTS, examples=0)
    source = SourceSettings(name="prod", kind="langfuse", url="https://traces.example.com")
    renderer = Renderer((), {}, pages=TracePages([source]))
    with hark.store.begin() as tx:
        delivery = tx.outbox.get("alert:a1")
        assert "traces.example.com" not in str(renderer.message(tx, delivery).payload())
        tx.origins.put([Origin(source="prod", trace_id=f"t-{c}", target=None, at=NOON) for c in ("c-2", "c-3")])
        payload = renderer.message(tx, delivery).payload()
    linked = [o for o in find(payload, "alert_more")["options"] if "url" in o]
    assert [(o["text"]["text"], o["url"]) for o in linked] == [
        ("Open in the trace store", "https://traces.example.com/trace/t-c-2")
    ]


@pytest.mark.parametrize("known", [(), ("c-1",)])
def test_an_alert_whose_examples_are_in_no_store_is_posted_without_the_link(hark, known):
    put_alert(hark.store, an_alert("a1"), ALERTS)
    with hark.store.begin() as tx:
        tx.origins.put([Origin(source="elsewhere", trace_id=c, target=None, at=NOON) for c in known])
    hark.deliver()
    assert "Open in the trace store" not in words_of(hark.slack.roots(ALERTS)[0])


def _examples():
    return [conversation(c, NOON - timedelta(minutes=30)) for c in ("c-1", "c-2")]
