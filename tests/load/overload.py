"""Three times as much as a real ``hark run`` takes: refused with when to come again, never with 500, and over soon after.

Usage: python tests/load/overload.py [--seconds 60] [--workers 8]

First as many batches of a hundred turns as it takes, one after the other; then three times as many, at times that wait for
no answer, over connections that are kept, none of them tried again. Ends with 1 at an answer of 500, or when something that
was acknowledged is not stored.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS), str(_TESTS / "slack"), str(_TESTS / "crash"), str(_TESTS / "load")]

from crash_process import Lives
from load_clients import GoodClient, Usage, share, status_of

from benchmarks.ingest_spans import batches, in_order, turns
from traces.store import open_store

HEADERS = {"Content-Type": "application/x-protobuf"}
OK, SERVER_FAULT = 200, 500
_SPANS, _WORKERS, _CONNECTIONS = 500, 8, 96
_TIMES = 3
_REST_S = 5.0


def bodies(count: int) -> list[bytes]:
    made = turns(count * _SPANS // 5 + 5, time.time_ns() - 600_000_000_000)
    return list(batches(list(in_order(made)), _SPANS))[:count]


def capacity(port: int, sent: list[bytes], seconds: float, workers: int) -> tuple[float, list[float]]:
    """Batches in a second that are taken when each sender waits for its answer, and how long each waited."""
    until, waits, lock, waiting = time.monotonic() + seconds, [], threading.Lock(), iter(sent)

    def send() -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            while time.monotonic() < until:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                began = time.perf_counter()
                if status_of(connection, "/v1/traces", body, HEADERS) == OK:
                    with lock:
                        waits.append(time.perf_counter() - began)

    began = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(workers):
            pool.submit(send)
    return len(waits) / (time.monotonic() - began), waits


def press(port: int, sent: list[bytes], rate: float, seconds: float) -> tuple[Counter[int], list[float]]:
    """Send ``rate`` batches in a second whatever becomes of them; the answers, and how long those waited that were taken."""
    own, answers, waits, lock = threading.local(), Counter(), [], threading.Lock()
    began = time.perf_counter() + 0.2

    def send(number: int) -> None:
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        status = status_of(own.connection, "/v1/traces", sent[number % len(sent)], HEADERS, tries=1)
        with lock:
            answers[status] += 1
            if status == OK:
                waits.append(time.perf_counter() - due)

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(send, range(int(rate * seconds))))
    return answers, waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=_WORKERS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        url = f"sqlite:///{made}/hark.db"
        with Lives(Path(made), {"HARK_DATABASE_URL": url}) as lives:
            lives.start()
            with GoodClient(lives.port) as usual:
                time.sleep(_REST_S)
            taken, waits = capacity(lives.port, bodies(400), asked.seconds / 4, asked.workers)
            answers, pressed = press(lives.port, bodies(300), taken * _TIMES, asked.seconds)
            with GoodClient(lives.port) as soon:
                time.sleep(_REST_S)
            with GoodClient(lives.port) as later:
                time.sleep(_REST_S)
            rss = Usage(lives.pid or 0).rss_mb
            lives.stop()
        store = open_store(url)
        with store.read() as tx:
            stored = tx.conversations.count()
        store.close()
    print(
        f"takes {taken * _SPANS:.0f} spans/s (batch p99 {share(waits, 0.99) * 1000:.0f} ms); at {_TIMES} times: answers "
        f"{dict(sorted(answers.items()))}, p99 of those taken {share(pressed, 0.99):.1f} s; a single request p99 "
        f"{usual.p99_s() * 1000:.0f} ms before, {soon.p99_s() * 1000:.0f} ms in the five seconds after, "
        f"{later.p99_s() * 1000:.0f} ms in the next five; RSS {rss:.0f} MiB; {stored} conversations stored"
    )
    sys.exit(1 if answers[SERVER_FAULT] else 0)


if __name__ == "__main__":
    main()
