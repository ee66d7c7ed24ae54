"""Which polled store each trace came from, and how those stores are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from traces import schema
from traces.store.base import Part

_T = schema.trace_origins
_H = schema.source_health


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A trace as a source knows it.

    Attributes:
        target: The store's own id of what a label on the trace is written at; ``None`` where it is not known yet.
        at: When the newest span began that the source has told of the trace.
    """

    trace_id: str
    source: str
    target: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How polling a source goes.

    Attributes:
        failures: Polls that failed since one last succeeded.
        not_before: Before this the source asked not to be polled again.
        refused: How many things of the last page could not be read; ``reason`` is why the first could not.
    """

    name: str
    failures: int = 0
    not_before: datetime | None = None
    refused: int = 0
    reason: str | None = None


class Origins(Part):
    """Traces by source."""

    def put(self, origins: Sequence[Origin]) -> None:
        """Note where traces came from; a target that is known and a newer time stay."""
        known = [self._row(o) for o in origins if o.target is not None]
        unknown = [self._row(o) for o in origins if o.target is None]
        for rows, update in ((known, ("target", "at")), (unknown, ("at",))):
            if rows:
                insert = self._insert(_T)
                later = (func.greatest if self._is_postgresql else func.max)(_T.c.at, insert.excluded.at)
                changed = {"at": later} | ({"target": insert.excluded.target} if "target" in update else {})
                key = ["workspace_id", "trace_id", "source"]
                self._connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changed), rows)

    def _row(self, origin: Origin) -> dict[str, Any]:
        row = {name: getattr(origin, name) for name in Origin.__slots__}
        return {"workspace_id": self._workspace_id, **row}

    def newest(self) -> dict[str, datetime]:
        """When the newest span began that each source has told of."""
        rows = self._connection.execute(
            select(_T.c.source, func.max(_T.c.at).label("at"))
            .where(_T.c.workspace_id == self._workspace_id)
            .group_by(_T.c.source)
        )
        return {row.source: row.at for row in rows}

    def counts(self, since: datetime) -> dict[str, int]:
        """How many traces of each source began since then."""
        rows = self._connection.execute(
            select(_T.c.source, func.count().label("traces"))
            .where(_T.c.workspace_id == self._workspace_id, _T.c.at >= since)
            .group_by(_T.c.source)
        )
        return {row.source: row.traces for row in rows}

    def targets(self, trace_ids: Sequence[str]) -> Mapping[tuple[str, str], str | None]:
        """By source and trace id, what a label is written at."""
        rows = self._connection.execute(
            select(_T.c.source, _T.c.trace_id, _T.c.target).where(
                _T.c.workspace_id == self._workspace_id, _T.c.trace_id.in_(trace_ids)
            )
        )
        return {(row.source, row.trace_id): row.target for row in rows}

    def health(self, name: str) -> SourceHealth:
        row = self._connection.execute(
            select(_H).where(_H.c.workspace_id == self._workspace_id, _H.c.name == name)
        ).first()
        return SourceHealth(name=name) if row is None else SourceHealth(**_fields(row))

    def put_health(self, health: SourceHealth) -> None:
        row = {name: getattr(health, name) for name in SourceHealth.__slots__}
        self._upsert(_H, [row], update=["failures", "not_before", "refused", "reason"])


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SourceHealth.__slots__}
