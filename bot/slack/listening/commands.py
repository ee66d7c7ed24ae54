"""The ``/hark`` command."""

from __future__ import annotations

from slack_bolt import Ack, App, Respond

from bot.alerting import Alerting
from bot.slack.access import Person, Role, person_in
from bot.slack.ask import Desk
from bot.slack.blocks.errors import error_message
from bot.slack.blocks.mutes import muted_message, unmuted_message
from bot.slack.blocks.surface import Message
from bot.slack.listening.base import Body, Edge
from bot.slack.queries import MuteQuery, UnmuteQuery
from bot.slack.text import unescape
from traces.errors import BadInput, Denied, StoreUnavailable
from traces.model import Segment

COMMAND = "/hark"


class CommandListeners:
    """Answers the command; muting is a reviewer's right, asking is everybody's."""

    def __init__(self, edge: Edge, alerting: Alerting, desk: Desk) -> None:
        self._edge = edge
        self._alerting = alerting
        self._desk = desk

    def register(self, app: App) -> None:
        app.command(COMMAND)(self._on_command)

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
        self._edge.access.require(Role.VIEWER, person)
        query, key = self._desk.query(text), f"command:{person.user_id}:{body.get('trigger_id')}"[:255]
        if isinstance(query, MuteQuery):
            self._edge.access.require(Role.REVIEWER, person)
            return muted_message(
                self._alerting.mute(query.signal, query.period, person, Segment(query.where), request_key=key)
            )
        if isinstance(query, UnmuteQuery):
            self._edge.access.require(Role.REVIEWER, person)
            return unmuted_message(query.signal, self._alerting.unmute(query.signal, person, request_key=key))
        return self._desk.answer(text)
