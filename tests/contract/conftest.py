"""Every test here runs on each database that Hark can live in."""

from __future__ import annotations

import pytest
from made import workspace_in

from traces.store import open_store


@pytest.fixture(scope="session", params=["sqlite file", "sqlite memory", "postgresql"])
def database(request, tmp_path_factory):
    """A migrated database of one kind, shared by all tests: each takes a workspace of its own."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    elif request.param == "sqlite file":
        url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'hark.db'}"
    else:
        url = "sqlite://"
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def store(database):
    return workspace_in(database)


@pytest.fixture(scope="session")
def new_store(database):
    return lambda: workspace_in(database)
