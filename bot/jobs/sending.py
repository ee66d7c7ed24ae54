"""One message on its way to Slack: drawn from what is true now, sent, and noted; retried later, or given up."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from alerts.telling.pipeline import ALERT
from bot.config.slack import Broadcast
from bot.jobs.lanes import Lanes
from bot.jobs.slack_token import SlackToken
from bot.slack.blocks.parts import context
from bot.slack.blocks.surface import Message, News
from bot.slack.chart_image import chart_of, described, drawn, without_charts
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
from traces.errors import StoreUnavailable
from traces.store import Store
from traces.store.fence import fenced
from traces.store.outbox import NOTHING_TO_TELL, Delivery
from traces.store.together import Together

_LOG = logging.getLogger(__name__)

_FIRST_RETRY: Final = timedelta(seconds=2)
_LONGEST_RETRY: Final = timedelta(minutes=5)
_MOST_ATTEMPTS: Final = 60
_STARTED_WITHIN: Final = 2
"""Within this part of the doubt Slack is called: the rest of it is for Slack's answer."""
_SHOWN_IN_CHANNEL: Mapping[Broadcast, tuple[News, ...]] = {
    "thread_only": (),
    "on_escalation": ("escalation",),
    "always": ("escalation", "update"),
}
_LINKED: Final = frozenset({ALERT})
"""Kinds of messages whose address is kept."""
REPEAT_MARK: Final = "(possible repeat: Hark was interrupted while posting this)"


