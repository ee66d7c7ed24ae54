"""Settings in Slack: admins only, looked up again at every click and at every submit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import Final

from slack_bolt import App
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.settings.desk import Drafted, SettingsDesk
from bot.settings.overlay import ROLES
from bot.settings.pages import SettingsPages
from bot.settings.preview import Previews
from bot.slack.access import Person, Role
from bot.slack.blocks.parts import section
from bot.slack.blocks.settings import ids
from bot.slack.blocks.settings.previewing import PENDING, preview_blocks
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token, parse_token
from bot.slack.listening.base import Body, Click, Edge, request_key
from bot.slack.text import Block, escape
from traces.errors import BadInput

_LOG = logging.getLogger(__name__)

ACTIONS: Final = (
    ids.SIGNALS,
    ids.SENSITIVITY,
    ids.ROUTES,
    ids.ROLES,
    ids.QUIET,
    ids.UNDO,
    ids.SIGNAL,
    ids.PREVIOUS,
    ids.NEXT,
    ids.ROUTE,
    ids.ROUTE_ADD,
    ids.PREVIEW,
)
FORMS: Final = (ids.SIGNAL_FORM, ids.SENSITIVITY_FORM, ids.ROUTE_FORM, ids.ROLES_FORM, ids.QUIET_FORM)
_PROBLEM: Final = 300
_GONE: Final = frozenset({"hash_conflict", "not_found"})
"""What Slack says where nobody looks any more at what was to be drawn."""


class SettingsListeners:
    """The windows on settings."""

    def __init__(self, edge: Edge, settings: SettingsDesk, pages: SettingsPages, previews: Previews) -> None:
        self._edge = edge
        self._settings = settings
        self._pages = pages
        self._previews = previews
        self._previewing = Lock()

    def register(self, app: App) -> None:
        clicks: dict[str, Click] = {
            ids.SIGNALS: self._shows(lambda pages: pages.signals()),
            ids.SENSITIVITY: self._shows(lambda pages: pages.sensitivity()),
            ids.ROUTES: self._shows(lambda pages: pages.routes()),
            ids.ROLES: self._shows(lambda pages: pages.roles()),
            ids.QUIET: self._shows(lambda pages: pages.quiet()),
            ids.UNDO: self._undo,
            ids.SIGNAL: self._shows_of(lambda pages, token: pages.signal(token)),
            ids.PREVIOUS: self._turn,
            ids.NEXT: self._turn,
            ids.ROUTE: self._route,
            ids.ROUTE_ADD: self._shows_of(lambda pages, token: pages.route(token)),
            ids.PREVIEW: self._preview,
        }
        for action_id, click in clicks.items():
            app.action(action_id)(self._edge.on_click(Role.ADMIN, click))
        for callback_id in FORMS:
            app.view(callback_id)(self._edge.on_submit(Role.ADMIN, self._saved))

    # --- opening ---

    def _shows(self, draw: Callable[[SettingsPages], View]) -> Click:
        def click(_token: Token, _person: Person, body: Body) -> None:
            self._edge.show(body, lambda: draw(self._pages))

        return click

    def _shows_of(self, draw: Callable[[SettingsPages, Token], View]) -> Click:
        def click(token: Token, _person: Person, body: Body) -> None:
            self._edge.show(body, lambda: draw(self._pages, token))

        return click

    def _turn(self, token: Token, _person: Person, body: Body) -> None:
        self._edge.refill(body, lambda: self._pages.signals(_page(token.rest)))

    # --- changing ---

    def _route(self, token: Token, person: Person, body: Body) -> None:
        if token.rest.endswith(f".{ids.CHANGE}"):
            self._edge.show(body, lambda: self._pages.route(token))
            return
        self._settings.save(self._pages.routes_after(token), person, request_key(body))
        self._edge.refill(body, self._pages.routes)

    def _undo(self, token: Token, person: Person, body: Body) -> None:
        name = self._settings.named(token.subject_id)
        self._settings.undo(name, _page(token.rest), person, request_key(body))

    def _saved(self, view: Body, person: Person, key: str) -> View | None:
        draft = self._pages.drafted(view)
        if self._gives_up_being_admin(draft, person) and not _token(view).rest.endswith(f".{ids.SURE}"):
            warned = self._pages.roles(draft.body, is_warned=True)
            return _of_version(warned, draft.version)
        self._settings.save(draft, person, key)
        self._draw_behind(view)
        return None

    def _gives_up_being_admin(self, draft: Drafted, person: Person) -> bool:
        return draft.name == ROLES and draft.body is not None and person.user_id not in draft.body["admins"]

    def _draw_behind(self, view: Body) -> None:
        """Draw the window behind a form anew, which shows what was saved."""
        before, draw = view.get("previous_view_id"), self._behind(view)
        if not before or draw is None:
            return
        try:
            self._edge.client.views_update(view_id=before, view=draw().payload())
        except (SlackApiError, SlackClientError, OSError) as error:
            _LOG.warning("the window behind the form was not drawn anew: %s", type(error).__name__)

    def _behind(self, view: Body) -> Callable[[], View] | None:
        if view.get("callback_id") == ids.ROUTE_FORM:
            return self._pages.routes
        if view.get("callback_id") != ids.SIGNAL_FORM:
            return None
        origin = _token(view).rest.rpartition(".")[2]
        return (
            self._pages.sensitivity if origin == "s" else lambda: self._pages.signals(_page(origin.removeprefix("p")))
        )

    # --- previews ---

    def _preview(self, _token: Token, _person: Person, body: Body) -> None:
        view = body.get("view") or {}
        draft = self._pages.drafted(view)
        if not self._previewing.acquire(blocking=False):
            raise BadInput("another preview is being worked out; press Preview again in a few seconds")
        try:
            seen = self._edge.refill(body, lambda: self._pages.form(view, draft, PENDING))
            self._fill(view, seen, draft, self._worked_out(draft))
        finally:
            self._previewing.release()

    def _worked_out(self, draft: Drafted) -> Sequence[Block]:
        try:
            return preview_blocks(self._previews.of(draft))
        except BadInput as error:
            return (section(f"*Preview* · {escape(error.message, _PROBLEM)}"),)

    def _fill(self, view: Body, seen: str, draft: Drafted, shown: Sequence[Block]) -> None:
        """Draw the form anew with a preview, unless it was closed, or has been drawn otherwise, in the meantime."""
        drawn = self._pages.form(view, draft, shown).payload()
        only_over = {"hash": seen} if seen else {}
        try:
            self._edge.client.views_update(view_id=str(view.get("id")), view=drawn, **only_over)
        except SlackApiError as error:
            if error.response.get("error") not in _GONE:
                raise


def _token(view: Body) -> Token:
    return parse_token(str(view.get("private_metadata") or ""))


def _page(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadInput("not a value that Hark writes", "value")
    return int(text)


def _of_version(view: View, version: int) -> View:
    """A form stays of the version that it was opened on."""
    token = parse_token(view.private_metadata)
    return replace(view, private_metadata=str(Token(token.subject_id, f"{version}.{ids.SURE}")))
