"""The window on roles: who may look, review, and change settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.config.settings import RoleSettings
from bot.slack.blocks.inputs import form
from bot.slack.blocks.parts import context, section
from bot.slack.blocks.settings.fields import chosen_users, people
from bot.slack.blocks.settings.ids import ALL, ROLES_FORM, SURE
from bot.slack.blocks.surface import View
from bot.slack.blocks.tokens import Token
from bot.slack.text import Block
from traces.errors import BadInput

_ROLES: Final = ("admins", "reviewers", "viewers")


def roles_form(roles: RoleSettings, *, version: int, made: str | None, is_warned: bool = False) -> View:
    """Who has which role.

    Args:
        roles: As they hold, or as an admin would have them.
        version: How often they were changed in Slack: what is sent is of that version.
        made: Who set them in Slack and when, as mrkdwn.
        is_warned: Whether the admin is told that they would be one no longer; sent again, it is meant.
    """
    blocks: list[Block] = [context(made)] if made else []
    if is_warned:
        blocks.append(
            section("⚠️ *You would not be an admin any more.* Save once more if you mean it, or put yourself back.")
        )
    blocks += [
        people("admins", "Admins: may do everything, and change these settings", roles.admins),
        people("reviewers", "Reviewers: may label, acknowledge and resolve", roles.reviewers),
        people("viewers", "Viewers: may only look", roles.viewers),
        context(
            "Who is in several lists has the most that these allow; who is in none may do nothing. It holds at once."
        ),
    ]
    rest = f"{version}.{SURE}" if is_warned else str(version)
    return form("Roles", ROLES_FORM, Token(ALL, rest), blocks)


def parse_roles(view: Mapping[str, Any]) -> dict[str, list[str]]:
    """What was put into ``roles_form``: each person with the highest role that was chosen for them.

    Raises:
        BadInput: Nobody would be an admin.
    """
    found: dict[str, list[str]] = {}
    for role in _ROLES:
        higher = {user for users in found.values() for user in users}
        found[role] = sorted(user for user in chosen_users(view, role) if user not in higher)
    if not found["admins"]:
        raise BadInput("somebody has to be an admin: choose at least one", "admins")
    return found
