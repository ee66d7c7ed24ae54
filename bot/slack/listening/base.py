"""What every listener shares: check the role, call one service, acknowledge, and tell the person what went wrong.

A click is acknowledged once what it changes is stored: Slack sends nothing again that was acknowledged. Where Slack has to be
called for an answer, such as a window, the acknowledgement goes first. A replay of the same request changes nothing: its
key is noted in the transaction that makes the change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.access import Access, Person, Role, person_in
from bot.slack.blocks.errors import PROBLEM_MARK, error_message
from bot.slack.blocks.label_modal import loading_modal, notice_modal
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from traces import crash_points
from traces.errors import BadInput, Denied, HarkError, StoreUnavailable
from traces.store.turns import somebody_waits

_LOG = logging.getLogger(__name__)

Body: TypeAlias = dict[str, Any]
Click: TypeAlias = Callable[[Token, Person, Body], None]
Submit: TypeAlias = Callable[[Body, Person, str], View | None]
Shortcut: TypeAlias = Callable[[Person, Body], None]
Follower: TypeAlias = Callable[[Person, Body], None]

_ACK: ContextVar[list[Ack]] = ContextVar("acknowledgement_of_the_click")


class Listening(Protocol):
    """The listeners of one surface."""

    def register(self, app: App) -> None:
        """Listen to what people do on this surface."""


class Edge:
    """Between bolt and the services: who clicks, whether they may, and what they are told.

    Attributes:
        client: Slack's Web API.
        access: The roles of people.
    """

    def __init__(self, client: WebClient, access: Access, nudge: Callable[[], None]) -> None:
        self.client = client
        self.access = access
        self.nudge = nudge
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """Call ``follower`` after each click and each window that changed something, once the person was answered."""
        self._followers.append(follower)

    def on_click(self, role: Role, click: Click) -> Callable[..., None]:
        """A listener of a button or a menu whose value is a token."""

        # Without functools.wraps: bolt passes arguments by the names of the wrapped function's parameters.
        def listener(ack: Ack, body: Body, respond: Respond) -> None:
            with _acknowledged_by(ack), somebody_waits():
                try:
                    person = person_in(body)
                    self.access.require(role, person)
                    click(parse_token(pressed(body)), person, body)
                except (BadInput, Denied, StoreUnavailable) as error:
                    self._refuse(body, respond, error.message)
                except (SlackApiError, SlackClientError, OSError) as error:
                    _LOG.warning("a window could not be opened: %s", type(error).__name__)
                    self._refuse(body, respond, "Slack did not open the window. Click again.")
                else:
                    crash_points.passing("label.stored")
                    acknowledge()
                    self.done(person, body)

        return listener

    def on_shortcut(self, role: Role, shortcut: Shortcut) -> Callable[..., None]:
        """A listener of an entry in Slack's own menus; what goes wrong is told in a window."""

        def listener(ack: Ack, body: Body) -> None:
            ack()
            try:
                person = person_in(body)
                self.access.require(role, person)
                shortcut(person, body)
            except (BadInput, Denied, StoreUnavailable) as error:
                self._tell_in_window(body, error.message)
            except (SlackApiError, SlackClientError, OSError) as error:
                _LOG.warning("a window could not be opened: %s", type(error).__name__)
            else:
                self.done(person, body)

        return listener

    def on_submit(self, role: Role, submit: Submit) -> Callable[..., None]:
        """A listener of a window that is sent; what ``submit`` returns takes the window's place, nothing closes it."""

        def listener(ack: Ack, body: Body, view: Body) -> None:
            try:
                person = person_in(body)
                self.access.require(role, person)
                with somebody_waits():
                    following = submit(view, person, request_key(body))
            except (BadInput, Denied, StoreUnavailable) as error:
                ack(**_refusal(error, view))
                return
            if following is None:
                ack()
            else:
                ack(response_action="update", view=following.payload())
            self.done(person, body)

        return listener

    def done(self, person: Person, body: Body) -> None:
        """Let what the person did show everywhere."""
        self.nudge()
        for follower in self._followers:
            try:
                follower(person, body)
            except (HarkError, SlackApiError, SlackClientError, OSError) as error:
                _LOG.warning("what a person did does not show everywhere yet: %s", type(error).__name__)

    def say(self, body: Body, text: str) -> None:
        """Tell only the person who clicked in a channel that it was done; windows and App Home show it themselves."""
        acknowledge()
        url = body.get("response_url")
        if url:
            tell(Respond(response_url=url), text, mark="")

    def show(self, body: Body, draw: Callable[[], View]) -> None:
        """Show a window: a trigger lives three seconds, so it opens at once and is filled when its content is read."""
        view_id = self._open(body, loading_modal())
        view = _drawn(draw)
        try:
            self.client.views_update(view_id=view_id, view=view.payload())
        except SlackApiError:
            # Not every stand-in for Slack can fill a window, nor forgets a trigger.
            self._open(body, view)

    def refill(self, body: Body, draw: Callable[[], View]) -> str:
        """Draw the window anew in which somebody clicked; where that cannot be, it stays, and a window over it says why.

        Returns Slack's version of what stands there now.
        """
        acknowledge()
        view_id = str((body.get("view") or {}).get("id", ""))
        answer = self.client.views_update(view_id=view_id, view=draw().payload())
        return str((answer.get("view") or {}).get("hash") or "")

    def _refuse(self, body: Body, respond: Respond, problem: str) -> None:
        """Say why a click did nothing: in a window, where the click was in one and there is no message to answer to."""
        acknowledge()
        if body.get("response_url") or not body.get("view"):
            tell(respond, problem)
            return
        self._tell_in_window(body, problem)

    def _tell_in_window(self, body: Body, problem: str) -> None:
        try:
            self._open(body, notice_modal(problem))
        except (SlackApiError, SlackClientError, OSError) as error:
            _LOG.warning("could not tell a person why a click did nothing: %s", type(error).__name__)

    def _open(self, body: Body, view: View) -> str:
        acknowledge()
        # Over a window that stands already another one is laid.
        open_ = self.client.views_push if (body.get("view") or {}).get("type") == "modal" else self.client.views_open
        answer = open_(trigger_id=body.get("trigger_id", ""), view=view.payload())
        return str((answer.get("view") or {}).get("id", ""))


