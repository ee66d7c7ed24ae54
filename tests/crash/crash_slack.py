"""Slack as it is at its worst: it takes some posts late, after whoever asked is dead, drops connections, and keeps history."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from web_double import Fault, SlackDouble, _page, _read

_LATE = 0.05
_LATE_S = (0.2, 0.6)
_FAULTS = (
    Fault(cut=True),
    Fault(cut=True, after=True),
    Fault(status=500, body=b"oops", after=True),
    Fault(status=503, body=b'{"ok": false, "error": "service_unavailable"}'),
    Fault(status=429, body=b'{"ok": false, "error": "ratelimited"}', headers={"Retry-After": "1"}),
)
_FAULTY = 0.01


class CruelSlack(SlackDouble):
    """One post in twenty is taken 0.2 to 0.6 s late, one call in a hundred goes wrong; times are those of the clock."""

    def __init__(self, seed: int, faulty: float = _FAULTY) -> None:
        super().__init__()
        self._chance, self._faulty = random.Random(seed), faulty
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._last = 0.0
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] - who asked is dead

    def hold(self) -> None:
        """Answer no post until ``let_go``, and take none."""
        self._goes_on.clear()

    def let_go(self) -> None:
        """Take the posts that were held, though nobody waits for the answer any more."""
        self._goes_on.set()

    def ts(self) -> str:
        with self._lock:
            self._last = max(time.time(), self._last + 0.000_001)
            return f"{self._last:.6f}"

    def fault_of(self, method: str, arguments: Mapping[str, Any]) -> Fault | None:
        standing = super().fault_of(method, arguments)
        with self._lock:
            is_faulty = method.startswith("chat.") and self._chance.random() < self._faulty
            return self._chance.choice(_FAULTS) if standing is None and is_faulty else standing

    def answer(self, method: str, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
        with self._lock:
            wait_s = (
                self._chance.uniform(*_LATE_S) if method == "chat.postMessage" and self._chance.random() < _LATE else 0
            )
        if wait_s:
            time.sleep(wait_s)
        if method == "chat.postMessage":
            self._goes_on.wait()
        return super().answer(method, arguments, token)

    def _history(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        oldest = float(asked.get("oldest") or 0)
        found = [message for message in self.roots(asked["channel"])[::-1] if float(message["ts"]) >= oldest]
        page, rest = _page(found, asked)
        return {"ok": True, "messages": [_read(m, asked) for m in page], **rest}

    def delivered(self) -> Counter[str]:
        """How often each delivery was posted, over all channels and threads."""
        with self._lock:
            return Counter(
                str(message["metadata"]["event_payload"]["delivery_id"])
                for channel in self.messages.values()
                for message in channel.values()
            )
