"""The few Block Kit pieces that every card is made of.

``mrkdwn`` arguments are our own sentences, with foreign words put in through ``escape`` or ``code``; ``verbatim``
keeps Slack from finding mentions and addresses in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bot.slack.limits import BUTTON_TEXT, HEADER, OPTION_TEXT
from bot.slack.text import Block, one_line, plain


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def plain_section(text: str, limit: int) -> Block:
    """A section of nothing but foreign text."""
    return {"type": "section", "text": plain(text, limit)}


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Up to ten facts in two columns, each a name of ours and its mrkdwn."""
    return {"type": "section", "fields": [mrkdwn(f"*{name}*\n{value}") for name, value in pairs]}


def context(*texts: str) -> Block:
    """Small print: up to ten pieces of mrkdwn."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def rich_text(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def line(text: str, limit: int, *, bold: bool = False) -> Block:
    """One line of rich text, foreign or not; nothing in it is interpreted."""
    run: Block = {"type": "text", "text": one_line(text, limit)}
    return {"type": "rich_text_section", "elements": [{**run, "style": {"bold": True}} if bold else run]}


def actions(elements: Sequence[Block], block_id: str) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(text: str, action_id: str, value: str, *, style: Literal["primary", "danger"] | None = None) -> Block:
    block: Block = {"type": "button", "text": plain(text, BUTTON_TEXT), "action_id": action_id, "value": value}
    return block if style is None else {**block, "style": style}


def option(text: str, value: str) -> Block:
    return {"text": plain(text, OPTION_TEXT), "value": value}


def overflow(action_id: str, options: Sequence[tuple[str, str]]) -> Block:
    """The ``…`` menu, of ``(text, value)`` pairs."""
    return {"type": "overflow", "action_id": action_id, "options": [option(text, value) for text, value in options]}


def table(rows: Sequence[Sequence[str]], *, numeric_from: int = 1) -> Block:
    """A table whose first row names the columns; those from ``numeric_from`` on are set to the right."""
    columns = len(rows[0])
    settings: list[dict[str, Any]] = [{"align": "left" if i < numeric_from else "right"} for i in range(columns)]
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return {"type": "table", "rows": cells, "column_settings": settings}
