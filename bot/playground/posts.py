"""The messages of a workspace: channels, threads, edits, and those only one person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.playground.elements import with_block_ids
from bot.playground.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID
from bot.playground.refusal import Refusal
from bot.playground.revisions import Revisions

Blocks = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says.

    Attributes:
        text: The message, or with blocks what a notification shows.
        metadata: ``event_type`` and ``event_payload``; read back only by who asks for it.
        files: File objects shown with the message.
    """

    text: str = ""
    blocks: Blocks = ()
    attachments: Blocks = ()
    metadata: Mapping[str, Any] | None = None
    files: Blocks = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One message.

    Attributes:
        ts: Its id within the channel, seconds since 1970 with six decimals.
        thread_ts: The root of the thread it belongs to, if any.
        only_for: The one user who sees it, for an ephemeral message.
        is_broadcast: A thread reply that the channel shows too.
        revision: When it last changed, in the workspace's count.
    """

    channel: str
    ts: str
    user: str
    content: Content
    thread_ts: str = ""
    only_for: str = ""
    is_broadcast: bool = False
    edited_ts: str = ""
    is_deleted: bool = False
    revision: int = 0

    def as_slack(self, *, include_metadata: bool = False, reply_count: int = 0) -> dict[str, Any]:
        """The message object of Slack's API; metadata only where it was asked for."""
        content = self.content
        message: dict[str, Any] = {"type": "message", "user": self.user, "text": content.text, "ts": self.ts}
        if self.user == BOT_USER_ID:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM_ID}
        if self.thread_ts or reply_count:
            message["thread_ts"] = self.thread_ts or self.ts
        if reply_count:
            message["reply_count"] = reply_count
        if self.is_broadcast:
            message["subtype"] = "thread_broadcast"
        if self.edited_ts:
            message["edited"] = {"user": self.user, "ts": self.edited_ts}
        if include_metadata and content.metadata:
            message["metadata"] = dict(content.metadata)
        parts = {"blocks": content.blocks, "attachments": content.attachments, "files": content.files}
        return message | {name: list(part) for name, part in parts.items() if part}


@dataclass
class Posts:
    """Every message, by channel and timestamp."""

    revisions: Revisions
    _posts: dict[tuple[str, str], Post] = field(default_factory=dict)

    def add(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        thread_ts: str = "",
        only_for: str = "",
        is_broadcast: bool = False,
    ) -> Post:
        """Post a message.

        Raises:
            Refusal: ``thread_not_found`` when the thread's root is not there.
        """
        with self.revisions.lock:
            root = self._thread_root(channel, thread_ts) if thread_ts else ""
            post = Post(channel, self.revisions.next_ts(), user, content, root, only_for, is_broadcast and bool(root))
            return self._keep(post)

    def find(self, channel: str, ts: str) -> Post:
        """The message at ``ts``.

        Raises:
            Refusal: ``message_not_found`` when there is none, or no longer.
        """
        with self.revisions.lock:
            post = self._posts.get((channel, ts))
        if post is None or post.is_deleted:
            raise Refusal("message_not_found")
        return post

    def edit(self, channel: str, ts: str, content: Content) -> Post:
        with self.revisions.lock:
            post = self.find(channel, ts)
            return self._keep(replace(post, content=content, edited_ts=self.revisions.next_ts()))

    def delete(self, channel: str, ts: str) -> Post:
        with self.revisions.lock:
            return self._keep(replace(self.find(channel, ts), is_deleted=True, content=Content()))

    def in_channel(self, channel: str) -> list[Post]:
        """What the channel itself shows to everyone, newest first."""
        return [p for p in self._alive(channel) if not p.only_for and (not p.thread_ts or p.is_broadcast)][::-1]

    def in_thread(self, channel: str, root_ts: str) -> list[Post]:
        """The root and its replies, oldest first.

        Raises:
            Refusal: ``thread_not_found`` when there is no such root.
        """
        root = self._thread_root(channel, root_ts)
        return [p for p in self._alive(channel) if not p.only_for and root in (p.ts, p.thread_ts)]

    def reply_count(self, channel: str, root_ts: str) -> int:
        return sum(p.thread_ts == root_ts and not p.only_for for p in self._alive(channel))

    def changed_since(self, revision: int, viewer: str) -> list[Post]:
        """What ``viewer`` may see and changed after ``revision``, deletions included, oldest first."""
        with self.revisions.lock:
            posts = list(self._posts.values())
        return [p for p in posts if p.revision > revision and p.only_for in ("", viewer)]

    def _alive(self, channel: str) -> list[Post]:
        with self.revisions.lock:
            return [p for p in self._posts.values() if p.channel == channel and not p.is_deleted]

    def _thread_root(self, channel: str, ts: str) -> str:
        post = self._posts.get((channel, ts))
        if post is None or post.is_deleted:
            raise Refusal("thread_not_found")
        return post.thread_ts or post.ts

    def _keep(self, post: Post) -> Post:
        blocks = with_block_ids(post.content.blocks, self.revisions.next_id)
        kept = replace(post, content=replace(post.content, blocks=blocks), revision=self.revisions.next())
        self._posts[kept.channel, kept.ts] = kept
        return kept
