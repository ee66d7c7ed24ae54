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
REPEAT: Final = "a possible repeat"
"""Stands in the problem of a delivery whose message is, or will be, posted beside an earlier try that may stand as well."""


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
        return UNANSWERED in self._remembered

    @property
    def is_repeat(self) -> bool:
        """Whether the message says, for as long as it stands, that an earlier try may stand beside it."""
        return REPEAT in self._remembered or (self.is_unsure and self.posted_ts is None)

    def remembering(self, why: str = "", *, is_unsure: bool | None = None) -> str:
        """Why a try failed, if it did, with what has to be remembered of it and those before it.

        ``is_unsure``: whether Slack may still do one of them; ``None`` when this one changes nothing about that.
        """
        unsure = self.is_unsure if is_unsure is None else is_unsure
        kept = [mark for mark, holds in ((UNANSWERED, unsure), (REPEAT, self.is_repeat)) if holds]
        return "; ".join([*kept, why] if why else kept)

    @property
    def _remembered(self) -> list[str]:
        return (self.problem or "").split("; ")[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Messages that were given up: how many, when the first was last tried, and why the latest was."""

    messages: int
    first_at: datetime
    problem: str
