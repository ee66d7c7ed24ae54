"""Hark and the simulated workspace, wired to each other on loopback."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import orjson

from bot.app import Hark, build_hark
from bot.demo.world import settings_of
from bot.playground.injector import Injector
from bot.playground.people import Shortcut
from bot.playground.server import playground_app
from bot.playground.serving import address, loopback_socket, serving
from bot.playground.workspace import Workspace
from bot.slack.listening.shortcuts import OPEN_QUEUE, SEND
from traces.clock import Clock, SystemClock
from traces.errors import BadInput, HarkError

SEND_LIMIT_S: Final = 30.0
PAGE_PORT: Final = 8788
SHORTCUTS: Final = (
    Shortcut("Send to Hark review", SEND, "message"),
    Shortcut("Open my review queue", OPEN_QUEUE, "global"),
)
"""As in manifest.yml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything of a demo but the play: the page is served, Hark is built and bound but not yet serving.

    Attributes:
        client: Sends what clients and Slack send to Hark.
        bound: Where Hark is to listen; whoever serves it closes it.
        hark_url: The address of ``bound``.
    """

    hark: Hark
    workspace: Workspace
    injector: Injector
    client: httpx.Client
    bound: socket.socket
    hark_url: str

    @property
    def page_url(self) -> str:
        return self.workspace.url

    def send(self, conversations: list[object]) -> None:
        """Hand conversations to Hark as any client does.

        Raises:
            HarkError: Hark did not take them.
        """
        answer = self.client.post(
            f"{self.hark_url}/v1/conversations",
            content=orjson.dumps(conversations),
            headers={"Content-Type": "application/json"},
            timeout=SEND_LIMIT_S,
        )
        if not answer.is_success:
            raise HarkError(f"Hark answered {answer.status_code} to conversations: {answer.text[:200]}")


@contextlib.contextmanager
def staged(
    clock: Clock, database: Path, *, seed: int, port: int | None = 0, page_port: int | None = 0
) -> Iterator[Stage]:
    """Build a demo whose parts reach each other over loopback only.

    Args:
        clock: Tells Hark and the workspace the time.
        database: File of the SQLite database, made where it is not there.
        seed: Makes the workspace's ids repeatable.
        port: Where Hark will listen; 0 takes a free one, ``None`` too.
        page_port: Where the page and the double of Slack are; ``None`` takes 8788, or a free one where that is taken.

    Raises:
        BadInput: A port is taken.
        StoreUnavailable: The database cannot be opened.
    """
    signing_secret = secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        # Hark's own port first: where it is the page's usual one, the page takes another.
        bound = _bound(port or 0, "--port")
        stack.callback(bound.close)
        page = _page_socket(page_port)
        client = stack.enter_context(httpx.Client(trust_env=False))
        workspace = Workspace(
            clock=clock, url=address(page), rng=random.Random(seed), ages_by=SystemClock(), shortcuts=SHORTCUTS
        )
        injector = Injector(workspace, f"{address(bound)}/slack/events", signing_secret, client, clock=clock)
        stack.enter_context(serving(playground_app(workspace, injector), page))
        key = _key_beside(database)
        hark = build_hark(settings_of(database, address(page), signing_secret, key), clock, {})
        stack.callback(hark.store.close)
        yield Stage(
            hark=hark,
            workspace=workspace,
            injector=injector,
            client=client,
            bound=bound,
            hark_url=address(bound),
        )


def key_file(database: Path) -> Path:
    """Where the key lies that what is kept of a demo is sealed under."""
    return database.with_suffix(".key")


def _key_beside(database: Path) -> str:
    """A new key. It lies beside the database, for whoever keeps that and looks into it later."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    file = os.open(key_file(database), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as beside:
        beside.write(f"{key}\n")
    return key


def _page_socket(port: int | None) -> socket.socket:
    if port is not None:
        return _bound(port, "--playground-port")
    try:
        return loopback_socket(PAGE_PORT)
    except OSError:
        return loopback_socket()


def _bound(port: int, option: str) -> socket.socket:
    try:
        return loopback_socket(port)
    except OSError as error:
        raise BadInput(f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another with {option}") from error
