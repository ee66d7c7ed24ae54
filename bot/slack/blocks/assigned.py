"""The message to a person who was given a question to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.parts import actions, button, context, section
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.text import escape, slack_date
from traces.model import Segment

OPEN: Final = "assigned_open"
_NAME: Final = 60
_QUESTION: Final = 300
_WHY: Final = 300

Standing: TypeAlias = Literal["asked", "answered", "elsewhere"]
"""Whether the person is still asked, has answered, or is no longer the one who is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A question that was given to a person.

    Attributes:
        item_id: The review item.
        question: What is asked.
        why: Why the conversation was picked; redacted.
        by: Display name of who gave it; empty once that is not known any more.
        at: When the conversation took place.
        context: Where it took place, such as its application.
        standing: What has become of it.
    """

    item_id: str
    question: str
    why: str
    by: str = ""
    at: datetime | None = None
    context: Segment
    standing: Standing = "asked"


def assigned_message(given: Assignment, *, delivery_id: str) -> Message:
    """Who asks what and why, with a button that opens it; afterwards, what became of it."""
    question = escape(given.question, _QUESTION)
    if given.standing == "answered":
        return _over(f"✔︎ You have answered: {question}", delivery_id)
    if given.standing == "elsewhere":
        return _over(f"↪︎ No longer assigned to you: {question}", delivery_id)
    who = escape(given.by, _NAME) or "Somebody"
    lead = f"👤 {who} asks you to answer: {question}"
    blocks = (
        section(f"👤 {who} asks you to answer\n*{question}*\n{escape(given.why, _WHY)}"),
        context(" · ".join(_origin(given))),
        actions([button("Open", OPEN, str(Token(given.item_id)), style="primary")], f"assigned:{given.item_id}"),
    )
    return Message(text=lead, blocks=blocks, metadata=delivery(delivery_id))


def _over(text: str, delivery_id: str) -> Message:
    return Message(text=text, blocks=(section(text),), metadata=delivery(delivery_id))


def _origin(given: Assignment) -> list[str]:
    parts = [segment_text(given.context)] if given.context.pairs else []
    if given.at is not None:
        parts.append(slack_date(given.at))
    return [*parts, "it stands at the top of your queue, and in nobody else's"]
