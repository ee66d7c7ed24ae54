"""Changes of settings that admins make in Slack: each is a version, a row of the audit trail, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.config.settings import Settings
from bot.settings.chosen import Chosen
from bot.settings.overlay import ROLES, standing
from bot.slack.access import Person
from bot.slack.blocks.tokens import ref_of
from traces.clock import Clock
from traces.errors import BadConfig, BadInput
from traces.model import AuditEntry, Json
from traces.store import Store, Tx
from traces.store.choices import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One setting that was made in Slack and holds: by whom, when, and what holds by it."""

    choice: Choice
    by: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.choice.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What an admin would set: the name, what is to hold (``None``: what the file says), the version that it was drawn up on.

    Version 0 is the file's.
    """

    name: str
    body: Mapping[str, Any] | None
    version: int


class SettingsDesk:
    """Reads and changes what is set in Slack."""

    def __init__(self, store: Store, clock: Clock, chosen: Chosen) -> None:
        self._store = store
        self._clock = clock
        self.chosen = chosen

    def made(self, tx: Tx) -> list[Made]:
        """What was set in Slack and holds, the latest change first."""
        names = tx.state.reviewer_names()
        current = [c for c in tx.choices.current().values() if c.body is not None]
        return [
            Made(choice=c, by=names.get(c.changed_by, c.changed_by), body=_held(c))
            for c in sorted(current, key=lambda c: (c.changed_at, c.name), reverse=True)
        ]

    def named(self, ref: str) -> str:
        """The setting that a button's value names.

        Raises:
            BadInput: None of that name was ever made in Slack.
        """
        with self._store.read() as tx:
            found = next((name for name in tx.choices.current() if ref_of(name) == ref), None)
        if found is None:
            raise BadInput("this was never changed in Slack")
        return found

    def version(self, tx: Tx, name: str) -> int:
        """How often a setting was changed in Slack."""
        latest = tx.choices.latest(name)
        return 0 if latest is None else latest.version

    def save(self, draft: Drafted, person: Person, request_key: str) -> bool:
        """Let a draft hold; whether it changed anything.

        Raises:
            BadInput: It cannot be taken, or somebody else has changed the setting since the draft was drawn up.
        """
        with self._store.begin() as tx:
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            settings = self._unchanged(tx, draft)
            try:
                after = self.chosen.drafted(tx, draft.name, _json(draft))
            except BadConfig as error:
                raise BadInput(error.mistakes[0]) from error
            if standing(after, draft.name) == standing(settings, draft.name):
                return False
            self._put(tx, draft, person, now, "settings.change", request_key, settings)
        self.chosen.read()
        return True

    def undo(self, name: str, version: int, person: Person, request_key: str) -> bool:
        """Bring back what held before the last change of a setting; doing so again brings back that change.

        Raises:
            BadInput: Somebody else has changed it since this version, it was never changed, or nobody would be an admin.
        """
        with self._store.begin() as tx:
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            history = tx.choices.history(name)
            if not history:
                raise BadInput("this was never changed in Slack")
            before = history[-2].body if len(history) > 1 else None
            draft = Drafted(name=name, body=before, version=version)
            settings = self._unchanged(tx, draft)
            if name == ROLES and before is None and not self.chosen.file.roles.admins:
                raise BadInput(
                    "hark.toml names no admin: nobody could change settings any more. Change the roles instead"
                )
            self._put(tx, draft, person, now, "settings.undo", request_key, settings)
        self.chosen.read()
        return True

    def _unchanged(self, tx: Tx, draft: Drafted) -> Settings:
        """The settings, where a draft is of what holds now."""
        latest = tx.choices.latest(draft.name)
        if (0 if latest is None else latest.version) != draft.version:
            raise BadInput(_overtaken(tx, latest))
        return self.chosen.refresh(tx)

    def _put(
        self,
        tx: Tx,
        draft: Drafted,
        person: Person,
        now: datetime,
        action: str,
        request_key: str,
        settings: Settings,
    ) -> None:
        body = _json(draft)
        choice = Choice(
            name=draft.name, version=draft.version + 1, body=body, changed_by=person.user_id, changed_at=now
        )
        before = standing(settings, draft.name)
        if not tx.choices.put(choice):
            raise BadInput(_overtaken(tx, tx.choices.latest(draft.name)))
        tx.state.name_reviewer(person.user_id, person.name)
        tx.audit.add(
            AuditEntry(
                at=now,
                actor=person.user_id,
                action=action,
                subject=f"setting:{draft.name}",
                before={"version": draft.version, **before},
                after={"version": choice.version, **(body if isinstance(body, dict) else {"as_in": "hark.toml"})},
                request_key=request_key,
            )
        )


def _json(draft: Drafted) -> Json:
    return None if draft.body is None else dict(draft.body)


def _held(choice: Choice) -> Mapping[str, Any]:
    return choice.body if isinstance(choice.body, Mapping) else {}


def _overtaken(tx: Tx, latest: Choice | None) -> str:
    if latest is None:
        return "this has changed meanwhile; look at it again"
    by = tx.state.reviewer_names().get(latest.changed_by, "somebody")
    return f"{by} has changed this meanwhile. Nothing was saved: close the window and look at it again"
