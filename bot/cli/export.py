"""``hark export``: what is stored, as data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import click

from bot.answers.exported_words import conversation_without_words, without_words
from bot.answers.exporting import Row, Within, columns_of, rows, write_csv
from bot.cli.setting import Moment, opened, print_json, settings
from bot.slack.queries import Exported
from traces.clock import Clock
from traces.conversation_format import to_json
from traces.ingest import LONGEST_WAIT, merge_due
from traces.model import AuditEntry, Conversation, Score
from traces.store import Store, Tx

_ACTOR = "command line"
_RAW = click.option("--raw", is_flag=True, help="With personal data and secrets, as stored; noted in the audit trail.")


@click.group()
def export() -> None:
    """Write what is stored to standard output.

    Personal data and secrets are replaced by [kind], unless --raw is given.
    """


@export.command()
@click.option("--since", type=Moment(), help="Leave out what began before this time.")
@click.option("--until", type=Moment(), help="Leave out what began at this time or later.")
@click.option("--application", help="Only conversations of this application.")
@_RAW
def conversations(*, since: datetime | None, until: datetime | None, application: str | None, raw: bool) -> None:
    """Conversations with their scores and labels, as JSON Lines in the format that `hark ingest` reads.

    \b
    Example: hark export conversations --since 2026-11-01 > conversations.jsonl
    """
    with opened() as (store, clock):
        with store.begin() as tx:
            merge_due(tx, clock.now() + LONGEST_WAIT, settings().conversations.quiet)
        if raw:
            _note(store, clock, "conversations")
        with store.read() as tx:
            for batch in tx.conversations.in_order(since=since, until=until):
                wanted = [c for c in batch if application in (None, c.metadata.get("application"))]
                for conversation in _complete(tx, wanted):
                    print_json(to_json(conversation if raw else conversation_without_words(conversation)), indent=False)


def _note(store: Store, clock: Clock, what: str) -> None:
    """That somebody takes words out of Hark stands in the audit trail before they have them."""
    with store.begin() as tx:
        tx.audit.add(AuditEntry(at=clock.now(), actor=_ACTOR, action="export.raw", subject=f"export:{what}"))


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
    command = _RAW(command)
    command = click.option("--until", type=Moment(), help="Leave out what is of this time or later.")(command)
    command = click.option("--since", type=Moment(), help="Leave out what is of before this time.")(command)
    return click.option("--format", "form", type=form, default="jsonl", show_default=True, help="Form of it.")(command)


@export.command()
@_row_options
def audit(*, form: str, since: datetime | None, until: datetime | None, raw: bool) -> None:
    """The audit trail: who changed, labelled and read what, when; each entry with its link of the chain of digests.

    \b
    Example: hark export audit --since 2026-11-01 --format csv > audit.csv
    """
    _write("audit", form, Within(since=since, until=until), raw=raw)


@export.command()
@_row_options
def labels(*, form: str, since: datetime | None, until: datetime | None, raw: bool) -> None:
    """What reviewers said of each conversation, as it stands.

    \b
    Example: hark export labels > labels.jsonl
    """
    _write("labels", form, Within(since=since, until=until), raw=raw)


@export.command()
@_row_options
def dataset(*, form: str, since: datetime | None, until: datetime | None, raw: bool) -> None:
    """The conversations that reviewers kept as test cases, with the answer that was expected where one was written.

    \b
    Example: hark export dataset > cases.jsonl
    """
    _write("dataset", form, Within(since=since, until=until), raw=raw)


@export.command()
@_row_options
def scores(*, form: str, since: datetime | None, until: datetime | None, raw: bool) -> None:
    """What evaluators say now of the conversations that began in a time, and where they failed.

    \b
    Example: hark export scores --since 2026-11-01 --format csv > scores.csv
    """
    _write("scores", form, Within(since=since, until=until), raw=raw)


def _write(what: Exported, form: str, within: Within, *, raw: bool) -> None:
    with opened() as (store, clock):
        if raw:
            _note(store, clock, what)
        with store.read() as tx:
            found = rows(tx, what, within)
            _print(what, form, found if raw else without_words(what, found))


def _print(what: Exported, form: str, found: Iterable[Row]) -> None:
    if form == "csv":
        write_csv(sys.stdout, columns_of(what), found)
        return
    for row in found:
        print_json(row, indent=False)
