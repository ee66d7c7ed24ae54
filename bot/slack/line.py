"""How one Hark speaks with one Slack workspace: with the token of the environment, or as it was installed there."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from slack_bolt import BoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.oauth import OAuthFlow
from slack_sdk import WebClient

from bot.config.settings import Settings
from bot.slack.access import Workspace
from bot.slack.client import client_of
from bot.slack.installed import SealedInstallations
from traces.errors import StoreUnavailable

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One workspace's Slack.

    Attributes:
        client: Its Web API.
        workspace: Which workspace it is.
        authorize: Tells bolt who the bot is.
        flow: How workspaces install Hark, where they do.
        installed: Where installations are, where there are any.
        owner: Who installed it, and is an admin whatever roles there are.
    """

    client: WebClient
    workspace: Workspace
    authorize: Authorize
    flow: OAuthFlow | None = None
    installed: SealedInstallations | None = None
    owner: str = ""

    def introduce(self) -> threading.Thread:
        """Ask Slack, in a thread, which workspace this is, so that the first click finds it known."""
        thread = threading.Thread(target=self._ask, name="which-workspace", daemon=True)
        thread.start()
        return thread

    def _ask(self) -> None:
        try:
            team_id = self.workspace.team_id
        except StoreUnavailable:
            _LOG.warning("Slack does not say yet which workspace this is; the first click asks again")
        else:
            _LOG.debug("Slack says that this is workspace %s", team_id)


class KnownAuthorize(Authorize):
    """Tells bolt who the bot is as far as Slack has said so: without a call, for who may click is asked by each listener."""

    def __init__(self, client: WebClient, workspace: Workspace) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._client = client
        self._workspace = workspace

    def __call__(
        self,
        *,
        context: BoltContext,  # noqa: ARG002 - the interface is bolt's
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,  # noqa: ARG002 - as above
        actor_team_id: str | None = None,  # noqa: ARG002 - as above
        actor_user_id: str | None = None,  # noqa: ARG002 - as above
    ) -> AuthorizeResult:
        known = self._workspace.known
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=known.get("team_id", team_id),
            bot_id=known.get("bot_id"),
            bot_user_id=known.get("user_id"),
            bot_token=self._client.token,
            user_id=user_id,
        )


def line_of(settings: Settings) -> Line | None:
    """The line that the environment's token gives; ``None`` without one."""
    client = client_of(settings)
    if client is None:
        return None
    workspace = Workspace(client)
    return Line(client=client, workspace=workspace, authorize=KnownAuthorize(client, workspace))
