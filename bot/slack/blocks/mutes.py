"""The answers to ``/hark mute`` and ``/hark unmute``."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.parts import section
from bot.slack.blocks.surface import Message
from bot.slack.text import escape, slack_date
from traces.store.mutes import Mute

_NAME: Final = 60


def muted_message(mute: Mute) -> Message:
    """What is muted now, and until when."""
    name = escape(words(mute.signal), _NAME)
    said = f"🔇 {name} in {segment_text(mute.segment)} is muted until {slack_date(mute.until_at)}."
    return Message(text=f"🔇 {name} is muted", blocks=(section(said),))


def unmuted_message(signal: str, lifted: int) -> Message:
    """Whether anything was muted."""
    name = escape(words(signal), _NAME)
    said = f"🔔 {name}: {counted(lifted, 'mute')} ended." if lifted else f"{name} is not muted."
    return Message(text=said, blocks=(section(said),))
