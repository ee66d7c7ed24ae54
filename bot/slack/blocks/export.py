"""The answer to ``/hark export``: how to take something out as a file, on the machine where Hark runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.slack.blocks.figures import counted
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.surface import Message
from bot.slack.text import code

_WHAT: Final[Mapping[str, str]] = {
    "audit": "who changed, labelled and read what, and when",
    "labels": "what reviewers said of each conversation",
    "dataset": "the conversations that reviewers kept, with the expected answers",
    "scores": "what evaluators say of each conversation now",
}


def export_message(what: str, rows: int) -> Message:
    """Where to run which command; files with conversations in them do not go through Slack."""
    text = f"{counted(rows, 'row')} of {what}: {_WHAT[what]}"
    commands = "\n".join(code(f"hark export {what} {form}", 80) for form in ("> FILE.jsonl", "--format csv > FILE.csv"))
    return Message(
        text=text,
        blocks=(
            section(f"*{text}*\nOn the machine where Hark runs:\n{commands}"),
            context("Files are not sent through Slack: they would be there for good, beyond Hark's retention."),
        ),
    )
