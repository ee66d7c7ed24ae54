"""slack_sdk's own client against the double, over real HTTP on loopback."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.playground.deliveries import Fault
from bot.playground.double import web_api
from bot.playground.people import ALERTS, REVIEW
from bot.playground.serving import loopback_socket, serving
from bot.playground.workspace import Workspace
from traces.clock import FakeClock

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Label"},
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Which?"}}],
}
HOME = {"type": "home", "blocks": MODAL["blocks"]}


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@pytest.fixture
def clock():
    return FakeClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


class Switchboard:
    """One server for the whole module, with a workspace of each test's own behind it."""

    def __init__(self) -> None:
        self.app = None
        self.url = ""

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def slack_server():
    board = Switchboard()
    with serving(board, loopback_socket()) as board.url:
        yield board


@pytest.fixture
def workspace(clock, slack_server):
    workspace = Workspace(clock=clock, url=slack_server.url, rng=random.Random(7))
    slack_server.app = web_api(workspace)
    return workspace


@pytest.fixture
def slack(workspace):
    return WebClient("xoxb-playground-1", base_url=f"{workspace.url}/api/")


def refusal_of(call, **arguments) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return refused.value.response["error"]


def test_the_client_learns_who_it_is(slack):
    answer = slack.auth_test()
    assert (answer["team_id"], answer["bot_id"]) == ("T0PLAYGRND", "B0PLAYHARK")


@pytest.mark.parametrize("token", ["xoxb-1234-5678-abcdef", "xoxp-playground", "nonsense"])
def test_a_token_that_is_not_the_playgrounds_is_refused(workspace, token):
    assert refusal_of(WebClient(token, base_url=f"{workspace.url}/api/").auth_test) == "invalid_auth"


def test_a_call_without_a_token_is_not_authenticated(workspace):
    assert httpx.post(f"{workspace.url}/api/auth.test").json() == {"ok": False, "error": "not_authed"}


def test_an_unknown_method_is_named_so(slack, workspace):
    assert refusal_of(slack.api_call, api_method="chat.shout") == "unknown_method"
    assert workspace.deliveries.since()[-1].error == "unknown_method"


def test_a_posted_message_is_in_the_history_with_its_metadata_only_when_asked_for(slack):
    metadata = {"event_type": "hark_alert", "event_payload": {"alert_id": "a1"}}
    ts = slack.chat_postMessage(channel=ALERTS, text="refusals up", blocks=[section("*up*")], metadata=metadata)["ts"]
    plain = slack.conversations_history(channel=ALERTS)["messages"]
    full = slack.conversations_history(channel=ALERTS, include_all_metadata=True)["messages"]
    assert [m["ts"] for m in plain] == [ts]
    assert "metadata" not in plain[0]
    assert full[0]["metadata"] == metadata
    assert full[0]["blocks"][0]["text"]["text"] == "*up*"


def test_a_reply_stays_in_its_thread_unless_it_is_broadcast(slack):
    root = slack.chat_postMessage(channel=ALERTS, text="root")["ts"]
    slack.chat_postMessage(channel=ALERTS, text="quiet", thread_ts=root)
    slack.chat_postMessage(channel=ALERTS, text="loud", thread_ts=root, reply_broadcast=True)
    thread = slack.conversations_replies(channel=ALERTS, ts=root)["messages"]
    history = slack.conversations_history(channel=ALERTS)["messages"]
    assert [m["text"] for m in thread] == ["root", "quiet", "loud"]
    assert thread[0]["reply_count"] == 2
    assert [m["text"] for m in history] == ["loud", "root"]


