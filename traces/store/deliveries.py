"""One message that Slack should show, or a receiver outside it: how far it has got there, and what is known of its tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

NOTICE: Final = "notice."
"""Begins the kind of what is delivered to a receiver outside Slack, whose name follows."""
NOTHING_TO_TELL: Final = "what it was about is gone"
"""Why a message was given up of which there is nothing left to tell."""


UNANSWERED: Final = "an earlier try had no answer"
"""Begins the problem of a delivery of which Slack may hold an earlier try that is not known of, or may still do one."""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message of the outbox.

    ``thread_of`` is the delivery whose message it answers. ``posted_ts`` is Slack's id of the message once it stands.
    ``problem`` is why the last attempt failed.
    """

    delivery_id: str
    kind: str
    subject_id: str
    channel: str
    thread_of: str | None
    state: DeliveryState
    revision: int
    delivered_revision: int
    attempts: int
    attempt_at: datetime | None
    due_at: datetime
    created_at: datetime
    posted_channel: str | None
    posted_ts: str | None
    problem: str | None

    @property
    def is_unsure(self) -> bool:
        """Whether Slack may have done, or may still do, an earlier try of this."""
        return (self.problem or "").startswith(UNANSWERED)

    def still_unsure(self, why: str) -> str:
        """Why a try failed, with what has to be remembered of those before it."""
        return f"{UNANSWERED}; {why}" if self.is_unsure else why


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Messages that were given up: how many, when the first was last tried, and why the latest was."""

    messages: int
    first_at: datetime
    problem: str
