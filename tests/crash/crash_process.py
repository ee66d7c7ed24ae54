"""``hark run`` as a process that is killed and started again, each life at the same port, with the same database.

Importing takes two seconds: a process that has imported everything stands by, and each life is a fork of it that calls the
command line as a shell does. ``cold`` lives are processes from the start.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
HARK = "from bot.cli import main; main()"


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def set_apart(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's own environment without what would lead to a real Slack or a proxy, and with ``environment``."""
    outside = {
        k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "HARK_")) and "PROXY" not in k.upper()
    }
    outside |= {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return outside | dict(environment)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def tracebacks_in(log: str) -> list[str]:
    """Last lines of the tracebacks in a log."""
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ ].*\n)+(\S.*)", log)


class Lives:
    """One ``hark run`` after the other."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.port = free_port()
        self.log = directory / "hark.log"
        self.log.touch()
        self.environment = set_apart(environment)
        self._warm = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crash_standby.py"))],
            cwd=directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said = 0
        self.pid: int | None = None
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self._warm.stdin is not None
        assert self._warm.stdout is not None
        self._warm.stdin.close()
        self._warm.wait(10)
        self._warm.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, crash_at: str = "") -> None:
        """Begin a life; it ends by itself where it comes by ``crash_at``."""
        self._said = self.log.stat().st_size
        self.pid = self._ask(
            do="start", arguments=["run", "--port", str(self.port)], log=str(self.log), crash_at=crash_at
        )
        self.count += 1
        until = time.monotonic() + 60
        while not listens(self.port):
            if not self.is_alive():
                if crash_at:
                    return
                raise AssertionError(f"hark run did not start: {self.said[-2000:]}")
            assert time.monotonic() < until, self.said[-2000:]
            time.sleep(0.01)

    @property
    def said(self) -> str:
        """What this life has said on standard error."""
        with self.log.open("rb") as read:
            read.seek(self._said)
            return read.read().decode(errors="replace")

    def is_alive(self) -> bool:
        return self.pid is not None and self._ask(do="look", pid=self.pid) == 0

    def kill(self) -> None:
        """End this life as the kernel does when memory runs out."""
        if self.pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._ask(do="wait", pid=self.pid)
        self.pid = None

    def ended_by_itself(self, within_s: float) -> bool:
        """Whether this life ended before the time was over."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if not self.is_alive():
                self.pid = None
                return True
            time.sleep(0.02)
        return False

    def stop(self) -> float:
        """Ask it to stop, as a service manager does; the seconds that it took."""
        assert self.pid is not None
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        self.wait()
        return time.monotonic() - began

    def wait(self) -> None:
        """Wait until a life that was asked to stop has ended."""
        status = self._ask(do="wait", pid=self.pid)
        assert status in {0, -signal.SIGALRM}, (status, self.said[-2000:])
        self.pid = None

    def tracebacks(self) -> list[str]:
        """Last lines of the tracebacks in the log of all lives."""
        return tracebacks_in(self.log.read_text(encoding="utf-8", errors="replace"))

    def _ask(self, **asked: Any) -> int:
        assert self._warm.stdin is not None
        assert self._warm.stdout is not None
        self._warm.stdin.write(json.dumps(asked) + "\n")
        self._warm.stdin.flush()
        return int(self._warm.stdout.readline())
