"""What the playground's page asks for and does, without a browser."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import httpx
import pytest

from bot.playground.injector import Injector
from bot.playground.people import ALERTS, BOT_USER_ID, Shortcut
from bot.playground.posts import Content
from bot.playground.server import playground_app
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from traces.clock import FakeClock

HEADERS = {"X-Hark-Playground": "1"}
BUTTON = {"type": "button", "action_id": "ok", "text": {"type": "plain_text", "text": "OK"}, "value": "1"}
PNG = b"\x89PNG\r\n\x1a\n"
CARD = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]


@pytest.fixture
def workspace():
    clock = FakeClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    flag = Shortcut("Send to Hark review", "flag", "message")
    return Workspace(clock=clock, rng=random.Random(1), shortcuts=(flag,))


@pytest.fixture
def sent():
    return []


class Switchboard:
    """One server for the whole module, with a playground of each test's own behind it."""

    def __init__(self) -> None:
        self.app = None
        self.url = ""

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def server():
    board = Switchboard()
    with serving(board, loopback_socket()) as board.url:
        yield board


@pytest.fixture
def page(workspace, sent, tmp_path, server):
    def app(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(app)) as client, httpx.Client(base_url=server.url) as page:
        injector = Injector(workspace, "http://127.0.0.1:9/slack/events", "secret", client)
        server.app = playground_app(workspace, injector, tmp_path)
        yield page


def state(page, user="U0MAYA", **query) -> dict:
    return page.get("/playground/state", params={"user": user, **query}).json()


def test_a_page_that_is_not_built_says_how_to_build_it(page):
    answer = page.get("/")
    assert (answer.status_code, answer.text) == (
        503,
        "The playground's page is not built yet: run `make setup`.\n",
    )


def test_the_built_page_may_run_nothing_but_its_own_script(page, tmp_path):
    (tmp_path / "index.html").write_text("<p>page</p>")
    for path in ("/", f"/archives/{ALERTS}/p1000000"):
        policy = page.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy


def test_the_first_state_holds_everything_and_the_next_only_what_changed(page, workspace):
    workspace.say("U0MAYA", ALERTS, "first")
    whole = state(page)
    assert [c["id"] for c in whole["channels"]] == [ALERTS, "C0REVIEW", "D0MAYA"]
    assert [p["text"] for p in whole["posts"]] == ["first"]
    workspace.say("U0MAYA", ALERTS, "second")
    change = state(page, since=whole["revision"])
    assert [p["text"] for p in change["posts"]] == ["second"]
    assert "people" not in change


def test_a_deleted_message_is_told_as_deleted_and_says_nothing_more(page, workspace):
    post = workspace.say("U0MAYA", ALERTS, "gone soon")
    seen = state(page)["revision"]
    workspace.posts.delete(ALERTS, post.ts)
    (gone,) = state(page, since=seen)["posts"]
    assert (gone["is_deleted"], gone["text"]) == (True, "")


def test_what_is_for_one_person_is_shown_to_that_person_only(page, workspace):
    workspace.posts.add(ALERTS, BOT_USER_ID, Content("psst"), only_for="U0MAYA")
    workspace.posts.add("D0MAYA", BOT_USER_ID, Content("direct"))
    assert [p["text"] for p in state(page)["posts"]] == ["psst", "direct"]
    assert state(page, user="U0JONAS")["posts"] == []


def test_waiting_for_news_ends_when_there_is_some(page, workspace):
    workspace.say("U0MAYA", ALERTS, "news")
    assert state(page, since=0, wait=1)["posts"]
    assert state(page, user="U0NOBODY") == {"ok": False, "error": "user_not_found"}


def test_a_click_is_sent_to_the_app_signed(page, workspace, sent):
    post = workspace.posts.add(ALERTS, BOT_USER_ID, Content("card", CARD))
    click = {"channel": ALERTS, "ts": post.ts, "block_id": "b", "action_id": "ok", "user": "U0MAYA"}
    assert page.post("/playground/click", json=click, headers=HEADERS).json()["ok"]
    assert sent[0].headers["X-Slack-Signature"].startswith("v0=")


def test_a_page_of_another_origin_can_do_nothing(page, workspace, sent):
    say = {"channel": ALERTS, "text": "forged", "user": "U0MAYA"}
    assert page.post("/playground/say", json=say).status_code == 403
    forged = {**HEADERS, "Origin": "https://elsewhere.example"}
    assert page.post("/playground/say", json=say, headers=forged).status_code == 403
    assert page.get("/playground/state", headers={"Host": "rebound.example"}).status_code == 403
    assert workspace.posts.in_channel(ALERTS) == []
    assert sent == []


def test_its_own_origin_may(page, workspace, server):
    own = {**HEADERS, "Origin": server.url}
    say = {"channel": ALERTS, "text": "hello", "user": "U0MAYA"}
    assert page.post("/playground/say", json=say, headers=own).json()["ok"]
    assert [p.content.text for p in workspace.posts.in_channel(ALERTS)] == ["hello"]


def test_a_command_the_app_does_not_have_is_not_sent(page, sent):
    say = {"channel": ALERTS, "text": "/giphy cats", "user": "U0MAYA"}
    assert "not a valid command" in page.post("/playground/say", json=say, headers=HEADERS).json()["problem"]
    assert sent == []


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("click", b"{"),
        ("click", b"[]"),
        ("click", b"{}"),
        ("click", b'{"channel": 3}'),
        ("click", b'{"view_id": "V1", "user": "U0MAYA"}'),
        ("submit", b'{"view_id": "V1", "user": "U0MAYA", "values": []}'),
        ("close", b'{"view_id": "V1", "user": "U0MAYA"}'),
        ("say", b'{"text": " "}'),
        ("say", b'{"text": "hi", "channel": "C0NOWHERE", "user": "U0MAYA"}'),
        ("shortcut", b'{"callback_id": "flag", "user": "U0NOBODY"}'),
        ("shortcut", b'{"callback_id": "flag", "user": "U0MAYA", "channel": "C0ALERTS", "ts": "1.2"}'),
        ("home", b'{"user": "U0NOBODY"}'),
    ],
)
def test_an_action_that_makes_no_sense_is_refused_in_one_line(page, action, body, sent):
    answer = page.post(f"/playground/{action}", content=body, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.json()["problem"]
    assert "\n" not in answer.json()["problem"]
    assert sent == []


def test_an_unknown_action_is_not_found(page):
    assert page.post("/playground/explode", json={}, headers=HEADERS).status_code == 404


def test_a_picture_is_shown_and_anything_else_downloaded(page, workspace):
    def uploaded(content: bytes) -> str:
        file = workspace.uploads.announce("a", len(content))
        workspace.uploads.receive(file.key, content)
        return workspace.uploads.complete(file.file_id, "a", ALERTS).file_id

    png = page.get(f"/files/{uploaded(PNG)}")
    html = page.get(f"/files/{uploaded(b'<script>alert(1)</script>')}")
    assert (png.headers["content-type"], png.headers["content-disposition"]) == ("image/png", "inline")
    assert html.headers["content-type"] == "application/octet-stream"
    assert html.headers["content-disposition"] == "attachment"
    assert page.get("/files/F0NOTHING").status_code == 404
