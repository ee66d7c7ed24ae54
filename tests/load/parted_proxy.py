"""Stands between each replica and PostgreSQL, as a process of its own: passes what is said, cuts it, or swallows it.

What is swallowed is what a network loses: neither side is told anything, whoever connects is not answered, and what was
said meanwhile arrives once the network is whole again, as TCP would send it again. What Linux tells of a partition, this
cannot show: it answers for the other side that bytes have arrived. A replica has to notice by the silence alone.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

State: TypeAlias = Literal["pass", "cut", "swallow"]
_MOST_UNSENT = 256 * 1024


class _Side(asyncio.Protocol):
    """One of the two connections of a line."""

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.transport: Any = None
        self.is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.set_write_buffer_limits(_MOST_UNSENT)
        self.line.made(self)

    def data_received(self, said: bytes) -> None:
        other = self.line.other(self)
        if other is not None:
            other.transport.write(said)

    def eof_received(self) -> None:
        return None

    def connection_lost(self, _error: Exception | None) -> None:
        self.line.lost(self)

    def pause_writing(self) -> None:
        self.is_full = True
        self.line.settle()

    def resume_writing(self) -> None:
        self.is_full = False
        self.line.settle()


class _Line:
    """A replica's connection and the one to PostgreSQL that answers to it."""

    def __init__(self, gate: _Gate) -> None:
        self.gate = gate
        self.near = _Side(self)
        self.far: _Side | None = None
        self.is_forgotten = False
        self._calling: asyncio.Task[None] | None = None

    def other(self, side: _Side) -> _Side | None:
        return self.far if side is self.near else self.near

    def made(self, side: _Side) -> None:
        if side is self.near:
            self.gate.lines.add(self)
            if self.gate.state == "cut":
                self.cut()
        self.settle()

    def settle(self) -> None:
        """Read where reading is due: not while it is swallowed, nor faster than the other side takes it."""
        is_open = self.gate.state == "pass" and not self.is_forgotten
        if is_open and self.far is None and self._calling is None:
            self._calling = asyncio.ensure_future(self._call())
        for side in filter(None, (self.near, self.far)):
            other = self.other(side)
            if side.transport is None or side.transport.is_closing():
                continue
            if is_open and other is not None and other.transport is not None and not other.is_full:
                side.transport.resume_reading()
            else:
                side.transport.pause_reading()

    async def _call(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_unix_connection(lambda: _Side(self), self.gate.upstream)
        except OSError:
            self.cut()
            return
        self.far = far
        if self.near.transport.is_closing():
            far.transport.close()
        self.settle()

    def lost(self, side: _Side) -> None:
        other = self.other(side)
        if other is not None and other.transport is not None:
            other.transport.close()
        self.gate.lines.discard(self)

    def cut(self) -> None:
        for side in filter(None, (self.near, self.far)):
            if side.transport is not None:
                side.transport.abort()


class _Gate:
    """The way of one replica to PostgreSQL."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.state: State = "pass"
        self.lines: set[_Line] = set()

    def become(self, state: State) -> None:
        self.state = state
        for line in tuple(self.lines):
            line.cut() if state == "cut" else line.settle()

    def move(self, upstream: str) -> None:
        """Lead whoever connects from now on elsewhere; nothing is ever heard again of who is connected."""
        self.upstream = upstream
        for line in self.lines:
            line.is_forgotten = True


async def _serve(names: Sequence[str], upstream: str) -> None:
    loop = asyncio.get_running_loop()
    gates = {name: _Gate(upstream) for name in names}
    ports = {}
    for name, gate in gates.items():
        server = await loop.create_server(lambda gate=gate: _Line(gate).near, "127.0.0.1", 0)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(line)
        for name in told["names"]:
            if "upstream" in told:
                gates[name].move(told["upstream"])
            gates[name].become(told["state"])
        print("done", flush=True)


class Network:
    """The ways of so many replicas to a server that listens at a path.

    Attributes:
        ports: By name, where a replica connects to.
    """

    def __init__(self, names: Sequence[str], upstream: Path) -> None:
        self.names = list(names)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(upstream), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports: dict[str, int] = json.loads(self._heard())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def become(self, state: State, *names: str) -> None:
        """Pass, cut or swallow what these replicas say and hear; without names that of all."""
        self._tell(names=names or self.names, state=state)

    def move(self, upstream: Path) -> None:
        """From now on the address leads to another server; the connections that there were are dead, without a word."""
        self._tell(names=self.names, state="pass", upstream=str(upstream))

    def _tell(self, **told: Any) -> None:
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        assert self._heard() == "done\n"

    def _heard(self) -> str:
        return self._process.stdout.readline()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[2:], sys.argv[1]))
