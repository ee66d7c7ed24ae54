"""By which values of a key an alert's figures are made up: a table in its thread whose rows add up to its last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.slack.blocks.figures import count, figure, share, title, words
from bot.slack.blocks.parts import section, table
from bot.slack.blocks.surface import Message, delivery
from bot.slack.text import escape, one_line, slack_date
from traces.model import Kind, Signal

SHOWN: Final = 10
"""Values that have a row of their own."""
_VALUE: Final = 60
_KEY: Final = 40
_SENTENCE: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one value of a key has shown; without a name it is all that have no row of their own.

    Attributes:
        value: The name, from conversations: hostile.
        n: Conversations with a verdict or a figure; for a count, what was counted.
        k: For a rate, those on its positive side.
        level: The rate or the middle value, in the signal's unit; ``None`` where nothing was measured.
        usual: The same in the week before, for a count its share of all.
    """

    value: str | None
    n: int
    k: int | None = None
    level: float | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A whole, and the disjoint parts that it is made of, those first that count most."""

    signal: Signal
    key: str
    since: datetime
    until: datetime
    parts: Sequence[Part]
    whole: Part


def breakdown_message(found: Breakdown, *, delivery_id: str) -> Message:
    """The table with one sentence above it."""
    headline = f"{title(found.signal)} by {words(found.key).lower()}"
    spoken = one_line(headline, _SENTENCE)
    when = f"{slack_date(found.since)} – {slack_date(found.until)}"
    above = section(
        f"*{escape(title(found.signal), _SENTENCE)}* by {escape(words(found.key).lower(), _KEY)} in all traffic, {when}"
    )
    body = (section("Nothing was measured in this time."),) if not found.whole.n else (table(_rows(found)),)
    return Message(text=escape(spoken, _SENTENCE), blocks=(above, *body), metadata=delivery(delivery_id))


def _rows(found: Breakdown) -> list[list[str]]:
    rows = [_row(found, part, "other" if part.value is None else part.value) for part in found.parts]
    return [_heading(found), *rows, _row(found, found.whole, "All")]


def _heading(found: Breakdown) -> list[str]:
    key = one_line(words(found.key), _KEY) or "Value"
    if found.signal.kind is Kind.COUNT:
        return [key, "Number", "Share", "Week before"]
    flagged = ["Flagged"] if found.signal.kind is Kind.RATE else []
    now = "p95" if found.signal.kind is Kind.CONTINUOUS and found.signal.unit == "s" else "Now"
    return [key, "Conversations", *flagged, now, "Week before"]


def _row(found: Breakdown, part: Part, name: str) -> list[str]:
    name = one_line(name, _VALUE) or "–"
    if found.signal.kind is Kind.COUNT:
        return [name, count(part.n), share(part.n / found.whole.n), "–" if part.usual is None else share(part.usual)]
    flagged = [count(part.k or 0)] if found.signal.kind is Kind.RATE else []
    return [name, count(part.n), *flagged, figure(part.level, found.signal), figure(part.usual, found.signal)]
