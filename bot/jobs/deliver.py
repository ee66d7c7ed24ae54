"""Brings Slack in line with the outbox: claim, send, note what stands; retry what may heal, bury what cannot.

The row is claimed in one transaction, sent outside of any, and marked in another. A crash in between leaves it in
``sending``: whether Slack has the message is then looked up in the channel's history by the delivery's id, where
the bot may read it; where it may not, the message is posted again, marked as a possible repeat, since a repeat is
better than a silence.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.blocks.surface import EVENT_TYPE, Message
from bot.slack.check import check
from bot.slack.render import Renderer
from traces.clock import Clock
from traces.store import Store
from traces.store.outbox import Delivery

_LOG = logging.getLogger(__name__)

_GRACE = timedelta(seconds=60)
"""Longer than any answer of Slack that a timed-out client may still have caused."""
_FIRST_RETRY = timedelta(seconds=2)
_LONGEST_RETRY = timedelta(minutes=5)
_MOST_ATTEMPTS = 60
_PERMANENT = frozenset(
    {
        "account_inactive", "channel_not_found", "invalid_arguments", "invalid_auth", "is_archived", "message_not_found",
        "missing_scope", "msg_too_long", "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel",
        "restricted_action", "token_expired", "token_revoked", "cant_update_message", "edit_window_closed",
    }
)  # fmt: skip
_MALFORMED = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "invalid_metadata_format"})
_REPEAT = "(possible repeat: Hark was interrupted while posting this)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a pass over the outbox did."""

    sent: int = 0
    failed: int = 0


class _Outcome(Enum):
    """What became of one delivery; ``HELD`` holds its channel back until the next pass."""

    SENT = auto()
    HELD = auto()
    BURIED = auto()


@dataclass(frozen=True, slots=True)
class _Sent:
    channel: str
    ts: str


