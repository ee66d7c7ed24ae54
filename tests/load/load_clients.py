"""A client that sends at an even rate and notes how it is answered, and what a process takes meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from slack_house import conversation

from traces.clock import SystemClock

JSON = {"Content-Type": "application/json"}
_NUMBERS = itertools.count()


class GoodClient:
    """Sends one conversation after the other over one connection, ``rate`` in a second, in a thread of its own."""

    def __init__(self, port: int, rate: float = 20.0) -> None:
        self.answers: Counter[int] = Counter()
        self.waits_s: list[float] = []
        self._port, self._rate = port, rate
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(60)

    def p99_s(self) -> float:
        return share(self.waits_s, 0.99)

    def _send(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            while not self._is_over.wait(1 / self._rate):
                body = json.dumps(conversation(f"good-{next(_NUMBERS)}", SystemClock().now())).encode()
                began = time.perf_counter()
                self.answers[status_of(connection, "/v1/conversations", body, JSON)] += 1
                self.waits_s.append(time.perf_counter() - began)


def status_of(connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str], *, tries: int = 2) -> int:
    """The status of the answer; 0 where there was none, even after a connection that had been let go was made anew."""
    for _ in range(tries):
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
        else:
            return answer.status
    return 0


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


class Usage:
    """What a process takes, as Linux tells it."""

    def __init__(self, pid: int) -> None:
        self._home = Path(f"/proc/{pid}")

    @property
    def rss_mb(self) -> float:
        return int((self._home / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def descriptors(self) -> int:
        return len(list((self._home / "fd").iterdir()))

    @property
    def threads(self) -> int:
        return len(list((self._home / "task").iterdir()))
