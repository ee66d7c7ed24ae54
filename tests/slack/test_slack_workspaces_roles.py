"""Several workspaces over one PostgreSQL, where each process does a part of the work for all of them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from install_double import InstallDouble
from install_house import InstallHouse, install_house
from slack_house import NOON, conversation, eventually, put_alert
from web_double import ALERTS

from bot.replicas.several import ALLOT
from traces.clock import FakeClock

ONE, TWO = "T0ONE", "T0TWO"
PARTS = ({"slack"}, {"ingest", "work"}, {"work"})


@pytest.fixture
def url(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP DATABASE IF EXISTS "workspaces_in_roles" WITH (FORCE)')
        connection.execute('CREATE DATABASE "workspaces_in_roles"')
    return postgresql_url.replace("/postgres?", "/workspaces_in_roles?")


@pytest.fixture
def parts(url):
    """One that listens to Slack, one that receives and works, one that works; two workspaces have installed Hark."""
    with InstallDouble(ONE, TWO) as slack, ExitStack() as stack:
        clock = FakeClock(NOON)
        houses = [stack.enter_context(install_house(slack, url, clock=clock, roles=frozenset(r))) for r in PARTS]
        for team in (ONE, TWO):
            assert houses[0].install(team).status_code == 200
            eventually(lambda team=team: houses[0].workspaces.serves(team))
            houses[0].chooses(team)
        for house in houses[1:]:
            house.workspaces.look()  # as they do by themselves every five seconds
        yield houses


def holders(house: InstallHouse, team: str, name: str) -> list[str]:
    with house.of(team).read() as tx:
        return [lease.holder for lease in tx.leases.every() if lease.name == name]


def hands_out(house: InstallHouse, team: str) -> bool:
    """Whether it is this process that gives a workspace's conversations to workers."""
    several = house.workspaces._served[team].schedule._several
    return several is not None and several.fence(ALLOT) is not None


def send(edge: InstallHouse, conversation_id: str) -> None:
    """As a client of each of the two workspaces, until it is answered."""
    keys = {team: edge.key(team) for team in (ONE, TWO)}
    edge.clock.advance(timedelta(minutes=1))  # keys are read anew
    with edge.browser() as client:
        for headers in keys.values():
            sent = client.post("/v1/conversations", json=conversation(conversation_id, NOON), headers=headers)
            assert sent.json() == {"new": 1, "updated": 0, "unchanged": 0}


def is_evaluated(house: InstallHouse, team: str, conversation_id: str) -> bool:
    with house.of(team).read() as tx:
        return conversation_id in tx.scores.current([conversation_id])


def listening(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"
        )
        return int(found.fetchone()[0])


def test_each_part_is_done_for_both_workspaces_and_who_stops_is_replaced(parts, url):
    front, edge, other = parts
    key = edge.key(ONE)
    edge.clock.advance(timedelta(minutes=1))  # keys are read anew
    with front.browser() as at_front, edge.browser() as at_edge:
        assert at_front.post("/v1/conversations", json=conversation("sent-0", NOON), headers=key).status_code == 404
        assert at_edge.get("/slack/install", headers=key).status_code == 404

    send(edge, "sent-1")
    for team in (ONE, TWO):
        eventually(lambda team=team: is_evaluated(edge, team, "sent-1"), 30)
        put_alert(edge.of(team))
    for team in (ONE, TWO):
        eventually(lambda team=team: len(front.double(team).posted(ALERTS)) == 3, 30)
        assert len(holders(edge, team, "deliver")) == len(holders(edge, team, ALLOT)) == 1
    assert listening(url) <= 2 * 2, "a process waits for the jobs of all workspaces at once"

    assert hands_out(edge, ONE) != hands_out(other, ONE)
    other.workspaces.stop()
    send(edge, "sent-2")
    for team in (ONE, TWO):
        eventually(lambda team=team: is_evaluated(edge, team, "sent-2"), 30)
        assert hands_out(edge, team)
