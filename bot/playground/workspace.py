"""One simulated Slack workspace, in memory."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.playground.deliveries import Deliveries, Faults
from bot.playground.people import BOT, CHANNELS, PEOPLE, Channel, Shortcut, User
from bot.playground.posts import Content, Post, Posts
from bot.playground.refusal import Refusal
from bot.playground.response_urls import ResponseUrls
from bot.playground.revisions import Revisions
from bot.playground.surfaces import Surfaces
from bot.playground.uploads import Uploads
from bot.slack.check import check as check_payload
from traces.clock import Clock

Check = Callable[[Mapping[str, Any], Literal["message", "modal", "home"]], list[str]]


@dataclass(frozen=True)
class Workspace:
    """Everything a workspace holds.

    Args:
        clock: Stamps messages.
        url: Where the double is reached, e.g. ``http://127.0.0.1:8788``; goes into response and upload URLs.
        rng: Makes ids; a seeded one makes them repeatable.
        check: Says what Slack would refuse in a payload, one line each.
        shortcuts: The app's shortcuts, as in its manifest.
        commands: The app's slash commands, e.g. ``/hark``.
        ages_by: Lets triggers (3 s) and response URLs (30 min) grow old; ``clock`` unless that one runs faster than
            people click.
    """

    clock: Clock
    url: str = "http://127.0.0.1:8788"
    rng: random.Random = field(default_factory=random.SystemRandom)
    check: Check = check_payload
    people: Sequence[User] = PEOPLE
    channels: Sequence[Channel] = CHANNELS
    shortcuts: Sequence[Shortcut] = ()
    commands: Sequence[str] = ("/hark",)
    ages_by: Clock | None = None
    revisions: Revisions = field(init=False)
    posts: Posts = field(init=False)
    surfaces: Surfaces = field(init=False)
    uploads: Uploads = field(init=False)
    response_urls: ResponseUrls = field(init=False)
    deliveries: Deliveries = field(init=False)
    faults: Faults = field(init=False)

    def __post_init__(self) -> None:
        revisions = Revisions(self.clock, self.rng, self.ages_by or self.clock)
        object.__setattr__(self, "revisions", revisions)
        parts = {
            "posts": Posts,
            "surfaces": Surfaces,
            "uploads": Uploads,
            "response_urls": ResponseUrls,
            "deliveries": Deliveries,
            "faults": Faults,
        }
        for name, part in parts.items():
            object.__setattr__(self, name, part(revisions))

    def user(self, user_id: str) -> User:
        """The person or bot with this id.

        Raises:
            Refusal: ``user_not_found``.
        """
        found = next((u for u in (*self.people, BOT) if u.user_id == user_id), None)
        if found is None:
            raise Refusal("user_not_found")
        return found

    def channel(self, channel_id: str) -> Channel:
        """A channel by id, or a person's direct messages by the id of either.

        Raises:
            Refusal: ``channel_not_found``.
        """
        every = (*self.channels, *(direct_messages(u) for u in self.people))
        found = next((c for c in every if channel_id and channel_id in (c.channel_id, c.im_user)), None)
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def say(self, user_id: str, channel_id: str, text: str, *, thread_ts: str = "") -> Post:
        """Let a person write a message, in which Slack escapes ``&``, ``<`` and ``>``.

        The app is told nothing, for it reads no channels.
        """
        user = self.user(user_id)
        channel = self.channel(channel_id)
        content = Content(html.escape(text, quote=False))
        return self.posts.add(channel.channel_id, user.user_id, content, thread_ts=thread_ts)


def direct_messages(user: User) -> Channel:
    return Channel(f"D{user.user_id[1:]}", user.name, im_user=user.user_id)
