"""Response URLs: up to five answers within thirty minutes to where an interaction came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from bot.playground.refusal import Refusal
from bot.playground.revisions import Revisions

LIFE: Final = timedelta(minutes=30)
USES: Final = 5


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """Where an answer goes.

    Attributes:
        user: Who sees an ephemeral answer.
        ts: The message that ``replace_original`` replaces; empty for a slash command.
        thread_ts: The thread the interaction happened in, if any.
    """

    key: str
    channel: str
    user: str
    ts: str
    thread_ts: str
    issued_s: float
    uses: int = 0


@dataclass
class ResponseUrls:
    revisions: Revisions
    _issued: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue(self, channel: str, user: str, *, ts: str = "", thread_ts: str = "") -> ResponseUrl:
        with self.revisions.lock:
            key = self.revisions.next_id("", 24)
            issued = ResponseUrl(key, channel, user, ts, thread_ts, self.revisions.seconds())
            self._issued[key] = issued
            return issued

    def spend(self, key: str) -> ResponseUrl:
        """Use a response URL once more.

        Raises:
            Refusal: ``invalid_url``, ``expired_url`` after thirty minutes, ``used_url`` after five uses.
        """
        with self.revisions.lock:
            issued = self._issued.get(key)
            if issued is None:
                raise Refusal("invalid_url")
            if self.revisions.is_past(issued.issued_s, LIFE):
                raise Refusal("expired_url")
            if issued.uses >= USES:
                raise Refusal("used_url")
            self._issued[key] = replace(issued, uses=issued.uses + 1)
            return issued
