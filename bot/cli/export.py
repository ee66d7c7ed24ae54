"""``hark export``: what is stored, as data."""

from __future__ import annotations

from dataclasses import replace

import click

from bot.cli.setting import opened, print_json
from traces.conversation_format import to_json
from traces.model import Conversation, Score
from traces.store import Tx


@click.group()
def export() -> None:
    """Write what is stored to standard output."""


@export.command()
def conversations() -> None:
    """Every conversation with its scores and labels, as JSON Lines in the format that `hark ingest` reads.

    \b
    Example: hark export conversations > conversations.jsonl
    """
    with opened() as (store, _clock), store.read() as tx:
        for batch in tx.conversations.in_order():
            for conversation in _complete(tx, batch):
                print_json(to_json(conversation), indent=False)


def _complete(tx: Tx, batch: list[Conversation]) -> list[Conversation]:
    """The conversations with the scores and labels that are kept beside them; failures are not scores."""
    ids = [c.conversation_id for c in batch]
    outcomes, labels = tx.scores.current(ids), tx.reviews.labels_of(ids)
    return [
        replace(
            c,
            scores=tuple(o for o in outcomes.get(c.conversation_id, ()) if isinstance(o, Score)),
            labels=tuple(labels.get(c.conversation_id, ())),
        )
        for c in batch
    ]
