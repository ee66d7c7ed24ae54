"""One clear line when something cannot be done, with a way out."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks.parts import plain_section
from bot.slack.blocks.surface import Message
from bot.slack.text import escape, one_line

PROBLEM_MARK: Final = "⚠️ "
_PROBLEM: Final = 300
_WAY_OUT: Final = 200


def error_message(problem: str, way_out: str = "", mark: str = PROBLEM_MARK) -> Message:
    """An ephemeral answer: what is wrong, and what to do instead. Both may hold foreign words."""
    said = f"{mark}{one_line(problem, _PROBLEM)}"
    if way_out.strip():
        said = f"{said} {one_line(way_out, _WAY_OUT)}"
    return Message(text=escape(said, _PROBLEM + _WAY_OUT), blocks=(plain_section(said, _PROBLEM + _WAY_OUT + 5),))
