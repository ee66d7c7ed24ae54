"""``hark export``: what is stored, as data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import click

from bot.cli.setting import Moment, opened, print_json, settings
from bot.exporting import Within, columns_of, rows, write_csv
from bot.slack.queries import Exported
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


def _row_options(command: Callable[..., None]) -> Callable[..., None]:
    form = click.Choice(["jsonl", "csv"])
    command = click.option("--until", type=Moment(), help="Leave out what is of this time or later.")(command)
    command = click.option("--since", type=Moment(), help="Leave out what is of before this time.")(command)
    return click.option("--format", "form", type=form, default="jsonl", show_default=True, help="Form of it.")(command)


@export.command()
@_row_options
def audit(*, form: str, since: datetime | None, until: datetime | None) -> None:
    """The audit trail: who changed, labelled and read what, when; each entry with its link of the chain of digests.

    \b
    Example: hark export audit --since 2026-11-01 --format csv > audit.csv
    """
    _write("audit", form, since, until)


@export.command()
@_row_options
def labels(*, form: str, since: datetime | None, until: datetime | None) -> None:
    """What reviewers said of each conversation, as it stands.

    \b
    Example: hark export labels > labels.jsonl
    """
    _write("labels", form, since, until)


@export.command()
@_row_options
def dataset(*, form: str, since: datetime | None, until: datetime | None) -> None:
    """The conversations that reviewers kept as test cases, with the answer that was expected where one was written.

    \b
    Example: hark export dataset > cases.jsonl
    """
    _write("dataset", form, since, until)


@export.command()
@_row_options
def scores(*, form: str, since: datetime | None, until: datetime | None) -> None:
    """What evaluators say now of the conversations that began in a time, and where they failed.

    \b
    Example: hark export scores --since 2026-11-01 --format csv > scores.csv
    """
    _write("scores", form, since, until)


def _write(what: Exported, form: str, since: datetime | None, until: datetime | None) -> None:
    with opened() as (store, _clock), store.read() as tx:
        found = rows(tx, what, Within(since=since, until=until))
        if form == "csv":
            write_csv(sys.stdout, columns_of(what), found)
            return
        for row in found:
            print_json(row, indent=False)
