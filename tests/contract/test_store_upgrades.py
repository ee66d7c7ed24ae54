"""Databases that older Harks wrote: they open, are brought up to date, and hold what they held.

Each file under ``old/`` is a dump of a database as the Hark of that schema wrote it: twenty-four conversations with a label on
``refusal`` each, taken in by ``hark ingest`` and evaluated by ``hark tick``.
"""

from __future__ import annotations

import lzma
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.app import build_hark
from bot.config.settings import load
from traces import schema
from traces.clock import FakeClock
from traces.model import EVERYTHING
from traces.store import open_store

OLD = sorted((Path(__file__).parent / "old").glob("*.sql.xz"))
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(params=OLD, ids=[path.name[:4] for path in OLD])
def url(request, tmp_path):
    path = tmp_path / "hark.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(lzma.decompress(request.param.read_bytes()).decode())
    return f"sqlite:///{path}"


def test_the_schema_is_brought_up_to_date(url):
    with closing(open_store(url)) as opened, opened._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_conversations_scores_and_labels_are_all_there(url):
    with closing(open_store(url)) as opened, opened.read() as tx:
        ids = [f"old-{n}" for n in range(24)]
        assert len(tx.conversations.many(ids)) == 24
        assert tx.reviews.label_counts() == {"refusal": 24}
        refusals = tx.scores.values("refusal")
    assert {i for i, value in refusals.items() if value >= 0.5} == {f"old-{n}" for n in range(0, 24, 6)}


def test_hark_goes_on_where_it_was(url, tmp_path):
    settings = load({"HARK_DATABASE_URL": url}, tmp_path)
    hark = build_hark(settings, FakeClock(NOW), {})
    with closing(hark.store):
        tick = hark.jobs.tick(NOW)
        with hark.store.read() as tx:
            series = tx.rollups.series("refusal", EVERYTHING, since=SINCE, until=UNTIL, resolution_s=86_400)
            calibrated = tx.calibrations.current()["refusal"]
    assert tick.opened == 0
    assert sum(rollup.n for _, rollup in series) == 24
    assert calibrated.n_labels == 24


def test_there_are_old_databases_to_try():
    assert len(OLD) >= 5
