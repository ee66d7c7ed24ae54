"""How Hark settles in a workspace that has installed it, and how it goes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from slack_bolt import App

from bot.setup import Setup
from bot.slack.access import Person, Role
from bot.slack.blocks import setup as blocks
from bot.slack.blocks.setup import chosen_in, chosen_view, setup_view
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.listening.base import Body, Edge
from traces.errors import StoreUnavailable

_LOG = logging.getLogger(__name__)

ACTIONS: Final = (blocks.OPEN,)
EVENTS: Final = ("app_uninstalled", "tokens_revoked")
_TO_THE_SECOND: Final = timedelta(seconds=1)


class SetupListeners:
    """Admins choose the channels; Slack itself says that Hark was removed."""

    def __init__(self, edge: Edge, setup: Setup) -> None:
        self._edge = edge
        self._setup = setup

    def register(self, app: App) -> None:
        app.action(blocks.OPEN)(self._edge.on_click(Role.ADMIN, self._open))
        app.view(blocks.CALLBACK)(self._edge.on_submit(Role.ADMIN, self._chosen))
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._revoked)

    def window(self, person: Person) -> View:
        """The window in which channels are chosen.

        Raises:
            BadInput: Here the settings file says them.
        """
        return setup_view(self._setup.required_places(person))

    def _open(self, _token: Token, person: Person, body: Body) -> None:
        self._edge.show(body, lambda: self.window(person))

    def _chosen(self, view: Body, person: Person, key: str) -> View:
        self._setup.choose(chosen_in(view, blocks.ALERTS), chosen_in(view, blocks.REVIEW), person, key)
        return chosen_view(self._setup.required_places(person))

    def _uninstalled(self, body: Body) -> None:
        self._leave(body, "app_uninstalled")

    def _revoked(self, body: Body, event: Body) -> None:
        # Of people's own tokens Hark has none; the list of bots is what concerns it.
        if (event.get("tokens") or {}).get("bot"):
            self._leave(body, "tokens_revoked")

    def _leave(self, body: Body, why: str) -> None:
        team_id, told = str(body.get("team_id") or ""), body.get("event_time")
        # Slack tells whole seconds, and may tell late: of an installation that was made since then nothing is taken.
        before = datetime.fromtimestamp(told, UTC) + _TO_THE_SECOND if isinstance(told, int) else None
        try:
            if self._setup.leave(team_id, why, before):
                _LOG.warning("%s: the workspace has removed Hark; its tokens were deleted", team_id)
        except StoreUnavailable as error:
            _LOG.error("%s: its tokens could not be deleted: %s", team_id, error.message)
