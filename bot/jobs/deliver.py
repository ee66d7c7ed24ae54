"""Brings Slack in line with the outbox: claim, send, note what stands; retry what may heal, bury what cannot.

The row is claimed in one transaction, sent outside of any, and marked in another. A crash in between leaves it in
``sending``: whether Slack has the message is then looked up in the channel's history by the delivery's id, where
the bot may read it; where it may not, the message is posted again, marked as a possible repeat, since a repeat is
better than a silence. The first look is soon; a message that is not there yet is only posted again then if it is certain
that nobody waits for it any more.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.config_slack import Broadcast
from bot.jobs.slack_token import SlackToken
from bot.slack.blocks.parts import context
from bot.slack.blocks.surface import EVENT_TYPE, Message, News
from bot.slack.check import check
from bot.slack.failures import (
    CALL_FAILED,
    is_doubtful,
    is_malformed,
    is_permanent,
    is_timeout,
    is_token_refused,
    problem,
    retry_after,
)
from bot.slack.render import Renderer
from traces import crash_points
from traces.clock import Clock
from traces.store import Store
from traces.store.outbox import NOTHING_TO_TELL, Delivery

_LOG = logging.getLogger(__name__)

DOUBT = timedelta(seconds=60)
"""Longer than any answer of Slack that a timed-out client, or one of another process, may still have caused."""
_SOON = 6
"""After this part of the doubt it is first looked up whether Slack has a message; a history lags behind by less."""
_FIRST_RETRY = timedelta(seconds=2)
_LONGEST_RETRY = timedelta(minutes=5)
_MOST_ATTEMPTS = 60
_LONGEST_DOUBT = timedelta(minutes=15)
"""How long a post that was cut off waits for a history that cannot be read just now."""
_SHOWN_IN_CHANNEL: Mapping[Broadcast, tuple[News, ...]] = {
    "thread_only": (),
    "on_escalation": ("escalation",),
    "always": ("escalation", "update"),
}
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


class _Standing(Enum):
    """What a channel's history says of a message that is not in it, or that it cannot say."""

    ABSENT = auto()
    UNREADABLE = auto()
    LATER = auto()


