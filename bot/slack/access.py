"""Who may do what. Checked on the server at every click, command and submit; membership of a channel is no right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from threading import Lock
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.config.settings import RoleSettings
from traces.errors import Denied, StoreUnavailable

_MEMBER: Final = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
_SLACKBOT: Final = "USLACKBOT"


class Role(IntEnum):
    """What a person may do; each may do what the ones before it may."""

    VIEWER = 1
    REVIEWER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who clicked: Slack's user id, the name shown to others, and the workspace that the person belongs to."""

    user_id: str
    name: str
    team_id: str | None


class Workspace:
    """The Slack workspace that Hark is installed in: as Slack says when it is asked once, or as ``identity`` does."""

    def __init__(self, client: WebClient, identity: Mapping[str, Any] | None = None) -> None:
        self._client = client
        self._lock = Lock()
        self._identity = identity

    @property
    def known(self) -> Mapping[str, Any]:
        """What Slack has said so far, without asking it."""
        return self._identity or {}

    @property
    def team_id(self) -> str | None:
        return self._known().get("team_id")

    @property
    def bot_user_id(self) -> str | None:
        return self._known().get("user_id")

    @property
    def bot_id(self) -> str | None:
        return self._known().get("bot_id")

    def _known(self) -> Mapping[str, Any]:
        with self._lock:
            if self._identity is None:
                try:
                    answer = self._client.auth_test()
                except (SlackApiError, SlackClientError, OSError) as error:
                    raise StoreUnavailable("Slack does not say which workspace this is; try again") from error
                self._identity = dict(answer.data) if isinstance(answer.data, dict) else {}
            return self._identity


class Access:
    """The roles of people, as they hold when somebody asks: an admin may change them at any time.

    ``owner`` is an admin whatever the roles are: who installed Hark in this workspace.
    """

    def __init__(self, roles: Callable[[], RoleSettings], workspace: Workspace, owner: str = "") -> None:
        self._read_roles = roles
        self._workspace = workspace
        self._owner = owner

    def role_of(self, person: Person) -> Role | None:
        """The person's role; ``None`` for somebody from outside, or without a role where roles are configured."""
        home = self._workspace.team_id
        if home is None or person.team_id != home or not self._is_a_person(person):
            return None
        if self._owner and person.user_id == self._owner:
            return Role.ADMIN
        roles = self._read_roles()
        if not roles.are_configured:
            return Role.REVIEWER
        for role, people in (
            (Role.ADMIN, roles.admins),
            (Role.REVIEWER, roles.reviewers),
            (Role.VIEWER, roles.viewers),
        ):
            if person.user_id in people:
                return role
        return None

    def _is_a_person(self, person: Person) -> bool:
        """Whether an id is of a member: not of an app, of Slack itself or of Hark, and not missing."""
        return bool(_MEMBER.fullmatch(person.user_id)) and person.user_id not in (
            _SLACKBOT,
            self._workspace.bot_user_id,
        )

    def may_reveal(self, person: Person) -> bool:
        """Whether the person may see a conversation without redaction."""
        has = self.role_of(person)
        return has is Role.ADMIN or (has is not None and person.user_id in self._read_roles().reveal)

    def require_reveal(self, person: Person) -> None:
        """Raises:
        Denied: The person may not see a conversation without redaction.
        """
        self.require(Role.VIEWER, person)
        if not self.may_reveal(person):
            raise Denied(
                "This takes the role admin, or a place in roles.reveal: only they see what is redacted. "
                "Ask an admin of Hark."
            )

    def require(self, role: Role, person: Person) -> None:
        """Raises:
        Denied: The person has not got the role.
        """
        has = self.role_of(person)
        if has is None:
            raise Denied("Only members of this workspace with a role in Hark may do this. Ask an admin of Hark.")
        if has < role:
            raise Denied(
                f"This takes the role {role.name.lower()}; you are a {has.name.lower()}. Ask an admin of Hark."
            )


def person_in(body: Mapping[str, Any]) -> Person:
    """Who sent an interaction or a command."""
    user = body.get("user")
    if isinstance(user, dict):
        team = body.get("team")
        home = user.get("team_id") or (team.get("id") if isinstance(team, dict) else None)
        name = user.get("name") or user.get("username") or user.get("id", "")
        return Person(user_id=str(user.get("id", "")), name=str(name), team_id=home)
    return Person(
        user_id=str(body.get("user_id", "")),
        name=str(body.get("user_name") or body.get("user_id", "")),
        team_id=body.get("team_id"),
    )
