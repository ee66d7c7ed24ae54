"""Forgetting what was said: conversations past their time go, what was counted and what people decided stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, select, text, update

from traces import schema
from traces.store.base import CHUNK, Part

_C = schema.conversations
_GONE: Final = "This conversation is past its retention."


class Retention(Part):
    """Deletes what conversations hold, and every copy of it."""

    def purge(self, before: datetime, limit: int = CHUNK) -> list[str]:
        """Delete conversations that ended before a time: at most ``limit``, the oldest first; returns their ids.

        With them go their spans, feedback, scores, their places in datasets, and the copies by which judges are watched and
        taught.
        Rollups, labels, review items and the audit stay, as do the values of scores that labels are compared with, without
        a word of the conversation. What is sent again after that is new.
        """
        ids = list(
            self._connection.execute(
                select(_C.c.conversation_id)
                .where(self._mine(_C), _C.c.ended_at < before)
                .order_by(_C.c.ended_at)
                .limit(min(limit, CHUNK))
            ).scalars()
        )
        if not ids:
            return []
        if not self._is_postgresql:
            # What is deleted is overwritten, so that it cannot be read from the file either.
            self._connection.execute(text("PRAGMA secure_delete=ON"))
        self._forget_traces(ids)
        self._forget_scores(ids)
        items = schema.review_items
        self._connection.execute(
            update(items).where(self._mine(items), items.c.conversation_id.in_(ids)).values(reason=_GONE)
        )
        copies = (schema.anchors, schema.proposal_examples, schema.dataset_items)
        for table in (schema.unmerged, *copies, _C):
            self._delete(table, table.c.conversation_id.in_(ids))
        return ids

    def purge_answers(self, before: datetime) -> int:
        """Delete what judges answered before a time, which quotes conversations; returns how many answers."""
        return self._delete(schema.judge_answers, schema.judge_answers.c.at < before)

    def _forget_traces(self, ids: Sequence[str]) -> None:
        traces, feedback = schema.traces, schema.feedback
        trace_ids = list(
            self._connection.execute(
                select(traces.c.trace_id).where(self._mine(traces), traces.c.conversation_id.in_(ids))
            ).scalars()
        )
        for start in range(0, len(trace_ids), CHUNK):
            chunk = trace_ids[start : start + CHUNK]
            for table in (schema.spans, schema.span_traces, traces, feedback):
                self._delete(table, table.c.trace_id.in_(chunk))
        self._delete(feedback, feedback.c.conversation_id.in_(ids))

    def _forget_scores(self, ids: Sequence[str]) -> None:
        scores, labels = schema.scores, schema.labels
        about = scores.c.conversation_id.in_(ids)
        labelled = (
            select(labels.c.conversation_id)
            .where(labels.c.workspace_id == scores.c.workspace_id, labels.c.conversation_id == scores.c.conversation_id)
            .exists()
        )
        # Told apart, for those that hold and those that were superseded are found by an index each.
        holds = scores.c.superseded_at.is_(None) & about
        is_needed = labelled & scores.c.failure.is_(None)
        self._delete(scores, scores.c.superseded_at.is_not(None) & about)
        self._delete(scores, holds & ~is_needed)
        self._connection.execute(update(scores).where(self._mine(scores), holds).values(body={}, label=None))

    def _delete(self, table: Table, which: ColumnElement[bool]) -> int:
        return self._connection.execute(delete(table).where(self._mine(table), which)).rowcount

    def _mine(self, table: Table) -> Any:
        return table.c.workspace_id == self._workspace_id