class Delivering:
    """Sends the outbox to Slack."""

    def __init__(
        self,
        store: Store,
        client: WebClient,
        clock: Clock,
        renderer: Renderer,
        broadcast: Broadcast = "on_escalation",
        doubt: timedelta = DOUBT,
        token: SlackToken | None = None,
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._renderer = renderer
        self._doubt, self._soon = doubt, doubt / _SOON
        self._shown_in_channel = _SHOWN_IN_CHANNEL[broadcast]
        self._paused: dict[str, datetime] = {}
        self._ended: dict[str, datetime] = {}
        self._looked: dict[str, datetime | None] = {}
        self._token = token

    def run(self, *, per_channel: int | None = None) -> Report:
        """Send what is due, at most ``per_channel`` messages to a channel; one channel's trouble leaves the others alone."""
        self._recover()
        sent = failed = 0
        used: dict[str, int] = defaultdict(int)
        blocked = self._resting()
        while due := self._due(blocked):
            for delivery in due:
                if delivery.channel in blocked:
                    continue
                used[delivery.channel] += 1
                outcome = self._deliver(delivery)
                sent += outcome is _Outcome.SENT
                failed += outcome is not _Outcome.SENT
                if outcome is _Outcome.HELD or used[delivery.channel] == per_channel:
                    blocked.add(delivery.channel)
        if self._token is not None and not self._resting():
            self._token.ask()
        return Report(sent=sent, failed=failed)

    def _resting(self) -> set[str]:
        """The channels that Slack asked to be left alone."""
        now = self._clock.now()
        return {channel for channel, until in self._paused.items() if until > now}

    def _due(self, blocked: Collection[str]) -> list[Delivery]:
        with self._store.read() as tx:
            return tx.outbox.due(self._clock.now(), limit=500, without=blocked)

    def _deliver(self, due: Delivery, *, repeat: bool = False) -> _Outcome:
        now = self._clock.now()
        with self._store.begin() as tx:
            delivery = tx.outbox.claim(due.delivery_id, now)
            message = None if delivery is None else self._renderer.message(tx, delivery)
            parent = None if delivery is None or delivery.thread_of is None else tx.outbox.get(delivery.thread_of)
            if delivery is not None and message is None:
                tx.outbox.bury(delivery.delivery_id, problem=NOTHING_TO_TELL)
        if delivery is None or message is None:
            return _Outcome.BURIED
        crash_points.passing("deliver.claimed")
        try:
            sent = self._send(delivery, message, parent, repeat=repeat)
        except CALL_FAILED as error:
            return self._failed(delivery, error)
        crash_points.passing("deliver.posted")
        if self._token is not None:
            self._token.taken()
        with self._store.begin() as tx:
            tx.outbox.sent(delivery, channel=sent.channel, ts=sent.ts, at=self._clock.now())
        crash_points.passing("deliver.noted")
        return _Outcome.SENT

    def _send(self, delivery: Delivery, message: Message, parent: Delivery | None, *, repeat: bool) -> _Sent:
        payload = message.payload()
        if problems := check(payload, "message"):
            _LOG.error("message %s would be refused, sent as plain text: %s", delivery.delivery_id, problems[0])
            payload = _plain(payload)
        if repeat:
            payload = _marked(payload)
        loud = message.news in self._shown_in_channel
        try:
            return self._call(delivery, payload, parent, loud=loud)
        except SlackApiError as error:
            if not is_malformed(error):
                raise
            _LOG.error("%s to the blocks of %s, sent as plain text", problem(error), delivery.delivery_id)
            return self._call(delivery, _plain(payload), parent, loud=loud)

    def _call(self, delivery: Delivery, payload: Mapping[str, Any], parent: Delivery | None, *, loud: bool) -> _Sent:
        if delivery.posted_ts is not None and delivery.posted_channel is not None:
            self._client.chat_update(channel=delivery.posted_channel, ts=delivery.posted_ts, **payload)
            return _Sent(delivery.posted_channel, delivery.posted_ts)
        payload = {**payload, "unfurl_links": False, "unfurl_media": False}
        if parent is not None and parent.posted_ts is not None:
            if loud:
                payload["reply_broadcast"] = True
            answer = self._client.chat_postMessage(
                channel=parent.posted_channel or delivery.channel, thread_ts=parent.posted_ts, **payload
            )
        else:
            answer = self._client.chat_postMessage(channel=delivery.channel, **payload)
        if not answer.get("ts"):
            raise SlackClientError("an answer without the message's ts")
        return _Sent(str(answer.get("channel") or delivery.channel), str(answer["ts"]))

    def _failed(self, delivery: Delivery, error: Exception) -> _Outcome:
        """Decide what becomes of a delivery that failed: try again later, look it up later, or give it up."""
        now, why, wait = self._clock.now(), problem(error), retry_after(error)
        if delivery.posted_ts is None and is_doubtful(error):
            # Slack may have taken the message: an update can be sent again, a post cannot. It is looked up later.
            _LOG.warning("delivering %s was cut off: %s", delivery.delivery_id, why)
            if not is_timeout(error):
                self._ended[delivery.delivery_id] = now
            return _Outcome.HELD
        if is_token_refused(error):
            # With another token the message is taken: it waits for that, and is tried again now and then.
            if self._token is not None:
                self._token.refused(error)
        elif wait is not None:
            self._paused[delivery.channel] = now + wait
        elif is_permanent(error) or (isinstance(error, SlackApiError) and delivery.attempts >= _MOST_ATTEMPTS):
            _LOG.error("gave up delivering %s: %s", delivery.delivery_id, why)
            with self._store.begin() as tx:
                tx.outbox.bury(delivery.delivery_id, problem=why)
            return _Outcome.BURIED
        with self._store.begin() as tx:
            tx.outbox.retry(delivery.delivery_id, due_at=now + (wait or _backoff(delivery.attempts)), problem=why)
        return _Outcome.HELD

    def _recover(self) -> None:
        """Find out what became of deliveries that were cut off."""
        now = self._clock.now()
        with self._store.read() as tx:
            lost = tx.outbox.interrupted(now - self._soon)
        self._looked = {d.delivery_id: self._looked[d.delivery_id] for d in lost if d.delivery_id in self._looked}
        self._ended = {i: at for i, at in self._ended.items() if now - at < self._doubt}
        left_alone = self._resting()
        for delivery in lost:
            is_over = delivery.attempt_at is None or now - delivery.attempt_at > self._doubt
            if delivery.channel in left_alone or not (is_over or self._deserves_a_look(delivery, now)):
                continue
            self._looked[delivery.delivery_id] = delivery.attempt_at
            standing = _Standing.ABSENT if delivery.posted_ts else self._look_up(delivery)
            crash_points.passing("deliver.looked_up")
            is_absent = standing is _Standing.ABSENT and delivery.delivery_id in self._ended
            if not (is_over or is_absent or isinstance(standing, _Sent)):
                continue
            if standing is _Standing.LATER:
                left_alone.add(delivery.channel)
                continue
            with self._store.begin() as tx:
                if isinstance(standing, _Sent):
                    tx.outbox.found(
                        delivery.delivery_id, channel=standing.channel, ts=standing.ts, at=self._clock.now()
                    )
                    continue
                tx.outbox.retry(delivery.delivery_id, due_at=self._clock.now(), problem="was cut off")
            self._deliver(delivery, repeat=standing is _Standing.UNREADABLE)

    def _deserves_a_look(self, delivery: Delivery, now: datetime) -> bool:
        """Whether to look for a message before its time is over: once, a little after the call for it has ended."""
        if delivery.posted_ts is not None or self._looked.get(delivery.delivery_id) == delivery.attempt_at:
            return False
        return now - self._ended.get(delivery.delivery_id, now - self._soon) >= self._soon

    def _look_up(self, delivery: Delivery) -> _Sent | _Standing:
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
        except CALL_FAILED as error:
            _LOG.info("cannot read the history for %s: %s", delivery.delivery_id, problem(error))
            in_doubt = self._clock.now() - oldest
            return _Standing.UNREADABLE if is_permanent(error) or in_doubt > _LONGEST_DOUBT else _Standing.LATER
        for message in answer.get("messages") or []:
            if _delivery_id(message) == delivery.delivery_id:
                return _Sent(str(message.get("channel") or channel), str(message["ts"]))
        return _Standing.ABSENT


def _delivery_id(message: Mapping[str, Any]) -> object:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload") or {}
    return payload.get("delivery_id")


def _plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload's text alone; an update has to take away the blocks that stand."""
    return {"text": payload["text"], "blocks": [], "metadata": payload.get("metadata")}


def _marked(payload: Mapping[str, Any]) -> dict[str, Any]:
    marked = {**payload, "text": f"{payload['text']} {_REPEAT}"}
    return {**marked, "blocks": [*payload["blocks"], context(_REPEAT)]} if payload.get("blocks") else marked


def _backoff(attempts: int) -> timedelta:
    return min(_LONGEST_RETRY, _FIRST_RETRY * (1 << min(attempts, 10)))
