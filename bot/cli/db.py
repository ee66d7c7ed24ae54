"""``hark db``: look after the database."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from bot.cli.setting import Span, one_printed, opened, print_json, say
from bot.jobs.retain import purge as purge_before
from bot.jobs.retain import seal as seal_all
from bot.slack.blocks.figures import counted
from traces.encryption import VARIABLE
from traces.encryption import WAY_OUT as KEY_WANTED
from traces.errors import BadInput
from traces.store import Store
from traces.store.soundness import NotLookedInto
from traces.store.upkeep import copy_database, damage, shrink

_PROBLEM_FOUND = 1


@click.group()
def db() -> None:
    """Look after the database.

    \b
    Example: hark db check
    """


@db.command()
@click.option("--older-than", type=Span(), required=True, help="Age from which on conversations go, e.g. 90d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def purge(*, older_than: timedelta, yes: bool, as_json: bool) -> None:
    """Delete old conversations with their spans, scores and feedback; rollups, labels and the audit stay.

    \b
    Example: hark db purge --older-than 90d
    """
    with opened() as (store, clock):
        before = clock.now() - older_than
        if not yes:
            question = f"Delete every conversation that ended before {before:%Y-%m-%d %H:%M} UTC?"
            click.confirm(question, abort=True, err=True)
        purged = purge_before(store, before)
        if store.file is not None:
            shrink(store.file)
    if as_json:
        print_json({"purged": purged, "before": before})
    else:
        click.echo(f"{purged:,} conversations deleted")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(*, file: Path) -> None:
    """Copy an SQLite database to FILE while Hark runs; of PostgreSQL use pg_dump.

    \b
    Example: hark db backup hark-2026-11-21.db
    """
    with opened() as (store, _):
        if store.file is None:
            raise BadInput(
                "only SQLite is copied; for PostgreSQL run: pg_dump --format=custom --file=hark.dump DATABASE"
            )
        copy_database(store.file, file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


@db.command()
def seal() -> None:
    """Seal everything that is stored under the first key of HARK_ENCRYPTION_KEY; goes on where it was interrupted.

    \b
    Example: hark db seal
    """
    with opened() as (store, _):
        if not store.is_sealed:
            raise BadInput(f"is not set; {KEY_WANTED}", VARIABLE)
        seal_all(store)
        # By now nothing is left; a process that still had the key before may have written behind this one's back.
        store.seal_anew()
        seal_all(store)
        if store.file is not None:
            shrink(store.file)
    click.echo("all that is stored is sealed under the first key; others are no longer needed")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, as_json: bool) -> None:
    """Check the database and the chain of the audit; exits with 1 when something is wrong.

    \b
    An SQLite file is read whole. Of PostgreSQL it is checked whether scores and traces belong to conversations that are
    there, and whether indexes are valid; with the extension amcheck, also whether they agree with their tables.

    \b
    Example: hark db check
    """
    with opened() as (store, _):
        unseen: list[str] = []
        if store.file is not None:
            problems = [f"the database is damaged: {line}; restore a backup" for line in damage(store.file)]
        else:
            problems, unseen = _of_server(store)
        with store.read() as tx:
            number = tx.audit.broken()
    if number is not None:
        problems.append(f"the audit was changed: entry {number} is not what was written, or one before it is missing")
    if as_json:
        print_json({"problems": problems, "not_checked": unseen})
    for line in (*problems, *unseen):
        say(one_printed(line))
    if problems:
        sys.exit(_PROBLEM_FOUND)
    if not as_json:
        click.echo("the database is sound and its audit unbroken")


def _of_server(store: Store) -> tuple[list[str], list[str]]:
    """What is wrong with a PostgreSQL, and what could not be checked of it."""
    with store.across() as everywhere:
        problems = [f"index {name} is not valid; REINDEX INDEX {name}" for name in everywhere.invalid_indexes()]
        for table, ids in everywhere.homeless().items():
            gone = counted(len(ids), "conversation")
            problems.append(
                f"{table} of {gone} that are not there, such as {ids[0]!r}; REINDEX TABLE conversations and check again: "
                "if that does not help, restore a backup"
            )
        try:
            damaged = everywhere.damaged_indexes()
        except NotLookedInto as error:
            return problems, [f"what stands in indexes was not checked: {error.message}"]
    problems += [f"index {name} is damaged: {said}; REINDEX INDEX {name}" for name, said in damaged.items()]
    return problems, []
