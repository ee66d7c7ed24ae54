"""A replica and its PostgreSQL are parted, and neither is told."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / "load"), str(_TESTS / "slack"), str(_TESTS / "crash")]

from parted import run
from parted_proxy import Network

from traces.errors import StoreUnavailable
from traces.store import open_store
from traces.store.patience import patience


@pytest.fixture
def way(postgresql_url):
    """A network to the database, which somebody may part, and a store at its other end."""
    said = conninfo_to_dict(postgresql_url)
    upstream = Path(said["host"]) / ".s.PGSQL.5432"
    with Network(["replica"], upstream) as network, ExitStack() as stack:
        store = open_store(f"postgresql://{said['user']}:@127.0.0.1:{network.ports['replica']}/{said['dbname']}")
        stack.callback(store.close)
        yield network, store, upstream


def leases(store):
    with store.begin() as tx:
        return tx.leases.keep(["parted"], "somebody", timedelta(0))


def asked_for(store, statement, patience_s, meanwhile=lambda: None):
    with patience(patience_s), store.begin() as tx:
        tx.leases.every()
        meanwhile()
        return tx._connection.execute(text(statement)).scalar()


def test_connections_that_are_dead_without_a_word_are_replaced(way):
    network, store, upstream = way
    assert leases(store)
    network.move(upstream)
    with patience(0.2):
        assert leases(store)


def test_a_database_that_says_nothing_is_given_up_as_soon_as_whoever_asks_wants(way):
    network, store, _ = way
    with pytest.raises(StoreUnavailable, match=r"nothing was heard of the server for 0\.2 s"):
        asked_for(store, "SELECT 1", 0.2, lambda: network.become("swallow"))
    network.become("pass")
    assert leases(store)


def test_a_statement_that_works_for_longer_than_the_first_answer_may_take_is_waited_for(way):
    _, store, _ = way
    assert asked_for(store, "SELECT 1 FROM pg_sleep(0.4)", 5.0) == 1
    with pytest.raises(StoreUnavailable, match="nothing was heard"):
        asked_for(store, "SELECT 1 FROM pg_sleep(5)", 0.2)


def test_a_connection_that_is_cut_in_the_middle_is_a_database_that_is_away(way):
    network, store, _ = way
    with pytest.raises(StoreUnavailable):
        asked_for(store, "SELECT 1", 5.0, lambda: network.become("cut"))
    network.become("pass")
    assert leases(store)


def test_whoever_finds_no_free_connection_is_told_that_the_database_cannot_be_used(way):
    _, store, _ = way
    store._engine.pool._timeout = 0.05
    with ExitStack() as stack:
        for _ in range(15):
            stack.enter_context(store.read()).leases.every()
        with pytest.raises(StoreUnavailable, match="others wait for it already"):
            leases(store)


def test_who_has_a_turn_and_is_parted_is_ended_so_that_others_go_on(way, postgresql_url):
    network, store, _ = way
    idle = text("SHOW idle_in_transaction_session_timeout")
    with store.begin() as tx:
        assert tx._connection.execute(idle).scalar() == "5min"
        tx.judge_spending._one_at_a_time("a turn")
        assert tx._connection.execute(idle).scalar() == "6s"
    with closing(open_store(postgresql_url)) as others, pytest.raises(StoreUnavailable):
        _left_in_the_middle(network, store, others)
    network.become("pass")


def test_who_is_parted_in_the_middle_of_what_it_sends_does_not_keep_its_turn_for_ever(way):
    _, store, _ = way
    longest = text("SELECT current_setting('transaction_timeout', true)")
    with store.begin() as tx:
        tx.judge_spending._one_at_a_time("a turn")
        assert tx._connection.execute(longest).scalar() in ("1min", None), "PostgreSQL 17 and newer"


def _left_in_the_middle(network, store, others):
    with patience(0.2), store.begin() as tx:
        tx.judge_spending._one_at_a_time("a turn that is left")
        tx._connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '300ms'"))
        network.become("swallow")
        with others.begin() as other:
            other.judge_spending._one_at_a_time("a turn that is left")
        tx.leases.every()


def test_an_address_that_says_how_long_to_wait_is_heeded(postgresql_url):
    with closing(open_store(f"{postgresql_url}&connect_timeout=2&keepalives_idle=7")) as store, store.read() as tx:
        said = conninfo_to_dict(tx.driver_connection().info.dsn)
        assert (said["connect_timeout"], said["keepalives_idle"], said["tcp_user_timeout"]) == ("2", "7", "10000")


def test_a_standby_that_only_reads_is_not_taken_for_the_database(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE follows")
        connection.execute("ALTER DATABASE follows SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read-only"):
        open_store(postgresql_url.replace("/postgres?", "/follows?"))


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_replicas_are_parted_and_postgresql_is_killed():
    found, counted = run(["killed", "parted"], [12.0], seed=7)
    assert [trial.wrong for trial in found] == [{}] * len(found)
    assert counted.wrong == {}
