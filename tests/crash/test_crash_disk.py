"""A disk that is full, a database that somebody holds, and one that is damaged: refused, never half done, and told."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from crash_client import is_taken, post
from crash_process import HARK, Lives
from slack_house import eventually

from traces.store import open_store

LIMIT = resource.RLIMIT_FSIZE
FULL_AT = 4096
"""Nothing can be written beyond so many bytes of any file, as on a disk without room."""


@pytest.fixture
def lives(tmp_path) -> Iterator[Lives]:
    with Lives(tmp_path, {"HARK_DATABASE_URL": f"sqlite:///{tmp_path / 'hark.db'}"}) as running:
        running.start()
        yield running


def _stored(directory: Path) -> set[str]:
    store = open_store(f"sqlite:///{directory / 'hark.db'}")
    with store.read() as tx:
        found = {c.conversation_id for page in tx.conversations.in_order() for c in page}
    store.close()
    return found


def _check(directory: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HARK_DATABASE_URL": f"sqlite:///{directory / 'hark.db'}"}
    return subprocess.run(
        [sys.executable, "-c", HARK, "db", "check"],
        cwd=directory, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_on_a_full_disk_nothing_is_taken_and_with_room_again_everything_is(lives, tmp_path):
    assert is_taken(lives, "c-before")
    hard = resource.prlimit(lives.pid, LIMIT)[1]
    resource.prlimit(lives.pid, LIMIT, (FULL_AT, hard))
    refusals = [post(lives, f"c-{n}") for n in range(5)]
    assert {status for status, _ in refusals} == {503}
    assert all(int(headers["retry-after"]) > 0 for _, headers in refusals)
    assert lives.is_alive()
    resource.prlimit(lives.pid, LIMIT, (hard, hard))
    eventually(lambda: is_taken(lives, "c-after"), 30)
    lives.kill()
    assert _stored(tmp_path) == {"c-before", "c-after"}
    assert _check(tmp_path).returncode == 0


@pytest.mark.slow
def test_a_database_that_somebody_else_holds_is_told_with_when_to_come_again_and_taken_once_it_is_free(lives, tmp_path):
    assert is_taken(lives, "c-before")
    with closing(sqlite3.connect(tmp_path / "hark.db", isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, headers = post(lives, "c-meanwhile")
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
        other.execute("ROLLBACK")
    eventually(lambda: is_taken(lives, "c-after"), 30)
    assert lives.is_alive()


@pytest.mark.slow
def test_a_torn_end_of_the_log_costs_no_more_than_that_end(lives, tmp_path):
    for number in range(5):
        assert is_taken(lives, f"c-{number}")
    lives.kill()
    log = tmp_path / "hark.db-wal"
    torn = bytearray(log.read_bytes())
    torn[-100] ^= 0xFF
    log.write_bytes(torn)
    lives.start()
    assert is_taken(lives, "c-after")
    lives.kill()
    assert {"c-0", "c-1", "c-2", "c-3", "c-after"} <= _stored(tmp_path)
    assert _check(tmp_path).returncode == 0


@pytest.mark.slow
def test_a_damaged_page_is_told_by_the_check_and_not_hidden(lives, tmp_path):
    for number in range(20):
        assert is_taken(lives, f"c-{number}")
    lives.stop()
    path = tmp_path / "hark.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = connection.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'conversations_by_end'"
        ).fetchone()
    damaged = bytearray(path.read_bytes())
    damaged[(root - 1) * size : (root - 1) * size + 200] = b"\xff" * 200
    path.write_bytes(damaged)
    checked = _check(tmp_path)
    assert checked.returncode == 1
    assert "restore a backup" in checked.stderr
    assert "Traceback" not in checked.stderr
