"""Upkeep of an SQLite file: copied while it is in use, checked, and made small again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from traces.errors import BadInput, StoreUnavailable
from traces.store.deliveries import NOTICE, DeliveryState

_PAGES = 2_000
_WAIT_S = 15
_IN_DOUBT = "UPDATE outbox SET state = ?, attempt_at = due_at WHERE state = ? AND posted_ts IS NULL AND kind NOT LIKE ?"


def copy_database(path: Path, to: Path) -> None:
    """Copy a database to a file that is not there yet, from one moment, while others write to it.

    What waits for its first post is in doubt in the copy: whoever goes on from it cannot know what was posted since, and
    looks for it in Slack before it posts it.

    Raises:
        BadInput: There is such a file already.
        StoreUnavailable: The database cannot be read, or the copy not written.
    """
    if to.exists():
        raise BadInput(f"{to} is there already; name a new file")
    draft = to.with_name(f".{to.name}.part")
    try:
        with _connected(path) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy, pages=_PAGES)
            with copy:
                copy.execute(_IN_DOUBT, (DeliveryState.SENDING, DeliveryState.PENDING, f"{NOTICE}%"))
        draft.rename(to)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the database cannot be copied to {to}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def shrink(path: Path) -> None:
    """Give back what was deleted; after that nothing of it is left in the file or its log."""
    with _connected(path) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def damage(path: Path) -> list[str]:
    """What is wrong with the file, in SQLite's words; empty when nothing is."""
    with _connected(path) as connection:
        try:
            return [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            return [str(error)]


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"the database cannot be used now: {error}") from error
