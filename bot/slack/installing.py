"""Bolt's OAuth flow with pages of Hark's own: nothing that comes back from outside gets into a page or an address unread."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.context import BoltContext
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings as BoltSettings
from slack_sdk.oauth import OAuthStateUtils

from bot.config.oauth import OAuthApp
from bot.config.settings import Settings
from bot.slack.client import InstalledClient, client_with
from bot.slack.install_pages import failure_page, install_page, success_page
from bot.slack.installed import STATE_FOR, NotInstallable, SealedInstallations, SealedStates
from traces.store.installations import Installation

_AUTHORIZE_URL: Final = "https://slack.com/oauth/v2/authorize"
_TEAM: Final = re.compile(r"T[A-Z0-9]{1,30}", re.ASCII)
_REASONS: Final[Mapping[str, str]] = {
    "access_denied": "The installation was not allowed on Slack's page. Nothing was changed.",
    "invalid_browser": "This answer does not belong to an installation that was begun in this browser. Begin again.",
    "invalid_state": "This installation has expired, or was finished already. Begin again.",
    "missing_code": "Slack's answer holds no code. Begin again.",
    "invalid_code": "Slack does not know the code any more. Begin again.",
}
_OTHERWISE: Final = "Slack did not let the installation go on. Begin again, or ask who runs this Hark."
# Bolt writes the code of a failed exchange into its log.
_QUIET: Final = logging.getLogger("slack_bolt.OAuthFlow")


class _StrictCookies(OAuthStateUtils):
    """Of the browser that began, and sent only to where Slack leads it back."""

    def build_set_cookie_for_new_state(self, state: str) -> str:
        return f"{super().build_set_cookie_for_new_state(state)}; SameSite=Lax"

    def build_set_cookie_for_deletion(self) -> str:
        return f"{super().build_set_cookie_for_deletion()}; SameSite=Lax"


class InstallFlow(OAuthFlow):
    """``/slack/install`` and ``/slack/oauth_redirect``."""

    def __init__(self, settings: Settings, app: OAuthApp, installed: SealedInstallations, states: SealedStates) -> None:
        _QUIET.setLevel(logging.ERROR)
        chosen = settings.slack.oauth
        bolt = BoltSettings(
            client_id=app.client_id,
            client_secret=app.client_secret.get_secret_value(),
            scopes=list(chosen.scopes),
            user_scopes=[],
            redirect_uri=chosen.redirect_url or None,
            installation_store=installed,
            state_store=states,
            state_expiration_seconds=int(STATE_FOR.total_seconds()),
            callback_options=CallbackOptions(success=_succeeded, failure=_failed),
            logger=_QUIET,
        )
        bolt.state_utils = _StrictCookies(expiration_seconds=int(STATE_FOR.total_seconds()))
        super().__init__(client=client_with(settings, None), logger=_QUIET, settings=bolt)

    def build_authorize_url(self, state: str, request: BoltRequest) -> str:
        # slack_sdk pastes a team from the address as it stands, and with it whatever parameters somebody wrote there.
        asked = {
            "client_id": self.client_id,
            "scope": ",".join(self.settings.scopes or ()),
            "user_scope": "",
            "state": state,
        }
        if self.redirect_uri:
            asked["redirect_uri"] = self.redirect_uri
        team = next(iter(request.query.get("team") or ()), "")
        if _TEAM.fullmatch(team):
            asked["team"] = team
        return f"{_AUTHORIZE_URL}?{urlencode(asked, quote_via=quote)}"

    def build_install_page_html(self, url: str, request: BoltRequest) -> str:  # noqa: ARG002 - the interface is bolt's
        return install_page(url)


class InstalledAuthorize(Authorize):
    """Tells bolt who the bot is, from what was stored: no call, and never a token that has run out."""

    def __init__(self, installation: Installation, client: InstalledClient) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._installation = installation
        self._client = client

    def __call__(
        self,
        *,
        context: BoltContext,  # noqa: ARG002 - the interface is bolt's
        enterprise_id: str | None,
        team_id: str | None,  # noqa: ARG002 - as above
        user_id: str | None,
        actor_enterprise_id: str | None = None,  # noqa: ARG002 - as above
        actor_team_id: str | None = None,  # noqa: ARG002 - as above
        actor_user_id: str | None = None,  # noqa: ARG002 - as above
    ) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=self._installation.team_id,
            bot_id=self._installation.bot_id,
            bot_user_id=self._installation.bot_user_id,
            bot_token=self._client.current(),
            user_id=user_id,
        )


def _succeeded(done: SuccessArgs) -> BoltResponse:
    installation = done.installation
    page = success_page(installation.team_name or "", installation.team_id or "", installation.app_id or "")
    return _answer(200, page, done.settings.state_utils)


def _failed(failed: FailureArgs) -> BoltResponse:
    told = str(failed.error) if isinstance(failed.error, NotInstallable) else _REASONS.get(failed.reason, _OTHERWISE)
    status = 400 if isinstance(failed.error, NotInstallable) else failed.suggested_status_code
    return _answer(status, failure_page(told), failed.settings.state_utils)


def _answer(status: int, page: str, cookies: OAuthStateUtils) -> BoltResponse:
    return BoltResponse(
        status=status,
        body=page,
        headers={"Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookies.build_set_cookie_for_deletion()},
    )
