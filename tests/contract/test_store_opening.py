"""Opening a database: its tables, its durability, and one clear line where it cannot be used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from made import NOW, arrival
from sqlalchemy import event

from traces import schema
from traces.errors import BadInput, NewerSchema, StoreUnavailable
from traces.store import open_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hark.db"


def test_the_migrations_build_exactly_the_tables_of_the_schema(database):
    with database._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_a_migration_file_begins_with_its_revision_so_that_the_newest_is_known_by_its_name():
    config = Config()
    config.set_main_option("script_location", "traces:migrations")
    migrations = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [Path(m.path).name.partition("_")[0] for m in migrations] == [m.revision for m in migrations]
    assert migrations[0].revision == max(m.revision for m in migrations)


def test_opening_a_database_again_keeps_what_is_in_it(path):
    with closing(open_store(f"sqlite:///{path}")) as first, first.begin() as tx:
        tx.conversations.put([arrival()], NOW)
    with closing(open_store(f"sqlite:///{path}")) as second, second.read() as tx:
        assert tx.conversations.count() == 1


def test_a_missing_directory_is_made(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path / 'new' / 'er' / 'hark.db'}")) as opened, opened.read() as tx:
        assert tx.conversations.count() == 0


def test_what_is_committed_to_sqlite_survives_a_power_cut(path):
    with closing(open_store(f"sqlite:///{path}")) as opened, opened._engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2}


def test_a_database_of_a_newer_hark_is_refused_with_the_way_out(path):
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchema, match=r"schema 9999.*upgrade") as caught:
        open_store(f"sqlite:///{path}")
    assert_one_line(caught)


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(StoreUnavailable, match=r"hark\.db") as caught:
        open_store(f"sqlite:///{path}")
    assert_one_line(caught)


def test_a_path_through_a_file_is_refused(path):
    path.write_bytes(b"")
    with pytest.raises(StoreUnavailable, match=r"hark\.db") as caught:
        open_store(f"sqlite:///{path / 'inside.db'}")
    assert_one_line(caught)


def test_a_directory_is_no_database(tmp_path):
    with pytest.raises(StoreUnavailable) as caught:
        open_store(f"sqlite:///{tmp_path}")
    assert_one_line(caught)


def test_a_database_that_another_process_has_locked_says_so(path):
    with closing(open_store(f"sqlite:///{path}")) as opened, closing(sqlite3.connect(path)) as other:
        event.listen(opened._engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=1"))
        opened.close()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as caught, opened.begin():
            pass
        with opened.read() as tx:
            assert tx.conversations.count() == 0
    assert_one_line(caught)


def test_a_read_only_database_says_so_and_can_still_be_read(path):
    with closing(open_store(f"sqlite:///{path}")) as opened:
        event.listen(opened._engine, "connect", lambda c, _: c.execute("PRAGMA query_only=ON"))
        opened.close()
        with pytest.raises(StoreUnavailable, match="readonly") as caught, opened.begin() as tx:
            tx.conversations.put([arrival()], NOW)
        with opened.read() as tx:
            assert tx.conversations.count() == 0
    assert_one_line(caught)


def test_a_database_that_breaks_while_it_is_open_says_so(path):
    with closing(open_store(f"sqlite:///{path}")) as opened:
        with opened.begin() as tx:
            tx.conversations.put([arrival()], NOW)
        opened.close()
        path.write_bytes(b"nothing of what was here" * 1_000)
        with pytest.raises(StoreUnavailable) as caught, opened.read() as tx:
            tx.conversations.count()
    assert_one_line(caught)


def test_a_server_that_is_away_is_named_without_its_password():
    with pytest.raises(StoreUnavailable, match="127") as caught:
        open_store("postgresql://ann:hunter2@127.0.0.1:1/hark")
    assert "hunter2" not in str(caught.value)
    assert_one_line(caught)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "oracle+x://"])
def test_what_is_no_database_url_is_refused_by_the_name_of_its_setting(url):
    with pytest.raises(BadInput, match="HARK_DATABASE_URL"):
        open_store(url)


def assert_one_line(caught) -> None:
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
