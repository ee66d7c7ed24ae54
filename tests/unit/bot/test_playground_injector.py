"""The injector against a small real slack_bolt app, over real HTTP on loopback."""

from __future__ import annotations

import logging
import random
import threading
from datetime import UTC, datetime

import httpx
import pytest
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from bot.playground.double import web_api
from bot.playground.injector import Injector
from bot.playground.people import ALERTS, REVIEW
from bot.playground.serving import address, loopback_socket, serving
from bot.playground.workspace import Workspace
from traces.clock import FakeClock
from traces.errors import BadInput

SECRET = "playground-signing-secret"


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict:
    return {"text": plain(value.title()), "value": value}


CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*A conversation*"}},
    {
        "type": "actions",
        "block_id": "verdict",
        "elements": [
            {"type": "button", "action_id": "good", "text": plain("Good"), "value": "v1:good"},
            {"type": "button", "action_id": "more", "text": plain("More…"), "value": "v1:more"},
            {"type": "static_select", "action_id": "snooze", "options": [option("1h"), option("1d")]},
            {"type": "overflow", "action_id": "rest", "options": [option("skip"), option("assign")]},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "label",
    "title": plain("Label"),
    "submit": plain("Save"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "severity",
            "label": plain("Severity"),
            "element": {"type": "radio_buttons", "action_id": "severity", "options": [option("low"), option("high")]},
        },
        {
            "type": "input",
            "block_id": "labels",
            "optional": True,
            "label": plain("Labels"),
            "element": {"type": "checkboxes", "action_id": "labels", "options": [option("pii"), option("tone")]},
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "note", "multiline": True},
        },
    ],
}


class Heard:
    """What the app's listeners were told, in order."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.arrived = threading.Event()

    def __call__(self, body: dict) -> None:
        self.bodies.append(body)
        self.arrived.set()


def small_app(base_url: str, heard: Heard) -> App:
    client = WebClient("xoxb-playground-1", base_url=f"{base_url}/api/")
    logger = logging.getLogger("playground.test")
    app = App(client=client, signing_secret=SECRET, logger=logger, process_before_response=True)

    @app.action("good")
    def good(ack, body, client):
        ack()
        heard(body)
        labelled = [{"type": "section", "text": {"type": "mrkdwn", "text": f"good, says <@{body['user']['id']}>"}}]
        place = body["container"]
        client.chat_update(channel=place["channel_id"], ts=place["message_ts"], text="labelled", blocks=labelled)

    @app.action("more")
    def more(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.action("snooze")
    @app.action("rest")
    @app.action("refresh")
    def note_choice(ack, body):
        ack()
        heard(body)

    @app.view("label")
    def save(ack, body, view):
        heard(body)
        note = view["state"]["values"]["note"]["note"]["value"]
        answers = {
            "short": {"response_action": "errors", "errors": {"note": "Say more."}},
            "astray": {"response_action": "errors", "errors": {"nowhere": "?"}},
            "again": {"response_action": "update", "view": {**FORM, "title": plain("Again")}},
            "next": {"response_action": "push", "view": FORM},
            "clear": {"response_action": "clear"},
            "bad": {"response_action": "update", "view": {**FORM, "title": plain("x" * 25)}},
        }
        ack(**answers.get(note, {}))

    @app.view_closed("label")
    def closed(ack, body):
        ack()
        heard(body)

    @app.command("/hark")
    def command(ack, command, respond):
        if command["text"] == "later":
            ack()
            respond(text="here it is")
            respond(text="for all", response_type="in_channel")
        elif command["text"] == "broken":
            ack(blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], text="x")
        else:
            ack(text=f"you said {command['text']}")

    @app.shortcut("flag")
    @app.shortcut("queue")
    @app.event("app_home_opened")
    def told(ack, body):
        ack()
        heard(body)

    return app


def served(app: App) -> Starlette:
    async def endpoint(request: Request):
        asked = to_bolt_request(request, await request.body())
        return to_starlette_response(await run_in_threadpool(app.dispatch, asked))

    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


@pytest.fixture
def heard():
    return Heard()


class Switchboard:
    """One server for a whole module, with an app of each test's own behind it."""

    def __init__(self) -> None:
        self.app = None
        self.url = ""

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


def switchboard():
    board = Switchboard()
    with serving(board, loopback_socket()) as board.url:
        yield board


slack_server = pytest.fixture(scope="module", name="slack_server")(switchboard)
app_server = pytest.fixture(scope="module", name="app_server")(switchboard)


