"""What every polled trace store looks like to Hark, and what those that take labels back can do besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable
from uuid import UUID, uuid5

from traces.model import Conversation, Label, Span

OWN_PREFIX: Final = "hark:"
"""What the ids and identifiers begin with under which Hark writes; what carries it is never read back as news."""

_LABELS: Final = UUID("5f0c8e2a-0a55-5d0f-9d4c-6a4f7c1f2b90")


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a source.

    Polls overlap so that late data is found: the same span or conversation may come again and must be stored once.

    Attributes:
        spans: Spans found, in no particular order.
        conversations: Conversations found, from sources that keep whole ones.
        cursor: Where the next poll goes on; to be stored together with what was found, never before it.
        more: Whether there is more to fetch at once; otherwise the next poll is due at the usual time.
        targets: By trace id, the store's own id of what a label on that trace is written at.
        refused: How many of the things found could not be read; ``reason`` is why the first could not.
    """

    cursor: str
    more: bool
    spans: tuple[Span, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    targets: Mapping[str, str] = field(default_factory=_nothing)
    refused: int = 0
    reason: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWrite:
    """A label on its way into a trace store.

    Attributes:
        label_id: The same for every attempt and every change of this label: see ``label_id_of``.
        target: The store's own id of what is labelled.
        label: What the reviewer says now.
        written_as: The store's own id of the label from an earlier write; ``None`` when there was none.
    """

    label_id: str
    target: str
    label: Label
    written_as: str | None = None

    @property
    def identifier(self) -> str:
        """The id to write under, where the writer may choose it."""
        return f"{OWN_PREFIX}{self.label_id}"


@runtime_checkable
class LabelStore(Protocol):
    """A trace store that takes labels back.

    Both calls may be repeated, also after an answer that was lost: the store then holds the label once.
    """

    def write_label(self, write: LabelWrite) -> str:
        """Make the label stand in the store as it is now; returns the store's own id of it.

        Raises:
            Busy: When the store asks to come back later or cannot be reached.
            BadInput: When the store refuses for good.
        """
        ...

    def withdraw_label(self, write: LabelWrite) -> None:
        """Take a label out of the store; one that is gone already is no error.

        Raises:
            Busy: When the store asks to come back later or cannot be reached.
            BadInput: When the store refuses for good.
        """
        ...


def label_id_of(source: str, target: str, reviewer: str, name: str) -> str:
    """One id for one reviewer's label of one name on one thing, whatever its value."""
    return str(uuid5(_LABELS, f"{source}\n{target}\n{reviewer}\n{name}"))
