"""A message of Slack's that somebody sends to review: a conversation of its own, or the one that it already shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from alerts.telling.pipeline import ALERT, EXAMPLE
from bot.jobs.pick import REVIEW
from bot.reviewing.queue import PROBLEM
from bot.reviewing.review import audited
from bot.slack.access import Person
from bot.slack.check_content import texts
from bot.slack.text import unescape
from traces.clock import Clock, format_time
from traces.errors import BadInput
from traces.ingest import offer, take_conversations
from traces.store import Store, Tx
from traces.store.conversations import Pending
from traces.store.reviews import ReviewItem

_LONGEST = 20_000
_TS = re.compile(r"\d{1,11}\.\d{1,6}", re.ASCII)
_SOURCE = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message as a message shortcut tells of it."""

    channel: str
    ts: str
    text: str
    is_from_bot: bool

    @property
    def at(self) -> datetime:
        """When it was posted."""
        return datetime.fromtimestamp(float(self.ts), UTC)

    @property
    def conversation_id(self) -> str:
        return f"{_SOURCE}-{self.channel}-{self.ts}"


def parse_message(body: Mapping[str, Any]) -> SentMessage:
    """Reads the payload of a message shortcut.

    Raises:
        BadInput: There is no message in it, or no text in the message.
    """
    message, channel = body.get("message"), body.get("channel")
    if not isinstance(message, Mapping) or not isinstance(channel, Mapping):
        raise BadInput("there is no message to send to review")
    ts = str(message.get("ts") or "")
    if not _TS.fullmatch(ts):
        raise BadInput("there is no message to send to review")
    text = str(message.get("text") or "") or "\n".join(reversed(list(texts(message.get("blocks") or []))))
    return SentMessage(
        channel=str(channel.get("id") or "")[:32],
        ts=ts,
        text=unescape(text).strip()[:_LONGEST],
        is_from_bot=bool(message.get("bot_id")),
    )


class SentMessages:
    """Takes messages for review."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def take(self, message: SentMessage, person: Person, request_key: str) -> str:
        """The id of the review item of a message; one that is there already is found again.

        Raises:
            BadInput: The message has no text, or is an alert of Hark's.
        """
        with self._store.begin() as tx:
            standing = tx.outbox.standing_at(message.channel, message.ts)
            if standing is not None and standing.kind in {EXAMPLE, REVIEW}:
                return standing.subject_id
            if standing is not None:
                what = (
                    "an alert; send one of the conversations in its thread" if standing.kind == ALERT else "Hark's own"
                )
                raise BadInput(f"this message is {what}")
            if not message.text:
                raise BadInput("there is no text in this message")
            now = self._clock.now()
            _store(tx, message, now)
            item = ReviewItem(
                item_id=uuid4().hex,
                conversation_id=message.conversation_id,
                evaluator=PROBLEM,
                reason=f"Sent from Slack by {person.name}.",
                picked_at=now,
            )
            picked = tx.reviews.pick(item)
            if picked == item:
                tx.state.name_reviewer(person.user_id, person.name)
                audited(tx, "review.send", message.conversation_id, person, now, request_key)
            return picked.item_id


def _store(tx: Tx, message: SentMessage, now: datetime) -> None:
    """Keep the message as a conversation of one turn, which evaluators and signals leave alone: it is no traffic."""
    at = format_time(min(message.at, now))
    sent = {
        "id": message.conversation_id,
        "started_at": at,
        "ended_at": at,
        "metadata": {"source": _SOURCE},
        "messages": [
            {"role": "assistant" if message.is_from_bot else "user", "content": message.text, "timestamp": at}
        ],
    }
    take_conversations(tx, [offer(sent, now)], now)
    known = tx.conversations.known([message.conversation_id])[message.conversation_id]
    conversation = tx.conversations.many([message.conversation_id])[message.conversation_id]
    done = Pending(conversation=conversation, version=known.version, has_arrived=True, has_settled=True)
    tx.conversations.evaluated([done])
