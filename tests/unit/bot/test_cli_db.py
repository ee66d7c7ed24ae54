"""``hark db``: old conversations go, backups open, and damage is told."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import orjson
import pytest
from click.testing import CliRunner
from made import NOW
from sqlalchemy import delete, text

from bot.cli.main import hark
from traces import schema
from traces.clock import format_time
from traces.model import AuditEntry
from traces.store import open_store
from traces.store.deliveries import DeliveryState

USER = "user-who-left-long-ago"


def line(conversation_id, year):
    at = format_time(NOW.replace(year=year))
    messages = [{"role": "user", "content": "Hello", "at": at}]
    user = USER if year < NOW.year else "user-of-today"
    return orjson.dumps(
        {"conversation_id": conversation_id, "started_at": at, "user_id": user, "messages": messages}
    ).decode()


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path}/hark.db")
    (tmp_path / "c.jsonl").write_text("\n".join([line("old", NOW.year - 20), line("new", NOW.year + 20)]))
    assert run("ingest", "c.jsonl").exit_code == 0
    return tmp_path / "hark.db"


def run(*arguments):
    return CliRunner().invoke(hark, arguments, catch_exceptions=False)


def test_old_conversations_are_gone_from_the_file_too(database):
    assert USER.encode() in b"".join(path.read_bytes() for path in database.parent.glob("hark.db*"))
    said = run("db", "purge", "--older-than", "365d", "--yes", "--json")
    assert orjson.loads(said.stdout)["purged"] == 1
    everything = b"".join(path.read_bytes() for path in database.parent.glob("hark.db*"))
    assert USER.encode() not in everything
    assert len(run("export", "conversations").stdout.splitlines()) == 1


def test_nothing_goes_without_a_yes(database):
    assert CliRunner().invoke(hark, ["db", "purge", "--older-than", "1d"], input="n\n").exit_code == 1
    assert len(run("export", "conversations").stdout.splitlines()) == 2


def test_a_backup_opens_and_holds_everything(database, monkeypatch):
    copy = database.with_name("copy.db")
    assert run("db", "backup", str(copy)).exit_code == 0
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{copy}")
    assert len(run("export", "conversations").stdout.splitlines()) == 2
    assert run("db", "check").exit_code == 0


def test_in_a_backup_what_waits_for_its_first_post_is_looked_for_before_it_is_posted(database, monkeypatch):
    copy, store = database.with_name("copy.db"), open_store(f"sqlite:///{database}")
    with store.begin() as tx:
        tx.outbox.request(kind="alert", subject_id="stands", channel="C1", at=NOW)
        claimed = tx.outbox.claim("alert:stands", NOW)
        tx.outbox.sent(claimed, channel="C1", ts="1.1", at=NOW)
        tx.outbox.request(kind="alert", subject_id="stands", channel="C1", at=NOW)
        for kind, subject in (("alert", "waits"), ("notice.webhook", "waits")):
            tx.outbox.request(kind=kind, subject_id=subject, channel="C1", at=NOW)
        tx.outbox.request(kind="example", subject_id="waits", channel="C1", at=NOW, thread_of="alert:waits")
    store.close()
    assert run("db", "backup", str(copy)).exit_code == 0
    store = open_store(f"sqlite:///{copy}")
    with store.read() as tx:
        in_doubt = tx.outbox.interrupted(NOW + timedelta(seconds=1))
        assert [d.delivery_id for d in in_doubt] == ["alert:waits", "example:waits"]
        assert {d.attempt_at for d in in_doubt} == {NOW}
        assert tx.outbox.get("alert:stands").state is DeliveryState.PENDING
        assert tx.outbox.get("notice.webhook:waits").state is DeliveryState.PENDING
    store.close()
    live = open_store(f"sqlite:///{database}")
    with live.read() as tx:
        assert tx.outbox.interrupted(NOW + timedelta(seconds=1)) == []
    live.close()


def test_a_backup_overwrites_nothing(database):
    again = CliRunner().invoke(hark, ["db", "backup", str(database)])
    assert "is there already" in str(again.exception)


def test_an_audit_that_was_changed_is_told(database):
    store = open_store(f"sqlite:///{database}")
    with store.begin() as tx:
        for n in range(3):
            tx.audit.add(AuditEntry(at=NOW, actor="U1", action="label", subject=f"c-{n}"))
    with store._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(delete(schema.audit).where(schema.audit.c.subject == "c-1"))
    store.close()
    said = run("db", "check", "--json")
    assert said.exit_code == 1
    assert "the audit was changed: entry 3" in said.stdout


def test_a_damaged_file_is_told(database):
    whole = bytearray(database.read_bytes())
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = bytearray(database.read_bytes())
    page = 4096 * (len(whole) // 4096 - 2)
    whole[page : page + 4096] = b"\xff" * 4096
    database.write_bytes(whole)
    said = CliRunner().invoke(hark, ["db", "check", "--json"])
    assert said.exit_code == 1
