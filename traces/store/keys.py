"""Keys that let clients in: only a keyed hash of each is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, select, update

from traces.schema import keys
from traces.store.base import Part

Scope = Literal["ingest", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key as it is stored.

    ``scope`` ``ingest`` may send and read, ``read`` only read. ``application``: everything sent with it counts as of this
    application. ``digest`` is the HMAC-SHA256 of the key's secret. ``used_at`` is to within an hour.
    """

    key_id: str
    name: str
    scope: Scope
    digest: bytes
    created_at: datetime
    application: str | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Keys(Part):
    """Keys by id; a revoked one stays in the list."""

    def add(self, key: StoredKey) -> None:
        row = {field: getattr(key, field) for field in StoredKey.__slots__}
        self._connection.execute(self._insert(keys), {"workspace_id": self._workspace_id, **row})

    def every(self) -> list[StoredKey]:
        """All keys, the oldest first."""
        rows = self._connection.execute(
            select(keys).where(keys.c.workspace_id == self._workspace_id).order_by(keys.c.created_at, keys.c.key_id)
        )
        return [key_in(row) for row in rows]

    def revoke(self, key_id: str, at: datetime) -> bool:
        """Revoke a key; whether it was live."""
        result = self._connection.execute(
            update(keys)
            .where(keys.c.workspace_id == self._workspace_id, keys.c.key_id == key_id, keys.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        return result.rowcount == 1

    def used(self, key_ids: Sequence[str], at: datetime) -> None:
        """Note that keys were used."""
        if key_ids:
            self._connection.execute(
                update(keys)
                .where(keys.c.workspace_id == self._workspace_id, keys.c.key_id == bindparam("used_id"))
                .values(used_at=at),
                [{"used_id": key_id} for key_id in key_ids],
            )


def key_in(row: Any) -> StoredKey:
    """The key of a row."""
    return StoredKey(**{field: getattr(row, field) for field in StoredKey.__slots__})
