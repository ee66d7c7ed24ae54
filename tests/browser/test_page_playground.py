"""The playground's page in a real browser, with a small real slack_bolt app behind it."""

from __future__ import annotations

import os
import random
import shutil
import threading
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from bot.playground.injector import Injector
from bot.playground.people import ALERTS, REVIEW, Shortcut
from bot.playground.server import PAGE_DIR, playground_app
from bot.playground.serving import address, loopback_socket, serving
from bot.playground.workspace import Workspace
from traces.clock import FakeClock

pytestmark = pytest.mark.browser

SECRET = "playground-signing-secret"
CHROMIUM = os.environ.get("HARK_CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def options(*values: str) -> list[dict]:
    return [{"text": plain(value.title()), "value": value} for value in values]


def input_block(block_id: str, label: str, element: dict, **more) -> dict:
    named = {**element, "action_id": block_id}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": named, **more}


CARD = [
    mrkdwn("*Picked* because two evaluators disagree"),
    {
        "type": "actions",
        "block_id": "verdict",
        "elements": [
            {"type": "button", "action_id": "good", "text": plain("Good"), "value": "v1:good"},
            {"type": "button", "action_id": "more", "text": plain("More…"), "value": "v1:more"},
            {
                "type": "button",
                "action_id": "drop",
                "text": plain("Drop"),
                "confirm": {
                    "title": plain("Sure?"),
                    "text": plain("It is gone then."),
                    "confirm": plain("Yes, drop"),
                    "deny": plain("Keep"),
                },
            },
            {"type": "static_select", "action_id": "snooze", "placeholder": plain("Snooze"), "options": options("1h")},
            {"type": "overflow", "action_id": "rest", "options": options("skip", "assign")},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "label",
    "title": plain("Label"),
    "submit": plain("Save"),
    "blocks": [
        input_block("severity", "Severity", {"type": "radio_buttons", "options": options("low", "high")}),
        input_block("labels", "Labels", {"type": "checkboxes", "options": options("pii", "tone")}, optional=True),
        input_block(
            "topics", "Topics", {"type": "multi_static_select", "options": options("refund", "ship")}, optional=True
        ),
        input_block("queue", "Queue", {"type": "static_select", "options": options("one", "two")}, optional=True),
        input_block("note", "Note", {"type": "plain_text_input", "multiline": True}, optional=True),
    ],
}
HOURS = [f"{hour:02d}:00" for hour in range(0, 24, 2)]
CHART = {
    "type": "data_visualization",
    "title": "Refusal rate",
    "chart": {
        "type": "line",
        "series": [{"name": "rate", "data": [{"label": hour, "value": n} for n, hour in enumerate(HOURS)]}],
        "axis_config": {"categories": HOURS},
    },
}


def small_app(base_url: str) -> App:
    client = WebClient("xoxb-playground-1", base_url=f"{base_url}/api/")
    app = App(client=client, signing_secret=SECRET, process_before_response=True)

    def edit(body: dict, text: str) -> None:
        place = body["container"]
        channel, ts = place["channel_id"], place["message_ts"]
        client.chat_update(channel=channel, ts=ts, text=text, blocks=[mrkdwn(text)])

    @app.action("good")
    def good(ack, body):
        ack()
        edit(body, f"👍 good, says <@{body['user']['id']}>")

    @app.action("drop")
    def drop(ack, body):
        ack()
        edit(body, "dropped")

    @app.action("snooze")
    @app.action("rest")
    def choose(ack, body, action):
        ack()
        edit(body, f"chose {action['selected_option']['value']}")

    @app.action("more")
    def more(ack, body):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.action("next")
    def following(ack, body):
        ack()
        client.views_publish(user_id=body["user"]["id"], view={"type": "home", "blocks": [mrkdwn("next ten")]})

    @app.view("label")
    def save(ack, body, view):
        values = view["state"]["values"]
        if values["note"]["note"]["value"] == "short":
            ack(response_action="errors", errors={"note": "Say more."})
            return
        ack()
        severity = values["severity"]["severity"]["selected_option"]["value"]
        labels = [o["value"] for o in values["labels"]["labels"]["selected_options"]]
        topics = [o["value"] for o in values["topics"]["topics"]["selected_options"]]
        queue = values["queue"]["queue"]["selected_option"]["value"]
        client.chat_postMessage(channel=REVIEW, text=f"saved {severity} {labels} {topics} {queue}")

    @app.command("/hark")
    def command(ack, command):
        ack(text=f"you asked for {command['text']}")

    @app.shortcut("flag")
    def flag(ack, body):
        ack()
        client.chat_postMessage(channel=REVIEW, text=f"flagged: {body['message']['text']}")

    @app.event("app_home_opened")
    def home(event):
        button = {"type": "button", "action_id": "next", "text": plain("Next 10")}
        blocks = [mrkdwn(f"queue of {event['user']}"), {"type": "actions", "elements": [button]}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    return app


def served(app: App) -> Starlette:
    async def endpoint(request):
        asked = to_bolt_request(request, await request.body())
        return to_starlette_response(await run_in_threadpool(app.dispatch, asked))

    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: install one, or name it in HARK_CHROMIUM")
    if not (PAGE_DIR / "app.js").is_file():
        pytest.skip("the playground's page is not built: run `make setup`")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def workspace():
    """A workspace whose app and page are being served."""
    slack, app = loopback_socket(), loopback_socket()
    clock = FakeClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    flag = Shortcut("Send to Hark review", "flag", "message")
    workspace = Workspace(clock=clock, url=address(slack), rng=random.Random(5), shortcuts=(flag,))
    with httpx.Client() as client:
        injector = Injector(workspace, f"{address(app)}/slack/events", SECRET, client, ack_limit_s=20)
        with serving(playground_app(workspace, injector), slack), serving(served(small_app(workspace.url)), app):
            yield workspace


@pytest.fixture
def slack(workspace):
    return WebClient("xoxb-playground-1", base_url=f"{workspace.url}/api/")


@pytest.fixture
def page(browser, workspace):
    """The page, opened; whatever it complains about fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    lock = threading.Lock()

    def complain(text: str) -> None:
        with lock:
            complaints.append(text)

    page.on("pageerror", lambda error: complain(str(error)))
    page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: (complain(dialog.message), dialog.dismiss()))
    page.goto(workspace.url)
    expect(page.get_by_test_id(f"channel-{ALERTS}")).to_be_visible()
    yield page
    page.close()
    assert complaints == []


def test_a_posted_message_appears_and_changes_when_its_button_is_clicked(page, slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="card", blocks=CARD)["ts"]
    message = page.get_by_test_id(f"message-{ts}")
    expect(message).to_contain_text("Picked because two evaluators disagree")
    message.get_by_role("button", name="Good").click()
    expect(message).to_contain_text("good, says @Maya Okafor")
    expect(message.get_by_role("button", name="Good")).to_have_count(0)


def test_menus_and_selects_say_what_was_chosen(page, slack):
    first = slack.chat_postMessage(channel=ALERTS, text="card", blocks=CARD)["ts"]
    second = slack.chat_postMessage(channel=ALERTS, text="card", blocks=CARD)["ts"]
    page.get_by_test_id(f"message-{first}").get_by_label("Snooze").select_option("1h")
    expect(page.get_by_test_id(f"message-{first}")).to_contain_text("chose 1h")
    menu = page.get_by_test_id(f"message-{second}").get_by_role("button", name="More actions")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Skip")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id(f"message-{second}")).to_contain_text("chose assign")


def test_a_confirmation_is_asked_for_first(page, slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="card", blocks=CARD)["ts"]
    message = page.get_by_test_id(f"message-{ts}")
    message.get_by_role("button", name="Drop").click()
    page.get_by_role("button", name="Keep").click()
    expect(message).to_contain_text("Picked because")
    message.get_by_role("button", name="Drop").click()
    page.get_by_role("button", name="Yes, drop").click()
    expect(message).to_contain_text("dropped")


def test_a_form_opens_shows_its_errors_and_is_submitted(page, slack):
    ts = slack.chat_postMessage(channel=REVIEW, text="card", blocks=CARD)["ts"]
    page.get_by_test_id(f"channel-{REVIEW}").click()
    page.get_by_test_id(f"message-{ts}").get_by_role("button", name="More…").click()
    form = page.get_by_test_id("modal")
    expect(form).to_be_visible()
    page.get_by_test_id("modal-submit").click()
    expect(form).to_contain_text("Please complete this required field.")
    form.get_by_label("High").check()
    form.get_by_label("Pii").check()
    form.get_by_label("Refund").check()
    form.get_by_role("combobox", name="Queue").select_option("two")
    form.get_by_role("textbox", name="Note").fill("short")
    page.get_by_test_id("modal-submit").click()
    expect(form).to_contain_text("Say more.")
    form.get_by_role("textbox", name="Note").fill("it promised a refund that nobody may give")
    page.get_by_test_id("modal-submit").click()
    expect(form).to_have_count(0)
    expect(page.get_by_text("saved high ['pii'] ['refund'] two")).to_be_visible()


def test_escape_closes_a_form_and_gives_the_focus_back(page, slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="card", blocks=CARD)["ts"]
    page.get_by_test_id(f"message-{ts}").get_by_role("button", name="More…").click()
    expect(page.get_by_test_id("modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("modal")).to_have_count(0)
    expect(page.get_by_test_id(f"message-{ts}").get_by_role("button", name="More…")).to_be_focused()


def test_a_slash_command_is_answered_to_who_asked_and_nobody_else(page):
    field = page.get_by_test_id("slash-input")
    field.fill("/hark status")
    field.press("Enter")
    expect(page.get_by_text("you asked for status")).to_be_visible()
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    page.get_by_test_id("act-as").select_option("U0JONAS")
    expect(page.get_by_test_id("act-as")).to_have_value("U0JONAS")
    expect(page.get_by_text("you asked for status")).to_have_count(0)


def test_what_goes_wrong_is_said_and_logged(page, workspace):
    field = page.get_by_test_id("slash-input")
    field.fill("/nonsense")
    field.press("Enter")
    expect(page.get_by_test_id("toast")).to_contain_text("/nonsense is not a valid command")
    bad = WebClient("xoxb-playground-1", base_url=f"{workspace.url}/api/")
    with pytest.raises(Exception, match="invalid_blocks"):
        bad.chat_postMessage(channel=ALERTS, text="x", blocks=[mrkdwn("")])
    page.get_by_test_id("delivery-log-toggle").click()
    expect(page.get_by_test_id("delivery-log")).to_contain_text("invalid_blocks")


def test_a_thread_opens_beside_its_message_and_follows_it(page, slack):
    root = slack.chat_postMessage(channel=ALERTS, text="refusals up")["ts"]
    slack.chat_postMessage(channel=ALERTS, text="first example", thread_ts=root)
    page.get_by_test_id(f"replies-{root}").click()
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("first example")
    reply = slack.chat_postMessage(channel=ALERTS, text="second", blocks=CARD, thread_ts=root)["ts"]
    thread.get_by_test_id(f"message-{reply}").get_by_role("button", name="Good").click()
    expect(thread.get_by_test_id(f"message-{reply}")).to_contain_text("good, says")
    page.get_by_role("button", name="Close thread").click()
    expect(thread).to_have_count(0)


def test_the_app_home_is_drawn_when_it_is_opened_and_its_buttons_work(page):
    page.get_by_test_id("channel-home").click()
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("queue of U0MAYA")
    home.get_by_role("button", name="Next 10").click()
    expect(home).to_contain_text("next ten")


def test_a_message_shortcut_reaches_the_app(page, workspace):
    ts = workspace.say("U0TOMAS", ALERTS, "is this normal?").ts
    message = page.get_by_test_id(f"message-{ts}")
    message.hover()
    message.get_by_role("button", name="Message shortcuts").click()
    page.get_by_role("menuitem", name="Send to Hark review").click()
    page.get_by_test_id(f"channel-{REVIEW}").click()
    expect(page.get_by_text("flagged: is this normal?")).to_be_visible()


def test_a_native_chart_a_table_and_markdown_are_drawn(page, slack):
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in (["segment", "rate"], ["de", "31 %"])]
    chart = slack.chat_postMessage(channel=ALERTS, text="chart", blocks=[CHART])["ts"]
    table = slack.chat_postMessage(channel=ALERTS, text="table", blocks=[{"type": "table", "rows": cells}])["ts"]
    shown = [{"type": "markdown", "text": "**Hypothesis**\n\n1. prompt v42"}]
    markdown = slack.chat_postMessage(channel=ALERTS, text="markdown", blocks=shown)["ts"]
    drawn = page.get_by_test_id(f"message-{chart}").get_by_role("figure", name="Refusal rate")
    expect(drawn.locator("path.line")).to_have_count(1)
    expect(drawn.get_by_role("listitem").first).to_have_text("22:00")
    drawn.locator("svg").hover()
    expect(drawn.get_by_role("listitem").first).not_to_have_text("22:00")
    drawn.get_by_text("Show the numbers").click()
    expect(drawn.get_by_role("row", name="04:00")).to_contain_text("2")
    expect(page.get_by_test_id(f"message-{table}").get_by_role("cell", name="31 %")).to_be_visible()
    expect(page.get_by_test_id(f"message-{markdown}").get_by_role("listitem")).to_have_text("prompt v42")


def test_a_date_is_shown_in_the_readers_own_time(page, slack):
    at = int(datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp())
    ts = slack.chat_postMessage(channel=ALERTS, text="x", blocks=[mrkdwn(f"since <!date^{at}^{{date_num}}|then>")])[
        "ts"
    ]
    expect(page.get_by_test_id(f"message-{ts}")).to_contain_text("since 2026-01-02")


HOSTILE = (
    "<script>window.pwned=1</script> <img src=x onerror=window.pwned=1> <javascript:window.pwned=1|tap> "
    '<data:text/html,<script>window.pwned=1</script>|data> <https://example.com/"onmouseover="window.pwned=1|web> '
    "[md](javascript:window.pwned=1) &lt;img src=x onerror=window.pwned=1&gt;"
)


def test_hostile_text_stays_text(page, slack, workspace):
    blocks = [
        mrkdwn(HOSTILE),
        {"type": "header", "text": plain(HOSTILE[:140])},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": HOSTILE}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": HOSTILE}]},
        {"type": "markdown", "text": HOSTILE},
        {"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}]]},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": HOSTILE},
                        {"type": "link", "url": "https://example.com/x", "text": HOSTILE},
                    ],
                }
            ],
        },
        {"type": "actions", "elements": [{"type": "button", "action_id": "b", "text": plain(HOSTILE[:70])}]},
    ]
    ts = slack.chat_postMessage(channel=ALERTS, text="x", blocks=blocks)["ts"]
    raw = workspace.say("U0TOMAS", ALERTS, HOSTILE).ts
    expect(page.get_by_test_id(f"message-{raw}")).to_contain_text("window.pwned")
    for place in (ts, raw):
        message = page.get_by_test_id(f"message-{place}")
        assert message.locator("script, iframe, img").count() == 0
        links = message.locator("a").evaluate_all("links => links.map(link => new URL(link.href).protocol)")
        assert set(links) <= {"https:"}
        assert message.locator("[onerror], [onmouseover]").count() == 0
    assert page.evaluate("window.pwned") is None


LOSSLESS = [
    "<b>it starts with a tag</b> and ends",
    "it costs $5 or $6, at 10:30:45",
    "# not a heading\n- nor a list\n---\n| a | b |\n|---|---|",
    "2*3*4 and snake_case_name and __init__ and a < b && c > d",
    "[text](javascript:alert(1)) and <!-- a comment -->",
]


@pytest.mark.parametrize("text", LOSSLESS)
def test_nothing_that_people_wrote_is_lost(page, slack, workspace, text):
    written = workspace.say("U0TOMAS", ALERTS, text)
    quoted = slack.chat_postMessage(channel=ALERTS, text="x", blocks=[mrkdwn(written.content.text)])["ts"]
    for ts in (written.ts, quoted):
        shown = page.get_by_test_id(f"message-{ts}").locator(".mrkdwn")
        expect(shown).to_be_visible()
        assert shown.inner_text() == text


def test_mrkdwn_looks_as_in_slack(page, slack):
    text = "*bold* _it_ ~no~ `code *x*` <https://example.com|a *link*>\n> quoted\n```\nmore *code*\n```:tada:"
    ts = slack.chat_postMessage(channel=ALERTS, text="x", blocks=[mrkdwn(text)])["ts"]
    shown = page.get_by_test_id(f"message-{ts}").locator(".mrkdwn")
    expect(shown.locator("strong").first).to_have_text("bold")
    expect(shown.locator("em")).to_have_text("it")
    expect(shown.locator("s")).to_have_text("no")
    expect(shown.locator("code")).to_have_text("code *x*")
    expect(shown.locator("a strong")).to_have_text("link")
    expect(shown.locator("blockquote")).to_have_text("quoted")
    expect(shown.locator("pre")).to_have_text("more *code*")
    expect(shown).to_contain_text("🎉")


def test_the_list_of_messages_is_announced_and_the_page_says_what_it_is(page):
    expect(page.get_by_text("simulated workspace, simulated conversations")).to_be_visible()
    assert page.get_by_role("log").first.get_attribute("aria-live") == "polite"
    for role, name in [("navigation", "Channels and apps"), ("combobox", "Act as")]:
        expect(page.get_by_role(role, name=name)).to_be_visible()
