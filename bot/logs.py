"""What Hark says of itself: one line an event, as text or as JSON, without secrets, personal data or foreign line breaks."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, TextIO
from uuid import uuid4

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.config.log import LogFormat
from traces.redact import RedactingFilter, redact

REQUEST_ID: Final = "x-request-id"
"""Header by which a request is known to whoever sent it, and in the lines about it."""
_GIVEN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_REQUEST: Final[ContextVar[str | None]] = ContextVar("request", default=None)
_SINCE: Final = "%Y-%m-%dT%H:%M:%S"
_FIELD: Final = 200
_OF_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id"}


class Requests(logging.Filter):
    """Adds to each record the id of the request during which it was made."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _REQUEST.get()
        return True


class JsonLines(logging.Formatter):
    """A record as one JSON object: ``at`` (UTC), ``level``, ``logger``, ``message``, and what else there is."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", None),
            "error": record.exc_text or (self.formatException(record.exc_info) if record.exc_info else None),
            **_fields(record),
        }
        told = {name: value for name, value in line.items() if value is not None}
        return orjson.dumps({name: _whole(value) for name, value in told.items()}).decode()


class TextLines(logging.Formatter):
    """A record as a line for people, with its time in UTC."""

    def __init__(self) -> None:
        super().__init__("%(at)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.at = _at(record)
        return super().format(record)


def set_up(form: LogFormat, *, verbose: bool = False, to: TextIO | None = None) -> None:
    """From now on say everything this way; redacted before it is written, whoever says it.

    Args:
        form: Text for people, or JSON.
        verbose: Whether to say more than what needs a hand.
        to: Where to; standard error, unless said otherwise.
    """
    handler = logging.StreamHandler(to if to is not None else sys.stderr)
    handler.addFilter(Requests())
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler], force=True)


def is_verbose() -> bool:
    """Whether more is said than what needs a hand."""
    return logging.getLogger().isEnabledFor(logging.INFO)


class NamedRequests:
    """Gives each HTTP request an id, its sender's where there is one, and tells it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _given(scope) or uuid4().hex[:16]
        token = _REQUEST.set(name)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = name
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            _REQUEST.reset(token)


def _given(scope: Scope) -> str | None:
    said = next((value for name, value in scope["headers"] if name == REQUEST_ID.encode()), b"")
    return said.decode() if _GIVEN.fullmatch(said) else None


def _at(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at.strftime(_SINCE)}.{at.microsecond // 1_000:03d}Z"


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    """What was said with the message (``extra``): numbers and short words; anything else might hold a conversation."""
    found = {name: value for name, value in vars(record).items() if name not in _OF_RECORD}
    words = {name: _said(name, value) for name, value in found.items() if isinstance(value, str) and _is_word(value)}
    return {name: value for name, value in found.items() if isinstance(value, bool | int | float)} | words


def _said(name: str, value: str) -> str:
    """A word without what is secret about it; that it is may only show in its name, as with ``token``."""
    return redact(f"{name}={value}").text.removeprefix(f"{name}=")


def _is_word(value: str) -> bool:
    return len(value) <= _FIELD and " " not in value


def _whole(value: object) -> object:
    """Without lone surrogates, for which JSON has no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
