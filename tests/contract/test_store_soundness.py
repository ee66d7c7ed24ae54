"""``hark db check`` of a PostgreSQL: sound ones pass, and what is wrong with others is told with the way out."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from made import DAY, NOW, arrival, label, span
from sqlalchemy import create_engine, delete, text
from sqlalchemy.engine import make_url

from bot.cli.main import hark
from traces import schema
from traces.model import Score
from traces.store import open_store

_FICKLE = """
    CREATE FUNCTION fickle(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT {}';
    CREATE OPERATOR CLASS fickle_ops FOR TYPE integer USING btree AS
        OPERATOR 1 < , OPERATOR 2 <= , OPERATOR 3 = , OPERATOR 4 >= , OPERATOR 5 > , FUNCTION 1 fickle(integer, integer);
"""


@pytest.fixture(scope="module")
def url(postgresql_url):
    """A database of its own, since its catalogue is damaged."""
    engine = create_engine(make_url(postgresql_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE soundness")
    yield make_url(postgresql_url).set(database="soundness").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE soundness WITH (FORCE)")
    engine.dispose()


@pytest.fixture
def store(url, nobodys_settings, monkeypatch):
    monkeypatch.setenv("HARK_DATABASE_URL", url)
    opened = open_store(url)
    with opened.begin() as tx:
        tx.partitions.ahead(NOW)
        tx.conversations.put([arrival()], NOW)
        tx.scores.put({"c-1": [Score(name="refusal", value=1.0, explanation="It refused.")]}, NOW)
        tx.spans.put([span()])
        tx.spans.assign({f"{1:032x}": "c-1"}, {f"{1:032x}": b"said"})
    yield opened
    with opened._engine.begin() as connection:
        for table in (schema.scores, schema.traces, schema.labels, schema.conversations):
            connection.execute(delete(table))
    opened.close()


def check():
    ended = CliRunner().invoke(hark, ["db", "check", "--json"], catch_exceptions=False)
    said = json.loads(ended.stdout)
    assert ended.exit_code == bool(said["problems"])
    return said


def test_a_sound_database_passes_and_what_was_not_checked_is_told_in_a_line(store):
    assert check() == {
        "problems": [],
        "not_checked": [
            "what stands in indexes was not checked: it takes the extension amcheck: CREATE EXTENSION amcheck"
        ],
    }


def test_scores_and_traces_of_a_conversation_that_is_not_there_are_told(store):
    with store.of("neighbour").begin() as tx:
        tx.conversations.put([arrival()], NOW)
    with store._engine.begin() as connection:
        connection.execute(
            delete(schema.conversations).where(schema.conversations.c.workspace_id == store.workspace_id)
        )
    scores, traces = check()["problems"]
    assert scores.startswith("scores of 1 conversation that are not there, such as 'c-1'; REINDEX")
    assert traces.startswith("traces of 1 conversation that are not there")


def test_what_stays_of_conversations_past_their_retention_is_no_damage(store):
    with store.begin() as tx:
        tx.reviews.put_label(label())
        assert tx.retention.purge(NOW + DAY) == ["c-1"]
    assert check()["problems"] == []
    with store.begin() as tx:
        tx.reviews.withdraw_label("c-1", "refusal", "U1")
    assert check()["problems"] == []


def test_spans_whose_conversation_is_put_together_later_are_no_damage(store):
    with store.begin() as tx:
        tx.spans.put([span(7)])
        tx.spans.assign({f"{7:032x}": "c-7"}, {f"{7:032x}": b"said"})
        tx.spans.defer({"c-7": NOW})
    assert check()["problems"] == []


def test_an_index_that_was_not_built_to_the_end_is_told(store):
    with store._engine.begin() as connection:
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST('scores_by_name' AS regclass)")
        )
    try:
        assert check()["problems"] == ["index scores_by_name is not valid; REINDEX INDEX scores_by_name"]
    finally:
        with store._engine.begin() as connection:
            connection.execute(text("REINDEX INDEX scores_by_name"))
    assert check()["problems"] == []


def test_with_amcheck_an_index_in_another_order_than_it_says_is_told(store):
    with store._engine.begin() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")).scalar():
            pytest.skip("this PostgreSQL comes without the extension amcheck")
        connection.execute(text("CREATE EXTENSION amcheck"))
        connection.exec_driver_sql(_FICKLE.format("$1 - $2"))
        connection.exec_driver_sql("CREATE TABLE odd (number integer)")
        connection.exec_driver_sql("INSERT INTO odd SELECT generate_series(1, 100)")
        connection.exec_driver_sql("CREATE INDEX odd_by_number ON odd (number fickle_ops)")
    assert check() == {"problems": [], "not_checked": []}
    try:
        with store._engine.begin() as connection:
            # As a new version of the system's collations would.
            connection.exec_driver_sql(
                "CREATE OR REPLACE FUNCTION fickle(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1'"
            )
        [problem] = check()["problems"]
        assert problem.startswith("index odd_by_number is damaged: item order invariant violated")
    finally:
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE odd; DROP EXTENSION amcheck")
