"""``hark db``: look after the database."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from bot.cli.setting import Span, opened, print_json, say, settings
from bot.jobs.retain import purge as purge_before
from traces.errors import BadInput, StoreUnavailable

_PROBLEM_FOUND = 1
_PAGES = 2_000


@click.group()
def db() -> None:
    """Look after the database."""


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
            click.confirm(
                f"Delete every conversation that ended before {before:%Y-%m-%d %H:%M} UTC?", abort=True, err=True
            )
        purged = purge_before(store, before)
    if (path := _file()) is not None:
        with _sqlite(path) as connection:
            # Only then is nothing of it left in the file.
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
    path = _file()
    if path is None:
        raise BadInput("only SQLite is copied; for PostgreSQL run: pg_dump --format=custom --file=hark.dump DATABASE")
    if file.exists():
        raise BadInput(f"{file} is there already; name a new file")
    draft = file.with_name(f".{file.name}.part")
    try:
        with _sqlite(path) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy, pages=_PAGES)
        draft.rename(file)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database cannot be copied: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, as_json: bool) -> None:
    """Check the database's integrity and the chain of the audit; exits with 1 when something is wrong.

    \b
    Example: hark db check
    """
    problems = list(_damage())
    with opened() as (store, _), store.read() as tx:
        if (number := tx.audit.broken()) is not None:
            problems.append(
                f"the audit was changed: entry {number} is not what was written, or one before it is missing"
            )
    if as_json:
        print_json({"problems": problems})
    elif problems:
        for problem in problems:
            say(problem)
    else:
        click.echo("the database is sound and its audit unbroken")
    if problems:
        sys.exit(_PROBLEM_FOUND)


def _damage() -> Iterator[str]:
    if (path := _file()) is None:
        return
    with _sqlite(path) as connection:
        for (line,) in connection.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield f"the database is damaged: {line}; restore a backup"


def _file() -> Path | None:
    """Where an SQLite database is; ``None`` for PostgreSQL."""
    url = make_url(settings().database_url)
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or not Path(url.database).exists():
        raise BadInput(f"there is no database at {url.database or 'that address'}; hark run makes one")
    return Path(url.database)


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=15, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"the database cannot be used now: {error}") from error
