"""A Socket Mode double: a websocket to which it sends envelopes, and from which it takes acknowledgements.

It behaves as Slack's does: ``hello`` first, one envelope per payload, an acknowledgement by envelope id within a time,
and ``disconnect`` before a connection is taken away. Each payload goes to one of the open connections.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Mapping
from queue import Empty, Queue
from typing import Any, Self

from slack_people import Request
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

ACK_LIMIT_S = 10.0


class SocketDouble:
    """Slack's end of Socket Mode; ``url`` is what apps.connections.open answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._acknowledged: dict[str, Queue[Mapping[str, Any]]] = {}
        self.open: list[ServerConnection] = []
        self.connected = 0
        self.doubled: list[str] = []
        self._server = serve(self._talk, "127.0.0.1", 0, ping_interval=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for connection in list(self.open):
            connection.close()
        self._server.shutdown()
        self._thread.join(5)

    def url(self) -> str:
        return (
            f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link/?ticket={next(self._numbers)}&app_id=A0TESTS"
        )

    def __call__(self, request: Request) -> Any:
        """Send a request in an envelope; the payload of its acknowledgement, or nothing."""
        envelope_id = self.send(request)
        return self.acknowledgement(envelope_id)

    def send(self, request: Request) -> str:
        """Send a request in an envelope to the newest connection; returns the envelope's id."""
        envelope_id = f"envelope-{next(self._numbers)}"
        with self._lock:
            self._acknowledged[envelope_id] = Queue()
            connection = self.open[-1]
        envelope = {
            "envelope_id": envelope_id,
            "type": request.kind,
            "payload": dict(request.payload),
            "accepts_response_payload": True,
        }
        connection.send(json.dumps(envelope))
        return envelope_id

    def acknowledgement(self, envelope_id: str) -> Any:
        try:
            return self._acknowledged[envelope_id].get(timeout=ACK_LIMIT_S).get("payload")
        except Empty:
            raise AssertionError(f"{envelope_id} was not acknowledged") from None

    def take_away(self, reason: str = "refresh_requested") -> None:
        """Tell the newest connection that it is about to end, then end it."""
        with self._lock:
            connection = self.open[-1]
        connection.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "double"}}))
        if reason != "warning":
            connection.close()

    def drop(self) -> None:
        """End the newest connection without a word."""
        with self._lock:
            connection = self.open[-1]
        connection.socket.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: ServerConnection) -> None:
        with self._lock:
            self.connected += 1
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0TESTS"}}
        connection.send(json.dumps(hello))
        with self._lock:
            self.open.append(connection)
        try:
            for said in connection:
                self._take(json.loads(said))
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._lock:
                self.open.remove(connection)

    def _take(self, said: Mapping[str, Any]) -> None:
        with self._lock:
            waiting = self._acknowledged[said["envelope_id"]]
        if not waiting.empty():
            self.doubled.append(said["envelope_id"])
        waiting.put(said)
