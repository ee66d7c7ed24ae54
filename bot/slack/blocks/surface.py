"""What builders return: a message or a view, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bot.slack.limits import VIEW_TITLE
from bot.slack.text import Block, plain, undotted

EVENT_TYPE: Final = "hark_message"
"""Marks our own messages in their metadata, which any app in the workspace can read: it holds ids only."""


News: TypeAlias = Literal["none", "update", "escalation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: ``text`` is its one-line form for notifications and screen readers.

    ``news`` is what a reply in a thread tells those who do not follow it: ``escalation`` that something got worse or is back.
    """

    text: str
    blocks: tuple[Block, ...]
    metadata: Block | None = None
    news: News = "none"

    def payload(self) -> Block:
        """The arguments of chat.postMessage or chat.update, without the channel."""
        payload: Block = {"text": undotted(self.text), "blocks": list(self.blocks)}
        return payload if self.metadata is None else {**payload, "metadata": self.metadata}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal. Without ``submit`` it can only be read and closed."""

    title: str
    blocks: tuple[Block, ...]
    submit: str | None = None
    close: str = "Close"
    callback_id: str = ""
    private_metadata: str = ""
    type: Literal["modal"] = "modal"

    def payload(self) -> Block:
        """The ``view`` argument of views.open, views.push and views.update."""
        payload: Block = {
            "type": self.type,
            "title": plain(self.title, VIEW_TITLE),
            "close": plain(self.close, VIEW_TITLE),
            "blocks": list(self.blocks),
        }
        if self.submit is not None:
            payload["submit"] = plain(self.submit, VIEW_TITLE)
        if self.callback_id:
            payload["callback_id"] = self.callback_id
        if self.private_metadata:
            payload["private_metadata"] = self.private_metadata
        return payload


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """A person's App Home."""

    blocks: tuple[Block, ...]
    private_metadata: str = ""

    def payload(self) -> Block:
        """The ``view`` argument of views.publish."""
        return {"type": "home", "blocks": list(self.blocks), "private_metadata": self.private_metadata}


def delivery(delivery_id: str) -> Block:
    """Metadata by which a message can be found again when its delivery was cut off."""
    return {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery_id}}
