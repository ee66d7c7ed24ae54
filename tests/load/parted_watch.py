"""Whoever looks at replicas all the time: a load balancer that asks whether they are ready, a client that sends to one of
them, somebody who reads which leases stand.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import httpx
from crash_client import post_to
from slack_house import an_alert, conversation, put_alert

from traces.clock import SystemClock
from traces.errors import StoreUnavailable
from traces.store import Store
from traces.store.leases import Lease

WAIT_S = 10.0
"""As long as OpenTelemetry's exporters wait for an answer."""
_OK = 200
_PAUSE_S = 0.25


@dataclass(frozen=True)
class Seen:
    """One answer, ``status`` 0 where there was none: when it was asked for, and how long it took."""

    at: float
    took_s: float
    status: int


@dataclass
class Watched:
    """What one replica answered, in the order in which it was asked."""

    ready: list[Seen] = field(default_factory=list)
    taken: list[Seen] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """The leases that stood at a time; ``None`` while nobody could tell."""

    at: float
    leases: Mapping[str, Lease] | None


class Watch:
    """Asks and sends, each in a thread of its own, until it is closed.

    Args:
        ports: By name the replicas.
        senders: Those of them that receive.
        store: Opens the database as whoever has no partition before it sees it, anew after ``move``.
        header: What clients send beside their bodies.
    """

    def __init__(
        self, ports: Mapping[str, int], senders: Sequence[str], store: Callable[[], Store], header: Mapping[str, str]
    ) -> None:
        self.by_name = {name: Watched() for name in ports}
        self.held: list[Held] = []
        self.words: dict[str, str] = {}
        """By id of each conversation that was acknowledged what was said in it."""
        self._ports, self._header = ports, {"Content-Type": "application/json", **header}
        self._open, self._store = store, store()
        self._is_over = threading.Event()
        self._broke: list[BaseException] = []
        works = [
            *((self._ask, name) for name in ports),
            *((self._send, name) for name in senders),
            (self._read_leases, ""),
            (self._raise_alerts, ""),
        ]
        self._threads = [threading.Thread(target=self._until_over, args=work, daemon=True) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)
        self._store.close()
        if self._broke:
            raise self._broke[0]

    def move(self) -> None:
        """Look into the database where it is now."""
        before, self._store = self._store, self._open()
        before.close()

    def _until_over(self, work: Callable[[str, int], None], name: str) -> None:
        number = 0
        try:
            while not self._is_over.wait(_PAUSE_S):
                work(name, number)
                number += 1
        except BaseException as error:  # noqa: BLE001 - raised in the thread that looks
            self._broke.append(error)

    def _ask(self, name: str, _number: int) -> None:
        began = time.monotonic()
        try:
            url = f"http://127.0.0.1:{self._ports[name]}/readyz"
            status = httpx.get(url, timeout=WAIT_S, trust_env=False).status_code
        except httpx.HTTPError:
            status = 0
        self.by_name[name].ready.append(Seen(began, time.monotonic() - began, status))

    def _send(self, name: str, number: int) -> None:
        sent = f"watch-{name}-{number}"
        body = conversation(sent, SystemClock().now(), said=f"Answer {number}.")
        began = time.monotonic()
        status, _ = post_to(
            self._ports[name], "/v1/conversations", json.dumps(body).encode(), self._header, wait_s=WAIT_S
        )
        self.by_name[name].taken.append(Seen(began, time.monotonic() - began, status or 0))
        if status == _OK:
            self.words[sent] = body["messages"][-1]["content"]

    def _read_leases(self, _name: str, _number: int) -> None:
        at = time.monotonic()
        try:
            with self._store.read() as tx:
                found = {lease.name: lease for lease in tx.leases.every()}
        except StoreUnavailable:
            self.held.append(Held(at, None))
        else:
            self.held.append(Held(at, found))

    def _raise_alerts(self, _name: str, number: int) -> None:
        """So that at each moment there is something on its way to Slack."""
        if number % 6:
            return
        try:
            put_alert(self._store, an_alert(f"stream-{number}", updated_at=SystemClock().now(), examples=()))
        except StoreUnavailable:
            return


def bad_until(seen: Sequence[Seen], since: float) -> float:
    """When the last answer came that was not good, of those asked for since a time; that time if all were good."""
    return max([since, *(one.at + one.took_s for one in seen if one.at >= since and one.status != _OK)])
