"""The answer to ``/hark help``."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message
from bot.slack.text import code

EXAMPLES: Final = (
    ("status", "is Hark itself well: ingest, detection, evaluators, deliveries"),
    ("alerts", "what is open now"),
    ("signals", "what is watched, its usual level, and the smallest change that shows within a day"),
    ("metrics refusal 7d", "a signal over a period: h, d or w"),
    ("metrics latency 24h by model", "one row for every value of a segment key"),
    ("metrics cost 7d where model=gpt-4o", "one part of the traffic: a segment key and its value"),
    ("metrics refusal 7d vs last week", "against the same days a week earlier"),
    ("mute refusal 4h", "tell nobody of a signal for some time; also `where key=value`"),
    ("unmute refusal", "tell people of it again"),
    ("evaluators", "how the evaluators do, and how far reviewers agree"),
    ("help", "this"),
)


def help_message(command: str = "/hark") -> Message:
    """What can be typed, each with an example that works as it stands."""
    lines = [f"{code(f'{command} {example}', 80)} — {meaning}" for example, meaning in EXAMPLES]
    blocks = (
        section("*What Hark answers*\n" + "\n".join(lines)),
        context("Answers are shown to you alone. Labels are given with the buttons under a conversation."),
    )
    return Message(text="What Hark answers", blocks=blocks)
