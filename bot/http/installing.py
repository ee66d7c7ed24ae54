"""The pages on which workspaces install Hark: ``/slack/install``, and where Slack leads back to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.oauth import OAuthFlow
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.http.gate import problem, routes
from bot.slack.failures import CALL_FAILED
from bot.slack.install_pages import HEADERS, failure_page
from traces.errors import Busy, HarkError, TooLarge

INSTALL: Final = "/slack/install"
REDIRECT: Final = "/slack/oauth_redirect"
_QUERY_AT_MOST: Final = 4_096
_COOKIES_AT_MOST: Final = 8_192
_AT_ONCE: Final = 4
_AWAY: Final = 503


class InstallEndpoints:
    """Answers browsers, once it has been told with which flow."""

    def __init__(self) -> None:
        self._flow: OAuthFlow | None = None
        # Anybody may call; what waits for Slack must not take the threads of those who send traces.
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def listen(self, flow: OAuthFlow) -> None:
        self._flow = flow

    def routes(self) -> list[Route]:
        return [*routes([INSTALL], self._install, "GET"), *routes([REDIRECT], self._redirect, "GET")]

    async def _install(self, request: Request) -> Response:
        return await self._answered(request, lambda flow: flow.handle_installation)

    async def _redirect(self, request: Request) -> Response:
        return await self._answered(request, lambda flow: flow.handle_callback)

    async def _answered(
        self, request: Request, step: Callable[[OAuthFlow], Callable[[BoltRequest], BoltResponse]]
    ) -> Response:
        if self._flow is None:
            return problem(request, 404, "this Hark belongs to one workspace: nothing is installed here")
        cookie = request.headers.get("cookie", "")
        if len(request.url.query) > _QUERY_AT_MOST or len(cookie) > _COOKIES_AT_MOST:
            raise TooLarge("the address or its cookies are longer than any of Slack's")
        asked = BoltRequest(body="", query=request.url.query, headers={"cookie": [cookie]} if cookie else {})
        if not self._places.acquire(blocking=False):
            raise Busy("others are installing just now; try again", retry_after_s=2)
        try:
            answer = await run_in_threadpool(step(self._flow), asked)
        except HarkError:
            return _page(_AWAY, "Hark cannot store the installation just now. Begin again in a minute.")
        except CALL_FAILED:
            return _page(_AWAY, "Slack does not answer just now. Begin again in a minute.")
        finally:
            self._places.release()
        response = HTMLResponse(answer.body, status_code=answer.status, headers=HEADERS)
        for value in answer.headers.get("set-cookie", []):
            response.headers.append("set-cookie", value)
        return response


def _page(status: int, reason: str) -> Response:
    return HTMLResponse(failure_page(reason), status_code=status, headers=HEADERS)
