"""Settings that admins made in Slack. Each change is a new version; one without a body leaves it to the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from traces.model import Json
from traces.schema import choices
from traces.store.base import Part

_T = choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One version of a setting.

    Attributes:
        name: What is set, such as ``roles`` or ``signals.refusal``.
        version: From 1, one more with each change.
        body: What was chosen; ``None`` where the settings file holds again.
        changed_by: A person's id.
    """

    name: str
    version: int
    body: Json
    changed_by: str
    changed_at: datetime


class Choices(Part):
    """Settings by name."""

    def put(self, choice: Choice) -> bool:
        """Store a version of a setting; false where somebody else has stored that version already."""
        return self._insert_or_ignore(_T, {name: getattr(choice, name) for name in Choice.__slots__})

    def current(self) -> dict[str, Choice]:
        """The latest version of every setting, by name, also of those that the file holds again."""
        rows = self._connection.execute(self._latest_versions(_T).order_by(_T.c.name))
        return {row.name: _choice(row) for row in rows}

    def latest(self, name: str) -> Choice | None:
        """The latest version of one setting; ``None`` where it was never made in Slack."""
        mine = (_T.c.workspace_id == self._workspace_id) & (_T.c.name == name)
        row = self._connection.execute(select(_T).where(mine).order_by(_T.c.version.desc()).limit(1)).first()
        return None if row is None else _choice(row)

    def history(self, name: str) -> list[Choice]:
        """Every version of a setting, oldest first."""
        mine = (_T.c.workspace_id == self._workspace_id) & (_T.c.name == name)
        return [_choice(row) for row in self._connection.execute(select(_T).where(mine).order_by(_T.c.version))]


def _choice(row: Any) -> Choice:
    return Choice(**{name: getattr(row, name) for name in Choice.__slots__})