@contextmanager
def _acknowledged_by(ack: Ack) -> Iterator[None]:
    """Within it, ``acknowledge`` tells Slack that what was pressed is taken."""
    token = _ACK.set([ack])
    try:
        yield
    finally:
        _ACK.reset(token)


def acknowledge() -> None:
    """Tell Slack that the click at work is taken, if it has not been told yet."""
    if waiting := _ACK.get(None):
        waiting.pop()()


def _refusal(error: HarkError, view: Body) -> dict[str, Any]:
    """Why a window was not taken: at the input that is wrong, so that nothing has to be typed again, or in its place."""
    inputs = {block.get("block_id") for block in view.get("blocks") or () if block.get("type") == "input"}
    if isinstance(error, BadInput) and error.field in inputs:
        reason = error.message.removeprefix(f"{error.field}: ")
        return {"response_action": "errors", "errors": {error.field: reason[:1].upper() + reason[1:]}}
    return {"response_action": "update", "view": notice_modal(error.message).payload()}


def _drawn(draw: Callable[[], View]) -> View:
    """The window, or the reason why there is none."""
    try:
        return draw()
    except (BadInput, Denied, StoreUnavailable) as error:
        return notice_modal(error.message)


def request_key(body: Mapping[str, Any]) -> str:
    """What makes a click or a submit the same one when Slack, or anybody, sends it again."""
    user = (body.get("user") or {}).get("id", "")
    action: Mapping[str, Any] | None = next(iter(body.get("actions") or []), None)
    if action is not None:
        where = (body.get("container") or {}).get("message_ts") or (body.get("view") or {}).get("id", "")
        when = action.get("action_ts") or body.get("trigger_id")
        return f"click:{user}:{where}:{action.get('action_id')}:{when}"[:255]
    view = body.get("view") or {}
    return f"submit:{user}:{view.get('id')}:{view.get('hash') or body.get('trigger_id')}"[:255]


def pressed(body: Mapping[str, Any]) -> str:
    """The value of what was pressed: a button's, or the chosen entry's of a menu."""
    action: Mapping[str, Any] = next(iter(body.get("actions") or []), {})
    chosen = action.get("selected_option") or {}
    return str(chosen.get("value") or action.get("value") or "")


def tell(respond: Respond, problem: str, mark: str = PROBLEM_MARK) -> None:
    """Tell only the person who clicked."""
    try:
        respond(**error_message(problem, mark=mark).payload(), response_type="ephemeral", replace_original=False)
    except (SlackApiError, SlackClientError, OSError, ValueError) as error:
        _LOG.warning("could not tell a person why a click did nothing: %s", type(error).__name__)
