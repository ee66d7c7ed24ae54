"""``hark export``: what is stored, as data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import click

from bot.cli.setting import Moment, opened, print_json, settings
from traces.conversation_format import to_json
from traces.ingest import LONGEST_WAIT, merge_due
from traces.model import Conversation, Score
from traces.store import Tx


@click.group()
def export() -> None:
    """Write what is stored to standard output."""


@export.command()
@click.option("--since", type=Moment(), help="Leave out what began before this time.")
@click.option("--until", type=Moment(), help="Leave out what began at this time or later.")
@click.option("--application", help="Only conversations of this application.")
def conversations(*, since: datetime | None, until: datetime | None, application: str | None) -> None:
    """Conversations with their scores and labels, as JSON Lines in the format that `hark ingest` reads.

    \b
    Example: hark export conversations --since 2026-11-01 > conversations.jsonl
    """
    with opened() as (store, clock):
        with store.begin() as tx:
            merge_due(tx, clock.now() + LONGEST_WAIT, settings().conversations.quiet)
        with store.read() as tx:
            for batch in tx.conversations.in_order(since=since, until=until):
                wanted = [c for c in batch if application in (None, c.metadata.get("application"))]
                for conversation in _complete(tx, wanted):
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
