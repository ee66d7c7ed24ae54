"""``chat.*``: post, edit, delete."""

from __future__ import annotations

from typing import Any

from bot.playground.call import Call
from bot.playground.people import BOT_USER_ID, TEAM_ID
from bot.playground.posts import Post
from bot.playground.refusal import Refusal


def post_message(call: Call) -> dict[str, Any]:
    post = call.workspace.posts.add(
        call.channel_id(),
        BOT_USER_ID,
        call.content(),
        thread_ts=call.text("thread_ts"),
        is_broadcast=call.is_set("reply_broadcast"),
    )
    return {"channel": post.channel, "ts": post.ts, "message": post.as_slack()}


def update(call: Call) -> dict[str, Any]:
    post = _own(call, "cant_update_message")
    edited = call.workspace.posts.edit(post.channel, post.ts, call.content(post.content))
    return {"channel": post.channel, "ts": post.ts, "text": edited.content.text, "message": edited.as_slack()}


def delete(call: Call) -> dict[str, Any]:
    post = _own(call, "cant_delete_message")
    call.workspace.posts.delete(post.channel, post.ts)
    return {"channel": post.channel, "ts": post.ts}


def post_ephemeral(call: Call) -> dict[str, Any]:
    channel, user = call.channel_id(), call.required("user")
    if user not in {u.user_id for u in call.workspace.people}:
        raise Refusal("user_not_in_channel")
    post = call.workspace.posts.add(
        channel, BOT_USER_ID, call.content(), thread_ts=call.text("thread_ts"), only_for=user
    )
    return {"message_ts": post.ts}


def get_permalink(call: Call) -> dict[str, Any]:
    post = call.workspace.posts.find(call.channel_id(), call.required("message_ts"))
    thread = f"?thread_ts={post.thread_ts}&cid={post.channel}" if post.thread_ts else ""
    link = f"{call.workspace.url}/archives/{post.channel}/p{post.ts.replace('.', '')}{thread}"
    return {"channel": post.channel, "permalink": link, "team": TEAM_ID}


def _own(call: Call, refusal: str) -> Post:
    post = call.workspace.posts.find(call.channel_id(), call.required("ts"))
    # An ephemeral message can be changed through its response URL only.
    if post.only_for:
        raise Refusal("message_not_found")
    if post.user != BOT_USER_ID:
        raise Refusal(refusal)
    return post
