"""Bad input to a real ``hark run`` while a good client sends: what is answered, how long the good one waits, what is kept.

Usage: python tests/load/bad_input.py [--rounds 3] [--bomb 1024] [--sockets 200] [--warm 20]

Ends with 1 at an answer of 500, at a good request that was not taken, or where the process is gone.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS), str(_TESTS / "slack"), str(_TESTS / "crash"), str(_TESTS / "load")]

from crash_process import Lives
from load_bodies import PATHS, bad_requests
from load_clients import GoodClient, Usage, status_of

SERVER_FAULT, OK = 500, 200
_DRIP_S = 1.0


class Figures:
    """What was seen."""

    def __init__(self, warm_mb: float, usual: GoodClient) -> None:
        self.warm_mb, self.peak_mb, self.after_mb = warm_mb, warm_mb, warm_mb
        self.usual, self.pressed, self.slow = usual, usual, usual
        self.bad: Counter[int] = Counter()

    @property
    def wrong(self) -> list[str]:
        good = self.pressed.answers + self.slow.answers
        return [
            *([f"{self.bad[SERVER_FAULT]} answers of 500"] if self.bad[SERVER_FAULT] else []),
            *([f"good requests were answered {dict(good)}"] if set(good) != {OK} else []),
        ]

    def __str__(self) -> str:
        return (
            f"bad requests answered {dict(sorted(self.bad.items()))}; good client p99 {self.usual.p99_s() * 1000:.0f} ms "
            f"usually, {self.pressed.p99_s() * 1000:.0f} ms beside bad bodies, {self.slow.p99_s() * 1000:.0f} ms beside slow "
            f"sockets; RSS {self.warm_mb:.0f} MiB before, {self.peak_mb:.0f} at most, {self.after_mb:.0f} after"
        )


def attack(
    lives: Lives, *, rounds: int, bomb_mib: int, sockets: int, warm_s: float, paths: Sequence[str] = PATHS
) -> Figures:
    """Send every bad body ``rounds`` times, then hold so many sockets open that send a byte a second."""
    assert lives.pid is not None
    usage = Usage(lives.pid)
    with GoodClient(lives.port) as usual:
        time.sleep(warm_s)
    found = Figures(usage.rss_mb, usual)
    requests = list(bad_requests(bomb_mib, paths))
    with GoodClient(lives.port) as found.pressed, closing(HTTPConnection("127.0.0.1", lives.port, timeout=60)) as bad:
        for path, body, headers in requests * rounds:
            found.bad[status_of(bad, path, body, headers)] += 1
            found.peak_mb = max(found.peak_mb, usage.rss_mb)
    with slow_sockets(lives.port, sockets), GoodClient(lives.port) as found.slow:
        time.sleep(warm_s)
        found.peak_mb = max(found.peak_mb, usage.rss_mb)
    found.after_mb = usage.rss_mb
    assert lives.is_alive()
    return found


@contextmanager
def slow_sockets(port: int, count: int):
    """Connections that begin a request and send one byte of it in a second, half of them within the body."""
    opened = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(count)]
    for number, one in enumerate(opened):
        head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        one.sendall(head + (b"Content-Length: 100000\r\n\r\n{" if number % 2 else b""))
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(_DRIP_S):
            for one in opened:
                with suppress(OSError):
                    one.sendall(b"x")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        for one in opened:
            one.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bomb", type=int, default=1024, help="MiB of zeros")
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--warm", type=float, default=20.0, help="seconds")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as made,
        Lives(Path(made), {"HARK_DATABASE_URL": f"sqlite:///{made}/hark.db"}) as lives,
    ):
        lives.start()
        found = attack(lives, rounds=asked.rounds, bomb_mib=asked.bomb, sockets=asked.sockets, warm_s=asked.warm)
        print(found, f"tracebacks {len(lives.tracebacks())}", flush=True)
    for line in found.wrong:
        print(line)
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
