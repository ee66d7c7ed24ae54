"""``conversations.*``, ``users.*``, ``auth.test`` and ``api.test``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from bot.playground.call import Call
from bot.playground.people import BOT, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID
from bot.playground.posts import Post
from bot.playground.refusal import Refusal

PAGE_LIMIT = 999

T = TypeVar("T")


def auth_test(call: Call) -> dict[str, Any]:
    return {
        "url": f"{call.workspace.url}/",
        "team": TEAM_DOMAIN,
        "user": BOT.name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> dict[str, Any]:
    if error := call.text("error"):
        raise Refusal(error)
    return {"args": {name: value for name, value in call.arguments.items() if name != "token"}}


def info(call: Call) -> dict[str, Any]:
    return {"channel": call.workspace.channel(call.required("channel")).as_slack()}


def open_conversation(call: Call) -> dict[str, Any]:
    return {"channel": call.workspace.channel(call.required("users")).as_slack()}


def list_conversations(call: Call) -> dict[str, Any]:
    page, cursor = _page(call, call.workspace.channels, 100)
    return {"channels": [c.as_slack() for c in page], "response_metadata": {"next_cursor": cursor}}


def list_users(call: Call) -> dict[str, Any]:
    page, cursor = _page(call, [*call.workspace.people, BOT], 100)
    return {"members": [u.as_slack() for u in page], "response_metadata": {"next_cursor": cursor}}


def user_info(call: Call) -> dict[str, Any]:
    return {"user": call.workspace.user(call.required("user")).as_slack()}


def user_by_email(call: Call) -> dict[str, Any]:
    email = call.required("email")
    found = next((u for u in call.workspace.people if u.email == email), None)
    if found is None:
        raise Refusal("users_not_found")
    return {"user": found.as_slack()}


def history(call: Call) -> dict[str, Any]:
    return _messages(call, call.workspace.posts.in_channel(call.channel_id()))


def replies(call: Call) -> dict[str, Any]:
    return _messages(call, call.workspace.posts.in_thread(call.channel_id(), call.required("ts")))


def _messages(call: Call, posts: Sequence[Post]) -> dict[str, Any]:
    page, cursor = _page(call, [p for p in posts if _is_within(call, p.ts)], 100)
    posted = call.workspace.posts
    messages = [
        p.as_slack(
            include_metadata=call.is_set("include_all_metadata"), reply_count=posted.reply_count(p.channel, p.ts)
        )
        for p in page
    ]
    return {"messages": messages, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _is_within(call: Call, ts: str) -> bool:
    try:
        at, oldest, latest = float(ts), float(call.text("oldest") or 0), float(call.text("latest") or "inf")
    except ValueError:
        raise Refusal("invalid_arguments", ["oldest and latest must be timestamps"]) from None
    edges = (oldest, latest) if call.is_set("inclusive") else ()
    return oldest < at < latest or at in edges


def _page(call: Call, items: Sequence[T], default: int) -> tuple[Sequence[T], str]:
    limit = call.number("limit", default)
    if not 1 <= limit <= PAGE_LIMIT:
        raise Refusal("invalid_limit")
    cursor = call.text("cursor")
    if cursor and not cursor.isdecimal():
        raise Refusal("invalid_cursor")
    start = int(cursor or 0)
    end = start + limit
    return items[start:end], str(end) if end < len(items) else ""
