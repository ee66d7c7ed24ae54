"""Two workspaces with the same ids never see or touch each other's rows: every public method of the store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import workspace_in
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from store_calls import CALLS, METHODS, call, fill, fill_beyond, rows_of

from traces import schema
from traces.store import open_store


@pytest.fixture(scope="session")
def _alone():
    opened = open_store("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def alone(_alone):
    """A workspace in a database that nobody else uses; afterwards it is as if it had never been."""
    store = workspace_in(_alone)
    yield store
    with store._engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            if table.name not in {"seals", "audit"}:
                connection.execute(delete(table).where(table.c.workspace_id == store._workspace_id))


def kept_by(store):
    """What a workspace holds, but for its own name, for numbers of the whole database, and for what runs by its clock."""
    shared = {
        t.name: {"workspace_id", getattr(t.autoincrement_column, "name", "")} for t in schema.metadata.sorted_tables
    }
    return {
        name: sorted(
            str([value for column, value in row._mapping.items() if column not in shared[name]]) for row in rows
        )
        for name, rows in rows_of(store).items()
        if name not in {"leases", "claims"}
    }


def came_of(store, name):
    """What a call gave; of one that the ids that are taken refuse, that they did."""
    try:
        result = call(store, name)
    except IntegrityError as error:
        return type(error)
    return [replace(link, number=0) for link in result] if name == "audit.chain" else result


def test_every_public_method_of_the_store_is_tried():
    assert sorted(CALLS) == METHODS


def test_there_is_something_in_every_table_to_be_seen(store):
    fill(store)
    assert all(rows_of(store).values())


@pytest.fixture(scope="session")
def beside(database):
    """A workspace in the database with something in every table, and what its rows are."""
    neighbour = workspace_in(database)
    fill(neighbour)
    return neighbour, rows_of(neighbour)


# What a statement says of workspaces does not depend on where SQLite keeps its pages.
@pytest.mark.parametrize("database", ["sqlite memory", "postgresql"], indirect=True)
@pytest.mark.parametrize("name", METHODS)
def test_a_workspace_neither_sees_nor_changes_another(store, beside, alone, name):
    neighbour, before = beside

    assert call(store, name) == call(alone, name)
    assert rows_of(neighbour) == before


@pytest.fixture(scope="session")
def crowded():
    """A database with a workspace that holds more than any other, and what its rows are."""
    opened = open_store("sqlite://")
    neighbour = workspace_in(opened)
    fill_beyond(neighbour)
    yield opened, neighbour, rows_of(neighbour)
    opened.close()


# When a lease ends is said by the clock of the database.
@pytest.mark.parametrize("name", [name for name in METHODS if name != "leases.every"])
def test_a_workspace_with_the_same_ids_as_another_has_its_own_rows(crowded, alone, name):
    opened, neighbour, before = crowded
    store = workspace_in(opened)
    fill(store)
    fill(alone)

    assert came_of(store, name) == came_of(alone, name)
    assert rows_of(neighbour) == before
    assert kept_by(store) == kept_by(alone)
