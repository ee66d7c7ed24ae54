"""The one place that reads across workspaces: which there are, and whose a key is. It changes nothing."""

from __future__ import annotations

from sqlalchemy import Connection, select

from traces.schema_installations import installations
from traces.store.installations import Installation, installation_in
from traces.store.keys import StoredKey, key_in, keys


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