def test_history_comes_in_pages_and_between_timestamps(slack):
    stamps = [slack.chat_postMessage(channel=REVIEW, text=str(n))["ts"] for n in range(5)]
    first = slack.conversations_history(channel=REVIEW, limit=2)
    second = slack.conversations_history(channel=REVIEW, limit=2, cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in first["messages"] + second["messages"]] == ["4", "3", "2", "1"]
    between = slack.conversations_history(channel=REVIEW, oldest=stamps[1], latest=stamps[3])
    assert [m["text"] for m in between["messages"]] == ["2"]
    inclusive = slack.conversations_history(channel=REVIEW, oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [m["text"] for m in inclusive["messages"]] == ["3", "2", "1"]


def test_timestamps_are_unique_while_the_clock_stands_still(slack):
    stamps = [slack.chat_postMessage(channel=ALERTS, text="x")["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))


def test_an_update_keeps_what_it_leaves_out(slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="before", blocks=[section("body")])["ts"]
    slack.chat_update(channel=ALERTS, ts=ts, text="after")
    message = slack.conversations_history(channel=ALERTS)["messages"][0]
    assert (message["text"], message["blocks"][0]["text"]["text"]) == ("after", "body")
    assert "edited" in message
    slack.chat_update(channel=ALERTS, ts=ts, text="bare", blocks=[])
    assert "blocks" not in slack.conversations_history(channel=ALERTS)["messages"][0]


def test_a_deleted_message_cannot_be_updated(slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="x")["ts"]
    slack.chat_delete(channel=ALERTS, ts=ts)
    assert refusal_of(slack.chat_update, channel=ALERTS, ts=ts, text="y") == "message_not_found"
    assert slack.conversations_history(channel=ALERTS)["messages"] == []


def test_a_persons_message_is_not_the_apps_to_change(slack, workspace):
    ts = workspace.say("U0MAYA", ALERTS, "hello").ts
    assert refusal_of(slack.chat_update, channel=ALERTS, ts=ts, text="y") == "cant_update_message"
    assert refusal_of(slack.chat_delete, channel=ALERTS, ts=ts) == "cant_delete_message"


def test_only_its_reader_sees_an_ephemeral_message(slack, workspace):
    ts = slack.chat_postEphemeral(channel=REVIEW, user="U0MAYA", text="for you")["message_ts"]
    assert slack.conversations_history(channel=REVIEW)["messages"] == []
    assert [p.ts for p in workspace.posts.changed_since(0, "U0MAYA")] == [ts]
    assert workspace.posts.changed_since(0, "U0JONAS") == []
    assert refusal_of(slack.chat_postEphemeral, channel=REVIEW, user="U0NOBODY", text="x") == "user_not_in_channel"


def test_blocks_that_slack_would_refuse_are_refused_with_the_reason(slack, workspace):
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel=ALERTS, text="x", blocks=[section("")])
    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["errors"]
    logged = workspace.deliveries.since()[-1]
    assert (logged.name, logged.error) == ("chat.postMessage", "invalid_blocks")
    assert list(logged.problems) == refused.value.response["errors"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": ALERTS, "text": " "}, "no_text"),
        ({"channel": ALERTS, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": ALERTS, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"channel": ALERTS, "text": "x", "blocks": "no json"}, "invalid_blocks_format"),
        ({"channel": ALERTS, "text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
        (
            {"channel": ALERTS, "text": "x", "metadata": {"event_type": "e", "event_payload": {"a": "x" * 9000}}},
            "metadata_too_large",
        ),
    ],
)
def test_a_message_slack_would_not_take_is_refused_in_its_words(slack, arguments, error):
    assert refusal_of(slack.api_call, api_method="chat.postMessage", json=arguments) == error


def test_a_modal_opens_updates_and_refuses_a_stale_hash(slack, workspace):
    opened = slack.views_open(trigger_id=workspace.surfaces.issue_trigger("U0MAYA"), view=MODAL)["view"]
    updated = slack.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL)["view"]
    assert updated["hash"] != opened["hash"]
    assert refusal_of(slack.views_update, view_id=opened["id"], hash=opened["hash"], view=MODAL) == "hash_conflict"
    assert refusal_of(slack.views_update, view_id="V0NOWHERE", view=MODAL) == "not_found"


def test_a_trigger_works_once_and_for_three_seconds(slack, workspace, clock):
    spent = workspace.surfaces.issue_trigger("U0MAYA")
    slack.views_open(trigger_id=spent, view=MODAL)
    assert refusal_of(slack.views_open, trigger_id=spent, view=MODAL) == "exchanged_trigger_id"
    late = workspace.surfaces.issue_trigger("U0MAYA")
    clock.advance(timedelta(seconds=3.1))
    assert refusal_of(slack.views_open, trigger_id=late, view=MODAL) == "expired_trigger_id"
    assert refusal_of(slack.views_open, trigger_id="1.2.made-up", view=MODAL) == "invalid_trigger_id"


def test_a_trigger_lives_by_peoples_time_while_the_workspaces_clock_runs_fast(clock):
    fast = FakeClock(clock.now())
    workspace = Workspace(clock=fast, rng=random.Random(7), ages_by=clock)
    trigger = workspace.surfaces.issue_trigger("U0MAYA")
    fast.advance(timedelta(hours=1))
    assert workspace.surfaces.open(trigger, MODAL).user == "U0MAYA"


def test_modals_stack_three_high(slack, workspace):
    def trigger() -> str:
        return workspace.surfaces.issue_trigger("U0MAYA")

    root = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]
    second = slack.views_push(trigger_id=trigger(), view=MODAL)["view"]
    third = slack.views_push(trigger_id=trigger(), view=MODAL)["view"]
    assert (third["root_view_id"], third["previous_view_id"]) == (root["id"], second["id"])
    assert refusal_of(slack.views_push, trigger_id=trigger(), view=MODAL) == "push_limit_reached"


def test_a_bad_view_is_refused_with_the_reason(slack, workspace):
    bad = {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}
    trigger = workspace.surfaces.issue_trigger("U0MAYA")
    assert refusal_of(slack.views_open, trigger_id=trigger, view=bad) == "invalid_arguments"
    assert workspace.deliveries.since()[-1].problems


def test_each_person_has_their_own_app_home(slack, workspace):
    first = slack.views_publish(user_id="U0MAYA", view=HOME)["view"]
    slack.views_publish(user_id="U0MAYA", view=HOME, hash=first["hash"])
    stale = refusal_of(slack.views_publish, user_id="U0MAYA", view=HOME, hash=first["hash"])
    assert stale == "hash_conflict"
    assert workspace.surfaces.home("U0JONAS") is None


def test_a_picture_is_uploaded_and_shown_by_id(slack, workspace):
    root = slack.chat_postMessage(channel=ALERTS, text="root")["ts"]
    answer = slack.files_upload_v2(channel=ALERTS, thread_ts=root, filename="chart.png", title="Chart", content=PNG)
    file_id = answer["file"]["id"]
    assert slack.files_info(file=file_id)["file"]["mimetype"] == "image/png"
    assert slack.conversations_replies(channel=ALERTS, ts=root)["messages"][1]["files"][0]["id"] == file_id
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "chart"}
    assert slack.chat_postMessage(channel=ALERTS, text="x", blocks=[image])["ok"]


def test_a_picture_nobody_uploaded_cannot_be_shown(slack, workspace):
    image = {"type": "image", "slack_file": {"id": "F0MISSING99"}, "alt_text": "chart"}
    assert refusal_of(slack.chat_postMessage, channel=ALERTS, text="x", blocks=[image]) == "invalid_blocks"
    announced = slack.files_getUploadURLExternal(filename="a.png", length=3)
    assert refusal_of(slack.files_info, file=announced["file_id"]) == "file_not_found"
    assert httpx.post(announced["upload_url"], content=b"too long").status_code == 404


def test_people_and_channels_are_found(slack):
    assert slack.users_info(user="U0MAYA")["user"]["real_name"] == "Maya Okafor"
    assert slack.users_info(user="U0OUTSIDE")["user"]["team_id"] == "T0OUTSIDER"
    assert [c["name"] for c in slack.conversations_list()["channels"]] == ["llm-alerts", "llm-review"]
    assert slack.conversations_info(channel=ALERTS)["channel"]["name"] == "llm-alerts"
    assert slack.conversations_open(users="U0MAYA")["channel"]["id"] == "D0MAYA"
    assert refusal_of(slack.users_info, user="U0NOBODY") == "user_not_found"
    assert refusal_of(slack.conversations_info, channel="C0NOWHERE") == "channel_not_found"


def test_a_permalink_names_the_message(slack):
    ts = slack.chat_postMessage(channel=ALERTS, text="x")["ts"]
    link = slack.chat_getPermalink(channel=ALERTS, message_ts=ts)["permalink"]
    assert link.endswith(f"/archives/{ALERTS}/p{ts.replace('.', '')}")


def test_blocks_can_be_validated_without_posting_them(slack):
    assert slack.blocks_validate(blocks=[section("fine")])["ok"]
    assert slack.blocks_validate(view=MODAL)["ok"]
    assert refusal_of(slack.blocks_validate, blocks=[section("")]) == "invalid_blocks"


def test_a_rate_limited_client_that_waits_gets_through(slack, workspace):
    slack.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    workspace.faults.add("chat.postMessage", Fault("rate_limited", seconds=0))
    assert slack.chat_postMessage(channel=ALERTS, text="x")["ok"]
    assert [d.error for d in workspace.deliveries.since()] == ["rate_limited", ""]


def test_a_rate_limit_and_a_server_error_look_like_slacks(slack, workspace):
    workspace.faults.add("chat.postMessage", Fault("rate_limited", seconds=30))
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel=ALERTS, text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "30"
    workspace.faults.add("*", Fault("server_error"))
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel=ALERTS, text="x")
    assert refused.value.response.status_code == 500


@pytest.mark.parametrize(("kind", "arrived"), [("drop", 0), ("drop_after", 1)])
def test_a_cut_connection_leaves_the_client_in_doubt(workspace, kind, arrived):
    slack = WebClient("xoxb-playground-1", base_url=f"{workspace.url}/api/", retry_handlers=[])
    workspace.faults.add("chat.postMessage", Fault(kind))
    with pytest.raises((HTTPException, OSError)):
        slack.chat_postMessage(channel=ALERTS, text="x")
    assert len(workspace.posts.in_channel(ALERTS)) == arrived


def test_a_response_url_answers_five_times_within_thirty_minutes(workspace, clock):
    def respond(key: str, **body) -> httpx.Response:
        return httpx.post(f"{workspace.url}/response/{key}", json=body)

    key = workspace.response_urls.issue(ALERTS, "U0MAYA").key
    assert [respond(key, text="x").status_code for _ in range(6)] == [200] * 5 + [404]
    late = workspace.response_urls.issue(ALERTS, "U0MAYA").key
    clock.advance(timedelta(minutes=31))
    assert respond(late, text="x").json()["error"] == "expired_url"
    assert respond("made-up", text="x").json()["error"] == "invalid_url"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.rebound.example"},
        {"Host": "["},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_another_web_page_cannot_drive_the_double(workspace, headers):
    answer = httpx.post(
        f"{workspace.url}/api/chat.postMessage",
        headers=headers,
        data={"token": "xoxb-playground-1", "channel": ALERTS, "text": "forged"},
    )
    assert answer.status_code == 403
    assert workspace.posts.in_channel(ALERTS) == []


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'{"channel": {"a": 1}}', b'{"channel": null}'])
def test_a_body_that_makes_no_sense_is_refused_not_crashed_on(workspace, body):
    headers = {"Content-Type": "application/json", "Authorization": "Bearer xoxb-playground-1"}
    answer = httpx.post(f"{workspace.url}/api/chat.postMessage", headers=headers, content=body)
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
