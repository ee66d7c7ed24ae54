"""The bolt app: Slack's requests, from either transport, to the listeners."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltRequest, BoltResponse, Respond
from slack_bolt.listener.thread_runner import ThreadListenerRunner

from bot.slack.blocks.label_modal import notice_modal
from bot.slack.line import Line
from bot.slack.listening.base import Listening, tell
from traces.errors import BadInput

_LOG = logging.getLogger(__name__)
# Both write what strangers sent, whole, into the log.
_TALKATIVE = ("slack_bolt.RequestVerification", "slack_bolt.App", "slack_bolt")

_ANYTHING = re.compile("")
_LISTENERS = 64
"""Clicks at work side by side: most wait, for the database or for Slack, and the next one is to be acknowledged meanwhile."""
_UNKNOWN = "This Hark does not know that control: another version posted it."

_BUSY = 503
_OBJECTS = ("enterprise", "event", "message", "state", "team")
_NAMED = ("channel", "item", "user")


def bolt_app(line: Line, surfaces: Iterable[Listening]) -> App:
    """A bolt app with Hark's listeners. Requests over HTTP have passed the gate before they get here."""
    # From the start, for bolt warns of SLACK_BOT_TOKEN in the environment beside a client that has it already.
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    app = App(
        # Named, for bolt looks for the file that calls it otherwise, in the source of every frame.
        name="hark",
        client=line.client,
        # Not bolt's own, which asks Slack while the first click waits.
        authorize=line.authorize,  # type: ignore[arg-type] # bolt takes an Authorize as well
        # Named, for bolt takes one from the environment's SLACK_CLIENT_ID otherwise, with tokens in files.
        oauth_flow=line.flow,
        logger=logger,
        token_verification_enabled=False,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        raise_error_for_unhandled_request=False,
        listener_executor=ThreadPoolExecutor(_LISTENERS, thread_name_prefix="listener"),
    )
    app._listener_runner = _InTime(**vars(app.listener_runner))  # noqa: SLF001 - bolt takes none
    for surface in surfaces:
        surface.register(app)
    # Not before: bolt gives its loggers the root's level whenever it makes a part.
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    return app


class _InTime(ThreadListenerRunner):
    """Bolt takes a listener that has not answered within three seconds for one that the request was not for.

    It would try those that follow, and tell the person that nobody knows the button.
    """

    def run(self, *told: Any, **named: Any) -> BoltResponse:
        return super().run(*told, **named) or BoltResponse(status=_BUSY)


def answer_the_unknown(app: App) -> None:
    """Tell who presses a button, or sends a window, that an older or newer Hark posted.

    Over HTTP such a request is refused with its reason; over Socket Mode there is no such answer, and the person would
    wait for one in vain.
    """

    def button(ack: Ack, respond: Respond) -> None:
        ack()
        tell(respond, _UNKNOWN)

    def window(ack: Ack) -> None:
        ack(response_action="update", view=notice_modal(_UNKNOWN).payload())

    app.action(_ANYTHING)(button)
    app.view(_ANYTHING)(window)


def request_in(body: str, headers: Mapping[str, str]) -> BoltRequest:
    """A signed HTTP request, read.

    Raises:
        BadInput: The body is not one of Slack's.
    """
    try:
        request = BoltRequest(body=body, headers={name: [value] for name, value in headers.items()})
    except (json.JSONDecodeError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise BadInput("the body is not a Slack request") from error
    if not _is_shaped(request.body):
        raise BadInput("the body is not a Slack request")
    return request


def installed_team(body: Mapping[str, Any]) -> str:
    """The workspace whose installation a request belongs to, by its team id; empty where the request does not say.

    In a channel that companies share it is not always the workspace of the person who clicks: it is the one that Slack
    names as the installation's, and of a message of the bot's the one that the bot posted it for.
    """
    authorizations = _listed(body.get("authorizations"))
    view: Mapping[str, Any] = body.get("view") or {}
    message: Mapping[str, Any] = body.get("message") or {}
    posted_for = message.get("team") if body.get("type") == "block_actions" and message.get("bot_id") else None
    team = body.get("team")
    named = (
        authorizations[0].get("team_id") if authorizations else None,
        view.get("app_installed_team_id"),
        posted_for,
        team.get("id") if isinstance(team, dict) else None,
        body.get("team_id"),
    )
    return next((name for name in named if isinstance(name, str) and name), "")


def dispatch(app: App, request: BoltRequest) -> BoltResponse:
    """Hand a request to the app.

    Raises:
        BadInput: Nothing listens to what it asks for.
    """
    response = app.dispatch(request)
    if response.status == 404:  # noqa: PLR2004
        raise BadInput(f"nothing listens to this: {_asked_for(request.body)}")
    return response


def _is_shaped(body: Mapping[str, Any]) -> bool:
    """Whether what bolt reads without looking is of the kind that it takes it for."""
    events = [body, body.get("event")]
    return (
        all(isinstance(body[name], dict) and "type" in body[name] for name in ("event", "view") if name in body)
        and all(body.get(name) is None or isinstance(body[name], dict) for name in _OBJECTS)
        and ("actions" not in body or (isinstance(body["actions"], list) and len(body["actions"]) > 0))
        and all(isinstance(a, dict) for a in _listed(body.get("actions")) + _listed(body.get("authorizations")))
        and all(
            e is None or all(e.get(name) is None or isinstance(e[name], str | dict) for name in _NAMED) for e in events
        )
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _asked_for(body: Mapping[str, Any]) -> str:
    actions = body.get("actions")
    named: Mapping[str, Any] = next(iter(actions), {}) if isinstance(actions, list) else {}
    name = (
        named.get("action_id")
        or body.get("command")
        or body.get("callback_id")
        or (body.get("view") or {}).get("callback_id")
    )
    return f"{body.get('type') or 'command'} {name or ''}".strip()[:200]
