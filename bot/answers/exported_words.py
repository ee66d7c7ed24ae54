"""What is exported, without personal data and secrets: as it would stand once its words are no longer kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from bot.answers.exporting import Row
from bot.slack.queries import Exported
from traces.model import Conversation
from traces.redacted import Lasting, lasting

_WORDS: Final[Mapping[Exported, tuple[str, ...]]] = {
    "audit": ("before", "after"),
    "labels": ("value", "note"),
    "dataset": ("input", "output", "expected", "metadata", "messages"),
    "scores": ("label", "explanation"),
}
"""The columns in which somebody's words may stand. Ids, names and times are how what is exported is read back."""


def without_words(what: Exported, found: Iterable[Row]) -> Iterator[Row]:
    """Rows in which personal data and secrets are replaced by ``[kind]``."""
    known: dict[str, str] = {}
    for row in found:
        said = Lasting([str(row.get("conversation_id") or "")], known)
        yield {name: said.json(value) if name in _WORDS[what] else value for name, value in row.items()}
        if len(known) > _KNOWN_AT_MOST:
            known.clear()


_KNOWN_AT_MOST: Final = 20_000


def conversation_without_words(conversation: Conversation) -> Conversation:
    """A conversation in which personal data and secrets are replaced by ``[kind]``, its labels' notes among it."""
    said = Lasting()
    labels = tuple(replace(label, note=said.maybe(label.note)) for label in conversation.labels)
    return replace(lasting(conversation), labels=labels)
