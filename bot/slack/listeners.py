"""What Slack tells Hark: clicks, submits and commands. Each listener acknowledges, checks the role, calls one service.

A replay of the same request changes nothing: its key is noted in the transaction that makes the change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.alerting import Alerting, Outcome
from bot.review import Answer, Review
from bot.slack.access import Access, Person, Role, person_in
from bot.slack.ask import Desk
from bot.slack.blocks import alert as alert_blocks
from bot.slack.blocks import conversation as conversation_blocks
from bot.slack.blocks.errors import error_message
from bot.slack.blocks.label_modal import CALLBACK, loading_modal, notice_modal, parse_label_submission
from bot.slack.blocks.mutes import muted_message, unmuted_message
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.grammar import MuteQuery, UnmuteQuery
from bot.slack.text import unescape
from traces.errors import BadInput, Denied, StoreUnavailable
from traces.model import Segment

_LOG = logging.getLogger(__name__)

COMMAND = "/hark"
ACTIONS = (
    alert_blocks.ACKNOWLEDGE,
    alert_blocks.RESOLVE,
    alert_blocks.REOPEN,
    alert_blocks.CONVERSATIONS,
    alert_blocks.MORE,
    conversation_blocks.YES,
    conversation_blocks.NO,
    conversation_blocks.MORE,
    conversation_blocks.UNDO,
)
_OUTCOMES: Mapping[str, Outcome] = {"expected": "expected", "noise": "noise"}
_SNOOZES: Mapping[str, timedelta] = {"snooze_4h": timedelta(hours=4), "snooze_1d": timedelta(days=1)}
_WHY = "why"

Body: TypeAlias = dict[str, Any]
_Click: TypeAlias = Callable[[Token, Person, Body], None]


class Listeners:
    """Registers Hark's listeners with a bolt app."""

    def __init__(
        self,
        *,
        client: WebClient,
        access: Access,
        review: Review,
        alerting: Alerting,
        desk: Desk,
        nudge: Callable[[], None],
    ) -> None:
        self._client = client
        self._access = access
        self._review = review
        self._alerting = alerting
        self._desk = desk
        self._nudge = nudge

    def register(self, app: App) -> None:
        """Listen to every button, the modal and the command."""
        clicks: dict[str, tuple[Role, _Click]] = {
            alert_blocks.ACKNOWLEDGE: (Role.REVIEWER, self._acknowledge),
            alert_blocks.RESOLVE: (Role.REVIEWER, self._resolve),
            alert_blocks.REOPEN: (Role.REVIEWER, self._reopen),
            alert_blocks.MORE: (Role.REVIEWER, self._alert_menu),
            alert_blocks.CONVERSATIONS: (Role.VIEWER, self._conversations),
            conversation_blocks.YES: (Role.REVIEWER, self._label_yes),
            conversation_blocks.NO: (Role.REVIEWER, self._label_no),
            conversation_blocks.UNDO: (Role.REVIEWER, self._undo),
            conversation_blocks.MORE: (Role.REVIEWER, self._label_modal),
        }
        for action_id, (role, click) in clicks.items():
            app.action(action_id)(self._on_click(role, click))
        app.view(CALLBACK)(self._on_submit)
        app.command(COMMAND)(self._on_command)

    def _on_click(self, role: Role, click: _Click) -> Callable[..., None]:
        # Without functools.wraps: bolt passes arguments by the names of the wrapped function's parameters.
        def listener(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            try:
                person = person_in(body)
                self._access.require(role, person)
                click(parse_token(_pressed(body)), person, body)
            except (BadInput, Denied, StoreUnavailable) as error:
                tell(respond, error.message)
            except (SlackApiError, SlackClientError, OSError) as error:
                _LOG.warning("a window could not be opened: %s", type(error).__name__)
                tell(respond, "Slack did not open the window. Click again.")
            else:
                self._nudge()

        return listener

    # --- clicks on an alert ---

    def _acknowledge(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.acknowledge(token.subject_id, person, request_key(body))

    def _resolve(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.resolve(token.subject_id, person, request_key(body))

    def _reopen(self, token: Token, person: Person, body: Body) -> None:
        self._alerting.reopen(token.subject_id, person, request_key(body))

    def _alert_menu(self, token: Token, person: Person, body: Body) -> None:
        if token.rest == _WHY:
            self._show(body, lambda: self._desk.story_of(token.subject_id))
        elif (period := _SNOOZES.get(token.rest)) is not None:
            self._alerting.snooze(token.subject_id, person, request_key(body), period)
        elif (outcome := _OUTCOMES.get(token.rest)) is not None:
            self._alerting.resolve(token.subject_id, person, request_key(body), outcome)
        else:
            raise BadInput("this menu entry is not known")

    def _conversations(self, token: Token, _person: Person, body: Body) -> None:
        self._show(body, lambda: self._desk.conversations_of(token.subject_id))

    # --- clicks on a conversation ---

    def _label_yes(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=1.0), person, request_key(body))

    def _label_no(self, token: Token, person: Person, body: Body) -> None:
        self._review.label(token.subject_id, Answer(value=0.0), person, request_key(body))

    def _undo(self, token: Token, person: Person, body: Body) -> None:
        self._review.undo(token.subject_id, person, request_key(body))

    def _label_modal(self, token: Token, person: Person, body: Body) -> None:
        self._show(body, lambda: self._desk.label_modal(token.subject_id, person))

    def _show(self, body: Body, draw: Callable[[], View]) -> None:
        """Show a window: a trigger lives three seconds, so it opens at once and is filled when its content is read."""
        view_id = self._open(body, loading_modal())
        try:
            view = draw()
        except BadInput as error:
            view = notice_modal(error.message)
        try:
            self._client.views_update(view_id=view_id, view=view.payload())
        except SlackApiError:
            # Not every stand-in for Slack can fill a window, nor forgets a trigger.
            self._open(body, view)

    def _open(self, body: Body, view: View) -> str:
        answer = self._client.views_open(trigger_id=body.get("trigger_id", ""), view=view.payload())
        return str((answer.get("view") or {}).get("id", ""))

    # --- the modal and the command ---

    def _on_submit(self, ack: Ack, body: Body, view: Body) -> None:
        try:
            person = person_in(body)
            self._access.require(Role.REVIEWER, person)
            said = parse_label_submission(view)
            value = {"yes": 1.0, "no": 0.0}.get(said.verdict, said.verdict)
            further = (*said.labels, *((f"severity_{said.severity}",) if said.severity else ()))
            self._review.label(
                said.item_id, Answer(value=value, further=further, note=said.note), person, request_key(body)
            )
        except (BadInput, Denied, StoreUnavailable) as error:
            ack(response_action="update", view=notice_modal(error.message).payload())
        else:
            ack()
            self._nudge()

    def _on_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        # An answer may take longer than the three seconds that an acknowledgement has; it goes to the response URL.
        can_respond = bool(body.get("response_url"))
        if can_respond:
            ack()
        try:
            message = self._said(unescape(str(body.get("text") or "")), person_in(body), body)
        except (BadInput, Denied, StoreUnavailable) as error:
            message = error_message(error.message)
        (respond if can_respond else ack)(**message.payload(), response_type="ephemeral")

    def _said(self, text: str, person: Person, body: Body) -> Message:
        """The answer to a command; muting is a reviewer's right, asking is everybody's."""
        self._access.require(Role.VIEWER, person)
        query, key = self._desk.query(text), f"command:{person.user_id}:{body.get('trigger_id')}"[:255]
        if isinstance(query, MuteQuery):
            self._access.require(Role.REVIEWER, person)
            return muted_message(
                self._alerting.mute(query.signal, query.period, person, Segment(query.where), request_key=key)
            )
        if isinstance(query, UnmuteQuery):
            self._access.require(Role.REVIEWER, person)
            return unmuted_message(query.signal, self._alerting.unmute(query.signal, person, request_key=key))
        return self._desk.answer(text)


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


def _pressed(body: Mapping[str, Any]) -> str:
    """The value of what was pressed: a button's, or the chosen entry's of a menu."""
    action: Mapping[str, Any] = next(iter(body.get("actions") or []), {})
    chosen = action.get("selected_option") or {}
    return str(chosen.get("value") or action.get("value") or "")


def tell(respond: Respond, problem: str) -> None:
    """Tell only the person who clicked."""
    try:
        respond(**error_message(problem).payload(), response_type="ephemeral", replace_original=False)
    except (SlackApiError, SlackClientError, OSError, ValueError) as error:
        _LOG.warning("could not tell a person why a click did nothing: %s", type(error).__name__)
