"""What came from each source, by the hour: enough for its rate, its errors and how long it is usually silent.

One row stands for an hour of one source, and is added to: several processes that take in the same source add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import BigInteger, Column, and_, delete, func, select, type_coerce

from traces import schema
from traces.store.base import Part, insert_of
from traces.store.rollups import HOUR_S, bucket_start

SourceKind: TypeAlias = Literal["poll", "push", "file", "application"]
"""A trace store that is polled, a client that sends, a file that was read; or an application, whoever tells of it."""

_A = schema.arrivals
_ADDED: Final = ("traces", "spans", "rejected", "failures")
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What came from a source at one moment, or was refused.

    Attributes:
        at: When it came.
        seen_at: What the source's lag counts from: of a polled store when its newest trace began, of a client when it
            sent; ``None`` when nothing was taken.
        trace_at: When the newest trace of it began; ``None`` without any.
        traces: Traces or conversations that were not known before.
        spans: Spans that were taken.
        rejected: Things in what was taken that could not be read.
        failures: Requests that were refused, or polls that failed.
        reason: Why the last of the rejected or refused was.
    """

    kind: SourceKind
    source: str
    at: datetime
    seen_at: datetime | None = None
    trace_at: datetime | None = None
    traces: int = 0
    spans: int = 0
    rejected: int = 0
    failures: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalHour:
    """One hour of a source: ``Arrival`` summed up, from ``first_at`` on.

    ``longest`` is the largest lag that an arrival within the hour ended, counted from an earlier one in the same hour.
    ``reason_at`` is when ``reason`` was the reason.
    """

    kind: SourceKind
    source: str
    bucket_at: datetime
    first_at: datetime | None
    seen_at: datetime | None
    trace_at: datetime | None
    longest: timedelta
    traces: int
    spans: int
    rejected: int
    failures: int
    reason: str | None
    reason_at: datetime | None


_AS_STORED: Final = tuple(name for name in ArrivalHour.__slots__ if name != "longest")


class Arrivals(Part):
    """Hours by kind of source, source and time."""

    def note(self, arrivals: Sequence[Arrival]) -> None:
        """Add what came to its hours."""
        if arrivals:
            rows = [self._row(a) for a in sorted(arrivals, key=lambda a: (a.kind, a.source, a.at))]
            self._connection.execute(_addition(self._connection.dialect.name), rows)

    def _row(self, arrival: Arrival) -> dict[str, Any]:
        return {
            "workspace_id": self._workspace_id,
            "kind": arrival.kind,
            "source": arrival.source,
            "bucket_at": bucket_start(arrival.at, HOUR_S),
            "first_at": None if arrival.seen_at is None else arrival.at,
            # What is dated in the future would hide every silence until then.
            "seen_at": None if arrival.seen_at is None else min(arrival.seen_at, arrival.at),
            "trace_at": None if arrival.trace_at is None else min(arrival.trace_at, arrival.at),
            "longest_us": 0,
            "reason": arrival.reason,
            "reason_at": None if arrival.reason is None else arrival.at,
            **{name: getattr(arrival, name) for name in _ADDED},
        }

    def hours(self, since: datetime) -> list[ArrivalHour]:
        """The hours from ``since`` on and the last one of each source before, by source, in order of time."""
        before = and_(_A.c.workspace_id == self._workspace_id, _A.c.bucket_at < since)
        last = (
            select(_A.c.kind, _A.c.source, func.max(_A.c.bucket_at).label("bucket_at"))
            .where(before)
            .group_by(_A.c.kind, _A.c.source)
            .subquery()
        )
        is_last = and_(*(_A.c[name] == last.c[name] for name in ("kind", "source", "bucket_at")))
        older = self._connection.execute(select(_A).join(last, is_last).where(before)).fetchall()
        recent = self._connection.execute(
            select(_A).where(_A.c.workspace_id == self._workspace_id, _A.c.bucket_at >= since)
        )
        found = [_hour(row) for row in (*older, *recent)]
        return sorted(found, key=lambda hour: (hour.kind, hour.source, hour.bucket_at))

    def names(self) -> set[tuple[SourceKind, str]]:
        """Every source that anything is known of."""
        rows = self._connection.execute(
            select(_A.c.kind, _A.c.source).where(_A.c.workspace_id == self._workspace_id).distinct()
        )
        return {(row.kind, row.source) for row in rows}

    def trim(self, before: datetime) -> None:
        """Forget the hours before a time, but for the last one of each client and store; of files, all of them."""
        later = _A.alias("later")
        has_later = (
            select(later.c.source)
            .where(
                later.c.workspace_id == _A.c.workspace_id,
                later.c.kind == _A.c.kind,
                later.c.source == _A.c.source,
                later.c.bucket_at > _A.c.bucket_at,
            )
            .exists()
        )
        mine = and_(_A.c.workspace_id == self._workspace_id, _A.c.bucket_at < before)
        self._connection.execute(delete(_A).where(mine, has_later | (_A.c.kind == "file")))

    def forget(self, source: str) -> int:
        """Forget a client or a file of this name; returns how many hours were known of it."""
        gone = delete(_A).where(
            _A.c.workspace_id == self._workspace_id, _A.c.source == source, _A.c.kind.in_(("push", "file"))
        )
        return self._connection.execute(gone).rowcount


@lru_cache(maxsize=4)
def _addition(dialect: str) -> Any:
    """An insert that adds to the hour where it is there already."""
    insert = insert_of(_A, dialect)
    least, most = (func.least, func.greatest) if dialect == "postgresql" else (func.min, func.max)
    new = insert.excluded

    def of_both(pick: Any, column: Column[Any]) -> Any:
        # SQLite's min and max of two values are nothing when one of them is.
        return pick(func.coalesce(column, new[column.name]), func.coalesce(new[column.name], column))

    lag = type_coerce(new.first_at, BigInteger) - type_coerce(_A.c.seen_at, BigInteger)
    return insert.on_conflict_do_update(
        index_elements=[column.name for column in _A.primary_key],
        set_={
            "first_at": of_both(least, _A.c.first_at),
            "seen_at": of_both(most, _A.c.seen_at),
            "trace_at": of_both(most, _A.c.trace_at),
            "longest_us": most(_A.c.longest_us, func.coalesce(lag, 0)),
            "reason": func.coalesce(new.reason, _A.c.reason),
            "reason_at": func.coalesce(new.reason_at, _A.c.reason_at),
            **{name: _A.c[name] + new[name] for name in _ADDED},
        },
    )


def _hour(row: Any) -> ArrivalHour:
    fields = {name: getattr(row, name) for name in _AS_STORED}
    return ArrivalHour(longest=row.longest_us * _MICROSECOND, **fields)
