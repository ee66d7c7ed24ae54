"""Who sends: a request's protocol, and the count of requests that are refused."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from bot.dialects import protocol_of
from bot.keys import KEY_NAME
from traces.arriving import source_name

REFUSED: Final = "hark.refused"
"""Under this name an endpoint leaves in the request's scope why it refused."""
_PROTOCOL: ContextVar[str] = ContextVar("protocol_of_the_request", default="http")


def protocol() -> str:
    """How the current request was sent, such as ``otlp`` or ``langfuse sdk``."""
    return _PROTOCOL.get()


class Senders:
    """An ASGI application whose requests are told apart by who sends, and counted when they are refused."""

    def __init__(self, app: ASGIApp, refused: Callable[[str, str], None]) -> None:
        self._app = app
        self._refused = refused

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        sent_by = protocol_of(scope["path"]) if scope["type"] == "http" else None
        if sent_by is None:
            await self._app(scope, receive, send)
            return
        token = _PROTOCOL.set(sent_by)
        try:
            await self._app(scope, receive, send)
        finally:
            _PROTOCOL.reset(token)
        if (reason := scope.get(REFUSED)) is not None:
            self._refused(source_name(sent_by, KEY_NAME.get()), reason)
