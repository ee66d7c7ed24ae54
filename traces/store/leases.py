"""Leases: of what there may be one, such as detection, one process does, until it lets go or its time is over.

Times here are the database's, since the clocks of machines differ. Each time that a lease changes hands its token
rises: a holder that was away for longer than its lease, and does not know it, writes under a token that is out of date, and
is refused (Kleppmann, "How to do distributed locking", 2016, on fencing).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, select, type_coerce, update

from traces import columns
from traces.schema import leases
from traces.store.base import Part

_UNTIL = type_coerce(leases.c.until_at, BigInteger)
_NEVER = columns.time_of(0)
_IDLE = "12s"
"""A fenced transaction that does nothing for so long is ended: a process that stands still must not keep others away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds a lease under which token. By the database's clock it is held until ``until_at``."""

    name: str
    holder: str
    token: int
    until_at: datetime


class Leases(Part):
    """Leases by name."""

    def keep(self, names: Collection[str], holder: str, term: timedelta) -> dict[str, int]:
        """Renew the leases that ``holder`` has, and take those that are free, for ``term`` from now.

        Returns:
            By name the token of each lease that is now the holder's. A token that has changed says that the lease was lost
            in the meantime, even where nobody else has held it.
        """
        if not names:
            return {}
        mine = (leases.c.workspace_id == self._workspace_id) & leases.c.name.in_(names)
        kept = self._set(mine & (leases.c.holder == holder) & (self._now < _UNTIL), holder, term)
        if len(kept) == len(names):
            return kept
        known = set(self._connection.execute(select(leases.c.name).where(mine)).scalars())
        for name in sorted(set(names) - known):
            self._insert_or_ignore(leases, {"name": name, "holder": "", "token": 0, "until_at": _NEVER})
        # A lease under which somebody is writing this very moment is left to them until they have.
        free = select(leases.c.name).where(mine, self._now >= _UNTIL).with_for_update(skip_locked=True)
        found = self._connection.execute(free).scalars().all()
        return kept | self._set(mine & leases.c.name.in_(found), holder, term, is_taken=True)

    def _set(
        self, which: ColumnElement[bool], holder: str, term: timedelta, *, is_taken: bool = False
    ) -> dict[str, int]:
        values: dict[Any, Any] = {leases.c.until_at: self._now + columns.microseconds(_NEVER + term)}
        if is_taken:
            values |= {leases.c.holder: holder, leases.c.token: leases.c.token + 1}
        changed = update(leases).where(which).values(values).returning(leases.c.name, leases.c.token)
        return {row.name: row.token for row in self._connection.execute(changed)}

    def release(self, holder: str) -> None:
        """Let go of everything that ``holder`` has, so that others need not wait until its time is over."""
        self._connection.execute(
            update(leases)
            .where(leases.c.workspace_id == self._workspace_id, leases.c.holder == holder)
            .values(until_at=_NEVER)
        )

    def stands(self, name: str, token: int) -> bool:
        """Whether a lease is still held under this token; if so nobody else takes it before this transaction has ended."""
        if self._is_postgresql:
            self._connection.execute(select(*self._ends_when_left(_IDLE)))
        # A key-share lock lets the holder renew the lease meanwhile, and keeps others from taking it.
        found = select(leases.c.name).where(
            leases.c.workspace_id == self._workspace_id,
            leases.c.name == name,
            leases.c.token == token,
            self._now < _UNTIL,
        )
        return self._connection.execute(found.with_for_update(read=True, key_share=True)).first() is not None

    def every(self) -> list[Lease]:
        """The leases that are held, by name."""
        rows = self._connection.execute(
            select(leases)
            .where(leases.c.workspace_id == self._workspace_id, self._now < _UNTIL)
            .order_by(leases.c.name)
        )
        return [Lease(name=row.name, holder=row.holder, token=row.token, until_at=row.until_at) for row in rows]
