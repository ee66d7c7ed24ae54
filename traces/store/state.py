"""What the process has to remember between runs: cursors, detector states, requests seen, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from traces import schema
from traces.model import Change, Json
from traces.store.base import Part

_OLDEST_CHANGE = "oldest_change"
_OF_SIGNAL = f"{_OLDEST_CHANGE} of "
_FEW_SIGNALS = 8
"""Of more signals than these a change is noted as one of all."""
ALL_SIGNALS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How far a source has been polled; ``problem`` is why the last poll failed."""

    name: str
    cursor: str | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCheckpoint:
    """A detector's state with every bucket before ``through_at`` taken in."""

    panel: str
    through_at: datetime
    body: bytes


class State(Part):
    """Cursors, checkpoints and markers."""

    def first_time(self, request_key: str, at: datetime) -> bool:
        """Whether a request has not been seen before; from now on it has."""
        return self._insert_or_ignore(schema.requests, {"request_key": request_key, "at": at})

    def name_reviewer(self, reviewer: str, name: str) -> None:
        """Remember how a reviewer is called."""
        self._upsert(schema.reviewers, [{"reviewer": reviewer, "name": name}], update=["name"])

    def reviewer_names(self) -> dict[str, str]:
        t = schema.reviewers
        rows = self._connection.execute(select(t.c.reviewer, t.c.name).where(t.c.workspace_id == self._workspace_id))
        return {row.reviewer: row.name for row in rows}

    def beat(self, bucket_at: datetime) -> None:
        """Note that Hark was watching in a bucket, so that no traffic in it means none."""
        self._insert_or_ignore(schema.heartbeats, {"bucket_at": bucket_at})

    def beats(self, since: datetime, until: datetime) -> set[datetime]:
        """The buckets in ``[since, until)`` in which Hark was watching."""
        t = schema.heartbeats
        rows = self._connection.execute(
            select(t.c.bucket_at).where(
                t.c.workspace_id == self._workspace_id, t.c.bucket_at >= since, t.c.bucket_at < until
            )
        )
        return {row.bucket_at for row in rows}

    def source(self, name: str) -> SourceState:
        t = schema.sources
        row = self._connection.execute(
            select(t).where(t.c.workspace_id == self._workspace_id, t.c.name == name)
        ).first()
        return SourceState(name=name) if row is None else _named(SourceState, row)

    def put_source(self, state: SourceState) -> None:
        row = {name: getattr(state, name) for name in SourceState.__slots__}
        self._upsert(schema.sources, [row], update=["cursor", "polled_at", "succeeded_at", "problem"])

    def sources(self) -> list[SourceState]:
        t = schema.sources
        rows = self._connection.execute(select(t).where(t.c.workspace_id == self._workspace_id).order_by(t.c.name))
        return [_named(SourceState, row) for row in rows]

    def checkpoint(self, panel: str) -> DetectorCheckpoint | None:
        t = schema.detector_states
        row = self._connection.execute(
            select(t).where(t.c.workspace_id == self._workspace_id, t.c.panel == panel)
        ).first()
        return None if row is None else _named(DetectorCheckpoint, row)

    def checkpoint_at(self, panel: str) -> datetime | None:
        """How far a detector's state had come when it was stored last."""
        t = schema.detector_states
        return self._connection.execute(
            select(t.c.through_at).where(t.c.workspace_id == self._workspace_id, t.c.panel == panel)
        ).scalar()

    def put_checkpoint(self, checkpoint: DetectorCheckpoint) -> None:
        row = {name: getattr(checkpoint, name) for name in DetectorCheckpoint.__slots__}
        self._upsert(schema.detector_states, [row], update=["through_at", "body"])

    def job_ran(self, job: str, at: datetime, outcome: Json = None) -> None:
        row = {"job": job, "ran_at": at, "outcome": outcome}
        self._upsert(schema.job_runs, [row], update=["ran_at", "outcome"])

    def job_outcome(self, job: str) -> Json:
        """What a job left behind when it last ran."""
        t = schema.job_runs
        row = self._connection.execute(
            select(t.c.outcome).where(t.c.workspace_id == self._workspace_id, t.c.job == job)
        ).first()
        return None if row is None else row.outcome

    def note_oldest_change(self, bucket_at: datetime) -> None:
        """Note that a bucket of the rollups changed; of several the oldest is remembered."""
        self._note_oldest({_OLDEST_CHANGE: bucket_at})

    def note_changed_signals(self, oldest: Mapping[str, datetime]) -> None:
        """Note by signal the oldest bucket of the rollups that changed; ``ALL_SIGNALS`` stands for all of them."""
        if len(oldest) > _FEW_SIGNALS or ALL_SIGNALS in oldest:
            self.note_oldest_change(min(oldest.values()))
        elif oldest:
            self._note_oldest({f"{_OF_SIGNAL}{signal}": at for signal, at in sorted(oldest.items())})

    def _note_oldest(self, oldest: Mapping[str, datetime]) -> None:
        # Always written, so that whoever takes the note meanwhile waits and sees this change, or leaves it to the next.
        t = schema.job_runs
        insert = self._insert(t)
        earlier = func.least if self._is_postgresql else func.min
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["workspace_id", "job"], set_={"ran_at": earlier(t.c.ran_at, insert.excluded.ran_at)}
            ),
            [
                {"workspace_id": self._workspace_id, "job": job, "ran_at": at, "outcome": None}
                for job, at in oldest.items()
            ],
        )

    def take_changed_signals(self) -> dict[str, datetime]:
        """By signal, the oldest bucket that changed since this was asked last; under ``ALL_SIGNALS`` that of whichever."""
        t = schema.job_runs
        rows = self._connection.execute(
            delete(t)
            .where(
                t.c.workspace_id == self._workspace_id,
                (t.c.job == _OLDEST_CHANGE) | t.c.job.startswith(_OF_SIGNAL, autoescape=True),
            )
            .returning(t.c.job, t.c.ran_at)
        )
        return {row.job.removeprefix(_OLDEST_CHANGE).removeprefix(" of "): row.ran_at for row in rows}

    def job_runs(self) -> dict[str, datetime]:
        """When each job last ran."""
        t = schema.job_runs
        rows = self._connection.execute(select(t.c.job, t.c.ran_at).where(t.c.workspace_id == self._workspace_id))
        return {row.job: row.ran_at for row in rows}

    def job_ran_at(self, job: str) -> datetime | None:
        t = schema.job_runs
        row = self._connection.execute(
            select(t.c.ran_at).where(t.c.workspace_id == self._workspace_id, t.c.job == job)
        ).first()
        return None if row is None else row.ran_at

    def note_segment_values(self, seen: dict[tuple[str, str], tuple[datetime, datetime]]) -> None:
        """Widen the span of time in which each ``(key, value)`` was seen."""
        t = schema.segment_values
        rows = [
            {"workspace_id": self._workspace_id, "key": key, "value": value, "first_at": first_at, "last_at": last_at}
            for (key, value), (first_at, last_at) in sorted(seen.items())
        ]
        if not rows:
            return
        insert = self._insert(t)
        earlier, later = (func.least, func.greatest) if self._is_postgresql else (func.min, func.max)
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["workspace_id", "key", "value"],
                set_={
                    "first_at": earlier(t.c.first_at, insert.excluded.first_at),
                    "last_at": later(t.c.last_at, insert.excluded.last_at),
                },
            ),
            rows,
        )

    def segment_values(self) -> dict[str, dict[str, datetime]]:
        """By key, the values seen and when each was first seen."""
        t = schema.segment_values
        found: dict[str, dict[str, datetime]] = {}
        rows = self._connection.execute(
            select(t.c.key, t.c.value, t.c.first_at)
            .where(t.c.workspace_id == self._workspace_id)
            .order_by(t.c.key, t.c.value)
        )
        for key, value, first_at in rows:
            found.setdefault(key, {})[value] = first_at
        return found

    def note_changes(self, changes: Sequence[Change]) -> None:
        """Store change markers; the earliest time of each counts."""
        t = schema.changes
        rows = [
            {
                "workspace_id": self._workspace_id,
                "kind": c.kind,
                "value": c.value,
                "application": c.application or "",
                "at": c.at,
            }
            for c in sorted(changes, key=lambda c: (c.kind, c.value, c.application or ""))
        ]
        if not rows:
            return
        insert = self._insert(t)
        earlier = func.least if self._is_postgresql else func.min
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["workspace_id", "kind", "value", "application"],
                set_={"at": earlier(t.c.at, insert.excluded.at)},
            ),
            rows,
        )

    def changes_between(self, start: datetime, end: datetime) -> list[Change]:
        """Changes in ``[start, end)``, oldest first."""
        t = schema.changes
        rows = self._connection.execute(
            select(t).where(t.c.workspace_id == self._workspace_id, t.c.at >= start, t.c.at < end).order_by(t.c.at)
        )
        return [Change(kind=row.kind, value=row.value, at=row.at, application=row.application or None) for row in rows]


def _named(kind: Any, row: Any) -> Any:
    return kind(**{name: getattr(row, name) for name in kind.__slots__})
