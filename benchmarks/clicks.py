"""Clicks on cards while the database is busy and Slack is slow: how soon each is acknowledged, and how soon it shows.

Usage: python -m benchmarks.clicks [--seconds 10] [--rate 50] [--cards 5 500] [--spans 500]

Runs ``hark run`` as a process of its own on SQLite. Reviewers press answers of cards that stand in one channel, at times
that do not wait for Hark; spans come over OTLP all the while; each call of Slack's Web API takes 300 to 500 ms. A click
shows once a card that was sent to Slack, and taken, counts at least as many votes as there were clicks on it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from benchmarks.ingest_spans import batches, in_order, turns
from benchmarks.quantiles import share_of
from bot.jobs.pick import REVIEW
from bot.playground.payloads import FORM, interaction, interaction_body, signature_headers
from bot.playground.people import User
from bot.slack.render import Renderer
from evaluators.registry import build
from traces.clock import format_time
from traces.ingest import offer, take_conversations
from traces.store import open_store
from traces.store.reviews import ReviewItem

ACK_TARGET_S, SHOWN_TARGET_S = 0.3, 3.0
SLOW_S: Final = (0.3, 0.5)
CHANNEL, TEAM, SECRET = "C0BENCH", "T0PLAYGRND", "a secret of this run"
_BATCH = 50
_AHEAD_S = 3.0
"""How long before the first click spans begin to come."""
_EARLIER = re.compile(r"(\d+) earlier vote")
_NAME = re.compile(r"rev-\d+")


class SlowSlack:
    """Takes every call after 300 to 500 ms, and notes what cards were shown: by ``ts``, when, and with how many votes."""

    def __init__(self) -> None:
        self.shown: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.calls: dict[str, int] = defaultdict(int)
        self._chance, self._lock = random.Random(1), threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls[method] += 1
            waits_s = self._chance.uniform(*SLOW_S)
        time.sleep(waits_s)
        ts = arguments.get("ts") or f"{time.time():.6f}"
        if method == "chat.update":
            with self._lock:
                self.shown[ts].append((time.perf_counter(), _votes(str(arguments.get("blocks")))))
        view = {"id": "V1", "hash": "1.h", "blocks": []}
        return {"ok": True, "ts": ts, "channel": CHANNEL, "team_id": TEAM, "user_id": "U0BOT", "view": view}


def _votes(blocks: str) -> int:
    earlier = _EARLIER.search(blocks)
    return len(set(_NAME.findall(blocks))) + (int(earlier[1]) if earlier else 0)


def _handler(slack: SlowSlack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            is_json = (self.headers.get("Content-Type") or "").startswith("application/json")
            arguments = json.loads(body or "{}") if is_json else dict(parse_qsl(body))
            said = json.dumps(slack.answer(self.path.rpartition("/")[2], arguments)).encode()
            with suppress(ConnectionError):  # Hark has been ended
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@dataclass(frozen=True, slots=True)
class Card:
    """A card that stands in the channel, and the button of it that is pressed."""

    ts: str
    message: Mapping[str, Any]
    action: Mapping[str, Any]


def seed(url: str, count: int) -> list[Card]:
    """Flagged conversations whose cards stand in the channel already."""
    now = datetime.fromtimestamp(time.time(), UTC) - timedelta(hours=1)
    store, renderer, cards = open_store(url), Renderer(build(), {}), []
    with store.begin() as tx:
        take_conversations(tx, [offer(_conversation(n, now), now) for n in range(count)], now, timedelta(minutes=5))
    for n in range(count):
        item = ReviewItem(
            item_id=f"item-{n}", conversation_id=f"c-{n}", evaluator="refusal", reason="It reads so.", picked_at=now
        )
        with store.begin() as tx:
            tx.reviews.pick(item)
            delivery_id = tx.outbox.request(kind=REVIEW, subject_id=item.item_id, channel=CHANNEL, at=now)
            claimed = tx.outbox.claim(delivery_id, now)
            assert claimed is not None
            drawn, ts = renderer.message(tx, claimed), f"1790000000.{n:06d}"
            assert drawn is not None
            tx.outbox.sent(claimed, channel=CHANNEL, ts=ts, at=now)
        message = drawn.payload()
        cards.append(Card(ts, {**message, "ts": ts, "type": "message"}, _button(message)))
    store.close()
    return cards


def _conversation(number: int, at: datetime) -> dict[str, Any]:
    said = {"role": "assistant", "content": "I cannot help with refunds.", "timestamp": format_time(at)}
    asked = {"role": "user", "content": "I want my money back.", "timestamp": format_time(at)}
    return {"id": f"c-{number}", "started_at": format_time(at), "messages": [asked, said]}


def _button(message: Mapping[str, Any]) -> dict[str, Any]:
    return next(
        {"type": "button", "action_id": e["action_id"], "value": e["value"], "block_id": block.get("block_id", "b")}
        for block in message["blocks"]
        for e in block.get("elements", [])
        if e.get("action_id") == "label_yes"
    )


def click_body(card: Card, number: int, response_url: str) -> bytes:
    """One reviewer's click, as Slack sends it; no two come from the same reviewer."""
    who = User(f"U0REV{number:05d}", f"rev-{number:05d}", f"rev-{number:05d}")
    payload = interaction(
        "block_actions",
        who,
        trigger_id=f"{number}.1",
        container={"type": "message", "message_ts": card.ts, "channel_id": CHANNEL, "is_ephemeral": False},
        channel={"id": CHANNEL, "name": "llm-review"},
        message=card.message,
        actions=[{**card.action, "action_ts": f"17900001{number:05d}.000001"}],
        response_url=response_url,
    )
    return interaction_body(payload)


