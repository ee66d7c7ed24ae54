"""What every polled trace store looks like to Hark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from traces.model import Conversation, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a source.

    Polls overlap so that late data is found: the same span or conversation may come again and must be stored once.

    Attributes:
        spans: Spans found, in no particular order.
        conversations: Conversations found, from sources that keep whole ones.
        cursor: Where the next poll goes on; to be stored together with what was found, never before it.
        more: Whether there is more to fetch at once; otherwise the next poll is due at the usual time.
    """

    cursor: str
    more: bool
    spans: tuple[Span, ...] = ()
    conversations: tuple[Conversation, ...] = ()


class Source(Protocol):
    """A trace store that can be asked for what is new."""

    @property
    def name(self) -> str:
        """The name under which a person configured it; unique."""
        ...

    @property
    def kind(self) -> str:
        """Which product it is, e.g. ``phoenix``."""
        ...

    def poll(self, cursor: str | None, now: datetime) -> Page:
        """What is new since ``cursor``, which is ``None`` the first time.

        Raises:
            Busy: When the store asks to come back later or cannot be reached; nothing was lost.
            BadInput: When the store refuses, or answers with something else than promised.
        """
        ...
