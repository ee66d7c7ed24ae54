"""The settings of Slack: where Hark posts, and the tokens with which it does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from bot.config.keeping import encryption_key_in
from bot.config.oauth import OAuthApp, OAuthSettings, oauth_app_in
from bot.config.section import Section
from traces.sealing import Seal, seal_of

_ID: Final = re.compile(r"[CGD][A-Z0-9]{1,30}")
_NAME_AT_MOST: Final = 80
_WRITE: Final = "write a name like #llm-alerts, or a channel's id like C0123456789"
_KINDS: Final[Mapping[str, str]] = {
    "xapp-": "an app-level token",
    "xoxb-": "a bot token",
    "xoxe.xoxb-": "a bot token",
    "xoxp-": "a user token",
    "xoxe.xoxp-": "a user token",
    "xoxe-": "a refresh token",
    "xoxa-": "a token of a kind that Slack has retired",
    "xoxr-": "a refresh token",
    "xoxc-": "the token of a browser's session",
    "xoxs-": "the token of a session",
}
_PLACES: Final[Mapping[str, str]] = {
    "SLACK_BOT_TOKEN": "copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions",
    "SLACK_APP_TOKEN": "generate an app-level token (xapp-…) with connections:write under Basic Information",
    "SLACK_SIGNING_SECRET": "copy the Signing Secret from Basic Information",
}
_HOMES: Final[Mapping[str, str]] = {"an app-level token": "SLACK_APP_TOKEN", "a bot token": "SLACK_BOT_TOKEN"}


def channel(name: str) -> str:
    """The channel as it was written.

    Raises:
        ValueError: Slack can have no channel of that name.
    """
    bare = name.removeprefix("#")
    if _ID.fullmatch(name):
        return name
    if name.startswith("@") or not bare:
        raise ValueError(f"{name[:_NAME_AT_MOST]!r} is no channel; {_WRITE}")
    if len(bare) > _NAME_AT_MOST or bare != bare.lower() or not all(c.isalnum() or c in "-_" for c in bare):
        raise ValueError(
            f"{name[:_NAME_AT_MOST]!r} cannot be a channel's name, which has at most {_NAME_AT_MOST} lower-case letters, "
            f"digits, - and _; {_WRITE}"
        )
    return name


Channel = Annotated[str, AfterValidator(channel)]
Broadcast = Literal["thread_only", "on_escalation", "always"]


class SlackSettings(Section):
    """Where in Slack Hark posts."""

    alerts_channel: Channel = Field(default="#llm-alerts", description="Channel for alerts. HARK_ALERTS_CHANNEL wins.")
    review_channel: Channel = Field(
        default="#llm-review",
        description="Channel for conversations to review. HARK_REVIEW_CHANNEL wins.",
    )
    broadcast: Broadcast = Field(
        default="on_escalation",
        description="Which updates in an alert's thread are shown in the channel as well: none, those that it has grown "
        "or is back, or all.",
    )
    charts: Literal["native", "image"] = Field(
        default="native",
        description="How charts of alerts are shown: drawn by Slack in the message, or as a picture in its thread, which "
        "takes the scope files:write. Where Slack refuses its own chart, the picture takes its place.",
    )
    doubt_s: float = Field(
        default=60.0,
        ge=1,
        le=3_600,
        description="Seconds for which a post whose answer was lost may still turn up in Slack; after them it is posted again "
        "if it is not in the channel.",
    )
    oauth: OAuthSettings = Field(default=OAuthSettings(), description="How several workspaces install Hark.")


class Secrets(Section):
    """What comes from the environment only. Prints as stars."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    oauth: OAuthApp | None = None
    encryption_key: SecretStr | None = None

    @property
    def seal(self) -> Seal | None:
        """What the words of conversations are stored under, if there is a key."""
        return None if self.encryption_key is None else seal_of(self.encryption_key.get_secret_value())


def secrets_in(environment: Mapping[str, str], mistakes: list[str]) -> Secrets:
    """The tokens of the environment; what is wrong with them is added to ``mistakes``, without a token's text."""
    found = {name: environment.get(name, "").strip() for name in _PLACES}
    for name, wanted in (("SLACK_BOT_TOKEN", "a bot token"), ("SLACK_APP_TOKEN", "an app-level token")):
        kind = _kind_of(found[name])
        if kind and kind != wanted:
            mistakes.append(f"{name}: this is {kind}; {_way_out(name, kind)}")
    if kind := _kind_of(found["SLACK_SIGNING_SECRET"]):
        mistakes.append(f"SLACK_SIGNING_SECRET: this is {kind}; {_way_out('SLACK_SIGNING_SECRET', kind)}")
    is_installed = any(environment.get(name, "").strip() for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"))
    if (
        not is_installed
        and (found["SLACK_APP_TOKEN"] or found["SLACK_SIGNING_SECRET"])
        and not found["SLACK_BOT_TOKEN"]
    ):
        mistakes.append("SLACK_BOT_TOKEN: missing beside the other Slack secrets; copy it from OAuth & Permissions")
    bot, app, signing = (SecretStr(found[name]) if found[name] else None for name in _PLACES)
    oauth = oauth_app_in(environment, mistakes)
    key = encryption_key_in(environment, mistakes)
    return Secrets(bot_token=bot, app_token=app, signing_secret=signing, oauth=oauth, encryption_key=key)


def _kind_of(token: str) -> str:
    """What Slack gives out with this beginning; empty where it says nothing."""
    return next((kind for beginning, kind in _KINDS.items() if token.startswith(beginning)), "")


def _way_out(name: str, kind: str) -> str:
    home = _HOMES.get(kind)
    return f"it belongs in {home}; here, {_PLACES[name]}" if home else _PLACES[name]


def channels_in(environment: Mapping[str, str], mistakes: list[str]) -> dict[str, str]:
    """The channels that the environment names, by setting; what is wrong with them is added to ``mistakes``."""
    found = {}
    for field, variable in (("alerts_channel", "HARK_ALERTS_CHANNEL"), ("review_channel", "HARK_REVIEW_CHANNEL")):
        if name := environment.get(variable):
            try:
                found[field] = channel(name)
            except ValueError as error:
                mistakes.append(f"{variable}: {error}")
    return found
