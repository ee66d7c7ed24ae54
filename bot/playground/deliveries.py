"""What passed between the app and the workspace, and faults that tests put in its way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from bot.playground.revisions import Revisions
from traces.clock import format_time

KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call of the app to Slack, or one request of Slack to the app.

    Attributes:
        direction: ``to_slack`` for a Web API call, ``to_app`` for an interaction, command or event.
        name: The method, e.g. ``chat.postMessage``, or what was sent, e.g. ``block_actions``.
        target: The channel, user or view it was about.
        error: Slack's error code, or what the app answered; empty when all is well.
        problems: Why it was refused, one line each.
    """

    at: datetime
    direction: Literal["to_slack", "to_app"]
    name: str
    target: str
    error: str
    problems: tuple[str, ...]
    revision: int

    def as_json(self) -> dict[str, Any]:
        return {
            "at": format_time(self.at),
            "direction": self.direction,
            "name": self.name,
            "target": self.target,
            "error": self.error,
            "problems": list(self.problems),
            "revision": self.revision,
        }


@dataclass
class Deliveries:
    """The last few hundred deliveries."""

    revisions: Revisions
    _kept: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(
        self,
        direction: Literal["to_slack", "to_app"],
        name: str,
        target: str = "",
        error: str = "",
        problems: tuple[str, ...] = (),
    ) -> Delivery:
        with self.revisions.lock:
            at = self.revisions.clock.now()
            delivery = Delivery(at, direction, name, target, error, problems, self.revisions.next())
            self._kept.append(delivery)
            return delivery

    def since(self, revision: int = 0) -> list[Delivery]:
        """Those after ``revision``, oldest first."""
        with self.revisions.lock:
            return [d for d in self._kept if d.revision > revision]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with one call.

    Attributes:
        kind: ``rate_limited`` answers 429, ``server_error`` 500, ``error`` answers with ``code``; ``delay`` waits
            and then goes on; ``drop`` cuts the connection before the call is taken, ``drop_after`` after it was
            taken, so that the caller cannot know that it was.
        seconds: For ``rate_limited`` the Retry-After, for ``delay`` the wait.
    """

    kind: Literal["rate_limited", "server_error", "error", "delay", "drop", "drop_after"]
    seconds: float = 1
    code: str = "internal_error"


@dataclass
class Faults:
    """Faults to come, per method, each used up by one call."""

    revisions: Revisions
    _script: dict[str, deque[Fault]] = field(default_factory=dict)

    def add(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next ``times`` calls of ``method`` fail; ``*`` stands for any method."""
        with self.revisions.lock:
            self._script.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        with self.revisions.lock:
            for name in (method, "*"):
                if script := self._script.get(name):
                    return script.popleft()
        return None
