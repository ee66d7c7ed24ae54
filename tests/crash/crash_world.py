"""Those who use a Hark that dies again and again: clients that send until they are answered, reviewers who click until
they are answered, and what they were told.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crash_client import post_to
from crash_slack import CruelSlack
from slack_people import Hands, Someone, signed
from web_double import ALERTS, BOT_TOKEN, REVIEW

from traces.clock import format_time

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OK, SERVER_FAULT = 200, 500
_SAID = ("I am sorry, I cannot help with refunds.", "Your parcel is on its way.", "That is the red one, in size 40.")
_PAUSE_S = 0.02
_SETTINGS = """
[slack]
alerts_channel = "{alerts}"
review_channel = "{review}"
doubt_s = {doubt_s}
[conversations]
quiet_minutes = 0
[segments]
keys = ["scenario"]
[detect]
grace_minutes = 0
[review]
examples_per_alert = 1
items_per_day = 1000
most_per_day = {cards}
[digest]
daily = false
weekly = false
"""
_BOUND = """
[thresholds.s{n}]
signal = "volume"
above = 0.5
where = {{ scenario = "s{n}" }}
"""


@dataclass(frozen=True)
class Plan:
    """How much happens.

    Attributes:
        scenarios: Each has a bound that its first conversations break: so many alerts there are.
        cards: So many conversations are put before reviewers.
        rate: Conversations that are sent in a second.
        doubt_s: After so many seconds a post whose answer was lost is posted again.
        kept: So many of the cards nobody clicks on before ``World.use_kept``, however fast the machine is.
    """

    scenarios: int = 60
    cards: int = 200
    rate: float = 40.0
    doubt_s: float = 1.5
    kept: int = 0


def write_settings(directory: Path, plan: Plan) -> None:
    """A file of settings under which every scenario raises an alert and many conversations are put before reviewers."""
    text = _SETTINGS.format(alerts=ALERTS, review=REVIEW, doubt_s=plan.doubt_s, cards=plan.cards)
    (directory / "hark.toml").write_text(text + "".join(_BOUND.format(n=n) for n in range(plan.scenarios)))


def environment(slack: CruelSlack, database: str) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": slack.url,
        "HARK_DATABASE_URL": database,
    }


@dataclass
class Told:
    """What Hark has answered with success, and what it was asked at all."""

    conversations: dict[str, str] = field(default_factory=dict)
    """By id of every acknowledged conversation the words of its answer."""
    clicks: dict[tuple[str, str], float] = field(default_factory=dict)
    """By item and reviewer of every acknowledged click the value that was given."""
    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    """By item and reviewer of every acknowledged click under which key Slack takes what the person is told of it."""
    faults: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)


class World:
    """Clients and reviewers, each in a thread of its own, until it is closed.

    ``port_of`` says where a path is sent to, anew for each attempt.
    """

    def __init__(self, port_of: Callable[[str], int], slack: CruelSlack, seed: int, plan: Plan) -> None:
        self.told = Told()
        self._port_of, self._slack, self._seed = port_of, slack, seed
        self._plan, self._hands = plan, Hands(slack)
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._clicked: set[tuple[str, str]] = set()
        self._is_over = threading.Event()
        self._may_touch = plan.cards - plan.kept
        self._broke: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._at, args=(work, random.Random(f"{seed} {n}"), f"U0REV{n}"), daemon=True)
            for n, work in enumerate((self._send_conversations, self._send_spans, self._click, self._click))
        ]
        for thread in self._threads:
            thread.start()

    def use_kept(self) -> None:
        """Let reviewers click on the cards that were kept for now."""
        self._may_touch = self._plan.cards

    def close(self) -> None:
        """Let everybody finish what they are about, and go; what was begun is tried until it is answered."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "somebody was never answered"
        if self._broke:
            raise self._broke[0]

    def _at(self, work: Callable[[random.Random, str], None], chance: random.Random, name: str) -> None:
        try:
            work(chance, name)
        except BaseException as error:  # noqa: BLE001, RUF100 - told by close(), in the thread that looks
            self._broke.append(error)
            raise

    # --- clients ---

    def _send_conversations(self, chance: random.Random, _name: str) -> None:
        while not self._is_over.wait(5 / self._plan.rate):
            sent = [self._conversation(chance) for _ in range(chance.randint(1, 4))]
            self._insist("/v1/conversations", json.dumps(sent).encode(), lambda _: {"Content-Type": "application/json"})
            with self._lock:
                self.told.conversations |= {c["id"]: c["messages"][-1]["content"] for c in sent}

    def _send_spans(self, chance: random.Random, _name: str) -> None:
        while not self._is_over.wait(5 / self._plan.rate):
            sent = [self._conversation(chance) for _ in range(chance.randint(1, 4))]
            body = {"resourceSpans": [{"scopeSpans": [{"spans": [_span(c) for c in sent]}]}]}
            self._insist("/v1/traces", json.dumps(body).encode(), lambda _: {"Content-Type": "application/json"})
            with self._lock:
                self.told.conversations |= {c["id"]: c["messages"][-1]["content"] for c in sent}

    def _conversation(self, chance: random.Random) -> dict[str, Any]:
        with self._lock:
            number = next(self._numbers)
        at = datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=6)
        return {
            "id": f"c-{self._seed}-{number}",
            "started_at": format_time(at),
            "metadata": {"application": "shop", "scenario": f"s{number // 8 % self._plan.scenarios}"},
            "messages": [
                {"role": "user", "content": f"Question {number}: {chance.random()}", "timestamp": format_time(at)},
                {
                    "role": "assistant",
                    "content": f"{chance.choice(_SAID)} ({number})",
                    "timestamp": format_time(at + timedelta(seconds=2)),
                },
            ],
        }

    # --- reviewers ---

    def _click(self, chance: random.Random, name: str) -> None:
        who = Someone(name, name.lower())
        while not self._is_over.wait(0.1):
            posted = self._slack.posted(REVIEW)[: self._may_touch]
            cards = [m for m in posted if (_item_of(m), name) not in self._clicked]
            if not cards:
                continue
            card = chance.choice(cards[-20:])
            action_id, value = chance.choice((("label_yes", 1.0), ("label_no", 0.0)))
            item_id = _item_of(card)
            self._clicked.add((item_id, name))
            try:
                request = self._hands.press(REVIEW, card["ts"], action_id, who, trigger_id=str(chance.random()))
            except StopIteration:
                continue  # enough have answered, and its buttons are gone
            self._insist("/slack/events", request.form(), lambda body: signed(SECRET, time.time(), body))
            with self._lock:
                self.told.clicks[item_id, name] = value
                self.told.asked[item_id, name] = request.answer_key

    # --- until it is answered ---

    def _insist(self, path: str, body: bytes, headers: Callable[[bytes], Mapping[str, str]]) -> None:
        """Send the same bytes until they are taken."""
        began = time.monotonic()
        while (status := post_to(self._port_of(path), path, body, headers(body), wait_s=10)[0]) != OK:
            if status is not None and status < SERVER_FAULT:
                raise AssertionError(f"{path} was refused with {status}")
            if status == SERVER_FAULT:
                self.told.faults.append(path)
            time.sleep(_PAUSE_S)
        self.told.waits_s.append(time.monotonic() - began)


def _item_of(message: Mapping[str, Any]) -> str:
    delivery_id = str(message["metadata"]["event_payload"]["delivery_id"])
    return delivery_id.partition(":")[2]


def _span(conversation: Mapping[str, Any]) -> dict[str, Any]:
    """The conversation as one span of the OpenTelemetry conventions for generative AI."""
    asked, said = conversation["messages"]
    began = datetime.fromisoformat(asked["timestamp"])
    number = int(conversation["id"].rpartition("-")[2]) + 1
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": conversation["id"],
        "gen_ai.input.messages": json.dumps([_said(asked)]),
        "gen_ai.output.messages": json.dumps([_said(said)]),
        "metadata": json.dumps(conversation["metadata"]),
        "scenario": conversation["metadata"]["scenario"],
    }
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "chat",
        "startTimeUnixNano": str(round(began.timestamp() * 1e9)),
        "endTimeUnixNano": str(round(began.timestamp() * 1e9) + 2_000_000_000),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
    }


def _said(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}]}
