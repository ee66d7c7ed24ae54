"""Serves an ASGI app on loopback from a thread, for the demo and for tests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

START_LIMIT_S = 20.0
_BACKLOG = 128
_LOOK_S = 0.02


class PromptServer(uvicorn.Server):
    """A server that is gone as soon as its last answer is: uvicorn's takes up to two tenths of a second longer."""

    async def main_loop(self) -> None:
        ticks = itertools.count()
        while not await self.on_tick(next(ticks)):  # noqa: ASYNC110 - uvicorn has flags, and no events
            await asyncio.sleep(_LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_S / 4)
        for task in self.server_state.tasks:
            task.cancel()


def loopback_socket(port: int = 0) -> socket.socket:
    """A socket that listens on 127.0.0.1; port 0 takes a free one, so that its address is known before an app is made.

    Raises:
        OSError: When the port is taken.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
        # Two sockets that may reuse an address can both be bound to it: which one has it shows here.
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def address(bound: socket.socket) -> str:
    """The socket's address as ``http://127.0.0.1:<port>``."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def serving(app: ASGIApp, bound: socket.socket) -> Iterator[str]:
    """Serve ``app`` on the socket until the block ends; gives its address.

    Raises:
        TimeoutError: When it does not start.
    """
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=3)
    server = PromptServer(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="playground", daemon=True)
    thread.start()
    try:
        _wait_for(server)
        yield address(bound)
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


def _wait_for(server: uvicorn.Server) -> None:
    gives_up_at = time.monotonic() + START_LIMIT_S
    while not server.started:
        if time.monotonic() > gives_up_at:
            raise TimeoutError("the server did not start")
        time.sleep(0.01)
