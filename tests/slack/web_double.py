"""A Slack Web API double for tests: strict, scriptable with faults, and written apart from the playground's.

It knows a workspace with two channels. Channels may be posted to by name, as in Slack, but read only by id. Whatever
is posted is kept with its arguments, so that tests can look at every payload that ever left Hark.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

BOT_TOKEN = "xoxb-tests"
APP_TOKEN = "xapp-tests"
TEAM = "T0HOME"
ALERTS, REVIEW = "C0ALERTS", "C0REVIEW"
CHANNELS = {"#llm-alerts": ALERTS, "#llm-review": REVIEW}

ALL_METHODS = frozenset(
    {
        "auth.test",
        "chat.postMessage",
        "chat.update",
        "conversations.history",
        "conversations.replies",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
        "apps.connections.open",
    }
)
MINIMAL_METHODS = frozenset({"auth.test", "chat.postMessage", "chat.update", "views.open", "apps.connections.open"})
FULL_AUTH = {
    "url": "https://home.slack.test/",
    "team": "Home",
    "user": "hark",
    "team_id": TEAM,
    "user_id": "U0BOT",
    "bot_id": "B0BOT",
    "is_enterprise_install": False,
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call.

    ``cut`` drops the connection without an answer, before or after Slack did what it was asked. Otherwise ``status``,
    ``headers`` and ``body`` are the answer; ``after`` says that Slack had done it nevertheless.
    """

    status: int = 200
    body: bytes = b'{"ok": false, "error": "internal_error"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    after: bool = False


def refused(code: str, **headers: str) -> Fault:
    """An answer with HTTP 200 and ``ok: false``."""
    return Fault(body=json.dumps({"ok": False, "error": code}).encode(), headers=headers)


def limited(seconds: int) -> Fault:
    return Fault(status=429, body=b'{"ok": false, "error": "ratelimited"}', headers={"Retry-After": str(seconds)})


@dataclass(frozen=True)
class Call:
    """One call of a method, with its arguments as they were decoded."""

    method: str
    arguments: Mapping[str, Any]


