"""The answer to ``/hark help``."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message
from bot.slack.text import code

_GROUPS: Final = (
    ("Look", ("status", "alerts", "signals", "evaluators", "changes")),
    ("Ask", ("metrics", "ask", "digest")),
    ("Review", ("review", "conversation", "labels", "reviewers", "taxonomy")),
    ("Set", ("mute", "unmute", "export", "setup", "help")),
)

EXAMPLES: Final = (
    ("status", "is Hark itself well: ingest, detection, evaluators, deliveries"),
    ("alerts", "what is open now"),
    ("signals", "what is watched, its usual level, and the smallest change that shows within a day"),
    ("metrics refusal 7d", "a signal over a period: h, d or w"),
    ("metrics latency 24h by model", "one row for every value of a segment key"),
    ("metrics cost 7d where model=gpt-4o", "one part of the traffic: a segment key and its value"),
    ("metrics cost 7d where model=gpt-4o by release", "several cuts at once, counted one by one"),
    ("metrics refusal 7d vs last week", "against the same days a week earlier"),
    ("ask is it slower than last week?", "a question in your own words; the query that was made of it is shown"),
    ("changes 14d", "models, prompt versions and releases that are new, and the alerts about then"),
    ("review", "the next conversations that are worth a label, one after the other"),
    ("conversation 8f14e45f", "one conversation whole: turns, tool calls, scores"),
    ("evaluators", "how the evaluators do, and how far reviewers agree"),
    ("evaluators refusal", "one of them: its errors, its true rate, and which label would teach most"),
    ("labels", "what reviewers said, and what their labels taught"),
    ("reviewers", "for admins: how far each agrees with others and with what is known"),
    ("taxonomy", "the words that reviewers label with"),
    ("digest weekly", "what moved, alerts, labels and spend: `daily` or `weekly`"),
    ("mute refusal 4h", "tell nobody of a signal for some time; also `where key=value`"),
    ("mute", "what is muted"),
    ("unmute refusal", "tell people of it again"),
    ("export audit", "how to take out the audit trail; also `labels`, `dataset`, `scores`"),
    ("setup", "choose the channels that Hark posts to, where several workspaces have installed it"),
    ("help", "this"),
)


def help_message(command: str = "/hark") -> Message:
    """What can be typed, each with an example that works as it stands."""
    blocks = [
        section(
            "\n".join([f"*{title}*", *(_line(command, example) for example in EXAMPLES if example[0].split()[0] in of)])
        )
        for title, of in _GROUPS
    ]
    blocks.append(context("Answers are shown to you alone until you share them."))
    return Message(text="What Hark answers", blocks=tuple(blocks))


def _line(command: str, example: tuple[str, str]) -> str:
    return f"{code(f'{command} {example[0]}', 80)} — {example[1]}"
