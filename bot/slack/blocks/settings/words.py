"""How what was set in Slack is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.settings.desk import Made
from bot.settings.overlay import DETECT, QUIET, ROLES, ROUTES, SIGNAL
from bot.slack.blocks.figures import words
from bot.slack.blocks.people import person_text
from bot.slack.text import slack_date

_THINGS: Final[Mapping[str, str]] = {
    DETECT: "Sensitivity",
    ROLES: "Roles",
    ROUTES: "Routes",
    QUIET: "Quiet hours",
}
_NAME: Final = 60


def made_text(made: Made) -> str:
    """Who set it, and when, as mrkdwn."""
    return (
        f"✏️ Set in Slack by {person_text(made.by, made.choice.changed_by, _NAME)}, {slack_date(made.choice.changed_at)}"
    )


def thing(name: str) -> str:
    """What a setting is called by people: ``signals.refusal`` is ``Signal Refusal``."""
    return _THINGS.get(name) or f"Signal {words(name.removeprefix(SIGNAL))}"
