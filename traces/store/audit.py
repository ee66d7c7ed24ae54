"""Who changed what, when. Entries are only ever added, and each carries a digest of itself and the one before.

The database refuses to change or remove an entry; whoever gets round that breaks the chain, and ``broken`` says where.
Entries cut off at the end leave no gap: keep the last digest elsewhere where that matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row, func, insert, select

from traces import columns, schema
from traces.model import AuditEntry
from traces.store.base import Part

_T = schema.audit
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """An entry as it stands in the chain; ``digest`` is SHA-256 in hexadecimal."""

    number: int
    entry: AuditEntry
    digest: str


class Audit(Part):
    """The audit trail."""

    def add(self, entry: AuditEntry) -> None:
        self._one_at_a_time("audit")
        last = self._connection.execute(
            select(_T.c.digest).where(self._mine()).order_by(_T.c.entry_id.desc()).limit(1)
        ).scalar_one_or_none()
        row = {name: getattr(entry, name) for name in AuditEntry.__slots__}
        self._connection.execute(
            insert(_T), {"workspace_id": self._workspace_id, **row, "digest": digest_of(entry, last or "")}
        )

    def entries(self, subject: str | None = None) -> list[AuditEntry]:
        """Entries in the order in which they were made, of one subject or of all."""
        query = select(_T).where(self._mine()).order_by(_T.c.entry_id)
        if subject is not None:
            query = query.where(_T.c.subject == subject)
        return [_entry(row) for row in self._connection.execute(query)]

    def chain(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Chained]:
        """Every entry with its digest, in order; of a time from ``since`` to before ``until``."""
        query = select(_T).where(self._mine()).order_by(_T.c.entry_id).limit(_BATCH)
        if since is not None:
            query = query.where(_T.c.at >= since)
        if until is not None:
            query = query.where(_T.c.at < until)
        after = 0
        # Page by page, so that a reader who stops in the middle leaves nothing open.
        while rows := self._connection.execute(query.where(_T.c.entry_id > after)).all():
            for row in rows:
                yield Chained(number=row.entry_id, entry=_entry(row), digest=row.digest or "")
            after = rows[-1].entry_id

    def count(self) -> int:
        """How many entries there are."""
        return self._connection.execute(select(func.count()).select_from(_T).where(self._mine())).scalar_one()

    def broken(self) -> int | None:
        """The number of the first entry that is not what was written, or that follows a missing one; ``None`` if none."""
        last = ""
        for link in self.chain():
            if digest_of(link.entry, last) != link.digest:
                return link.number
            last = link.digest
        return None

    def _mine(self) -> Any:
        return _T.c.workspace_id == self._workspace_id


def digest_of(entry: AuditEntry, before: str) -> str:
    """The digest of an entry after one whose digest is ``before``; empty for the first."""
    written = [
        before,
        columns.microseconds(entry.at),
        entry.actor,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
        entry.request_key,
    ]
    return sha256(orjson.dumps(written, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})
