"""One clear line when something cannot be done, with a way out."""

from __future__ import annotations

from typing import Final

from bot.slack.blocks.parts import section
from bot.slack.blocks.surface import Message
from bot.slack.text import code, escape, one_line

PROBLEM_MARK: Final = "⚠️ "
_PROBLEM: Final = 300
_WAY_OUT: Final = 200
_MOST: Final = 1_000


def error_message(problem: str, way_out: str = "", mark: str = PROBLEM_MARK) -> Message:
    """An ephemeral answer: what is wrong, and what to do instead. Both may hold foreign words; names stand in backticks."""
    said = f"{mark}{one_line(problem, _PROBLEM)}"
    if way_out.strip():
        said = f"{said} {one_line(way_out, _WAY_OUT)}"
    return Message(text=escape(said, _PROBLEM + _WAY_OUT), blocks=(section(_with_names(said)),))


def _with_names(said: str) -> str:
    """The sentence as mrkdwn, what stands in backticks as code."""
    pieces = said.split("`")
    if len(pieces) % 2 == 0:
        return escape(said, _MOST)
    return "".join(_name(piece) if place % 2 else _words(piece) for place, piece in enumerate(pieces))


def _name(piece: str) -> str:
    return code(piece, _MOST) if piece.strip() else ""


def _words(piece: str) -> str:
    # Spaces at the ends are what separates it from the names beside it.
    lead, trail = (" " if piece[edge : edge + 1 or None].isspace() else "" for edge in (0, -1))
    return f"{lead}{escape(piece, _MOST)}{trail}" if piece.strip() else lead
