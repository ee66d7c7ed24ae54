"""Where Hark posts in a workspace that has installed it, and what becomes of it when the workspace removes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.slack.access import Access, Person, Role
from bot.slack.blocks.setup import Places
from bot.slack.installed import SealedInstallations
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store, Tx


class Setup:
    """What a workspace decides by itself.

    Args:
        store: Bound to the workspace.
        clock: Tells the time.
        access: The roles of people.
        installed: Where its installation is; ``None`` for the workspace whose token the environment holds.
        team_id: Slack's id of the workspace; empty for that one.
    """

    def __init__(
        self, store: Store, clock: Clock, access: Access, installed: SealedInstallations | None, team_id: str
    ) -> None:
        self._store = store
        self._clock = clock
        self._access = access
        self._installed = installed
        self._team_id = team_id

    def places(self, person: Person) -> Places | None:
        """Where Hark posts, for a person; ``None`` where the settings file says it."""
        if self._installed is None:
            return None
        with self._store.read() as tx:
            found = tx.installations.get()
        if found is None:
            return None
        may_choose = self._access.role_of(person) is Role.ADMIN
        return Places(alerts=found.alerts_channel, review=found.review_channel, may_choose=may_choose)

    def required_places(self, person: Person) -> Places:
        """The same, for who is about to choose.

        Raises:
            BadInput: The settings file says it.
        """
        if (places := self.places(person)) is None:
            raise BadInput(
                "Here the channels are a setting: [slack] alerts_channel and review_channel in hark.toml, "
                "or HARK_ALERTS_CHANNEL and HARK_REVIEW_CHANNEL."
            )
        return places

    def choose(self, alerts: str, review: str, person: Person, request_key: str) -> bool:
        """Post to these channels from now on; whether that is a change.

        Raises:
            BadInput: The settings file says where.
        """
        self.required_places(person)
        with self._store.begin() as tx:
            is_change = tx.state.first_time(request_key, self._clock.now()) and self._put(tx, alerts, review, person)
        if is_change and self._installed is not None:
            self._installed.changed()
        return is_change

    def leave(self, team_id: str, why: str, before: datetime | None) -> bool:
        """Delete the tokens of the workspace that has removed Hark; whether there were any.

        Args:
            team_id: Which workspace Slack says it was: another one's is left alone.
            why: Slack's word for it.
            before: An installation that was made since then is a new one, and stays.
        """
        if self._installed is None or team_id != self._team_id:
            return False
        return self._installed.remove(team_id, why, before)

    def _put(self, tx: Tx, alerts: str, review: str, person: Person) -> bool:
        tx.installations.one_at_a_time()
        found = tx.installations.get()
        if found is None or (found.alerts_channel, found.review_channel) == (alerts, review):
            return False
        chosen = replace(found, alerts_channel=alerts, review_channel=review, version=found.version + 1)
        tx.installations.replace(chosen, expecting=found.version)
        tx.state.name_reviewer(person.user_id, person.name)
        tx.audit.add(
            AuditEntry(
                at=self._clock.now(),
                actor=person.user_id,
                action="workspace.channels",
                subject=f"workspace:{self._team_id}",
                before={"alerts": found.alerts_channel, "review": found.review_channel},
                after={"alerts": alerts, "review": review},
            )
        )
        return True