class Outcome(Enum):
    """What became of one delivery; ``HELD`` holds its channel back for a moment."""

    SENT = auto()
    HELD = auto()
    BURIED = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands: Slack's id of the channel, and the message's in it; whether it says that it may be a repeat."""

    channel: str
    ts: str
    is_repeat: bool = False


class Sending:
    """Sends messages that were claimed. Safe to use from several threads, each with a message of its own.

    Attributes:
        ended: By delivery id, when a call ended without an answer: Slack is at work on it no longer.
    """

    def __init__(
        self,
        store: Store,
        client: WebClient,
        clock: Clock,
        renderer: Renderer,
        lanes: Lanes,
        broadcast: Broadcast,
        doubt: timedelta,
        token: SlackToken | None = None,
        *,
        draws_charts: bool = False,
    ) -> None:
        self._draws_charts = draws_charts
        self._store = store
        self._noting = Together(store)
        self._client = client
        self._clock = clock
        self._renderer = renderer
        self._lanes = lanes
        self._token = token
        self._shown_in_channel = _SHOWN_IN_CHANNEL[broadcast]
        self._doubt = doubt
        self._unsure_until: dict[str, datetime] = {}
        self.ended: dict[str, datetime] = {}

    def deliver(self, delivery: Delivery) -> Outcome:
        """Send a message and note what came of it; one that may stand there already says so."""
        try:
            with self._store.read() as tx:
                # Drawn after it was claimed: it shows at least what was asked for until then.
                message = self._renderer.message(tx, delivery)
                parent = None if delivery.thread_of is None else tx.outbox.get(delivery.thread_of)
                is_unlinked = delivery.kind in _LINKED and not tx.permalinks.of(delivery.kind, [delivery.subject_id])
        except StoreUnavailable as error:
            return self._later(delivery, self._clock.now() + _FIRST_RETRY, delivery.remembering(error.message))
        if message is None:
            return self._given_up(delivery, NOTHING_TO_TELL)
        if self._is_late(delivery):
            return self._later(delivery, self._clock.now(), delivery.remembering("claimed too long ago"))
        crash_points.passing("deliver.claimed")
        try:
            sent = self._send(delivery, message, parent)
        except CALL_FAILED as error:
            return self._failed(delivery, error)
        crash_points.passing("deliver.posted")
        if self._token is not None:
            self._token.taken()
        now = self._clock.now()
        with fenced(None):  # it stands in Slack, whoever delivers by now
            again_at = self._again_at(delivery, now)
            self._noting.do(
                lambda tx: tx.outbox.sent(delivery, channel=sent.channel, ts=sent.ts, at=now, again_at=again_at)
            )
        crash_points.passing("deliver.noted")
        if is_unlinked:
            self._link(delivery, sent)
        return Outcome.SENT

    def _is_late(self, delivery: Delivery) -> bool:
        """Whether others may take a message for cut off before Slack has answered: it is claimed anew.

        A process that stood still, or was parted from the database, does not know that others send in its place by now.
        """
        claimed_at = delivery.attempt_at
        return claimed_at is not None and self._clock.now() - claimed_at > self._doubt / _STARTED_WITHIN

    def _again_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """When an edit is to be sent once more, since an older one that had no answer may arrive after it."""
        if delivery.posted_ts is None or not delivery.is_unsure:
            return None
        until = self._unsure_until.setdefault(delivery.delivery_id, now + self._doubt)
        if until > now:
            return until
        del self._unsure_until[delivery.delivery_id]
        return None

    def _link(self, delivery: Delivery, standing: Standing) -> None:
        """Keep the address of a message, for those who are told of it elsewhere; without one, the next edit asks again."""
        try:
            answer = self._client.chat_getPermalink(channel=standing.channel, message_ts=standing.ts)
        except CALL_FAILED as error:
            _LOG.info("no permalink of %s: %s", delivery.delivery_id, problem(error))
            return
        url = str(answer.get("permalink") or "")
        if url.startswith(("https://", "http://")):
            self._noting.do(lambda tx: tx.permalinks.note(delivery.delivery_id, url))

    def _send(self, delivery: Delivery, message: Message, parent: Delivery | None) -> Standing:
        payload = _marked(message.payload()) if delivery.is_repeat else message.payload()
        if problems := check(payload, "message"):
            _LOG.error("message %s would be refused, sent as plain text: %s", delivery.delivery_id, problems[0])
            payload = _plain(payload)
        loud = message.news in self._shown_in_channel
        chart = chart_of(payload.get("blocks") or ())
        if chart is not None and self._draws_charts:
            return self._with_picture(delivery, payload, chart, parent, loud=loud)
        try:
            return self._call(delivery, payload, parent, loud=loud)
        except SlackApiError as error:
            if not is_malformed(error):
                raise
            why = problem(error)
        if chart is not None:
            _LOG.error("%s to the blocks of %s, sent without its chart", why, delivery.delivery_id)
            try:
                return self._with_picture(delivery, payload, chart, parent, loud=loud)
            except SlackApiError as error:
                if not is_malformed(error):
                    raise
        _LOG.error("%s to the blocks of %s, sent as plain text", why, delivery.delivery_id)
        return self._call(delivery, _plain(payload), parent, loud=loud)

    def _with_picture(
        self,
        delivery: Delivery,
        payload: Mapping[str, Any],
        chart: Mapping[str, Any],
        parent: Delivery | None,
        *,
        loud: bool,
    ) -> Standing:
        """Send a message without its native chart; the first time, a picture of that goes into its thread."""
        standing = self._call(delivery, {**payload, "blocks": without_charts(payload["blocks"])}, parent, loud=loud)
        if delivery.posted_ts is not None:
            return standing
        try:
            self._client.files_upload_v2(
                file=drawn(chart),
                filename="chart.png",
                title=str(chart.get("title") or "Chart"),
                alt_txt=described(chart),
                channel=standing.channel,
                thread_ts=standing.ts if parent is None else parent.posted_ts,
            )
        except CALL_FAILED as error:
            # The message stands, and says in words what the picture shows.
            _LOG.warning(
                "no picture of the chart of %s: %s (it takes files:write)", delivery.delivery_id, problem(error)
            )
        return standing

    def _call(self, delivery: Delivery, payload: Mapping[str, Any], parent: Delivery | None, *, loud: bool) -> Standing:
        if delivery.posted_ts is not None and delivery.posted_channel is not None:
            self._client.chat_update(channel=delivery.posted_channel, ts=delivery.posted_ts, **payload)
            return Standing(delivery.posted_channel, delivery.posted_ts)
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
        return Standing(str(answer.get("channel") or delivery.channel), str(answer["ts"]))

    def _failed(self, delivery: Delivery, error: Exception) -> Outcome:
        """Decide what becomes of a delivery that failed: try again later, look it up later, or give it up."""
        now, why, wait = self._clock.now(), problem(error), retry_after(error)
        if delivery.posted_ts is None and is_doubtful(error):
            # Slack may have taken the message: an update can be sent again, a post cannot. It is looked up later.
            _LOG.warning("delivering %s was cut off: %s", delivery.delivery_id, why)
            if not is_timeout(error):
                self.ended[delivery.delivery_id] = now
            return Outcome.HELD
        if is_token_refused(error):
            # With another token the message is taken: it waits for that, and is tried again now and then.
            if self._token is not None:
                self._token.refused(error)
        elif wait is not None:
            self._lanes.rest(delivery.channel, now + wait, edits_everywhere=delivery.posted_ts is not None)
        elif is_permanent(error) or (isinstance(error, SlackApiError) and delivery.attempts >= _MOST_ATTEMPTS):
            _LOG.error("gave up delivering %s: %s", delivery.delivery_id, why)
            return self._given_up(delivery, why)
        if is_doubtful(error):
            self._unsure_until[delivery.delivery_id] = now + self._doubt
        kept = delivery.remembering(why, is_unsure=delivery.is_unsure or is_doubtful(error))
        return self._later(delivery, now + (wait or _backoff(delivery.attempts)), kept)

    def _given_up(self, delivery: Delivery, why: str) -> Outcome:
        kept = why if why == NOTHING_TO_TELL else delivery.remembering(why)
        with self._store.begin() as tx:
            tx.outbox.bury(delivery.delivery_id, problem=kept)
        return Outcome.BURIED

    def _later(self, delivery: Delivery, due_at: datetime, why: str) -> Outcome:
        with self._store.begin() as tx:
            tx.outbox.retry(delivery.delivery_id, due_at=due_at, problem=why)
        return Outcome.HELD


def _plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload's text alone; an update has to take away the blocks that stand."""
    return {"text": payload["text"], "blocks": [], "metadata": payload.get("metadata")}


def _marked(payload: Mapping[str, Any]) -> dict[str, Any]:
    marked = {**payload, "text": f"{payload['text']} {REPEAT_MARK}"}
    return {**marked, "blocks": [*payload["blocks"], context(REPEAT_MARK)]} if payload.get("blocks") else marked


def _backoff(attempts: int) -> timedelta:
    return min(_LONGEST_RETRY, _FIRST_RETRY * (1 << min(attempts, 10)))
