"""Slack's requests over HTTP: signed, bounded, handed to the Bolt app of their workspace."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Final

from slack_bolt import App, BoltRequest, BoltResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.http.gate import RETRY_AFTER_S, body_of, problem, routes
from bot.slack.app import dispatch, installed_team, request_in
from bot.slack.gate import MAX_BODY_BYTES, refusal
from traces.clock import Clock
from traces.errors import BadInput

_LOG = logging.getLogger(__name__)
_BROKEN = 500
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{1,30}", re.ASCII)
_MOST_TOLD: Final = 1_000


class SlackEndpoint:
    """Takes what Slack sends to ``/slack/events``, once it has been told for which app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._find: Callable[[str], App | None] | None = None
        self._signing_secret: str | None = None
        self._is_installed = False
        self._told: set[str] = set()

    def listen(self, find: Callable[[str], App | None], signing_secret: str, *, is_installed: bool = False) -> None:
        """From now on take requests, for the app that ``find`` gives for a team id.

        ``is_installed``: workspaces come and go, so that the app of a request may not be there.
        """
        self._find, self._signing_secret, self._is_installed = find, signing_secret, is_installed

    def routes(self) -> list[Route]:
        return routes(["/slack/events"], self._slack)

    async def _slack(self, request: Request) -> Response:
        if self._find is None or self._signing_secret is None:
            return problem(
                request, 404, "Slack does not reach this Hark over HTTP: set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"
            )
        body = await body_of(request, MAX_BODY_BYTES)
        headers = {name.lower(): value for name, value in request.headers.items()}
        refused = refusal(body, headers, self._signing_secret, self._clock.now())
        if refused is not None:
            return problem(request, 401, refused)
        try:
            answer = await run_in_threadpool(self._answered, body.decode(), headers)
        except UnicodeDecodeError:
            return problem(request, 400, "the body is not a Slack request")
        except BadInput as error:
            return problem(request, 404 if error.message.startswith("nothing listens") else 400, error.message)
        if answer.status >= _BROKEN:
            return problem(request, 503, "Hark cannot answer Slack now", retry_after_s=RETRY_AFTER_S)
        content_type = answer.headers.get("content-type", ["text/plain"])[0]
        return Response(answer.body, status_code=answer.status, media_type=content_type)

    def _answered(self, body: str, headers: dict[str, str]) -> BoltResponse:
        """The app's answer; nothing at all to a request of a workspace that is not here."""
        asked = request_in(body, headers)
        if self._is_installed and asked.body.get("type") == "url_verification":
            # Asked when the address is entered, before any workspace is there.
            return BoltResponse(status=200, body=str(asked.body.get("challenge", ""))[:_MOST_TOLD])
        app = self._app_of(asked)
        return BoltResponse(status=200) if app is None else dispatch(app, asked)

    def _app_of(self, asked: BoltRequest) -> App | None:
        assert self._find is not None
        team = installed_team(asked.body)
        if (app := self._find(team)) is not None:
            return app
        named = team if _TEAM.fullmatch(team) else "a workspace without an id"
        if named not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(named)
            _LOG.warning("ignored requests of %s: Hark is not installed there", named)
        return None
