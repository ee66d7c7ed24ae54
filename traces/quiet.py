"""When a conversation has gone quiet: after a pause longer than nearly all pauses of its application's users.

A user who reads a long answer, or looks for an order number, is not gone. How long that takes differs from one application
to the next, so it is learned from the pauses that ended: the time from what was said last to the user's next turn.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from traces.model import Conversation, Json
from traces.store import Tx

QUIET: Final = timedelta(minutes=5)
"""How long it takes until enough pauses were seen."""
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
QUANTILE: Final = 0.98
"""So many of the pauses are shorter: of a hundred turns two come after the conversation seemed quiet, and it is looked at
again."""
FEWEST_PAUSES: Final = 100
STATE: Final = "quiet times"

_APPLICATION: Final = "application"
_ROUND_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How long an application's conversations take to go quiet, and from how many pauses that was learned."""

    after: timedelta
    pauses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietTimes:
    """By application how long it takes until a conversation has gone quiet; ``usual`` for those that nothing is known of."""

    usual: timedelta
    learned: Mapping[str, Learned]

    def of(self, conversation: Conversation) -> timedelta:
        found = self.learned.get(_application(conversation))
        return self.usual if found is None else found.after


def pauses(conversation: Conversation) -> list[float]:
    """Seconds before each turn of the user but the first, where the times are known."""
    found, last = [], None
    for message in conversation.messages:
        if message.at is None:
            continue
        if message.role == "user" and last is not None and message.at > last:
            found.append((message.at - last).total_seconds())
        last = message.at if last is None else max(last, message.at)
    return found


def learned_from(conversations: Iterable[Conversation]) -> dict[str, Learned]:
    """By application what its conversations tell; an application with few pauses is left out.

    The time is the 98 % quantile of the pauses, in steps of ten seconds, and within a minute and an hour.
    """
    by_application: dict[str, list[float]] = defaultdict(list)
    for conversation in conversations:
        by_application[_application(conversation)] += pauses(conversation)
    return {
        name: Learned(after=_after(found), pauses=len(found))
        for name, found in sorted(by_application.items())
        if len(found) >= FEWEST_PAUSES
    }


def _after(found: list[float]) -> timedelta:
    nearly_all = sorted(found)[math.ceil(QUANTILE * len(found)) - 1]
    return min(LONGEST, max(SHORTEST, timedelta(seconds=math.ceil(nearly_all / _ROUND_S) * _ROUND_S)))


def quiet_times(tx: Tx, usual: timedelta) -> QuietTimes:
    """The times as they are kept."""
    kept = tx.state.job_outcome(STATE)
    return QuietTimes(usual=usual, learned=_read(kept) if isinstance(kept, dict) else {})


def written(learned: Mapping[str, Learned]) -> Json:
    """The times as they are kept, in seconds."""
    return {name: [one.after.total_seconds(), one.pauses] for name, one in learned.items()}


def _read(kept: dict[str, list[float]]) -> dict[str, Learned]:
    return {name: Learned(after=timedelta(seconds=s), pauses=int(n)) for name, (s, n) in kept.items()}


def _application(conversation: Conversation) -> str:
    name = conversation.metadata.get(_APPLICATION)
    return name if isinstance(name, str) else ""
