"""The audit: nobody changes it through the database, and who gets round that is found out."""

from __future__ import annotations

import pytest
from made import HOUR, NOW
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from traces import schema
from traces.errors import StoreUnavailable
from traces.model import AuditEntry

_T = schema.audit


def entry(n: int) -> AuditEntry:
    return AuditEntry(
        at=NOW + n * HOUR, actor="U1", action="label", subject=f"c-{n}", before={"b": 1, "a": [n, None]}, after=n / 3
    )


@pytest.fixture
def kept(store):
    with store.begin() as tx:
        for n in range(5):
            tx.audit.add(entry(n))
    return store


def tampered(store, statement):
    """What somebody does who owns the database, and switches the defence off for a moment."""
    with store._engine.begin() as connection:
        if store.dialect == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_unchanged"))
            connection.execute(statement)
            connection.execute(text("ALTER TABLE audit ENABLE TRIGGER audit_unchanged"))
            return
        triggers = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'audit' AND type = 'trigger'")
        )
        standing = triggers.all()
        for name, _ in standing:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(statement)
        for _, sql in standing:
            connection.exec_driver_sql(sql)


def numbers(store):
    with store.read() as tx:
        return [link.number for link in tx.audit.chain()]


def broken(store):
    with store.read() as tx:
        return tx.audit.broken()


@pytest.mark.parametrize("statement", [update(_T).values(actor="U2"), delete(_T)])
def test_no_entry_is_changed_or_removed(kept, statement):
    with pytest.raises((StoreUnavailable, DatabaseError), match="append-only"), kept._engine.begin() as connection:
        connection.execute(statement.where(_T.c.workspace_id == kept._workspace_id))
    assert len(numbers(kept)) == 5
    assert broken(kept) is None


def test_the_whole_trail_is_not_emptied_at_once(kept):
    if kept.dialect != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises((StoreUnavailable, DatabaseError), match="append-only"), kept._engine.begin() as connection:
        connection.execute(text("TRUNCATE audit"))
    assert len(numbers(kept)) == 5


@pytest.mark.parametrize("column", ["actor", "action", "subject", "before", "after", "request_key", "at"])
def test_a_changed_entry_is_found(kept, column):
    number = numbers(kept)[2]
    changed = NOW if column == "at" else "other"
    tampered(kept, update(_T).where(_T.c.entry_id == number).values({column: changed}))
    assert broken(kept) == number


def test_an_entry_taken_out_is_found(kept):
    standing = numbers(kept)
    tampered(kept, delete(_T).where(_T.c.entry_id == standing[1]))
    assert broken(kept) == standing[2]


def test_an_entry_put_in_is_found(kept):
    tampered(
        kept,
        insert(_T).values(
            workspace_id=kept._workspace_id, at=NOW, actor="U9", action="x", subject="s", digest="0" * 64
        ),
    )
    assert broken(kept) == numbers(kept)[-1]


def test_entries_of_a_time_are_given_with_their_digests(kept):
    with kept.read() as tx:
        links = list(tx.audit.chain(since=NOW + HOUR, until=NOW + 3 * HOUR))
    assert [link.entry for link in links] == [entry(1), entry(2)]
    assert all(len(link.digest) == 64 for link in links)
