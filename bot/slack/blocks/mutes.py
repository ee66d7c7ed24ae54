"""The answers to ``/hark mute`` and ``/hark unmute``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.slack.blocks.alert import segment_text
from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.people import person_text
from bot.slack.blocks.surface import Message
from bot.slack.text import escape, slack_date
from traces.store.mutes import Mute

_NAME: Final = 60
_SHOWN: Final = 20


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


def mutes_message(mutes: Sequence[Mute], names: Mapping[str, str]) -> Message:
    """What is muted, by whom and until when; ``names`` are display names by Slack id."""
    if not mutes:
        text = "🔔 Nothing is muted"
        return Message(text=text, blocks=(section(text), context("`/hark mute SIGNAL 4h` mutes a signal.")))
    lines = [
        f"🔇 *{escape(words(mute.signal), _NAME)}* in {segment_text(mute.segment)} until {slack_date(mute.until_at)}, "
        f"by {person_text(names.get(mute.muted_by), mute.muted_by, _NAME)}"
        for mute in mutes[:_SHOWN]
    ]
    if len(mutes) > _SHOWN:
        lines.append(f"and {len(mutes) - _SHOWN} more")
    blocks = (*(section(line) for line in lines), context("`/hark unmute SIGNAL` ends a mute."))
    return Message(text=counted(len(mutes), "mute"), blocks=blocks)
