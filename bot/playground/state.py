"""What the page shows: everything one person sees, or what changed of it."""

from __future__ import annotations

from typing import Any

from bot.playground.people import BOT, Channel
from bot.playground.posts import Post
from bot.playground.workspace import Workspace, direct_messages


def state_for(workspace: Workspace, viewer: str, since: int) -> dict[str, Any]:
    """What ``viewer`` sees that changed after ``since``; all of it, people and channels included, for 0.

    Raises:
        Refusal: ``user_not_found``.
    """
    own = direct_messages(workspace.user(viewer))
    with workspace.revisions.lock:
        state: dict[str, Any] = {
            "revision": workspace.revisions.latest,
            "posts": [_shown(post) for post in workspace.posts.changed_since(since, viewer) if _is_in_view(post, own)],
            "deliveries": [delivery.as_json() for delivery in workspace.deliveries.since(since)],
        }
        if since == 0 or workspace.surfaces.revision > since:
            home = workspace.surfaces.home(viewer)
            state["home"] = home.as_slack() if home else None
            state["modals"] = [view.as_slack() for view in workspace.surfaces.stack(viewer)]
        return state if since else state | _fixtures(workspace, own)


def _fixtures(workspace: Workspace, own: Channel) -> dict[str, Any]:
    return {
        "people": [u.as_slack() for u in workspace.people],
        "bot": BOT.as_slack(),
        "channels": [c.as_slack() for c in (*workspace.channels, own)],
        "commands": list(workspace.commands),
        "shortcuts": [{"name": s.name, "callback_id": s.callback_id, "kind": s.kind} for s in workspace.shortcuts],
    }


def _is_in_view(post: Post, own: Channel) -> bool:
    return not post.channel.startswith("D") or post.channel == own.channel_id


def _shown(post: Post) -> dict[str, Any]:
    return {
        **post.as_slack(),
        "channel": post.channel,
        "only_for": post.only_for,
        "is_deleted": post.is_deleted,
        "is_broadcast": post.is_broadcast,
        "revision": post.revision,
    }
