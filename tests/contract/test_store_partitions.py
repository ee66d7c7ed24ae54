"""Spans by day: what was sent is found whatever its day, once however often it came, and gone with its day."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from made import DAY, HOUR, NOW, span, workspace_in
from sqlalchemy import create_engine, insert, select

from traces import schema
from traces.store import open_store

FIRST, SECOND = f"{1:032x}", f"{2:032x}"


def at(moment, trace_id=FIRST, **more):
    return replace(span(), trace_id=trace_id, started_at=moment, ended_at=moment + HOUR, **more)


def put(store, *spans):
    with store.begin() as tx:
        tx.spans.put(spans)


def found(store, *trace_ids):
    with store.read() as tx:
        return {t: [s.started_at for s in of] for t, of in tx.spans.of_traces(trace_ids).items()}


@pytest.mark.parametrize("days", [-20_000, -400, -1, 0, 1, 3, 27_000])
def test_a_span_of_any_day_is_found_before_and_after_there_is_a_table_for_its_day(store, days):
    moment = NOW + days * DAY
    put(store, at(moment))
    assert found(store, FIRST) == {FIRST: [moment]}
    with store.begin() as tx:
        tx.partitions.ahead(moment)
        tx.partitions.ahead(moment)
    assert found(store, FIRST) == {FIRST: [moment]}
    put(store, at(moment + HOUR, SECOND))
    assert found(store, FIRST, SECOND) == {FIRST: [moment], SECOND: [moment + HOUR]}


def test_a_span_that_comes_again_with_another_day_is_there_once(store):
    put(store, at(NOW))
    put(store, at(NOW - 2 * DAY))
    assert found(store, FIRST) == {FIRST: [NOW - 2 * DAY]}


def test_of_days_that_are_over_nothing_is_left_and_of_others_everything(store):
    with store.begin() as tx:
        for day in (NOW - 30 * DAY, NOW - 9 * DAY, NOW):
            tx.partitions.ahead(day)
    put(store, at(NOW - 30 * DAY), at(NOW - 9 * DAY, SECOND))
    with store.begin() as tx:
        tx.partitions.drop(NOW - 20 * DAY, NOW)
    is_by_day = store.dialect == "postgresql"
    assert found(store, FIRST) == ({} if is_by_day else {FIRST: [NOW - 30 * DAY]}), (
        "SQLite forgets with the conversation"
    )
    assert found(store, SECOND) == {SECOND: [NOW - 9 * DAY]}
    put(store, at(NOW - 30 * DAY))
    assert found(store, FIRST) == {FIRST: [NOW - 30 * DAY]}, "what comes late has a place"


def test_what_another_workspace_has_of_a_day_stays(store):
    other = workspace_in(store)
    with store.begin() as tx:
        tx.partitions.ahead(NOW - 60 * DAY)
    put(store, at(NOW - 60 * DAY))
    put(other, at(NOW - 60 * DAY))
    with store.begin() as tx:
        tx.partitions.drop(NOW - 20 * DAY, NOW)
    assert found(other, FIRST) == {FIRST: [NOW - 60 * DAY]}


def test_a_day_of_this_week_stays_until_all_of_it_is_over(store):
    with store.begin() as tx:
        tx.partitions.ahead(NOW - DAY)
    put(store, at(NOW - DAY + HOUR))
    with store.begin() as tx:
        tx.partitions.drop(NOW - DAY, NOW)
    assert found(store, FIRST) == {FIRST: [NOW - DAY + HOUR]}, "its trace may not be whole yet"


def test_spans_of_a_database_from_before_there_were_days_are_all_there_afterwards(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP DATABASE IF EXISTS "before_days"')
        connection.execute('CREATE DATABASE "before_days"')
    url = postgresql_url.replace("/postgres?", "/before_days?")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    moments = [NOW - n * DAY for n in (0, 0, 1, 40, 2_000)]
    rows = [
        {"workspace_id": "w", "trace_id": f"{n:032x}", "span_id": "1", "started_at": moment, "body": {"n": n}}
        for n, moment in enumerate(moments)
    ]
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "traces:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0022")
        connection.execute(insert(schema.spans), rows)
    engine.dispose()
    with closing(open_store(url, "w")) as opened, opened._engine.connect() as connection:
        there = connection.execute(select(schema.spans).order_by(schema.spans.c.trace_id)).mappings().all()
    assert [dict(row) for row in there] == rows


def test_a_day_that_is_over_for_all_workspaces_is_dropped_whole(store):
    other, third = workspace_in(store), workspace_in(store)
    with store.begin() as tx:
        tx.partitions.ahead(NOW - 80 * DAY)
    put(store, at(NOW - 80 * DAY))
    put(other, at(NOW - 80 * DAY))
    with store.begin() as tx:
        tx.partitions.drop(NOW - 20 * DAY, NOW, [other.workspace_id, third.workspace_id])
    assert found(other, FIRST) == ({} if store.dialect == "postgresql" else {FIRST: [NOW - 80 * DAY]})
