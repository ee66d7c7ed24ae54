"""The Slack workspace that a workspace of Hark's stands for: who installed it, its tokens under seal, where Hark posts.

What is sealed is written and read by ``bot.slack.installed``; nothing here can open it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update

from traces.schema import installations, spent_states
from traces.store.base import Part

_T = installations


class InstallationState(StrEnum):
    """``REMOVED``: Slack said that the app is gone from the workspace; its tokens were deleted."""

    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How Hark is installed in one Slack workspace.

    Attributes:
        team_id: Slack's id of the workspace.
        scopes: What the bot may do, separated by commas.
        installed_by: Slack's id of the person.
        sealed: The tokens, encrypted; empty once they were deleted.
        expires_at: When the bot's token does, where Slack rotates them.
        alerts_channel: Where alerts go; ``None`` until somebody has chosen.
        version: One more with each change.
    """

    team_id: str
    team_name: str
    installed_by: str
    installed_at: datetime
    sealed: bytes = field(repr=False)
    enterprise_id: str | None = None
    app_id: str | None = None
    bot_id: str | None = None
    bot_user_id: str | None = None
    scopes: str = ""
    state: InstallationState = InstallationState.ACTIVE
    expires_at: datetime | None = None
    alerts_channel: str | None = None
    review_channel: str | None = None
    version: int = 1

    @property
    def is_active(self) -> bool:
        return self.state is InstallationState.ACTIVE


class Installations(Part):
    """The installation of this workspace, if there is one."""

    def get(self) -> Installation | None:
        row = self._connection.execute(select(_T).where(self._mine())).first()
        return None if row is None else installation_in(row)

    def one_at_a_time(self) -> None:
        """Wait for others who change the installation, until this transaction ends; to be called before it is read."""
        self._one_at_a_time("installation")

    def put(self, installation: Installation) -> bool:
        """Store the first installation; whether there was none."""
        return self._insert_or_ignore(_T, _row(installation))

    def replace(self, installation: Installation, *, expecting: int) -> bool:
        """Store a change, unless somebody else has made another one since the version that was read; whether it was."""
        changed = update(_T).where(self._mine(), _T.c.version == expecting).values(**_row(installation))
        return self._connection.execute(changed).rowcount == 1

    def spend(self, digest: str, until_at: datetime, now: datetime) -> bool:
        """Use up what may be used once, of which ``digest`` is the SHA-256; whether it was not used before.

        It is remembered until ``until_at``, after which it must be worth nothing anyway.
        """
        is_mine = spent_states.c.workspace_id == self._workspace_id
        self._connection.execute(delete(spent_states).where(is_mine, spent_states.c.until_at < now))
        return self._insert_or_ignore(spent_states, {"digest": digest, "until_at": until_at})

    def _mine(self) -> Any:
        return _T.c.workspace_id == self._workspace_id


def installation_in(row: Any) -> Installation:
    """The installation of a row."""
    values = {name: getattr(row, name) for name in Installation.__slots__}
    return Installation(**{**values, "state": InstallationState(row.state)})


def _row(installation: Installation) -> dict[str, Any]:
    return {name: getattr(installation, name) for name in Installation.__slots__}
