"""The button under an answer that shows it to the channel, and the answer as the channel sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.slack.blocks.parts import actions, button, context
from bot.slack.blocks.surface import Message, delivery
from bot.slack.blocks.tokens import Token
from bot.slack.limits import MESSAGE_BLOCKS
from bot.slack.text import code, escape

SHARE: Final = "answer_share"
_NAME: Final = 80
_QUERY: Final = 300
_QUESTION: Final = 300


def with_share(message: Message, answer_id: str) -> Message:
    """The answer with its Share button, where there is room for one."""
    if len(message.blocks) >= MESSAGE_BLOCKS:
        return message
    block = actions([button("Share to channel", SHARE, str(Token(answer_id)))], f"share:{answer_id}")
    return replace(message, blocks=(*message.blocks, block))


def shared_message(message: Message, query: str, asked_by: str, question: str | None, *, delivery_id: str) -> Message:
    """The answer as others see it: what was asked, and by whom."""
    asked = f"“{escape(question, _QUESTION)}” → " if question else ""
    line = context(f"{escape(asked_by, _NAME)} asked {asked}{code(f'/hark {query}', _QUERY)}")
    return replace(message, blocks=(*message.blocks[: MESSAGE_BLOCKS - 1], line), metadata=delivery(delivery_id))


def understood_message(message: Message, query: str, how: str) -> Message:
    """The answer to a question in a person's own words, beginning with the query that was made of it."""
    line = context(f"{escape(how, _NAME)} {code(f'/hark {query}', _QUERY)}")
    return replace(message, blocks=(line, *message.blocks[: MESSAGE_BLOCKS - 1]))
