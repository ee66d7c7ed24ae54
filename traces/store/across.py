"""The one place that reads across workspaces: which there are, whose a key is, how the database is. It changes nothing."""

from __future__ import annotations

from sqlalchemy import Connection, select

from traces.schema import installations, keys
from traces.store.installations import Installation, installation_in
from traces.store.keys import StoredKey, key_in
from traces.store.soundness import damaged_indexes, homeless, invalid_indexes


class Across:
    """What a process has to know before it knows for which workspace it works."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def installations(self) -> dict[str, Installation]:
        """Every installation by the id of its workspace, the oldest first."""
        rows = self._connection.execute(
            select(installations).order_by(installations.c.installed_at, installations.c.workspace_id)
        )
        return {row.workspace_id: installation_in(row) for row in rows}

    def keys(self) -> list[tuple[str, StoredKey]]:
        """Every key after the id of the workspace that it belongs to, the oldest first."""
        rows = self._connection.execute(select(keys).order_by(keys.c.created_at, keys.c.key_id))
        return [(row.workspace_id, key_in(row)) for row in rows]

    def homeless(self) -> dict[str, list[str]]:
        """By table, the ids of conversations that are not there although rows of the table belong to them."""
        return homeless(self._connection)

    def invalid_indexes(self) -> list[str]:
        """The indexes of a PostgreSQL that it leaves unused, since they were not built to the end."""
        return invalid_indexes(self._connection)

    def damaged_indexes(self) -> dict[str, str]:
        """By index of a PostgreSQL, what is wrong with what stands in it; every index and its table are read whole.

        Raises:
            NotLookedInto: It takes the extension amcheck, and a user who may use it.
        """
        return damaged_indexes(self._connection)
