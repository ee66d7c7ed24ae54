"""``files.*``: the three-step upload and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.playground.call import Call
from bot.playground.people import BOT_USER_ID
from bot.playground.posts import Content
from bot.playground.refusal import Refusal

UPLOAD_LIMIT = 20_000_000


def get_upload_url(call: Call) -> dict[str, Any]:
    length = call.number("length", 0)
    if not 0 < length <= UPLOAD_LIMIT:
        raise Refusal("invalid_arguments", [f"length must be between 1 and {UPLOAD_LIMIT}"])
    file = call.workspace.uploads.announce(call.required("filename"), length)
    return {"upload_url": f"{call.workspace.url}/upload/v1/{file.key}", "file_id": file.file_id}


def complete_upload(call: Call) -> dict[str, Any]:
    named = call.decoded("files")
    if not isinstance(named, list) or not all(isinstance(f, Mapping) and f.get("id") for f in named):
        raise Refusal("invalid_arguments", ["missing required field: files"])
    workspace = call.workspace
    channel = call.channel_id("channel_id") if call.text("channel_id") else ""
    done = [workspace.uploads.complete(str(f["id"]), str(f.get("title") or ""), channel) for f in named]
    shown = [file.as_slack(workspace.url) for file in done]
    if channel:
        content = Content(call.text("initial_comment"), files=shown)
        workspace.posts.add(channel, BOT_USER_ID, content, thread_ts=call.text("thread_ts"))
    return {"files": shown}


def info(call: Call) -> dict[str, Any]:
    file = call.workspace.uploads.find(call.required("file"))
    if not file.is_complete:
        raise Refusal("file_not_found")
    return {"file": file.as_slack(call.workspace.url), "comments": [], "content_html": None}
