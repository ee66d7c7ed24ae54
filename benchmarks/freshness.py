"""How fresh scores and alerts are: a real ``hark run``, real times, and a Slack that answers in 300 to 500 ms.

Usage: python -m benchmarks.freshness [--seconds 30] [--rates 5 50] [--rounds 6]

*Scores*: conversations are sent so many times a second; each is fresh once the scores of all evaluators that look at it on
arrival (code and classifiers) can be read in the database. Judges, and what looks at a conversation once it has gone quiet,
wait for that by design and are not counted. *Alerts*: bounds are broken in the five minutes that ended last; each is fresh once
Slack has taken its message, counted from when the window closes, which is the grace after its end. Each round is a process of
its own, whose window closes at another moment of the second.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from benchmarks.clicks import CHANNEL, SlowSlack, running
from benchmarks.quantiles import share_of
from traces.clock import format_time

SCORED_TARGET_S, POSTED_TARGET_S = 2.0, 10.0
_JSON: Final = {"Content-Type": "application/json"}
_WINDOW_S: Final = 300
_LEAD_S: Final = 25.0
"""A window closes so long after it is set up, while Hark starts and takes in what breaks its bounds."""
_PATIENCE_S: Final = 60.0
_EACH: Final = 4
_FEWEST: Final = 5
_BOUND: Final = """
[thresholds.s{n}]
signal = "refusal"
above = 0.2
hours = 0.25
fewest = {fewest}
where = {{ scenario = "s{n}" }}
"""
_QUIET: Final = "[digest]\ndaily = false\nweekly = false\n[review]\nitems_per_day = 0\nmost_per_day = 0\n"


class NotingSlack(SlowSlack):
    """Notes when it took a message about which scenario."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, float] = {}

    def answer(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answered = super().answer(method, arguments)
        if method == "chat.postMessage" and not arguments.get("thread_ts"):
            said = str(arguments.get("text"))
            for n in range(_EACH):
                if f"s{n}" in said.split():
                    self.posted.setdefault(f"s{n}", time.time())
        return answered


def conversation(conversation_id: str, at_s: float, **metadata: str) -> bytes:
    """A conversation of two turns that was begun at a time."""
    at = format_time(datetime.fromtimestamp(at_s, UTC))
    said = (("user", "I want my money back."), ("assistant", "I am sorry, I cannot help with refunds."))
    messages = [{"role": role, "content": text, "timestamp": at} for role, text in said]
    return json.dumps(
        {"id": conversation_id, "started_at": at, "metadata": {"application": "shop", **metadata}, "messages": messages}
    ).encode()


def send(connection: HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/v1/conversations", body, _JSON)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status >= 400:
        raise SystemExit(f"hark answered {answer.status}: {said[:200]!r}")


class Watching:
    """Looks into the database for conversations that have scores, many times a second."""

    def __init__(self, path: Path) -> None:
        self.scored_at: dict[str, float] = {}
        self._path, self._is_over = path, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        newest = 0
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as database:
            while not self._is_over.wait(0.05):
                # All scores of a conversation that looked on arrival are stored in one transaction.
                rows = database.execute(
                    "SELECT score_id, conversation_id FROM scores WHERE score_id > ? ORDER BY score_id", (newest,)
                ).fetchall()
                now = time.time()
                for score_id, conversation_id in rows:
                    newest = score_id
                    self.scored_at.setdefault(conversation_id, now)


def scored_after(rate: float, seconds: float) -> list[float]:
    """Seconds from when each conversation was sent until its scores stood in the database."""
    slack, sent_at = SlowSlack(), {}
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        (directory / "hark.toml").write_text(_QUIET)
        with running(directory, f"sqlite:///{directory / 'hark.db'}", slack) as port:
            watching = Watching(directory / "hark.db")
            with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                send(connection, conversation("warm", time.time()))
                time.sleep(3.0)
                began = time.time()
                for n in range(int(rate * seconds)):
                    time.sleep(max(0.0, began + n / rate - time.time()))
                    # Counted from when it was due: a Hark that answers late is late.
                    sent_at[f"c-{n}"] = began + n / rate
                    send(connection, conversation(f"c-{n}", time.time()))
            until = time.time() + _PATIENCE_S
            while not sent_at.keys() <= watching.scored_at.keys() and time.time() < until:
                time.sleep(0.1)
            watching.stop()
    slack.close()
    return [watching.scored_at.get(c, float("inf")) - at for c, at in sent_at.items()]


def posted_after(chance: random.Random) -> list[float]:
    """Seconds from when a window closes until Slack has taken the message of each bound that was broken in it."""
    slack = NotingSlack()
    closes_at = time.time() + _LEAD_S + chance.random() * 5.0
    ended_at = time.time() // _WINDOW_S * _WINDOW_S
    grace = f"[detect]\ngrace_minutes = {(closes_at - ended_at) / 60}\n"
    bounds = "".join(_BOUND.format(n=n, fewest=_FEWEST) for n in range(_EACH))
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        (directory / "hark.toml").write_text(_QUIET + grace + bounds)
        with running(directory, f"sqlite:///{directory / 'hark.db'}", slack) as port:
            with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                for n in range(_EACH * (_FEWEST + 1)):
                    send(connection, conversation(f"c-{n}", ended_at - 60, scenario=f"s{n % _EACH}"))
            if time.time() + 2.0 > closes_at:
                raise SystemExit("hark did not start before the window closed; this machine is too busy")
            until = closes_at + _PATIENCE_S
            while len(slack.posted) < _EACH and time.time() < until:
                time.sleep(0.1)
    slack.close()
    return [slack.posted.get(f"s{n}", float("inf")) - closes_at for n in range(_EACH)]


def _line(what: str, seconds: Sequence[float], target_s: float) -> str:
    p95 = share_of(seconds, 0.95)
    verdict = "met" if p95 <= target_s else "NOT MET"
    return (
        f"| {what} | {len(seconds)} | {share_of(seconds, 0.5):.1f} s | {p95:.1f} s, {verdict} | {max(seconds):.1f} s "
        f"| {target_s:.0f} s |"
    )


def main() -> None:
    """Prints a line for each rate, and one for alerts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rates", type=float, nargs="+", default=[5.0, 50.0], help="conversations a second")
    parser.add_argument("--rounds", type=int, default=6, help="windows that close")
    asked = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; channel {CHANNEL}")
    print("| What | Measured | p50 | p95 | Longest | Target of the p95 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for rate in asked.rates:
        seconds = scored_after(rate, asked.seconds)
        print(_line(f"trace in to scores stored, {rate:g}/s", seconds, SCORED_TARGET_S), flush=True)
    chance = random.Random(3)
    seconds = [after for _ in range(asked.rounds) for after in posted_after(chance)]
    print(_line(f"window closed to alert in Slack, {_EACH} at once", seconds, POSTED_TARGET_S), flush=True)


if __name__ == "__main__":
    main()
