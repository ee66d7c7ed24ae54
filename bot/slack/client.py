"""The Slack Web API client. Hark retries by itself: the SDK's own retries post twice when a connection drops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation import TokenRotator

from bot.config.oauth import OAuthApp
from bot.config.settings import Settings
from bot.slack.failures import code
from bot.slack.installed import SealedInstallations
from traces.clock import Clock
from traces.errors import StoreUnavailable

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 15
_RENEWED_BEFORE: Final = timedelta(hours=2)
_NOW: Final = timedelta(0)
_ANY_TIME: Final = 10**8
"""Minutes: whether a token is to be renewed is for Hark's clock to say, not for the rotator's."""
_TRIED_AGAIN: Final = timedelta(minutes=1)
_FRESH: Final = timedelta(seconds=30)
_OVER: Final = frozenset({"account_inactive", "token_revoked"})


def client_of(settings: Settings) -> WebClient | None:
    """A client with the bot's token; ``None`` without one."""
    token = settings.secrets.bot_token
    return None if token is None else client_with(settings, token.get_secret_value())


def client_with(settings: Settings, token: str | None) -> WebClient:
    """A client with a token, or with none for the calls that take none."""
    return WebClient(
        token=token, base_url=settings.slack_api_url or WebClient.BASE_URL, timeout=_TIMEOUT_S, retry_handlers=[]
    )


class InstalledClient(WebClient):
    """Slack's Web API for one workspace that has installed Hark: its token is looked up, and renewed in time.

    ``over`` is called once Slack says that the workspace has removed Hark.
    """

    def __init__(
        self,
        settings: Settings,
        app: OAuthApp,
        installed: SealedInstallations,
        team_id: str,
        clock: Clock,
        over: Callable[[str], None],
    ) -> None:
        base_url = settings.slack_api_url or WebClient.BASE_URL
        super().__init__(token=None, base_url=base_url, timeout=_TIMEOUT_S, retry_handlers=[])
        self._installed = installed
        self._workspace_team = team_id
        self._clock = clock
        self._over = over
        self._turn = threading.Lock()
        self._known: Bot | None = None
        self._known_until = clock.now()
        self._not_before = clock.now()
        self._rotator = TokenRotator(
            client_id=app.client_id,
            client_secret=app.client_secret.get_secret_value(),
            client=client_with(settings, None),
        )

    def api_call(self, api_method: str, **arguments: Any) -> Any:
        self.token = used = self.current()
        try:
            return super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if code(error) in _OVER and self._is_still(used):
                self._over(code(error))
            raise

    def current(self) -> str:
        """The workspace's token as it holds now.

        Raises:
            URLError: The workspace has removed Hark, so that nothing can be sent; or the token cannot be renewed.
            SlackApiError: Slack does not renew the token.
            StoreUnavailable: The database cannot be read, and never was.
        """
        with self._turn:
            now = self._clock.now()
            has_left = self._installed.has_left(self._workspace_team)
            if self._known is None or has_left or not now < self._known_until:
                self._known = self._looked_up(self._known)
                self._known_until = now + _FRESH
            if self._is_short(self._known) and (now >= self._not_before or self._is_short(self._known, _NOW)):
                self._not_before = now + _TRIED_AGAIN
                self._known = self._renewed(self._known)
            return str(self._known.bot_token)

    def _is_still(self, used: str) -> bool:
        """Whether a token is the one that holds; it may have been replaced by a new installation."""
        with self._turn:
            self._known = None
        try:
            return self.current() == used
        except (SlackApiError, OSError, StoreUnavailable):
            return False

    def _looked_up(self, otherwise: Bot | None = None) -> Bot:
        try:
            found = self._installed.find_bot(enterprise_id=None, team_id=self._workspace_team)
        except StoreUnavailable:
            if otherwise is None:
                raise
            return otherwise
        if found is None:
            # As of a call that never left: what was to be sent waits.
            raise URLError(ConnectionRefusedError("this workspace has removed Hark"))
        return found

    def _is_short(self, bot: Bot, by: timedelta = _RENEWED_BEFORE) -> bool:
        return bot.bot_token_expires_at is not None and bot.bot_token_expires_at <= (self._clock.now() + by).timestamp()

    def _renewed(self, bot: Bot) -> Bot:
        """The tokens that follow; as long as the ones that hold do hold, a failure is for the next call."""
        try:
            renewed = self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=_ANY_TIME)
        except SlackTokenRotationError as error:
            # Another process may have been faster: a refresh token works once.
            found = self._looked_up()
            if found.bot_token != bot.bot_token:
                return found
            return self._still(bot, error.api_error)
        except (SlackClientError, OSError) as error:
            return self._still(bot, URLError(ConnectionRefusedError(f"no new token: {type(error).__name__}")))
        if renewed is None:
            return bot
        self._installed.save_bot(renewed)
        return self._looked_up(renewed)

    def _still(self, bot: Bot, error: Exception) -> Bot:
        if self._is_short(bot, _NOW):
            raise error
        _LOG.warning("the token of %s was not renewed (%s); tried again", self._workspace_team, type(error).__name__)
        return bot
