"""Several Harks as processes over one PostgreSQL, each of which can be killed and started again."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from crash_process import HARK, free_port, listens, set_apart, tracebacks_in

_START_S = 180.0


@dataclass
class Replica:
    """One process; it keeps its port from life to life."""

    name: str
    role: str
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    lives: int = 0

    @property
    def listens(self) -> bool:
        return listens(self.port)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


class Fleet:
    """So many replicas of each role.

    Args:
        directory: Where ``hark.toml`` is, and the logs are written.
        environment: What the processes have besides this one's own environment.
        roles: The role of each replica.
        own: By a replica's name, what it alone has in its environment.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        roles: Sequence[str],
        own: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._environment = set_apart(environment)
        self._own = own or {}
        self._directory = directory
        names = names_of(roles)
        self.replicas = {
            name: Replica(name, role, directory / f"{name}.log") for name, role in zip(names, roles, strict=True)
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.replicas:
            self.kill(name)

    def begin(self, *names: str) -> None:
        """Start replicas, all of them without names, and wait until each listens."""
        for name in names or tuple(self.replicas):
            self.start(name)
        self.await_all(*names)

    def await_all(self, *names: str) -> None:
        """Wait until replicas listen, all of them without names."""
        chosen = names or tuple(self.replicas)
        until = time.monotonic() + _START_S
        for name in chosen:
            while not self.replicas[name].listens:
                assert self.replicas[name].process is not None, name
                assert self.is_alive(name), self.replicas[name].said[-2000:]
                assert time.monotonic() < until, self.replicas[name].said[-2000:]
                time.sleep(0.05)

    def start(self, name: str) -> None:
        """Begin a life, without waiting for it."""
        replica = self.replicas[name]
        with replica.log.open("ab") as log:
            replica.process = subprocess.Popen(
                [sys.executable, "-c", HARK, "run", "--role", replica.role, "--port", str(replica.port)],
                cwd=self._directory,
                env=self._environment | self._own.get(name, {}),
                stderr=log,
                stdout=log,
            )
        replica.lives += 1

    def kill(self, name: str) -> None:
        """End a life as the kernel does when memory runs out."""
        process = self.replicas[name].process
        if process is not None:
            process.kill()
            process.wait()
            self.replicas[name].process = None

    def stop(self, name: str) -> int:
        """Ask a replica to stop; its exit code."""
        process = self.replicas[name].process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        self.replicas[name].process = None
        return code

    def is_alive(self, name: str) -> bool:
        process = self.replicas[name].process
        return process is not None and process.poll() is None

    def of(self, role: str) -> list[Replica]:
        return [replica for replica in self.replicas.values() if replica.role == role]

    @property
    def lives(self) -> int:
        return sum(replica.lives for replica in self.replicas.values())

    def tracebacks(self) -> list[str]:
        """Last lines of the tracebacks in the logs."""
        return [line for replica in self.replicas.values() for line in tracebacks_in(replica.said)]


def names_of(roles: Sequence[str]) -> list[str]:
    """What replicas of these roles are called."""
    return [f"{role}-{roles[:n].count(role) + 1}" for n, role in enumerate(roles)]


def rss_mb(replica: Replica) -> float:
    """The memory that a replica's process holds, in MB."""
    assert replica.process is not None
    status: Any = Path(f"/proc/{replica.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
