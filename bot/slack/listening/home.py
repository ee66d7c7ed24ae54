"""The App Home: drawn when somebody looks at it, and after everything that this person does."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from slack_bolt import App
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.home import Home
from bot.slack.access import Person, Role
from bot.slack.blocks import home as blocks
from bot.slack.blocks.home import PLACE
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.listening.base import Body, Click, Edge, pressed, request_key
from traces.clock import Clock
from traces.errors import BadInput, Denied, HarkError

_LOG = logging.getLogger(__name__)

EVENT: Final = "app_home_opened"
ACTIONS = (
    blocks.PAGE,
    blocks.FIRST_PAGE,
    blocks.UNMUTE,
    blocks.SEND_AGAIN,
    blocks.SIGNAL_ON,
)
_PAGE = re.compile(r"\d{1,3}", re.ASCII)
_REMEMBERED: Final = 1_000
_AT_MOST_EVERY = timedelta(seconds=2)
"""Who clicks through a channel has not got the App Home before their eyes: it follows, but not at every click."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a person was last shown: Slack's version of it, and which tens of the queue."""

    version: str
    page: int
    at: datetime


class HomeListeners:
    """Who opens the App Home may look at it; the buttons on it are a reviewer's, the settings an admin's."""

    def __init__(self, edge: Edge, home: Home, clock: Clock) -> None:
        self._edge = edge
        self._home = home
        self._clock = clock
        self._shown: OrderedDict[str, _Shown] = OrderedDict()
        self._lock = Lock()

    def register(self, app: App) -> None:
        clicks: dict[str, tuple[Role, Click]] = {
            blocks.PAGE: (Role.REVIEWER, self._turn),
            blocks.FIRST_PAGE: (Role.REVIEWER, self._turn),
            blocks.UNMUTE: (Role.REVIEWER, self._unmute),
            blocks.SEND_AGAIN: (Role.REVIEWER, self._send_again),
            blocks.SIGNAL_ON: (Role.ADMIN, self._switch_on),
        }
        for action_id, (role, click) in clicks.items():
            app.action(action_id)(self._edge.on_click(role, click))
        app.event(EVENT)(self._opened)
        self._edge.follow(self._follow)

    # --- what people do ---

    def _turn(self, _token: Token, _person: Person, _body: Body) -> None:
        """Which page is shown is told by the button; it is drawn as after every click."""

    def _unmute(self, token: Token, person: Person, body: Body) -> None:
        self._home.unmute(token.subject_id, person, request_key(body))

    def _send_again(self, _token: Token, person: Person, body: Body) -> None:
        self._home.send_again(person, request_key(body))

    def _switch_on(self, token: Token, person: Person, body: Body) -> None:
        self._home.switch_on(token.rest, person, request_key(body))

    # --- drawing ---

    def _opened(self, body: Body, event: Body) -> None:
        if event.get("tab", "home") != "home":
            return
        view = event.get("view") or {}
        person = Person(user_id=str(event.get("user", "")), name="", team_id=body.get("team_id"))
        try:
            self._publish(person, 0, str(view.get("hash") or ""))
        except Denied:
            _LOG.info("somebody without a role looked at the App Home")
        except (HarkError, SlackApiError, SlackClientError, OSError) as error:
            _LOG.warning("the App Home could not be drawn: %s", type(error).__name__)

    def _follow(self, person: Person, body: Body) -> None:
        """Draw the person's App Home anew, where there is one."""
        view = body.get("view") or {}
        if view.get("type") == "home":
            self._publish(person, _page_pressed(body, view), str(view.get("hash") or ""))
            return
        with self._lock:
            shown = self._shown.get(person.user_id)
        if shown is None or (not view and self._clock.now() - shown.at < _AT_MOST_EVERY):
            return
        self._publish(person, shown.page, shown.version)

    def _publish(self, person: Person, page: int, version: str) -> None:
        """Send it on top of the version that was changed; where another came in between, what holds now is sent once."""
        try:
            answer = self._send(person, page, version)
        except SlackApiError as error:
            if error.response.get("error") != "hash_conflict":
                raise
            answer = self._send(person, page, "")
        with self._lock:
            self._shown[person.user_id] = _Shown(version=answer, page=page, at=self._clock.now())
            self._shown.move_to_end(person.user_id)
            if len(self._shown) > _REMEMBERED:
                self._shown.popitem(last=False)

    def _send(self, person: Person, page: int, version: str) -> str:
        view = self._home.view(person, page).payload()
        only_over = {"hash": version} if version else {}
        answer = self._edge.client.views_publish(user_id=person.user_id, view=view, **only_over)
        return str((answer.get("view") or {}).get("hash") or "")


def _page_of(view: Mapping[str, Any]) -> int:
    """Which tens of the queue a drawn App Home shows."""
    try:
        token = parse_token(str(view.get("private_metadata") or ""))
    except BadInput:
        return 0
    return int(token.rest) if token.subject_id == PLACE and _PAGE.fullmatch(token.rest) else 0


def _page_pressed(body: Body, view: Mapping[str, Any]) -> int:
    """The page that the pressed button leads to, or else the one that is shown."""
    action: Mapping[str, Any] = next(iter(body.get("actions") or []), {})
    if action.get("action_id") in {blocks.PAGE, blocks.FIRST_PAGE}:
        return _page_of({"private_metadata": pressed(body)})
    return _page_of(view)
