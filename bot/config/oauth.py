"""The settings of a Slack app that several workspaces install: by OAuth, over HTTP, each with tokens of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from bot.config.section import Section
from traces.encryption import VARIABLE, cipher_of
from traces.errors import BadInput

SCOPES: Final = ("chat:write", "commands")
"""What manifest.yml asks for."""
_TEAM: Final = re.compile(r"T[A-Z0-9]{1,30}", re.ASCII)
_SCOPE: Final = re.compile(r"[a-z_]+([:.][a-z_]+)*", re.ASCII)
_CLIENT_ID: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


def _team(team_id: str) -> str:
    if team_id and not _TEAM.fullmatch(team_id):
        raise ValueError(
            f"{team_id[:40]!r} is not a team id; write one like T0123456789, as in the address of Slack's web app"
        )
    return team_id


def _scope(scope: str) -> str:
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f"{scope[:40]!r} is not a scope; write one like chat:write")
    return scope


def _address(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s?#&]+", url):
        raise ValueError(
            f"{url[:80]!r} is not an address; write one like https://hark.example.com/slack/oauth_redirect"
        )
    return url


class OAuthSettings(Section):
    """How several workspaces install Hark; holds with SLACK_CLIENT_ID and SLACK_CLIENT_SECRET in the environment."""

    scopes: tuple[Annotated[str, AfterValidator(_scope)], ...] = Field(
        default=SCOPES, min_length=1, description="What the bot asks for; as in manifest.yml."
    )
    redirect_url: Annotated[str, AfterValidator(_address)] = Field(
        default="",
        description="Where Slack sends who has installed it, one of the app's Redirect URLs; needed where it has several.",
    )
    home: Annotated[str, AfterValidator(_team)] = Field(
        default="",
        description="Team id of the workspace that goes on with what was stored before there were several, under the name "
        "default; for it alone hold [roles], [[routes]], [receivers] and the channels of this file. Set it before that "
        "workspace installs.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """The app's own credentials. Prints as stars."""

    client_id: str
    client_secret: SecretStr
    encryption_key: SecretStr


def oauth_app_in(environment: Mapping[str, str], mistakes: list[str]) -> OAuthApp | None:
    """The app that the environment names, if it does; what is wrong with it is added to ``mistakes``, without secrets."""
    client_id, client_secret, keys = (
        environment.get(name, "").strip() for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", VARIABLE)
    )
    if not client_id and not client_secret:
        return None
    before = len(mistakes)
    for name, found in (("SLACK_CLIENT_ID", client_id), ("SLACK_CLIENT_SECRET", client_secret)):
        if not found:
            mistakes.append(f"{name}: missing beside the other one; copy it from Basic Information")
    if client_id and not _CLIENT_ID.fullmatch(client_id):
        mistakes.append(
            "SLACK_CLIENT_ID: this is no client id; copy the Client ID (digits and a dot) from Basic Information"
        )
    if not environment.get("SLACK_SIGNING_SECRET", "").strip():
        mistakes.append("SLACK_SIGNING_SECRET: missing beside SLACK_CLIENT_ID; copy it from Basic Information")
    mistakes += [
        f"{name}: not beside SLACK_CLIENT_ID: workspaces install Hark over HTTP; unset one of the two"
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")
        if environment.get(name, "").strip()
    ]
    try:
        cipher_of(keys)
    except BadInput as error:
        mistakes.append(error.message)
    if len(mistakes) > before:
        return None
    return OAuthApp(client_id=client_id, client_secret=SecretStr(client_secret), encryption_key=SecretStr(keys))
