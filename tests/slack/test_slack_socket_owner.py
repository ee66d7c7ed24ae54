"""Of several Harks over one database one holds the connection to Slack, and another takes it over."""

from __future__ import annotations

import psycopg
import pytest
from slack_house import eventually
from slack_process import hark_run
from slack_script import Script
from socket_double import SocketDouble
from web_double import APP_TOKEN


@pytest.fixture
def database_url(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP DATABASE IF EXISTS "socket_owner"')
        connection.execute('CREATE DATABASE "socket_owner"')
    return postgresql_url.replace("/postgres?", "/socket_owner?")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_slack_is_connected_to_one_replica_and_to_the_other_when_that_is_gone(slack, database_url, tmp_path, how):
    secrets = {"SLACK_APP_TOKEN": APP_TOKEN, "HARK_DATABASE_URL": database_url}
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with SocketDouble() as socket:
        slack.socket_url = socket.url
        with hark_run(slack, tmp_path / "1", secrets) as first:
            eventually(lambda: socket.open, 60)
            with hark_run(slack, tmp_path / "2", secrets) as second:
                Script(slack, socket).asks("help", "/hark status")
                assert socket.connected == 1, "the second leaves Slack to the first"
                if how == "stopped":
                    assert first.stop() == 0
                else:
                    first.process.kill()
                    first.process.wait()
                eventually(lambda: socket.connected == 2 and socket.open, 60)
                Script(slack, socket).asks("help", "/hark status")
                assert second.stop() == 0
                assert "Traceback" not in second.said
