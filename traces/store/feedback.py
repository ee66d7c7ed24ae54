"""What end users said of conversations, where it came by itself: it may be there before the conversation is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from traces import schema
from traces.conversation_format import feedback_of_json, feedback_to_json
from traces.model import Conversation, Feedback
from traces.store.base import Part, chunks

_T = schema.feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Feedback on a conversation, or on the one that a trace belongs to.

    ``feedback_id`` is the same each time that it is given; what is given later replaces it. With an ``application`` it is
    about conversations of that application only, or of none.
    """

    feedback_id: str
    feedback: Feedback
    conversation_id: str | None = None
    trace_id: str | None = None
    application: str | None = None

    def is_about(self, conversation: Conversation) -> bool:
        """Whether it counts for a conversation that it names."""
        return self.application is None or conversation.metadata.get("application") in (None, self.application)


class GivenFeedback(Part):
    """Feedback by what it is about."""

    def put(self, given: Sequence[Given]) -> None:
        """Keep feedback; one that was given before is replaced by what was given last."""
        rows = {
            g.feedback_id: {
                "feedback_id": g.feedback_id,
                "conversation_id": g.conversation_id,
                "trace_id": g.trace_id,
                "body": feedback_to_json(g.feedback) | ({"application": g.application} if g.application else {}),
            }
            for g in given
        }
        self._upsert(_T, list(rows.values()), update=["conversation_id", "trace_id", "body"])

    def known(self, feedback_ids: Iterable[str]) -> dict[str, Feedback]:
        """What each of these said last."""
        found: dict[str, Feedback] = {}
        for chunk in chunks(feedback_ids):
            found.update({g.feedback_id: g.feedback for g in self._where(_T.c.feedback_id.in_(chunk))})
        return found

    def about(self, conversation_ids: Sequence[str], trace_ids: Sequence[str]) -> list[Given]:
        """All feedback on these conversations and traces, in order of its ids."""
        found: dict[str, Given] = {}
        if not self._is_any():
            return []
        for column, ids in ((_T.c.conversation_id, conversation_ids), (_T.c.trace_id, trace_ids)):
            for chunk in chunks(ids):
                found.update({g.feedback_id: g for g in self._where(column.in_(chunk))})
        return [found[key] for key in sorted(found)]

    def _is_any(self) -> bool:
        mine = _T.c.workspace_id == self._workspace_id
        return self._connection.execute(select(_T.c.feedback_id).where(mine).limit(1)).first() is not None

    def _where(self, condition: ColumnElement[bool]) -> list[Given]:
        rows: Sequence[Any] = self._connection.execute(
            select(_T).where(_T.c.workspace_id == self._workspace_id, condition)
        ).fetchall()
        return [
            Given(
                feedback_id=row.feedback_id,
                feedback=feedback_of_json({key: value for key, value in row.body.items() if key != "application"}),
                application=row.body.get("application"),
                conversation_id=row.conversation_id,
                trace_id=row.trace_id,
            )
            for row in rows
        ]
