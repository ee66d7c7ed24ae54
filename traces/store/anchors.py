"""Anchors: conversations with known labels, kept as they were, by which it is seen whether a judge has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from traces import schema
from traces.model import JsonMap
from traces.store.base import Part

_A = schema.anchors
_R = schema.anchor_runs

KEPT_RUNS = 400
"""How many runs of an evaluator are kept, besides its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A conversation whose truth people have told; ``body`` is the conversation as ``hark ingest`` reads it."""

    evaluator: str
    conversation_id: str
    frozen_at: datetime
    truth: bool
    body: JsonMap


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRun:
    """What a version of a judge said of its anchors at a time: values by conversation, of those that it answered."""

    evaluator: str
    at: datetime
    evaluator_version: str
    values: Mapping[str, float]


class Anchors(Part):
    """Anchors and what judges said of them, by evaluator."""

    def freeze(self, evaluator: str, anchors: Iterable[Anchor]) -> None:
        """Make these the evaluator's anchors, in place of all before and of what was said of those."""
        for table in (_A, _R):
            self._connection.execute(
                delete(table).where(table.c.workspace_id == self._workspace_id, table.c.evaluator == evaluator)
            )
        rows = [
            {"workspace_id": self._workspace_id} | {name: getattr(anchor, name) for name in Anchor.__slots__}
            for anchor in anchors
        ]
        if rows:
            self._connection.execute(insert(_A), rows)

    def of(self, evaluator: str) -> list[Anchor]:
        """The anchors of an evaluator, by conversation id."""
        rows = self._connection.execute(
            select(_A)
            .where(_A.c.workspace_id == self._workspace_id, _A.c.evaluator == evaluator)
            .order_by(_A.c.conversation_id)
        )
        return [Anchor(**{name: getattr(row, name) for name in Anchor.__slots__}) for row in rows]

    def put_run(self, run: AnchorRun) -> None:
        """Store what a judge said of its anchors."""
        row = {name: getattr(run, name) for name in AnchorRun.__slots__} | {"values": dict(run.values)}
        self._upsert(_R, [row], update=["evaluator_version", "values"])
        old = [one.at for one in self.runs(run.evaluator)[1:-KEPT_RUNS]]
        if old:
            self._connection.execute(
                delete(_R).where(
                    _R.c.workspace_id == self._workspace_id, _R.c.evaluator == run.evaluator, _R.c.at.in_(old)
                )
            )

    def runs(self, evaluator: str) -> list[AnchorRun]:
        """What was said of the anchors, oldest first."""
        rows = self._connection.execute(
            select(_R).where(_R.c.workspace_id == self._workspace_id, _R.c.evaluator == evaluator).order_by(_R.c.at)
        ).mappings()
        return [AnchorRun(**{name: row[name] for name in AnchorRun.__slots__}) for row in rows]
