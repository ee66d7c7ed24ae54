"""Two workspaces over one PostgreSQL, whose processes are killed one after the other: each keeps what is its own, once."""

from __future__ import annotations

import random
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / "slack"), str(_TESTS / "crash")]

from install_double import CLIENT_ID, CLIENT_SECRET, InstallDouble
from install_house import KEY, PEPPER, state_in
from replicas_fleet import Fleet
from slack_house import SECRET, an_alert, conversation, eventually, put_alert
from web_double import ALERTS, REVIEW

from bot.keys import make_key, pepper_of
from traces.clock import SystemClock
from traces.sealing import seal_of
from traces.store import open_store

ONE, TWO = "T0ONE", "T0TWO"
ROLES = ("slack", "ingest", "work", "all")
_SETTINGS = "[conversations]\nquiet_minutes = 0\n[slack]\ndoubt_s = 3\n"
_LONGEST_S = 120.0


class Client:
    """Sends conversations of one workspace until each is answered, to whichever process answers."""

    def __init__(self, team, ports, key):
        self.team, self.answered = team, []
        self._ports, self._header = ports, {"Authorization": f"Bearer {key}"}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self):
        self._is_over.set()
        self._thread.join(60)

    def _run(self):
        number = 0
        while not self._is_over.wait(0.1):
            sent = f"sent-{number}"
            if any(self._send(port, sent) for port in random.sample(self._ports, len(self._ports))):
                self.answered.append(sent)
                number += 1

    def _send(self, port, sent):
        made = conversation(sent, SystemClock().now(), said=f"This was said in {self.team}.")
        try:
            url = f"http://127.0.0.1:{port}/v1/conversations"
            return httpx.post(url, json=made, headers=self._header, timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def url(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "workspaces_killed"')
    return postgresql_url.replace("/postgres?", "/workspaces_killed?")


def install(slack, store, port, team):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as browser:
        state = state_in(browser.get("/slack/install"))
        cookie = {"Cookie": f"slack-app-oauth-state={state}"}
        found = {"state": state, "code": slack.allows(team)}
        assert browser.get("/slack/oauth_redirect", params=found, headers=cookie).status_code == 200
    with store.of(team).begin() as tx:
        made = tx.installations.get()
        chosen = replace(made, alerts_channel=ALERTS, review_channel=REVIEW, version=made.version + 1)
        assert tx.installations.replace(chosen, expecting=made.version)


def texts(store, conversation_ids):
    with store.read() as tx:
        return {i: tx.conversations.get(i).messages[-1].content for i in conversation_ids}


def unevaluated(store, conversation_ids):
    with store.read() as tx:
        return set(conversation_ids) - set(tx.scores.current(conversation_ids))


@pytest.mark.slow
def test_nothing_of_either_workspace_is_lost_or_doubled_or_gets_into_the_other(url, tmp_path):
    (tmp_path / "hark.toml").write_text(_SETTINGS)
    with InstallDouble(ONE, TWO) as slack, ExitStack() as stack:
        environment = PEPPER | {
            "HARK_DATABASE_URL": url,
            "HARK_ENCRYPTION_KEY": KEY,
            "SLACK_API_URL": slack.url,
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "SLACK_SIGNING_SECRET": SECRET,
        }
        fleet = stack.enter_context(Fleet(tmp_path, environment, ROLES))
        fleet.begin()
        store = stack.enter_context(closing(open_store(url, seal=seal_of(KEY))))
        ports = [r.port for role in ("ingest", "all") for r in fleet.of(role)]
        clients = []
        for team in (ONE, TWO):
            install(slack, store, fleet.of("slack")[0].port, team)
            _, key = make_key(store.of(team), pepper_of(PEPPER, url), SystemClock().now(), name="shop")
            clients.append(Client(team, ports, key))
        for client in clients:
            eventually(lambda client=client: client.answered, _LONGEST_S)

        for number, name in enumerate(fleet.replicas):
            for team in (ONE, TWO):
                put_alert(store.of(team), an_alert(f"alert-{number}", examples=()))
            fleet.kill(name)
            before = [len(client.answered) for client in clients]
            eventually(
                lambda before=before: all(len(c.answered) > n + 5 for c, n in zip(clients, before, strict=True)),
                _LONGEST_S,
            )
            fleet.begin(name)
        for client in clients:
            client.end()

        for client in clients:
            mine = store.of(client.team)
            eventually(lambda mine=mine, c=client: not unevaluated(mine, c.answered), _LONGEST_S)
            assert set(texts(mine, client.answered).values()) == {f"This was said in {client.team}."}
            channel = slack.of[client.team]
            eventually(lambda channel=channel: len(channel.roots(ALERTS)) >= len(ROLES), _LONGEST_S)
        assert [len(slack.of[team].roots(ALERTS)) for team in (ONE, TWO)] == [len(ROLES)] * 2
        assert [fleet.stop(name) for name in fleet.replicas] == [0] * len(ROLES)
        assert fleet.tracebacks() == []
