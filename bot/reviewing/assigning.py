"""Asks for the message to a person to whom a question was given."""

from __future__ import annotations

from typing import Final

from traces.store import Tx
from traces.store.queue import QueueEntry

ASSIGNED: Final = "assigned"
"""The kind of these messages; one for each item and person, however often it is given to them."""


def subject_of(item_id: str, reviewer: str) -> str:
    """What the message to a person about an item is about."""
    return f"{item_id}.{reviewer}"


def parse_subject(subject_id: str) -> tuple[str, str]:
    """The item's id and the person's Slack id."""
    item_id, _, reviewer = subject_id.rpartition(".")
    return item_id, reviewer


def tell(tx: Tx, entry: QueueEntry) -> None:
    """Ask for the message to whom an item was given; nobody is told of what they took themselves."""
    if entry.reviewer == entry.put_by:
        return
    # Slack takes a person's id for the conversation between that person and the bot.
    channel, subject_id = entry.reviewer, subject_of(entry.item_id, entry.reviewer)
    tx.outbox.request(kind=ASSIGNED, subject_id=subject_id, channel=channel, at=entry.at)