@contextmanager
def running(directory: Path, url: str, slack: SlowSlack) -> Iterator[int]:
    """``hark run`` on a free port."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "HARK_")) and not k.endswith("_PROXY")}
    environment = kept | {
        "HARK_DATABASE_URL": url,
        "HARK_ALERTS_CHANNEL": CHANNEL,
        "HARK_REVIEW_CHANNEL": CHANNEL,
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": slack.url,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [sys.executable, "-c", "from bot.cli import main; main()", "run", "--port", "0"]
    log = directory / "hark.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, cwd=directory, env=environment, stderr=stream) as process,
    ):
        try:
            yield _port(log, process)
        finally:
            process.kill()


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    for _ in range(600):
        if found := re.search(r"listening on http://[^ ]+:(\d+)", log.read_text()):
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", int(found[1]), timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"hark run did not start: {log.read_text()[-2000:]}")


def ingest(port: int, spans_a_second: int, seconds: float) -> None:
    """Send spans at an even rate; runs in a process of its own."""
    count = int(spans_a_second * seconds)
    made = turns(count // 5 + 1, time.time_ns() - 600_000_000_000)
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for number, body in enumerate(batches(list(in_order(made))[:count], _BATCH)):
        time.sleep(max(0.0, began + number * _BATCH / spans_a_second - time.perf_counter()))
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        connection.getresponse().read()


@dataclass(frozen=True, slots=True)
class Pressed:
    """A click: on which card, the how-manieth on it, when it was due, and the seconds until it was acknowledged."""

    ts: str
    place: int
    at: float
    acknowledged_s: float
    status: int


def press(port: int, cards: Sequence[Card], rate: float, seconds: float, response_url: str) -> list[Pressed]:
    """Click on the cards in turn, so many times a second, whatever becomes of earlier clicks."""
    own, began = threading.local(), time.perf_counter() + 0.5

    def click(number: int) -> Pressed:
        card, at = cards[number % len(cards)], began + number / rate
        body = click_body(card, number, response_url)
        time.sleep(max(0.0, at - time.perf_counter()))
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": FORM, **signature_headers(SECRET, int(time.time()), body)}
        own.connection.request("POST", "/slack/events", body, headers)
        answer = own.connection.getresponse()
        answer.read()
        return Pressed(card.ts, number // len(cards) + 1, at, time.perf_counter() - at, answer.status)

    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(click, range(int(rate * seconds))))


def shown_after(slack: SlowSlack, clicks: Sequence[Pressed]) -> list[float | None]:
    """Per click the seconds until its card showed it; ``None`` where it has not."""
    return [
        next((at - click.at for at, votes in slack.shown[click.ts] if votes >= click.place), None) for click in clicks
    ]


def measure(cards: int, asked: argparse.Namespace) -> None:
    """One world: prints its line."""
    slack = SlowSlack()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        url = f"sqlite:///{directory / 'hark.db'}"
        first, *standing = seed(url, cards + 1)
        (directory / "hark.toml").write_text("[review]\ndouble_share = 0.0\nitems_per_day = 0\nmost_per_day = 0\n")
        with running(directory, url, slack) as port:
            response_url = slack.url.replace("/api/", "/response/1")
            # The first click asks Slack which workspace this is; that is known from then on.
            press(port, [first], 1, 1, response_url)
            load = multiprocessing.get_context("spawn").Process(
                target=ingest, args=(port, asked.spans, asked.seconds + _AHEAD_S)
            )
            load.start()
            time.sleep(_AHEAD_S)
            clicks = press(port, standing, asked.rate, asked.seconds, response_url)
            waits_until = time.monotonic() + asked.patience
            while None in (found := shown_after(slack, clicks)) and time.monotonic() < waits_until:
                time.sleep(0.5)
            load.join()
    slack.close()
    print(_line(cards, clicks, found, slack), flush=True)


def _line(cards: int, clicks: Sequence[Pressed], found: Sequence[float | None], slack: SlowSlack) -> str:
    acks = [c.acknowledged_s for c in clicks if c.status == 200]
    times = [float("inf") if s is None else s for s in found]
    ack, shown = share_of(acks, 0.99), share_of(times, 0.95)
    return (
        f"| {cards} | {len(clicks)} | {len(clicks) - len(acks)} | {share_of(acks, 0.5) * 1000:.0f} ms "
        f"| {ack * 1000:.0f} ms, {_verdict(ack, ACK_TARGET_S)} | {share_of(times, 0.5):.1f} s "
        f"| {shown:.1f} s, {_verdict(shown, SHOWN_TARGET_S)} | {times.count(float('inf'))} "
        f"| {', '.join(f'{n} {method}' for method, n in sorted(slack.calls.items()))} |"
    )


def _verdict(found: float, target: float) -> str:
    return "met" if found <= target else "NOT MET"


def main() -> None:
    """Prints a line for each number of cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=50.0, help="clicks a second")
    parser.add_argument("--cards", type=int, nargs="+", default=[5, 500])
    parser.add_argument("--spans", type=int, default=500, help="spans a second meanwhile")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for cards after the last click")
    asked = parser.parse_args()
    print(
        f"{asked.rate:.0f} clicks/s for {asked.seconds:.0f} s, {asked.spans:,} spans/s, Slack answers in 300-500 ms; "
        f"targets: acknowledged p99 {ACK_TARGET_S * 1000:.0f} ms, shown p95 {SHOWN_TARGET_S:.0f} s; "
        f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    print(
        "| cards | clicks | refused | ack p50 | ack p99 | shown p50 | shown p95 | not shown in time | calls of Slack |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for cards in asked.cards:
        measure(cards, asked)


if __name__ == "__main__":
    main()
