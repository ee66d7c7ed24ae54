"""Rollups: what each bucket holds of each signal in each segment, kept exact while conversations change.

A conversation's contribution (its fact) is stored beside the rollups. When the conversation changes, the old
contribution is taken away and the new one added in one transaction, so that a rollup always equals the sum over the
conversations that it stands for, whatever arrives late, twice or corrected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import orjson
from sqlalchemy import ColumnElement, Text, delete, select, true, type_coerce

from traces import schema
from traces.histogram import Rollup
from traces.model import EVERYTHING, Segment
from traces.store.base import Part, chunks
from traces.store.bodies import (
    EMPTY,
    Body,
    bodies_of,
    body_json,
    body_of,
    contribution,
    merged,
    reader_of,
    summed,
    total_of,
)
from traces.store.facts import (
    BASE_S,
    DAY_S,
    HOUR_S,
    RESOLUTIONS_S,
    Fact,
    bucket_start,
    fact_json,
    fact_of,
    segment_key,
    segment_of,
    signals_alike,
)

__all__ = [
    "BASE_S",
    "DAY_S",
    "HOUR_S",
    "RESOLUTIONS_S",
    "Fact",
    "Rollups",
    "bucket_start",
    "segment_key",
    "segment_of",
]

_T = schema.rollups
_WRITTEN = type_coerce(schema.rollups.c.body, Text).label("written")
_F = schema.facts
_ALMOST_A_DAY = timedelta(seconds=DAY_S - 1)

_Key: TypeAlias = tuple[int, str, datetime]
_Parts: TypeAlias = dict[_Key, list[Body]]


class Rollups(Part):
    """Counts, sums and histograms by resolution, segment and bucket."""

    def one_at_a_time(self) -> None:
        """Wait for others who bring rollups in line with scores, until this transaction ends; then read scores anew."""
        self._one_at_a_time("rollups")

    def record(self, facts: Sequence[Fact]) -> datetime | None:
        """Replace the contributions of these conversations; returns the oldest hour that changed by it."""
        return min(self.record_by_signal(facts).values(), default=None)

    def record_by_signal(self, facts: Sequence[Fact]) -> dict[str, datetime]:
        """As ``record``; returns the signals that changed by it, each with its oldest hour that did."""
        self._one_at_a_time("rollups")
        latest = {fact.conversation_id: fact for fact in facts}
        standing = {fact.conversation_id: fact for fact in self._facts(latest)}
        parts: _Parts = defaultdict(list)
        for conversation_id, new in latest.items():
            old = standing.get(conversation_id)
            # What is the same before and after is most of it where a single score has come.
            same = set() if old is None else signals_alike(old, new)
            if old is not None:
                _collect(parts, old, times=-1, besides=same)
            _collect(parts, new, times=1, besides=same)
        changes = _summed(parts)
        self._apply(changes)
        rows = [
            {"conversation_id": f.conversation_id, "bucket_at": bucket_start(f.at, BASE_S), "body": fact_json(f)}
            for f in latest.values()
        ]
        self._upsert(_F, rows, update=["bucket_at", "body"])
        return _oldest_hours(changes)

    def withdraw(self, conversation_ids: Iterable[str]) -> datetime | None:
        """Take the contributions of conversations away; returns the oldest hour that changed by it."""
        ids = list(conversation_ids)
        if not ids:
            return None
        self._one_at_a_time("rollups")
        parts: _Parts = defaultdict(list)
        for old in self._facts(ids):
            _collect(parts, old, times=-1)
        changes = _summed(parts)
        self._apply(changes)
        for chunk in chunks(ids):
            self._connection.execute(
                delete(_F).where(_F.c.workspace_id == self._workspace_id, _F.c.conversation_id.in_(chunk))
            )
        return min(_oldest_hours(changes).values(), default=None)

    def _facts(self, conversation_ids: Iterable[str]) -> Iterator[Fact]:
        for chunk in chunks(conversation_ids):
            wanted = (_F.c.workspace_id == self._workspace_id, _F.c.conversation_id.in_(chunk))
            rows = self._connection.execute(select(_F.c.conversation_id, _F.c.body).where(*wanted)).fetchall()
            yield from map(fact_of, rows)

    def facts_of(self, conversation_ids: Iterable[str]) -> list[Fact]:
        """The facts of these conversations, in no order; of one that has none, nothing."""
        return list(self._facts(conversation_ids))

    def facts_between(self, start: datetime, end: datetime, limit: int) -> list[Fact]:
        """The facts of the newest ``limit`` conversations whose bucket starts in ``[start, end)``, newest first."""
        rows = self._connection.execute(
            select(_F.c.conversation_id, _F.c.body)
            .where(_F.c.workspace_id == self._workspace_id, _F.c.bucket_at >= start, _F.c.bucket_at < end)
            .order_by(_F.c.bucket_at.desc(), _F.c.conversation_id)
            .limit(limit)
        )
        return [fact_of(row) for row in rows]

    def facts_among(self, segments: Sequence[Segment], start: datetime, end: datetime, limit: int) -> list[Fact]:
        """As ``facts_between``, of the conversations that are in all of these segments."""
        # Narrows what has to be read; SQLite does not tell upper from lower case here.
        holds = [type_coerce(_F.c.body, Text).contains(f'"{segment_key(s)}"', autoescape=True) for s in segments]
        found: list[Fact] = []
        rows = self._connection.execute(
            select(_F.c.conversation_id, _F.c.body)
            .where(_F.c.workspace_id == self._workspace_id, _F.c.bucket_at >= start, _F.c.bucket_at < end, *holds)
            .order_by(_F.c.bucket_at.desc(), _F.c.conversation_id)
        )
        for row in rows:
            if len(found) >= limit:
                break
            fact = fact_of(row)
            if fact.at < end and all(segment in fact.segments for segment in segments):
                found.append(fact)
        rows.close()
        return found

    def _apply(self, changes: Mapping[_Key, Body]) -> None:
        rows = []
        for resolution_s in RESOLUTIONS_S:
            touched = {key: body for key, body in changes.items() if key[0] == resolution_s}
            stored = self._stored(resolution_s, touched)
            for key, body in touched.items():
                held = stored.get(key)
                written = body_json(body) if held is None else merged(held, body)
                rows.append({"resolution_s": key[0], "segment": key[1], "bucket_at": key[2], "body": written})
        self._upsert(_T, rows, update=["body"])

    def _stored(self, resolution_s: int, keys: Iterable[_Key]) -> dict[_Key, dict[str, Any]]:
        by_bucket: dict[datetime, set[str]] = defaultdict(set)
        for _, segment, bucket_at in keys:
            by_bucket[bucket_at].add(segment)
        found: dict[_Key, dict[str, Any]] = {}
        for buckets in chunks(sorted(by_bucket)):
            wanted = set().union(*(by_bucket[b] for b in buckets))
            rows = self._connection.execute(
                select(_T.c.segment, _T.c.bucket_at, _WRITTEN).where(
                    self._mine(resolution_s), _T.c.bucket_at.in_(buckets)
                )
            )
            for segment, bucket_at, body in rows:
                if segment in wanted and segment in by_bucket[bucket_at]:
                    found[resolution_s, segment, bucket_at] = orjson.loads(body)
        return found

    def series(
        self, signal: str, segment: Segment, *, since: datetime, until: datetime, resolution_s: int
    ) -> list[tuple[datetime, Rollup]]:
        """The buckets of one signal in one segment that start in ``[since, until)``; empty buckets are left out."""
        rows = self._connection.execute(
            select(_T.c.bucket_at, _WRITTEN)
            .where(
                self._mine(resolution_s),
                _T.c.segment == segment_key(segment),
                _T.c.bucket_at >= since,
                _T.c.bucket_at < until,
            )
            .order_by(_T.c.bucket_at)
        )
        read = reader_of(signal)
        return [(at, rollup) for at, body in rows if (rollup := read(body)) is not None]

    def every_series(
        self, segment: Segment, *, since: datetime, until: datetime, resolution_s: int
    ) -> dict[str, list[tuple[datetime, Rollup]]]:
        """What ``series`` tells, of every signal, read at once."""
        rows = self._connection.execute(
            select(_T.c.bucket_at, _T.c.body)
            .where(
                self._mine(resolution_s),
                _T.c.segment == segment_key(segment),
                _T.c.bucket_at >= since,
                _T.c.bucket_at < until,
            )
            .order_by(_T.c.bucket_at)
        )
        found: dict[str, list[tuple[datetime, Rollup]]] = defaultdict(list)
        for at, body in rows:
            for signal, rollup in body_of(body).items():
                if rollup.n:
                    found[signal].append((at, rollup))
        return dict(found)

    def parts(
        self, key: str, signals: Collection[str], *, since: datetime, until: datetime, resolution_s: int
    ) -> dict[Segment, dict[str, list[tuple[datetime, Rollup]]]]:
        """What ``series`` tells, of some signals in every one-key segment of ``key``, read at once."""
        found: dict[Segment, dict[str, list[tuple[datetime, Rollup]]]] = {}
        readers = {signal: reader_of(signal) for signal in signals}
        for segment, at, body in self._parts(key, since, until, resolution_s):
            for signal, read in readers.items():
                if (rollup := read(body)) is not None:
                    of_segment = found.setdefault(segment, defaultdict(list))
                    of_segment[signal].append((at, rollup))
        return {segment: dict(series) for segment, series in found.items()}

    def totals(self, key: str, signal: str, *, since: datetime, until: datetime) -> dict[Segment, Rollup]:
        """What a signal adds up to in every one-key segment of ``key``, between two full hours; empty ones are left out.

        Days are read where they are whole, and hours before and after them.
        """
        begin, end = bucket_start(since + _ALMOST_A_DAY, DAY_S), bucket_start(until, DAY_S)
        if begin < end:
            spans = [(since, begin, HOUR_S), (begin, end, DAY_S), (end, until, HOUR_S)]
        else:
            spans = [(since, until, HOUR_S)]
        written: dict[Segment, list[str]] = defaultdict(list)
        for span in spans:
            for segment, _, body in self._parts(key, *span) if span[0] < span[1] else ():
                written[segment].append(body)
        found = ((segment, summed(signal, bodies)) for segment, bodies in written.items())
        return {segment: rollup for segment, rollup in found if rollup.n}

    def _parts(
        self, key: str, since: datetime, until: datetime, resolution_s: int
    ) -> Iterator[tuple[Segment, datetime, str]]:
        """The bodies, as they are written, of every one-key segment of ``key``."""
        beginning = urlencode({key: ""})
        rows = self._connection.execute(
            select(_T.c.segment, _T.c.bucket_at, _WRITTEN)
            .where(
                self._mine(resolution_s),
                _T.c.segment.startswith(beginning, autoescape=True),
                # Said again for SQLite, which finds a beginning by its range only.
                _T.c.segment >= beginning if not self._is_postgresql else true(),
                _T.c.segment < f"{beginning[:-1]}>" if not self._is_postgresql else true(),
                _T.c.bucket_at >= since,
                _T.c.bucket_at < until,
            )
            .order_by(_T.c.segment, _T.c.bucket_at)
        )
        for written, at, body in rows:
            segment = segment_of(written)
            if [k for k, _ in segment.pairs] == [key]:
                yield segment, at, body

    def buckets(
        self, *, since: datetime, until: datetime, resolution_s: int, only: Collection[str] | None = None
    ) -> Iterator[tuple[datetime, Segment, dict[str, Rollup]]]:
        """Every bucket that holds anything and starts in ``[since, until)``, of every segment, in order of time.

        With ``only`` the others of its signals are left out.
        """
        rows = self._connection.execute(
            select(_T.c.bucket_at, _T.c.segment, _WRITTEN)
            .where(self._mine(resolution_s), _T.c.bucket_at >= since, _T.c.bucket_at < until)
            .order_by(_T.c.bucket_at, _T.c.segment)
        )
        read = bodies_of(only)
        for at, segment, body in rows:
            if body != EMPTY:
                yield at, segment_of(segment), read(body)

    def whole(
        self, segment: Segment, *, since: datetime, until: datetime, resolution_s: int
    ) -> list[tuple[datetime, dict[str, Rollup]]]:
        """The buckets of one segment that start in ``[since, until)``, with all signals, in order of time."""
        rows = self._connection.execute(
            select(_T.c.bucket_at, _T.c.body)
            .where(
                self._mine(resolution_s),
                _T.c.segment == segment_key(segment),
                _T.c.bucket_at >= since,
                _T.c.bucket_at < until,
            )
            .order_by(_T.c.bucket_at)
        )
        return [(at, body_of(body)) for at, body in rows]

    def signals(self, *, since: datetime, until: datetime) -> set[str]:
        """The signals that any conversation contributed to in the days touched by ``[since, until)``."""
        rows = self._connection.execute(
            select(_T.c.body).where(
                self._mine(DAY_S),
                _T.c.segment == segment_key(EVERYTHING),
                _T.c.bucket_at >= bucket_start(since, DAY_S),
                _T.c.bucket_at < until,
            )
        )
        return {signal for row in rows for signal in row.body}

    def last_day(self, signal: str) -> datetime | None:
        """The start of the newest day in which any conversation contributed to a signal."""
        rows = self._connection.execute(
            select(_T.c.bucket_at, _T.c.body)
            .where(self._mine(DAY_S), _T.c.segment == segment_key(EVERYTHING))
            .order_by(_T.c.bucket_at.desc())
        )
        return next((at for at, body in rows if signal in body and body[signal]["n"]), None)

    def first_bucket(self, resolution_s: int) -> datetime | None:
        row = self._connection.execute(
            select(_T.c.bucket_at)
            .where(self._mine(resolution_s), _T.c.segment == segment_key(EVERYTHING))
            .order_by(_T.c.bucket_at)
            .limit(1)
        ).first()
        return None if row is None else row.bucket_at

    def segments_with(self, key: str, *, since: datetime, until: datetime) -> list[Segment]:
        """The one-key segments of ``key`` that hold anything in the days touched by ``[since, until)``."""
        rows = self._connection.execute(
            select(_T.c.segment)
            .where(
                self._mine(DAY_S),
                _T.c.segment.startswith(f"{urlencode({key: ''})}", autoescape=True),
                _T.c.bucket_at >= bucket_start(since, DAY_S),
                _T.c.bucket_at < until,
            )
            .distinct()
            .order_by(_T.c.segment)
        )
        found = [segment_of(row.segment) for row in rows]
        return [segment for segment in found if len(segment.pairs) == 1 and segment.pairs[0][0] == key]

    def _mine(self, resolution_s: int) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & (_T.c.resolution_s == resolution_s)


def _collect(parts: _Parts, fact: Fact, times: int, besides: Collection[str] = ()) -> None:
    """Add a fact, ``besides`` some signals, to what its finest buckets are summed from."""
    body = {signal: contribution(values, times) for signal, values in fact.values.items() if signal not in besides}
    if not body:
        return
    bucket_at = bucket_start(fact.at, BASE_S)
    for segment in fact.segments:
        parts[BASE_S, segment_key(segment), bucket_at].append(body)


def _summed(finest: _Parts) -> dict[_Key, Body]:
    """The changes of the finest buckets with those of the coarser ones, each summed up from the next finer."""
    changes = level = {key: total_of(bodies) for key, bodies in finest.items()}
    for resolution_s in RESOLUTIONS_S[1:]:
        coarser: _Parts = defaultdict(list)
        for (_, segment, bucket_at), body in level.items():
            coarser[resolution_s, segment, bucket_start(bucket_at, resolution_s)].append(body)
        level = {key: total_of(bodies) for key, bodies in coarser.items()}
        changes = changes | level
    return changes


def _oldest_hours(changes: Mapping[_Key, Body]) -> dict[str, datetime]:
    hours = [(at, body) for (resolution_s, _, at), body in changes.items() if resolution_s == HOUR_S]
    return {signal: at for at, body in sorted(hours, key=lambda hour: hour[0], reverse=True) for signal in body}