@pytest.fixture
def workspace(slack_server):
    clock = FakeClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    workspace = Workspace(clock=clock, url=slack_server.url, rng=random.Random(3))
    slack_server.app = web_api(workspace)
    return workspace


@pytest.fixture
def slack(workspace):
    return WebClient("xoxb-playground-1", base_url=f"{workspace.url}/api/")


@pytest.fixture
def injector(workspace, heard, app_server):
    app_server.app = served(small_app(workspace.url, heard))
    with httpx.Client() as client:
        yield Injector(workspace, f"{app_server.url}/slack/events", SECRET, client, ack_limit_s=20)


@pytest.fixture
def card(slack):
    return slack.chat_postMessage(channel=REVIEW, text="A conversation", blocks=CARD)["ts"]


@pytest.fixture
def form(injector, card, workspace):
    """A modal that Maya has opened from a card."""
    assert injector.click(REVIEW, card, "more", user="U0MAYA").is_ok
    return workspace.surfaces.stack("U0MAYA")[-1].view_id


def text_of(workspace, user="U0MAYA", **only) -> list[str]:
    posts = workspace.posts.changed_since(0, user)
    return [p.content.text for p in posts if all(getattr(p, name) == value for name, value in only.items())]


def test_a_click_reaches_the_app_and_the_card_changes(injector, workspace, card, heard):
    answer = injector.click(REVIEW, card, "good", user="U0JONAS")
    assert answer.is_ok
    assert workspace.posts.find(REVIEW, card).content.blocks[0]["text"]["text"] == "good, says <@U0JONAS>"
    (body,) = heard.bodies
    assert body["container"] == {
        "type": "message",
        "message_ts": card,
        "channel_id": REVIEW,
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": REVIEW, "name": "llm-review"}
    assert body["message"]["ts"] == card
    action = body["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("good", "verdict", "v1:good")
    assert action["action_ts"]


@pytest.mark.parametrize(("action_id", "value"), [("snooze", "1d"), ("rest", "assign")])
def test_a_choice_carries_the_chosen_option(injector, card, heard, action_id, value):
    injector.click(REVIEW, card, action_id, value, user="U0MAYA")
    assert heard.bodies[0]["actions"][0]["selected_option"] == option(value)


def test_a_button_that_is_not_there_is_named_with_those_that_are(injector, card):
    with pytest.raises(BadInput, match="there are: good, more, snooze, rest"):
        injector.click(REVIEW, card, "destroy", user="U0MAYA")
    with pytest.raises(BadInput, match="no option"):
        injector.click(REVIEW, card, "snooze", "1y", user="U0MAYA")


def test_nobody_clicks_what_they_do_not_see(injector, slack, card):
    mine = slack.chat_postEphemeral(channel=REVIEW, user="U0MAYA", text="x", blocks=CARD)["message_ts"]
    with pytest.raises(BadInput, match="does not see"):
        injector.click(REVIEW, mine, "good", user="U0JONAS")
    with pytest.raises(BadInput, match="no message"):
        injector.click(ALERTS, card, "good", user="U0JONAS")


def test_a_click_on_an_ephemeral_message_carries_no_message(injector, slack, heard):
    ts = slack.chat_postEphemeral(channel=REVIEW, user="U0MAYA", text="x", blocks=CARD)["message_ts"]
    injector.click(REVIEW, ts, "snooze", "1h", user="U0MAYA")
    assert heard.bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard.bodies[0]


def test_someone_of_another_team_is_told_apart(injector, card, heard):
    injector.click(REVIEW, card, "good", user="U0OUTSIDE")
    assert heard.bodies[0]["user"]["team_id"] == "T0OUTSIDER"
    assert heard.bodies[0]["team"]["id"] == "T0PLAYGRND"


def test_a_form_is_submitted_with_what_was_filled_in_and_closes(injector, workspace, form, heard):
    answer = injector.submit(form, {"severity": "high", "labels": ["pii"], "note": "wrong refund"}, "U0MAYA")
    assert answer.is_ok
    values = heard.bodies[0]["view"]["state"]["values"]
    assert values["severity"]["severity"]["selected_option"] == option("high")
    assert values["labels"]["labels"]["selected_options"] == [option("pii")]
    assert values["note"]["note"] == {"type": "plain_text_input", "value": "wrong refund"}
    assert workspace.surfaces.stack("U0MAYA") == []


def test_a_form_without_a_required_answer_is_not_sent(injector, form, heard):
    assert injector.submit(form, {"note": "x"}, "U0MAYA").errors == {"severity": "Please complete this required field."}
    assert heard.bodies == []


def test_the_apps_errors_come_back_and_the_form_stays_open(injector, workspace, form):
    answer = injector.submit(form, {"severity": "low", "note": "short"}, "U0MAYA")
    assert answer.errors == {"note": "Say more."}
    assert [v.view_id for v in workspace.surfaces.stack("U0MAYA")] == [form]


@pytest.mark.parametrize("note", ["astray", "bad"])
def test_an_answer_slack_would_refuse_is_a_problem(injector, workspace, form, note):
    answer = injector.submit(form, {"severity": "low", "note": note}, "U0MAYA")
    assert "Slack refuses" in answer.problem
    assert workspace.deliveries.since()[-1].name == "view_submission answer"
    assert len(workspace.surfaces.stack("U0MAYA")) == 1


def test_a_form_can_change_grow_and_go(injector, workspace, form):
    injector.submit(form, {"severity": "low", "note": "again"}, "U0MAYA")
    assert workspace.surfaces.stack("U0MAYA")[0].definition["title"] == plain("Again")
    injector.submit(form, {"severity": "low", "note": "next"}, "U0MAYA")
    assert len(workspace.surfaces.stack("U0MAYA")) == 2
    top = workspace.surfaces.stack("U0MAYA")[-1].view_id
    injector.submit(top, {"severity": "low", "note": "clear"}, "U0MAYA")
    assert workspace.surfaces.stack("U0MAYA") == []


def test_the_app_hears_that_a_form_was_closed(injector, workspace, form, heard):
    injector.close(form, "U0MAYA")
    assert heard.bodies[-1]["type"] == "view_closed"
    assert workspace.surfaces.stack("U0MAYA") == []


def test_nobody_submits_another_persons_form(injector, form):
    with pytest.raises(BadInput, match="does not see"):
        injector.submit(form, {}, "U0JONAS")


def test_a_slash_command_is_answered_to_its_user_only(injector, workspace):
    assert injector.command("/hark", "status", "U0MAYA", ALERTS).is_ok
    assert text_of(workspace, only_for="U0MAYA") == ["you said status"]
    assert text_of(workspace, "U0JONAS") == []


def test_a_late_answer_comes_through_the_response_url(injector, workspace):
    injector.command("/hark", "later", "U0MAYA", ALERTS)
    assert text_of(workspace) == ["here it is", "for all"]
    assert text_of(workspace, "U0JONAS") == ["for all"]


def test_a_broken_answer_to_a_command_is_a_problem(injector, workspace):
    assert "invalid_blocks" in injector.command("/hark", "broken", "U0MAYA", ALERTS).problem
    assert text_of(workspace) == []


def test_a_click_on_the_app_home_carries_the_view_and_no_channel(injector, slack, heard):
    button = {"type": "button", "action_id": "refresh", "text": plain("Refresh")}
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    view = slack.views_publish(user_id="U0MAYA", view=home)["view"]
    assert injector.click_view(view["id"], "refresh", user="U0MAYA").is_ok
    body = heard.bodies[0]
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["view"]["hash"] == view["hash"]
    assert not {"channel", "message", "response_url"} & set(body)


def test_shortcuts_and_the_app_home_reach_the_app(injector, workspace, heard):
    ts = workspace.say("U0TOMAS", ALERTS, "is this normal?").ts
    injector.message_shortcut("flag", ALERTS, ts, "U0MAYA")
    injector.shortcut("queue", "U0MAYA")
    injector.open_home("U0MAYA")
    flag, queue, opened = heard.bodies
    assert flag["message"]["text"] == "is this normal?"
    assert queue["type"] == "shortcut"
    assert opened["event"]["user"] == "U0MAYA"


def test_the_endpoint_proves_itself(injector):
    assert injector.verify_url().is_ok


def test_a_wrong_secret_is_a_problem_the_person_sees(injector, workspace, card):
    other = Injector(workspace, injector._endpoint, "another secret", injector._client, ack_limit_s=20)
    assert other.click(REVIEW, card, "good", user="U0MAYA").problem == "Hark answered with HTTP 401 (http_error)."
    assert workspace.deliveries.since()[-1].error


def test_an_app_that_is_not_there_is_a_problem_the_person_sees(workspace, card):
    with loopback_socket() as closed:
        nobody = address(closed)
    with httpx.Client() as client:
        injector = Injector(workspace, f"{nobody}/slack/events", SECRET, client)
        assert "connection_failed" in injector.click(REVIEW, card, "good", user="U0MAYA").problem
