"""What the people and the agent of the simulation say, by language; placeholders in braces are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Lines = tuple[str, ...]
Exchanges = tuple[tuple[str, str], ...]
"""What the user says and what the agent answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that users want: how they ask, what the agent says once it is done, what they ask next."""

    asks: Lines
    answers: Lines
    next_questions: Exchanges = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """Everything said in one language.

    Attributes:
        scenes: By scenario.
        details: What some users add to their request.
        references: What users add who have not named an order.
        checking: What the agent says while it looks something up.
        tool_trouble: What it says when a tool failed.
        declined: Wishes outside of what it may do, and how it declines.
        half_declined: Wishes that it cannot meet as asked, and how it helps all the same.
        asks_again: How a user insists; ``{ask}`` is what was asked before.
        refund_refused: How the broken prompt turns a refund down.
        refund_insisted: How users then ask again for it.
        promises: Promises that the shop's policy does not allow.
        cautions: Sentences that sound like such promises and are none.
    """

    code: str
    greetings: Lines
    scenes: Mapping[str, Scene]
    details: Lines
    references: Lines
    checking: Lines
    tool_trouble: Lines
    declined: Exchanges
    half_declined: Exchanges
    asks_again: Lines
    repeated_answers: Lines
    refund_refused: Lines
    refund_insisted: Lines
    thanks: Lines
    closings: Lines
    complaints: Lines
    praises: Lines
    promises: Lines
    cautions: Lines
    items: Lines
    cities: Lines
    streets: Lines
    days: Lines
