"""The ``/hark`` command, and the button that shows its answer to others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from slack_bolt import Ack, App, Respond
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.alerting import Alerting
from bot.answers.sharing import Sharing
from bot.reviewing.desk import ReviewDesk
from bot.slack.access import Person, Role, person_in
from bot.slack.ask import Desk
from bot.slack.blocks.digest import QUEUE
from bot.slack.blocks.errors import error_message
from bot.slack.blocks.mutes import muted_message, unmuted_message
from bot.slack.blocks.sharing import SHARE, with_share
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.blocks.transcript import Place
from bot.slack.listening.base import Body, Edge, pressed, request_key, tell
from bot.slack.listening.setup import SetupListeners
from bot.slack.listening.taxonomy import TaxonomyListeners
from bot.slack.queries import (
    ConversationQuery,
    ExportQuery,
    HelpQuery,
    MuteQuery,
    Query,
    ReviewersQuery,
    ReviewQuery,
    SetupQuery,
    TaxonomyQuery,
    UnmuteQuery,
)
from bot.slack.reading import Reading
from bot.slack.text import unescape
from traces.errors import BadInput, Denied, HarkError, StoreUnavailable
from traces.model import Segment

COMMAND: Final = "/hark"
ACTIONS: Final = (SHARE, QUEUE)

_LOG = logging.getLogger(__name__)
_OF_REVIEWERS: Final = (MuteQuery, UnmuteQuery, ReviewQuery, ExportQuery)
_UNSHARED: Final = (HelpQuery, ExportQuery, ReviewersQuery)
_FAILED: Final = (SlackApiError, SlackClientError, OSError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """The answer to a command: a message, what it answers where others may see it too; nothing where a window opened."""

    message: Message | None
    remember: Callable[[], None] | None = None


class CommandListeners:
    """Answers the command; muting and reviewing are a reviewer's right, the audit trail an admin's, asking everybody's."""

    def __init__(
        self,
        edge: Edge,
        alerting: Alerting,
        desk: Desk,
        *,
        sharing: Sharing,
        reading: Reading,
        reviewing: ReviewDesk,
        taxonomy: TaxonomyListeners,
        setup: SetupListeners,
    ) -> None:
        self._edge = edge
        self._alerting = alerting
        self._desk = desk
        self._sharing = sharing
        self._reading = reading
        self._reviewing = reviewing
        self._taxonomy = taxonomy
        self._setup = setup

    def register(self, app: App) -> None:
        app.command(COMMAND)(self._on_command)
        app.action(SHARE)(self._on_share)
        app.action(QUEUE)(self._edge.on_click(Role.REVIEWER, self._open_queue))

    def _on_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        # An answer may take longer than the three seconds that an acknowledgement has; it goes to the response URL.
        can_respond = bool(body.get("response_url"))
        if can_respond:
            ack()
        try:
            said = self._said(unescape(str(body.get("text") or "")), person_in(body), body)
        except (BadInput, Denied, StoreUnavailable) as error:
            said = _Said(message=error_message(error.message))
        except (SlackApiError, SlackClientError, OSError) as error:
            _LOG.warning("a window could not be opened: %s", type(error).__name__)
            said = _Said(message=error_message("Slack did not open the window. Type the command again."))
        if said.message is None:
            if not can_respond:
                ack()
            return
        (respond if can_respond else ack)(**said.message.payload(), response_type="ephemeral")
        if said.remember is not None:
            self._remember(said.remember)

    def _remember(self, remember: Callable[[], None]) -> None:
        # After the answer, which waits for nobody who writes.
        try:
            remember()
        except HarkError as error:
            _LOG.warning("an answer cannot be shared: %s", error.message)

    def _said(self, text: str, person: Person, body: Body) -> _Said:
        self._edge.access.require(Role.VIEWER, person)
        query, key = self._desk.query(text), f"command:{person.user_id}:{body.get('trigger_id')}"[:255]
        self._edge.access.require(_role(query), person)
        if (window := self._window(query, person, key)) is not None:
            self._edge.show(body, window)
            return _Said(message=None)
        if (message := self._done(query, person, key)) is not None:
            return _Said(message=message, remember=lambda: self._edge.done(person, body))
        return self._answered(query, person, key)

    def _window(self, query: Query, person: Person, key: str) -> Callable[[], View] | None:
        """What draws the window that a command opens."""
        match query:
            case ConversationQuery(conversation_id=conversation_id):
                return lambda: self._reading.window(Place(conversation_id), person, key)
            case ReviewQuery(count=count):
                return lambda: self._reviewing.window(person, count)
            case TaxonomyQuery():
                return lambda: self._taxonomy.window(person)
            case SetupQuery():
                return lambda: self._setup.window(person)
        return None

    def _done(self, query: Query, person: Person, key: str) -> Message | None:
        """What was changed; ``None`` where a query changes nothing."""
        match query:
            case MuteQuery(signal=signal, period=period, where=where):
                return muted_message(self._alerting.mute(signal, period, person, Segment(where), request_key=key))
            case UnmuteQuery(signal=signal):
                return unmuted_message(signal, self._alerting.unmute(signal, person, request_key=key))
        return None

    def _answered(self, query: Query, person: Person, key: str) -> _Said:
        reply = self._desk.reply(query)
        if isinstance(reply.query, _UNSHARED):
            return _Said(message=reply.message)
        answer_id = self._sharing.id_of(key)
        return _Said(
            message=with_share(reply.message, answer_id),
            remember=lambda: self._sharing.remember(answer_id, reply.query, person, reply.question),
        )

    def _open_queue(self, _token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self._reviewing.window(person))

    # --- sharing ---

    def _on_share(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        try:
            person = person_in(body)
            self._edge.access.require(Role.VIEWER, person)
            self._share(parse_token(pressed(body)).subject_id, person, body, respond)
        except (BadInput, Denied, StoreUnavailable) as error:
            tell(respond, error.message)

    def _share(self, answer_id: str, person: Person, body: Body, respond: Respond) -> None:
        channel = str((body.get("channel") or {}).get("id") or "")
        answer = self._sharing.share(answer_id, channel, person, request_key(body))
        if answer is None:
            return
        message = self._desk.shared(answer)
        try:
            # Reaches channels too that the bot is not a member of; but only within half an hour of the click.
            sent = respond(**message.payload(), response_type="in_channel", replace_original=False)
            is_shown = sent.status_code == _OK
        except _FAILED:
            is_shown = False
        if not is_shown and channel:
            self._sharing.post(answer_id, channel)
            self._edge.nudge()


_OK: Final = 200


def _role(query: Query) -> Role:
    if isinstance(query, ReviewersQuery | SetupQuery) or (isinstance(query, ExportQuery) and query.what == "audit"):
        return Role.ADMIN
    return Role.REVIEWER if isinstance(query, _OF_REVIEWERS) else Role.VIEWER
