"""What the app answers to an interaction: through a response URL, or in the acknowledgement itself."""

from __future__ import annotations

from typing import Any

from bot.playground.call import Call
from bot.playground.people import BOT_USER_ID
from bot.playground.posts import Content
from bot.playground.refusal import Refusal
from bot.playground.response_urls import ResponseUrl
from bot.playground.workspace import Workspace


def answer_response_url(workspace: Workspace, key: str, arguments: dict[str, Any]) -> None:
    """Post, replace or delete, as a response URL was asked to.

    Raises:
        Refusal: The URL is used up or too old, or Slack would not take the message.
    """
    issued = workspace.response_urls.spend(key)
    if Call(workspace, arguments).is_set("delete_original"):
        _delete(workspace, issued)
    else:
        show_answer(workspace, issued, arguments)


def show_answer(workspace: Workspace, issued: ResponseUrl, arguments: dict[str, Any]) -> None:
    """Show an answer where the interaction came from; only its user sees it unless it is ``in_channel``."""
    call = Call(workspace, arguments)
    if issued.ts and call.is_set("replace_original"):
        before = workspace.posts.find(issued.channel, issued.ts).content
        fresh = Content(metadata=before.metadata)
        workspace.posts.edit(issued.channel, issued.ts, call.content(fresh))
        return
    is_public = call.text("response_type") == "in_channel"
    workspace.posts.add(
        issued.channel,
        BOT_USER_ID,
        call.content(),
        thread_ts=call.text("thread_ts") or issued.thread_ts,
        only_for="" if is_public else issued.user,
    )


def _delete(workspace: Workspace, issued: ResponseUrl) -> None:
    if not issued.ts:
        raise Refusal("message_not_found")
    workspace.posts.delete(issued.channel, issued.ts)
