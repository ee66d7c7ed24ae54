"""Phoenix and MLflow, where they are installed beside this checkout, taking the same files as Hark.

They are no dependencies: ``python -m venv .venv-peers`` and install ``arize-phoenix`` and ``mlflow`` there.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin"
_TICKS = os.sysconf("SC_CLK_TCK")
_START_S = 120
_SETTLE_S = 300


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is started, and where it keeps its spans."""

    name: str
    command: tuple[str, ...]
    database: str
    headers: dict[str, str]

    @property
    def is_installed(self) -> bool:
        return (PEERS / self.command[0]).is_file()


_PORT = 18_787
PHOENIX = Peer("phoenix", ("phoenix", "serve"), "phoenix.db", {})
MLFLOW = Peer(
    "mlflow",
    ("mlflow", "server", "--port", str(_PORT), "--backend-store-uri", "sqlite:///mlflow.db"),
    "mlflow.db",
    {"x-mlflow-experiment-id": "0"},
)


def compare(
    bodies: Sequence[bytes], spans: int, send: Callable[[int, Sequence[bytes], int, dict[str, str]], list[float]]
) -> None:
    """Print how fast each peer has stored all spans, over two connections."""
    for peer in (PHOENIX, MLFLOW):
        if not peer.is_installed:
            print(f"{peer.name:26} not installed")
            continue
        with tempfile.TemporaryDirectory() as made:
            _measure(peer, Path(made), bodies, spans, send)


def _measure(
    peer: Peer,
    directory: Path,
    bodies: Sequence[bytes],
    spans: int,
    send: Callable[[int, Sequence[bytes], int, dict[str, str]], list[float]],
) -> None:
    own = {"PHOENIX_WORKING_DIR": str(directory), "PHOENIX_PORT": str(_PORT), "PHOENIX_GRPC_PORT": str(_PORT + 1)}
    process = subprocess.Popen(
        [str(PEERS / peer.command[0]), *peer.command[1:]],
        cwd=directory,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port()
        before, began = _cpu_s(process.pid), time.perf_counter()
        answers = sorted(send(_PORT, bodies, 2, peer.headers))
        stored = _await_rows(directory / peer.database, spans)
        wall_s, cpu_s = time.perf_counter() - began, _cpu_s(process.pid) - before
        p99 = answers[min(len(answers) - 1, int(0.99 * len(answers)))] * 1000
        print(f"{peer.name:26} {stored / wall_s:9,.0f} {stored / max(cpu_s, 0.01):12,.0f} {'':8} {p99:8.0f}")
    finally:
        process.terminate()
        process.wait(30)


def _await_port() -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        connection = HTTPConnection("127.0.0.1", _PORT, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.5)
        else:
            return
        finally:
            connection.close()
    raise SystemExit("the peer does not answer")


def _await_rows(database: Path, spans: int) -> int:
    """Peers that answer before they store are given time to store."""
    until, rows = time.monotonic() + _SETTLE_S, 0
    while rows < spans and time.monotonic() < until:
        time.sleep(0.5)
        connection = sqlite3.connect(database, timeout=30)
        rows = connection.execute("SELECT count(*) FROM spans").fetchone()[0]
        connection.close()
    return rows


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process and of everything that it started, however deep."""
    stats = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            stats[int(stat.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    family, grew = {pid}, True
    while grew:
        children = {child for child, (parent, _) in stats.items() if parent in family}
        grew = not children <= family
        family |= children
    return sum(stats[member][1] for member in family if member in stats) / os.sysconf("SC_CLK_TCK")
