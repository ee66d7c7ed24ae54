"""Slack's requests over HTTP: signed, bounded, handed to Bolt."""

from __future__ import annotations

from slack_bolt import App
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.http.gate import RETRY_AFTER_S, body_of, problem, routes
from bot.slack.app import dispatch
from bot.slack.gate import MAX_BODY_BYTES, refusal
from traces.clock import Clock
from traces.errors import BadInput

_BROKEN = 500


class SlackEndpoint:
    """Takes what Slack sends to ``/slack/events``, once it has been told for which app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bolt: App | None = None
        self._signing_secret: str | None = None

    def listen(self, app: App, signing_secret: str) -> None:
        """From now on take requests for this app."""
        self._bolt, self._signing_secret = app, signing_secret

    def routes(self) -> list[Route]:
        return routes(["/slack/events"], self._slack)

    async def _slack(self, request: Request) -> Response:
        if self._bolt is None or self._signing_secret is None:
            return problem(
                request, 404, "Slack does not reach this Hark over HTTP: set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"
            )
        body = await body_of(request, MAX_BODY_BYTES)
        headers = {name.lower(): value for name, value in request.headers.items()}
        refused = refusal(body, headers, self._signing_secret, self._clock.now())
        if refused is not None:
            return problem(request, 401, refused)
        try:
            answer = await run_in_threadpool(dispatch, self._bolt, body.decode(), headers)
        except UnicodeDecodeError:
            return problem(request, 400, "the body is not a Slack request")
        except BadInput as error:
            return problem(request, 404 if error.message.startswith("nothing listens") else 400, error.message)
        if answer.status >= _BROKEN:
            return problem(request, 503, "Hark cannot answer Slack now", retry_after_s=RETRY_AFTER_S)
        content_type = answer.headers.get("content-type", ["text/plain"])[0]
        return Response(answer.body, status_code=answer.status, media_type=content_type)
