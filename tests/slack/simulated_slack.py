"""Slack on simulated time: what it is asked takes a while, may be done although nobody hears of it, and may be done late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import URLError

from simulated_time import Killed, SimulatedTime
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.blocks.surface import EVENT_TYPE

USUAL_S = 0.3
MARK = "possible repeat"


def refused(code: str) -> SlackApiError:
    """What the SDK raises of an answer with ``ok: false``."""
    return _error(200, {"ok": False, "error": code})


def limited(seconds: int) -> SlackApiError:
    return _error(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(seconds)})


def page(status: int) -> SlackApiError:
    """A page of a proxy's, which the SDK takes for an error in words."""
    return _error(status, {"ok": False, "error": "Received a response in a non-JSON format: <html>"})


def cut() -> Exception:
    return URLError(RemoteDisconnected("closed"))


def timed_out() -> Exception:
    return TimeoutError("timed out")


def _error(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> SlackApiError:
    answer = SlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=body, headers=dict(headers or {}), status_code=status
    )  # fmt: skip
    return SlackApiError("no", answer)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a call goes: after ``takes`` seconds there is ``error`` instead of an answer; Slack does it after ``done``, if at all.

    ``kills``: the process that made it ends at that time, and hears nothing.
    """

    takes: float = USUAL_S
    done: float | None = USUAL_S
    error: Callable[[], Exception] | None = None
    kills: bool = False


FINE = Course()


@dataclass
class Standing:
    """A message that Slack has, in its newest form."""

    channel: str
    ts: str
    text: str
    thread_ts: str | None
    delivery_id: str
    visible_at: datetime

    @property
    def is_marked(self) -> bool:
        return MARK in self.text


class SimulatedSlack:
    """Slack's Web API, as far as deliveries use it.

    Attributes:
        life: Which process calls; the next one has another number.
        shown: When which text came to stand in which channel.

    Args:
        time: On which it lives.
        is_readable: Whether the bot may read histories.
        lag_s: A history shows a message so long after it was posted.
        skew_s: Slack's clock goes ahead by so much.
    """

    def __init__(
        self,
        time: SimulatedTime,
        *,
        is_readable: bool = True,
        lag_s: float = 0.0,
        skew_s: float = 0.0,
    ) -> None:
        self._time = time
        self._lag, self._skew = timedelta(seconds=lag_s), timedelta(seconds=skew_s)
        self.life = 0
        self.is_readable = is_readable
        self.course_of: Callable[[str, str], Course | None] = lambda _method, _channel: None
        self.to_come: dict[str, deque[Course]] = {"post": deque(), "edit": deque(), "history": deque()}
        self.messages: dict[str, Standing] = {}
        self.calls: list[tuple[str, str]] = []
        self.shown: list[tuple[datetime, str, str]] = []

    def kill_after(self, seconds: float) -> None:
        """End the process that calls now, if it still lives then."""
        life = self.life

        def die() -> None:
            if self.life == life:
                raise Killed

        self._time.after(seconds, die)

    def of(self, delivery_id: str) -> list[Standing]:
        return [m for m in self.messages.values() if m.delivery_id == delivery_id]

    # --- the methods of slack_sdk's client ---

    def chat_postMessage(  # noqa: N802 - Slack's name
        self, *, channel: str, text: str, metadata: Any, thread_ts: str | None = None, **_: Any
    ) -> dict[str, Any]:
        now = self._time.clock.now()
        standing = Standing(channel, "", text, thread_ts, metadata["event_payload"]["delivery_id"], now)

        def post() -> None:
            now = self._time.clock.now()
            standing.ts = f"{(now + self._skew).timestamp():.3f}{len(self.messages):06d}"
            standing.visible_at = now + self._lag
            self.messages[standing.ts] = standing
            self.shown.append((now, standing.channel, text))

        self._call("post", channel, post)
        return {"ok": True, "channel": channel, "ts": standing.ts}

    def chat_update(self, *, channel: str, ts: str, text: str, **_: Any) -> dict[str, Any]:
        def edit() -> None:
            self.messages[ts].text = text
            self.shown.append((self._time.clock.now(), channel, text))

        self._call("edit", channel, edit)
        return {"ok": True, "channel": channel, "ts": ts}

    def conversations_history(self, *, channel: str, oldest: str, **_: Any) -> dict[str, Any]:
        return self._history(channel, lambda m: m.thread_ts is None and float(m.ts) >= float(oldest))

    def conversations_replies(self, *, channel: str, ts: str, **_: Any) -> dict[str, Any]:
        return self._history(channel, lambda m: ts in (m.ts, m.thread_ts))

    def _history(self, channel: str, shows: Callable[[Standing], bool]) -> dict[str, Any]:
        self._call("history", channel, lambda: None)
        if not self.is_readable:
            raise refused("missing_scope")
        now = self._time.clock.now()
        found = [m for m in self.messages.values() if m.channel == channel and m.visible_at <= now and shows(m)]
        return {"ok": True, "messages": [_shown(m) for m in reversed(found)]}

    def _call(self, kind: str, channel: str, do: Callable[[], None]) -> None:
        waiting = self.to_come[kind]
        course = self.course_of(kind, channel) or (waiting.popleft() if waiting else FINE)
        self.calls.append((kind, channel))
        if course.done is not None:
            self._time.after(course.done, do)
        if course.kills:
            self.kill_after(course.takes)
            self._time.hang()
        self._time.sleep(course.takes)
        if course.error is not None:
            raise course.error()


def _shown(message: Standing) -> dict[str, Any]:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": message.delivery_id}}
    return {"ts": message.ts, "text": message.text, "metadata": metadata}
