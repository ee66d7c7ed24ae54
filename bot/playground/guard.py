"""Keeps other web pages away from a server on loopback."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(authority: str) -> bool:
    """Whether ``host[:port]`` names this machine."""
    try:
        return urlsplit(f"//{authority}").hostname in _LOOPBACK
    except ValueError:
        return False


class LoopbackOnly:
    """Refuses requests that another web page could have caused.

    A name that was made to resolve to 127.0.0.1 shows in ``Host``; a form or script of another page shows in
    ``Origin``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not is_loopback(host):
            await PlainTextResponse("The playground answers on localhost only.\n", 403)(scope, receive, send)
        elif origin is not None and urlsplit(origin).netloc != host:
            await PlainTextResponse("The playground does not answer other pages.\n", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
