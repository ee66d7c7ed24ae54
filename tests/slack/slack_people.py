"""What people do in Slack, as the payloads that Slack makes of it, and the two ways in which they reach an app."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from web_double import TEAM, SlackDouble, home_of

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Someone:
    """A person in Slack; ``team`` is the workspace that the account belongs to."""

    user_id: str
    name: str
    team: str = TEAM


MIA = Someone("U0MIA", "mia")
NOAH = Someone("U0NOAH", "noah")
STRANGER = Someone("U0STRANGER", "stranger", "T0ELSEWHERE")


@dataclass(frozen=True)
class Request:
    """One thing that somebody did: the kind of envelope it comes in, and its payload."""

    kind: str
    payload: Mapping[str, Any]
    answer_key: str = ""

    @property
    def content_type(self) -> str:
        return "application/json" if self.kind == "events_api" else FORM

    def form(self) -> bytes:
        """The body of the HTTP request that carries it."""
        if self.kind == "events_api":
            return json.dumps(self.payload).encode()
        fields = dict(self.payload) if self.kind == "slash_commands" else {"payload": json.dumps(self.payload)}
        return urlencode(fields).encode()


class Sender(Protocol):
    """Brings a request to the app; returns the payload of its acknowledgement, if any."""

    def __call__(self, request: Request) -> Any: ...


def signed(secret: str, at_s: float, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{int(at_s)}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": str(int(at_s)),
        "X-Slack-Signature": f"v0={digest}",
    }


def over_http(endpoint: str, secret: str, seconds: Callable[[], float]) -> Sender:
    """Signed requests to ``endpoint``."""

    def send(request: Request) -> Any:
        body = request.form()
        headers = signed(secret, seconds(), body) | {"Content-Type": request.content_type}
        response = httpx.post(endpoint, content=body, headers=headers, trust_env=False, timeout=10)
        assert response.status_code == 200, (response.status_code, response.text)
        return response.json() if response.headers["content-type"].startswith("application/json") else response.text

    return send


class Hands:
    """Makes the requests of people who look at what stands in Slack."""

    def __init__(self, slack: SlackDouble) -> None:
        self._slack = slack
        self._numbers = itertools.count(1)

    def press(
        self, channel: str, ts: str, action_id: str, who: Someone = MIA, *, option: str | None = None, **extra: Any
    ) -> Request:
        """Press the button of a message, or choose the option of its menu whose text is ``option``."""
        message = next(m for m in self._slack.posted(channel) if m["ts"] == ts)
        pressed = find(message, action_id)
        number = next(self._numbers)
        action = {
            "type": pressed["type"],
            "action_id": action_id,
            "block_id": pressed["block_id"],
            "action_ts": f"17900001{number:02d}.{number:06d}",
        }
        if option is None:
            action["value"] = pressed.get("value", "")
        else:
            action["selected_option"] = next(o for o in pressed["options"] if o["text"]["text"] == option)
        return self._interaction(
            "block_actions",
            who,
            container={"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
            channel={"id": channel, "name": "somewhere"},
            message=message,
            actions=[action],
            **extra,
        )

    def press_in(self, view_id: str, action_id: str, who: Someone = MIA, *, option: str | None = None) -> Request:
        """Press a button of a window, or choose the option of its menu whose text begins with ``option``."""
        view = self._slack.views[view_id]
        pressed = find(view, action_id)
        number = next(self._numbers)
        action = {
            "type": pressed["type"],
            "action_id": action_id,
            "block_id": pressed["block_id"],
            "action_ts": f"17900002{number:02d}.{number:06d}",
        }
        if option is None:
            action["value"] = pressed.get("value", "")
        else:
            action["selected_option"] = next(o for o in pressed["options"] if o["text"]["text"].startswith(option))
        shown = {**view, "id": view_id, "state": {"values": {}}, "team_id": TEAM, "root_view_id": view_id}
        request = self._interaction(
            "block_actions", who, container={"type": "view", "view_id": view_id}, view=shown, actions=[action]
        )
        # Slack gives no response URL to what is done in a window.
        return Request(request.kind, {k: v for k, v in request.payload.items() if k != "response_url"})

    def press_answer(self, answer: Mapping[str, Any], action_id: str, who: Someone = MIA) -> Request:
        """Press the button of an answer that one person sees: Slack sends no message along with it."""
        pressed, number = find(answer, action_id), next(self._numbers)
        action = {
            **{name: pressed[name] for name in ("type", "action_id", "block_id", "value")},
            "action_ts": f"17900003{number:02d}.{number:06d}",
        }
        container = {"type": "message", "message_ts": f"{number}.1", "channel_id": "C0ALERTS", "is_ephemeral": True}
        return self._interaction(
            "block_actions", who, container=container, channel={"id": "C0ALERTS", "name": "somewhere"}, actions=[action]
        )

    def submit(self, view_id: str, answers: Mapping[str, Any], who: Someone = MIA, **extra: Any) -> Request:
        """Send a modal, its inputs filled with ``answers``: an option's value, a list of them, or text."""
        view = self._slack.views[view_id]
        values = {
            block["block_id"]: {block["element"]["action_id"]: _state(block["element"], answers.get(block["block_id"]))}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        shown = {**view, "id": view_id, "state": {"values": values}, "team_id": TEAM, "root_view_id": view_id}
        return self._interaction("view_submission", who, view=shown, response_urls=[], **extra)

    def open_home(self, who: Someone = MIA, **event: Any) -> Request:
        """Look at the App Home."""
        number = next(self._numbers)
        view = self._slack.views.get(home_of(who.user_id))
        shown = {} if view is None else {"view": {**view, "id": home_of(who.user_id)}}
        happened = {"type": "app_home_opened", "user": who.user_id, "channel": "D0HARK", "tab": "home"}
        payload = {
            "type": "event_callback",
            "team_id": who.team,
            "api_app_id": "A0TESTS",
            "event_id": f"Ev{number:08d}",
            "event_time": 1_790_000_000 + number,
            "event": {**happened, "event_ts": f"1790000400.{number:06d}", **shown, **event},
        }
        return Request("events_api", payload)

    def shortcut(self, callback_id: str, who: Someone = MIA) -> Request:
        """Choose an entry of Slack's own menu."""
        request = self._interaction("shortcut", who, callback_id=callback_id, action_ts=f"{next(self._numbers)}.1")
        return Request(request.kind, request.payload)

    def message_shortcut(
        self, callback_id: str, channel: str, message: Mapping[str, Any], who: Someone = MIA
    ) -> Request:
        """Choose an entry of a message's menu."""
        request = self._interaction(
            "message_action",
            who,
            callback_id=callback_id,
            action_ts=f"{next(self._numbers)}.1",
            message_ts=message.get("ts", ...),
            channel={"id": channel, "name": "somewhere"},
            message={key: value for key, value in message.items() if key != "metadata"},
        )
        return Request(request.kind, request.payload)

    def command(self, text: str, who: Someone = MIA) -> Request:
        key = f"command-{next(self._numbers)}"
        payload = {
            "team_id": who.team,
            "team_domain": "somewhere",
            "channel_id": "C0ALERTS",
            "channel_name": "llm-alerts",
            "user_id": who.user_id,
            "user_name": who.name,
            "command": "/hark",
            "text": text,
            "api_app_id": "A0TESTS",
            "is_enterprise_install": "false",
            "response_url": self._slack.response_url(key),
            "trigger_id": f"{key}.trigger",
        }
        return Request("slash_commands", payload, key)

    def _interaction(self, kind: str, who: Someone, **fields: Any) -> Request:
        key = f"{kind}-{next(self._numbers)}"
        payload = {
            "type": kind,
            "team": {"id": TEAM, "domain": "home"},
            "user": {"id": who.user_id, "username": who.name, "name": who.name, "team_id": who.team},
            "api_app_id": "A0TESTS",
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": f"{key}.trigger",
            **fields,
        }
        if kind == "block_actions":
            payload["response_url"] = self._slack.response_url(key)
        return Request("interactive", {k: v for k, v in payload.items() if v is not ...}, key)


def find(shown: Mapping[str, Any], action_id: str) -> dict[str, Any]:
    """The control of a message or a window with its block's id, which Slack makes where there is none."""
    return next(
        {**element, "block_id": block.get("block_id", f"b{place}")}
        for place, block in enumerate(shown.get("blocks", []))
        for element in [
            *(block.get("elements", []) if block["type"] == "actions" else []),
            block.get("accessory") or {},
        ]
        if element.get("action_id") == action_id
    )


def controls(message: Mapping[str, Any]) -> list[str]:
    """The action ids that a message offers."""
    return [e["action_id"] for b in message.get("blocks", []) if b["type"] == "actions" for e in b["elements"]]


def words_of(shown: Any) -> str:
    """Every text in a payload, in order."""
    if isinstance(shown, Mapping):
        return " ".join(
            words_of(value) for key, value in shown.items() if key not in {"action_id", "block_id", "value"}
        )
    if isinstance(shown, list | tuple):
        return " ".join(words_of(value) for value in shown)
    return shown if isinstance(shown, str) else ""


def _state(element: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": answer}
    if kind == "users_select":
        return {"type": kind, "selected_user": answer}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": answer or []}
    if kind == "conversations_select":
        return {"type": kind, "selected_conversation": answer}
    chosen = {o["value"]: o for o in element["options"]}
    if kind.startswith("multi_") or kind == "checkboxes":
        return {"type": kind, "selected_options": [chosen[value] for value in answer or ()]}
    return {"type": kind, "selected_option": None if answer is None else chosen[answer]}
