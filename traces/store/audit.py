"""Who changed what, when. Entries are only ever added."""

from __future__ import annotations

from sqlalchemy import insert, select

from traces import schema
from traces.model import AuditEntry
from traces.store.base import Part

_T = schema.audit


class Audit(Part):
    """The audit trail."""

    def add(self, entry: AuditEntry) -> None:
        row = {name: getattr(entry, name) for name in AuditEntry.__slots__}
        self._connection.execute(insert(_T), {"workspace_id": self._workspace_id, **row})

    def entries(self, subject: str | None = None) -> list[AuditEntry]:
        """Entries in the order in which they were made, of one subject or of all."""
        query = select(_T).where(_T.c.workspace_id == self._workspace_id).order_by(_T.c.entry_id)
        if subject is not None:
            query = query.where(_T.c.subject == subject)
        rows = self._connection.execute(query)
        return [AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__}) for row in rows]
