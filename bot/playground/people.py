"""Who and what a simulated workspace holds: people, channels and the app's shortcuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

TEAM_ID: Final = "T0PLAYGRND"
TEAM_DOMAIN: Final = "playground"
OTHER_TEAM_ID: Final = "T0OUTSIDER"
APP_ID: Final = "A0PLAYHARK"
BOT_ID: Final = "B0PLAYHARK"
BOT_USER_ID: Final = "U0PLAYHARK"
ALERTS: Final = "C0ALERTS"
REVIEW: Final = "C0REVIEW"


@dataclass(frozen=True, slots=True)
class User:
    """A person or bot.

    Attributes:
        name: The handle, e.g. ``maya``.
        title: What the profile says, e.g. "AI engineer, on call".
        team_id: The team the account belongs to; another team's is a guest through a shared channel.
    """

    user_id: str
    name: str
    real_name: str
    title: str = ""
    team_id: str = TEAM_ID
    is_bot: bool = False

    @property
    def email(self) -> str:
        return f"{self.name}@playground.example"

    def as_slack(self) -> dict[str, Any]:
        return {
            "id": self.user_id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": False,
            "is_bot": self.is_bot,
            "is_stranger": self.team_id != TEAM_ID,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "title": self.title,
                "email": self.email,
            },
        }


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, or the direct messages between the bot and ``im_user``."""

    channel_id: str
    name: str
    topic: str = ""
    im_user: str = ""

    def as_slack(self) -> dict[str, Any]:
        shared = {"id": self.channel_id, "is_archived": False, "is_im": bool(self.im_user)}
        if self.im_user:
            return {**shared, "user": self.im_user}
        return {
            **shared,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_private": False,
            "is_member": True,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut of the app's manifest, offered on every message or for the whole workspace."""

    name: str
    callback_id: str
    kind: Literal["message", "global"]


BOT: Final = User(BOT_USER_ID, "hark", "Hark", "Watches your LLM applications", is_bot=True)
PEOPLE: Final = (
    User("U0MAYA", "maya", "Maya Okafor", "AI engineer, on call"),
    User("U0JONAS", "jonas", "Jonas Lindqvist", "Reviewer, support lead"),
    User("U0PRIYA", "priya", "Priya Raman", "Reviewer, domain expert"),
    User("U0TOMAS", "tomas", "Tomás Herrera", "Product owner, may only read"),
    User("U0OUTSIDE", "robin", "Robin Vance", "Guest from another company", OTHER_TEAM_ID),
)
CHANNELS: Final = (
    Channel(ALERTS, "llm-alerts", "What changed, since when, which conversations"),
    Channel(REVIEW, "llm-review", "One conversation at a time"),
)
