"""How one Hark speaks with one Slack workspace: with the token of the environment, or as it was installed there."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.authorization.authorize import Authorize
from slack_bolt.oauth import OAuthFlow
from slack_sdk import WebClient

from bot.config import Settings
from bot.slack.access import Workspace
from bot.slack.client import client_of
from bot.slack.installed import SealedInstallations


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One workspace's Slack.

    Attributes:
        client: Its Web API.
        workspace: Which workspace it is.
        authorize: Tells bolt who the bot is; ``None`` has bolt ask Slack, with the token of the environment.
        flow: How workspaces install Hark, where they do.
        installed: Where installations are, where there are any.
        owner: Who installed it, and is an admin whatever roles there are.
    """

    client: WebClient
    workspace: Workspace
    authorize: Authorize | None = None
    flow: OAuthFlow | None = None
    installed: SealedInstallations | None = None
    owner: str = ""


def line_of(settings: Settings) -> Line | None:
    """The line that the environment's token gives; ``None`` without one."""
    client = client_of(settings)
    return None if client is None else Line(client=client, workspace=Workspace(client))
