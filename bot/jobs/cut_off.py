"""What became of messages that were cut off: found in their channel's history, or sent again.

A crash between claiming a message and noting that it stands leaves it in ``sending``: whether Slack has the message is then
looked up in the channel's history by the delivery's id, where the bot may read it; where it may not, the message is posted
again, marked as a possible repeat, since a repeat is better than a silence. The first look is soon; a message that is not
there yet is only posted again then if it is certain that nobody waits for it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.jobs.lanes import Lanes
from bot.jobs.sending import REPEAT_MARK, Sending, Standing
from bot.slack.blocks.surface import EVENT_TYPE
from bot.slack.failures import CALL_FAILED, is_permanent, problem
from traces import crash_points
from traces.clock import Clock
from traces.store import Store
from traces.store.outbox import UNANSWERED, Delivery

_LOG = logging.getLogger(__name__)
_Read: TypeAlias = Callable[..., SlackResponse]

DOUBT: Final = timedelta(seconds=60)
"""Longer than any answer of Slack that a timed-out client, or one of another process, may still have caused."""
_SOON: Final = 6
"""After this part of the doubt it is first looked up whether Slack has a message; a history lags behind by less."""
_BEFORE_S: Final = 5
"""Slack's clock may be behind ours by so much."""
_PAGE: Final = 200
_PAGES: Final = 10
_CUT_OFF: Final = "was cut off"
_LONGEST_DOUBT: Final = timedelta(minutes=15)
"""How long a post that was cut off waits for a history that cannot be read just now."""


class _Unseen(Enum):
    """What a channel's history says of a message that is not in it, or that it cannot say."""

    ABSENT = auto()
    UNREADABLE = auto()
    LATER = auto()


class CutOff:
    """Finds out what became of deliveries that were cut off."""

    def __init__(
        self, store: Store, client: WebClient, clock: Clock, sending: Sending, lanes: Lanes, doubt: timedelta
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._sending = sending
        self._lanes = lanes
        self._doubt, self._soon = doubt, doubt / _SOON
        self._looked: dict[str, datetime | None] = {}

    def run(self, without: Collection[str] = ()) -> None:
        """Settle those whose time has come, but for some by delivery id: their sender lives."""
        now = self._clock.now()
        with self._store.read() as tx:
            lost = [d for d in tx.outbox.interrupted(now - self._soon) if d.delivery_id not in without]
        self._looked = {d.delivery_id: self._looked[d.delivery_id] for d in lost if d.delivery_id in self._looked}
        ended = self._sending.ended = {i: at for i, at in self._sending.ended.items() if now - at < self._doubt}
        left_alone = self._lanes.resting(now)
        for delivery in lost:
            is_over = delivery.attempt_at is None or now - delivery.attempt_at > self._doubt
            if delivery.channel in left_alone or not (is_over or self._deserves_a_look(delivery, now)):
                continue
            self._looked[delivery.delivery_id] = delivery.attempt_at
            standing = _Unseen.ABSENT if delivery.posted_ts else self._look_up(delivery)
            crash_points.passing("deliver.looked_up")
            is_absent = standing is _Unseen.ABSENT and delivery.delivery_id in ended
            if standing is _Unseen.LATER and is_over:
                left_alone.add(delivery.channel)
            elif is_over or is_absent or isinstance(standing, Standing):
                self._settle(delivery, standing)

    def _settle(self, delivery: Delivery, standing: Standing | _Unseen) -> None:
        now = self._clock.now()
        with self._store.begin() as tx:
            if isinstance(standing, Standing):
                tx.outbox.found(
                    delivery.delivery_id,
                    channel=standing.channel,
                    ts=standing.ts,
                    at=now,
                    is_repeat=standing.is_repeat,
                )
                return
            # Claimed at once: it has waited long enough.
            tx.outbox.retry(delivery.delivery_id, due_at=now, problem=_remembered(delivery, standing))
            claimed = tx.outbox.claim(delivery.delivery_id, now)
        if claimed is not None:
            self._sending.deliver(claimed)

    def _deserves_a_look(self, delivery: Delivery, now: datetime) -> bool:
        """Whether to look for a message before its time is over: once, a little after the call for it has ended."""
        if delivery.posted_ts is not None or self._looked.get(delivery.delivery_id) == delivery.attempt_at:
            return False
        return now - self._sending.ended.get(delivery.delivery_id, now - self._soon) >= self._soon

    def _look_up(self, delivery: Delivery) -> Standing | _Unseen:
        """The message of a delivery in its channel's history, where the bot may read it."""
        with self._store.read() as tx:
            parent = None if delivery.thread_of is None else tx.outbox.get(delivery.thread_of)
            # Posts may name a channel; its history is given by id only, which an earlier post to it has told.
            channel = tx.outbox.channel_id(delivery.channel) or delivery.channel
        tried_at = delivery.attempt_at or delivery.created_at
        oldest = delivery.created_at if delivery.is_unsure else tried_at
        asked = {"channel": channel, "oldest": str(oldest.timestamp() - _BEFORE_S)}
        read: _Read = self._client.conversations_history
        if parent is not None and parent.posted_ts is not None:
            asked = {"channel": parent.posted_channel or delivery.channel, "ts": parent.posted_ts}
            read = self._client.conversations_replies
        try:
            return _found(delivery.delivery_id, read, asked)
        except CALL_FAILED as error:
            _LOG.info("cannot read the history for %s: %s", delivery.delivery_id, problem(error))
            in_doubt = self._clock.now() - tried_at
            return _Unseen.UNREADABLE if is_permanent(error) or in_doubt > _LONGEST_DOUBT else _Unseen.LATER


def _remembered(delivery: Delivery, unseen: _Unseen) -> str:
    if unseen is _Unseen.UNREADABLE:
        return UNANSWERED
    # An edit is not looked up: what its message is stays as it was.
    return delivery.remembering(_CUT_OFF, is_unsure=False) if delivery.posted_ts else _CUT_OFF


def _found(delivery_id: str, read: _Read, asked: Mapping[str, str]) -> Standing | _Unseen:
    """Look through a history page by page, the newest first; beyond what is looked through nobody can say."""
    cursor: Mapping[str, str] = {}
    for _ in range(_PAGES):
        answer = read(**asked, **cursor, include_all_metadata=True, limit=_PAGE)
        for message in answer.get("messages") or []:
            if _delivery_id(message) == delivery_id:
                is_repeat = REPEAT_MARK in str(message.get("text") or "")
                return Standing(str(message.get("channel") or asked["channel"]), str(message["ts"]), is_repeat)
        following = (answer.get("response_metadata") or {}).get("next_cursor")
        if not following:
            return _Unseen.ABSENT
        cursor = {"cursor": str(following)}
    return _Unseen.UNREADABLE


def _delivery_id(message: Mapping[str, Any]) -> object:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload") or {}
    return payload.get("delivery_id")