class Delivering:
    """Sends the outbox to Slack."""

    def __init__(self, store: Store, client: WebClient, clock: Clock, renderer: Renderer) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._renderer = renderer

    def run(self, *, per_channel: int | None = None) -> Report:
        """Send what is due, at most ``per_channel`` messages to a channel; one channel's trouble leaves the others alone."""
        self._recover()
        sent = failed = 0
        used: dict[str, int] = defaultdict(int)
        blocked: set[str] = set()
        while due := self._due(used, blocked, per_channel):
            for delivery in due:
                if delivery.channel in blocked or (per_channel is not None and used[delivery.channel] >= per_channel):
                    continue
                used[delivery.channel] += 1
                outcome = self._deliver(delivery)
                sent += outcome is _Outcome.SENT
                failed += outcome is not _Outcome.SENT
                if outcome is _Outcome.HELD:
                    blocked.add(delivery.channel)
        return Report(sent=sent, failed=failed)

    def _due(self, used: Mapping[str, int], blocked: set[str], per_channel: int | None) -> list[Delivery]:
        with self._store.read() as tx:
            due = tx.outbox.due(self._clock.now(), limit=500)
        return [
            d for d in due if d.channel not in blocked and (per_channel is None or used.get(d.channel, 0) < per_channel)
        ]

    def _deliver(self, due: Delivery, *, repeat: bool = False) -> _Outcome:
        now = self._clock.now()
        with self._store.begin() as tx:
            delivery = tx.outbox.claim(due.delivery_id, now)
            message = None if delivery is None else self._renderer.message(tx, delivery)
            parent = None if delivery is None or delivery.thread_of is None else tx.outbox.get(delivery.thread_of)
            if delivery is not None and message is None:
                tx.outbox.bury(delivery.delivery_id, problem="what it was about is gone")
        if delivery is None or message is None:
            return _Outcome.BURIED
        try:
            sent = self._send(delivery, message, parent, repeat=repeat)
        except (SlackApiError, SlackClientError, HTTPException, OSError) as error:
            return self._failed(delivery, error)
        with self._store.begin() as tx:
            tx.outbox.sent(delivery, channel=sent.channel, ts=sent.ts, at=self._clock.now())
        return _Outcome.SENT

    def _send(self, delivery: Delivery, message: Message, parent: Delivery | None, *, repeat: bool) -> _Sent:
        payload = message.payload()
        if problems := check(payload, "message"):
            _LOG.error("message %s would be refused, sent as plain text: %s", delivery.delivery_id, problems[0])
            payload = _plain(payload)
        if repeat:
            payload["text"] = f"{payload['text']} {_REPEAT}"
        try:
            return self._call(delivery, payload, parent)
        except SlackApiError as error:
            if _code(error) not in _MALFORMED:
                raise
            _LOG.error("Slack refused the blocks of %s, sent as plain text", delivery.delivery_id)
            return self._call(delivery, _plain(payload), parent)

    def _call(self, delivery: Delivery, payload: Mapping[str, Any], parent: Delivery | None) -> _Sent:
        if delivery.posted_ts is not None and delivery.posted_channel is not None:
            self._client.chat_update(channel=delivery.posted_channel, ts=delivery.posted_ts, **payload)
            return _Sent(delivery.posted_channel, delivery.posted_ts)
        payload = {**payload, "unfurl_links": False, "unfurl_media": False}
        if parent is not None and parent.posted_ts is not None:
            answer = self._client.chat_postMessage(
                channel=parent.posted_channel or delivery.channel, thread_ts=parent.posted_ts, **payload
            )
        else:
            answer = self._client.chat_postMessage(channel=delivery.channel, **payload)
        return _Sent(str(answer.get("channel") or delivery.channel), str(answer["ts"]))

    def _failed(self, delivery: Delivery, error: Exception) -> _Outcome:
        """Decide what becomes of a delivery that failed: try again later, look it up later, or give it up."""
        now, problem = self._clock.now(), _problem(error)
        if isinstance(error, SlackApiError):
            wait = _retry_after(error)
            with self._store.begin() as tx:
                if wait is None and (_code(error) in _PERMANENT or delivery.attempts >= _MOST_ATTEMPTS):
                    _LOG.error("gave up delivering %s: %s", delivery.delivery_id, problem)
                    tx.outbox.bury(delivery.delivery_id, problem=problem)
                    return _Outcome.BURIED
                tx.outbox.retry(
                    delivery.delivery_id, due_at=now + (wait or _backoff(delivery.attempts)), problem=problem
                )
            return _Outcome.HELD
        # Slack may have taken the message and only the answer was lost: an update can be sent again, a post cannot.
        if delivery.posted_ts is not None:
            with self._store.begin() as tx:
                tx.outbox.retry(delivery.delivery_id, due_at=now + _backoff(delivery.attempts), problem=problem)
        _LOG.warning("delivering %s was cut off: %s", delivery.delivery_id, problem)
        return _Outcome.HELD

    def _recover(self) -> None:
        """Find out what became of deliveries that were cut off."""
        with self._store.read() as tx:
            lost = tx.outbox.interrupted(self._clock.now() - _GRACE)
        for delivery in lost:
            standing = None if delivery.posted_ts else self._look_up(delivery)
            with self._store.begin() as tx:
                if standing is not None:
                    tx.outbox.found(
                        delivery.delivery_id, channel=standing.channel, ts=standing.ts, at=self._clock.now()
                    )
                    continue
                tx.outbox.retry(delivery.delivery_id, due_at=self._clock.now(), problem="was cut off")
            self._deliver(delivery, repeat=delivery.posted_ts is None)

    def _look_up(self, delivery: Delivery) -> _Sent | None:
        """The message of a delivery in its channel's history, where the bot may read it."""
        with self._store.read() as tx:
            parent = None if delivery.thread_of is None else tx.outbox.get(delivery.thread_of)
            # Posts may name a channel; its history is given by id only, which an earlier post to it has told.
            channel = tx.outbox.channel_id(delivery.channel) or delivery.channel
        oldest = delivery.attempt_at or delivery.created_at
        try:
            if parent is not None and parent.posted_ts is not None:
                channel = parent.posted_channel or delivery.channel
                answer = self._client.conversations_replies(
                    channel=channel, ts=parent.posted_ts, include_all_metadata=True, limit=200
                )
            else:
                answer = self._client.conversations_history(
                    channel=channel, oldest=str(oldest.timestamp() - 5), include_all_metadata=True, limit=200
                )
        except (SlackApiError, SlackClientError, HTTPException, OSError) as error:
            _LOG.info("cannot read the history for %s: %s", delivery.delivery_id, _problem(error))
            return None
        for message in answer.get("messages") or []:
            if _delivery_id(message) == delivery.delivery_id:
                return _Sent(str(message.get("channel") or channel), str(message["ts"]))
        return None


def _delivery_id(message: Mapping[str, Any]) -> object:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload") or {}
    return payload.get("delivery_id")


def _plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key in {"text", "metadata"}}


def _code(error: SlackApiError) -> str:
    try:
        return str(error.response["error"])
    except (KeyError, TypeError, ValueError):
        return ""


def _retry_after(error: SlackApiError) -> timedelta | None:
    headers: Mapping[str, Any] = getattr(error.response, "headers", {})
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).isdigit():
            return timedelta(seconds=int(value))
    return None


def _backoff(attempts: int) -> timedelta:
    return min(_LONGEST_RETRY, _FIRST_RETRY * (1 << min(attempts, 10)))


def _problem(error: Exception) -> str:
    """Why a delivery failed, without anything of what was to be said."""
    if isinstance(error, SlackApiError):
        status = getattr(error.response, "status_code", "")
        return f"Slack answered {_code(error) or status}"
    return f"no answer from Slack ({type(error).__name__})"