class SlackDouble:
    """Slack, as far as Hark uses it. Thread-safe; ``url`` is the value for SLACK_API_URL."""

    def __init__(
        self, methods: frozenset[str] = ALL_METHODS, identity: Mapping[str, Any] | None = None, *, view_ids: bool = True
    ) -> None:
        self._methods = methods
        self._identity = FULL_AUTH if identity is None else identity
        self._view_ids = view_ids
        self._lock = threading.RLock()
        self._next = 0
        self.calls: list[Call] = []
        self.messages: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.views: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._channel_faults: dict[str, Fault] = {}
        self.socket_url: Callable[[], str] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self.root}/api/"

    def response_url(self, key: str) -> str:
        return f"{self.root}/response/{key}"

    # --- what tests arrange and look at ---

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method go wrong, one fault each."""
        with self._lock:
            self._faults[method].extend(faults)

    def break_channel(self, channel: str, fault: Fault) -> None:
        """Everything that is posted to a channel goes wrong until it is mended."""
        with self._lock:
            self._channel_faults[channel] = fault

    def mend_channel(self, channel: str) -> None:
        with self._lock:
            self._channel_faults.pop(channel, None)

    def forget(self) -> None:
        """An empty workspace again."""
        with self._lock:
            for kept in (self.calls, self.messages, self.views, self.answers):
                kept.clear()

    def called(self, method: str) -> list[Mapping[str, Any]]:
        with self._lock:
            return [call.arguments for call in self.calls if call.method == method]

    def posted(self, channel: str) -> list[dict[str, Any]]:
        """What stands in a channel and its threads, oldest first, in its newest form."""
        with self._lock:
            return [dict(message) for message in self.messages[channel].values()]

    def roots(self, channel: str) -> list[dict[str, Any]]:
        return [message for message in self.posted(channel) if "thread_ts" not in message]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        return [message for message in self.posted(channel) if message.get("thread_ts") == ts]

    def payloads(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every payload that reached Slack, with the surface it was for."""
        with self._lock:
            sent: list[tuple[str, Mapping[str, Any]]] = [
                ("message", c.arguments) for c in self.calls if c.method in {"chat.postMessage", "chat.update"}
            ]
            views = [c.arguments["view"] for c in self.calls if c.method.startswith("views.")]
            sent += [(view.get("type", "modal"), view) for view in views]
            sent += [("message", said) for answers in self.answers.values() for said in answers]
        return sent

    # --- what Slack does ---

    def ts(self) -> str:
        with self._lock:
            self._next += 1
            return f"1790000000.{self._next:06d}"

    def fault_of(self, method: str, arguments: Mapping[str, Any]) -> Fault | None:
        with self._lock:
            self.calls.append(Call(method, arguments))
            waiting = self._faults[method]
            return waiting.popleft() if waiting else self._channel_faults.get(str(arguments.get("channel", "")))

    def answer(self, method: str, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
        if method not in self._methods:
            return _no("unknown_method")
        if token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            return _no("invalid_auth")
        with self._lock:
            return {
                "auth.test": self._auth_test,
                "chat.postMessage": self._post,
                "chat.update": self._update,
                "conversations.history": self._history,
                "conversations.replies": self._replies,
                "views.open": self._open_view,
                "views.publish": self._publish_view,
                "views.push": self._open_view,
                "views.update": self._update_view,
                "apps.connections.open": self._open_socket,
            }[method](arguments)

    def take_answer(self, key: str, said: dict[str, Any]) -> None:
        with self._lock:
            self.answers[key].append(said)

    def _auth_test(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"ok": True, **self._identity}

    def _post(self, said: Mapping[str, Any]) -> dict[str, Any]:
        channel = CHANNELS.get(said["channel"]) or _direct(said["channel"])
        if not _is_channel(channel):
            return _no("channel_not_found")
        if not said.get("text") and not said.get("blocks"):
            return _no("no_text")
        ts = self.ts()
        message = {key: said[key] for key in ("text", "blocks", "metadata", "thread_ts") if said.get(key)}
        if "thread_ts" in message and message["thread_ts"] not in self.messages[channel]:
            return _no("thread_not_found")
        self.messages[channel][ts] = {**message, "ts": ts}
        return {"ok": True, "channel": channel, "ts": ts, "message": dict(message)}

    def _update(self, said: Mapping[str, Any]) -> dict[str, Any]:
        if not _is_channel(said["channel"]):
            return _no("channel_not_found")
        standing = self.messages[said["channel"]].get(said["ts"])
        if standing is None:
            return _no("message_not_found")
        # As documented for chat.update: blocks that are not sent are kept.
        standing |= {key: said[key] for key in ("text", "blocks", "metadata") if key in said}
        return {"ok": True, "channel": said["channel"], "ts": said["ts"], "text": said.get("text", "")}

    def _history(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked["channel"] not in CHANNELS.values():
            return _no("channel_not_found")
        found = self.roots(asked["channel"])[::-1]
        page, rest = _page(found, asked)
        return {"ok": True, "messages": [_read(m, asked) for m in page], **rest}

    def _replies(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked["channel"] not in CHANNELS.values():
            return _no("channel_not_found")
        found = [m for m in self.posted(asked["channel"]) if asked["ts"] in (m["ts"], m.get("thread_ts"))]
        page, rest = _page(found, asked)
        return {"ok": True, "messages": [_read(m, asked) for m in page], **rest}

    def shows(self, view: dict[str, Any]) -> str:
        """A window that stands open for somebody, however it got there; returns its id."""
        with self._lock:
            return str(self._open_view({"view": view, "trigger_id": "t"})["view"]["id"])

    def _open_view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if not asked.get("trigger_id"):
            return _no("invalid_trigger_id")
        view_id = f"V{len(self.views) + 1:04d}"
        self.views[view_id] = {**asked["view"], "hash": f"{self.ts()}.h"}
        shown = {"id": view_id, **self.views[view_id]} if self._view_ids else {}
        return {"ok": True, "view": shown}

    def _update_view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("view_id") not in self.views:
            return _no("not_found")
        self.views[asked["view_id"]] = {**asked["view"], "hash": f"{self.ts()}.h"}
        return {"ok": True, "view": {"id": asked["view_id"], **self.views[asked["view_id"]]}}

    def _publish_view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        view_id = home_of(asked["user_id"])
        standing = self.views.get(view_id)
        if asked.get("hash") and (standing is None or asked["hash"] != standing["hash"]):
            return _no("hash_conflict")
        self.views[view_id] = {**asked["view"], "hash": f"{self.ts()}.h"}
        return {"ok": True, "view": {"id": view_id, **self.views[view_id]}}

    def _open_socket(self, _: Mapping[str, Any]) -> dict[str, Any]:
        if self.socket_url is None:
            return _no("not_allowed_token_type")
        return {"ok": True, "url": self.socket_url()}


def home_of(user_id: str) -> str:
    """The id of the view that is a person's App Home."""
    return f"VHOME{user_id}"


def direct_messages(user_id: str) -> str:
    """The id of the conversation between a person and the bot."""
    return f"D{user_id[1:]}"


def _direct(channel: str) -> str:
    return direct_messages(channel) if channel.startswith("U0") else channel


def _is_channel(channel: str) -> bool:
    return channel in CHANNELS.values() or channel.startswith("D0")


def _no(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


def _page(found: list[dict[str, Any]], asked: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    start, size = int(asked.get("cursor") or 0), min(int(asked.get("limit", 100)), 200)
    end = start + size
    more = {"has_more": True, "response_metadata": {"next_cursor": str(end)}} if end < len(found) else {}
    return found[start:end], {"has_more": False, **more}


def _read(message: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    wanted = str(asked.get("include_all_metadata", "")).lower() in {"1", "true"}
    return message if wanted else {key: value for key, value in message.items() if key != "metadata"}


def _arguments(content_type: str, body: bytes) -> dict[str, Any]:
    """The arguments of a call: form fields whose JSON is decoded, or a JSON body."""
    if content_type.startswith("application/json"):
        return dict(json.loads(body or b"{}"))
    if content_type.startswith("multipart/form-data"):
        form = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
        fields = {str(p.get_param("name", header="content-disposition")): p.get_payload() for p in form.get_payload()}
    else:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    for name in ("blocks", "metadata", "view", "attachments"):
        if name in fields:
            fields[name] = json.loads(fields[name])
    return fields


def _handler(double: SlackDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.startswith("/response/"):
                if (refused := double.fault_of("response", {})) is not None:
                    self._say(refused.status, refused.body, refused.headers)
                    return
                double.take_answer(self.path.rpartition("/")[2], json.loads(body))
                self._say(200, b"ok", {})
                return
            method = self.path.removeprefix("/api/")
            arguments = _arguments(self.headers.get("Content-Type", ""), body)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or arguments.pop("token", "")
            fault = double.fault_of(method, arguments)
            done = double.answer(method, arguments, token) if fault is None or fault.after else {}
            if fault is None:
                self._say(200, json.dumps(done).encode(), {})
            elif fault.cut:
                self.close_connection = True
                self.connection.close()
            else:
                self._say(fault.status, fault.body, fault.headers)

        def _say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    return Handler
