"""The answer to ``/hark changes``: models, prompt versions and releases when they were first seen, and what followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.slack.blocks.figures import counted, words
from bot.slack.blocks.parts import context, section, table
from bot.slack.blocks.surface import Message
from bot.slack.text import EMPTY, one_line, utc_text
from traces.model import Change

_SHOWN: Final = 40
_NAME: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """A change, and the signals of the alerts that it is the nearest change of."""

    change: Change
    alerts: tuple[str, ...] = ()


def changes_message(lines: Sequence[ChangeLine], period: timedelta) -> Message:
    """What is new, newest first, with the alerts that began about then."""
    if not lines:
        text = f"Nothing new in the last {counted(period.days, 'day')}: no model, prompt version or release"
        return Message(text=text, blocks=(section(text),))
    text = f"{counted(len(lines), 'change')} in the last {counted(max(1, period.days), 'day')}"
    rows = [
        ["Changed", "To", "Application", "First seen", "Alerts about then"],
        *(_row(line) for line in lines[:_SHOWN]),
    ]
    blocks = [section(f"*{text}*"), table(rows, numeric_from=len(rows[0]))]
    if len(lines) > _SHOWN:
        blocks.append(context(f"{counted(len(lines) - _SHOWN, 'older change')} not shown"))
    return Message(text=text, blocks=tuple(blocks))


def _row(line: ChangeLine) -> list[str]:
    change = line.change
    return [
        one_line(words(change.kind), _NAME),
        one_line(change.value, _NAME),
        one_line(change.application or "", _NAME),
        utc_text(change.at),
        one_line(", ".join(words(name) for name in line.alerts), _NAME) if line.alerts else EMPTY,
    ]
