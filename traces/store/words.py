"""Words that are no longer kept: which conversations they are due of, and what stands in their place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, select, text, update

from traces import schema, schema_calibrations
from traces.model import Conversation, JsonMap
from traces.redacted import Lasting
from traces.store.base import Part, chunks

_C = schema.conversations
_ELSEWHERE = ("scores", "labels")


class Words(Part):
    """Puts what is redacted in place of what was said. What was counted, and the values of scores, stay as they are."""

    def due(self, before: datetime, limit: int, *, evaluated: bool) -> list[str]:
        """Conversations that ended before a time and whose present version is still there word by word, oldest first.

        Args:
            before: A time.
            limit: The most that are returned.
            evaluated: Only those that nothing awaits any more, neither evaluation nor judges.
        """
        waits = (
            select(schema.unmerged.c.conversation_id)
            .where(
                schema.unmerged.c.workspace_id == _C.c.workspace_id,
                schema.unmerged.c.conversation_id == _C.c.conversation_id,
            )
            .exists()
        )
        query = select(_C.c.conversation_id).where(
            self._mine(_C), text("hidden_version < version"), _C.c.ended_at < before, ~waits
        )
        if evaluated:
            stages = (_C.c.arrival_version, _C.c.quiet_version, _C.c.judged_version)
            query = query.where(*(stage == _C.c.version for stage in stages))
        return list(self._connection.execute(query.order_by(_C.c.ended_at).limit(limit)).scalars())

    def hidden(self, conversation_ids: Iterable[str]) -> set[str]:
        """Those of these of which words have been replaced, in this version or an earlier one."""
        found: set[str] = set()
        for chunk in chunks(conversation_ids):
            query = select(_C.c.conversation_id).where(
                self._mine(_C), _C.c.conversation_id.in_(chunk), _C.c.hidden_version > 0
            )
            found.update(self._connection.execute(query).scalars())
        return found

    def hide(self, conversation: Conversation, body: JsonMap, digest: str | None) -> None:
        """Put a conversation in the place of what it was, and note that its version is without those words.

        With a ``digest`` that is what it is compared by from now on.
        """
        if not self._is_postgresql:
            # What is replaced is overwritten, so that it cannot be read from the file either.
            self._connection.execute(text("PRAGMA secure_delete=ON"))
        changed: dict[str, Any] = {
            "body": {key: value for key, value in body.items() if key not in _ELSEWHERE},
            "user_id": conversation.user_id,
            "hidden_version": _C.c.version,
        }
        if digest is not None:
            changed["digest"] = digest
        self._connection.execute(
            update(_C).where(self._mine(_C), _C.c.conversation_id == conversation.conversation_id).values(changed)
        )

    def hide_beside(self, conversation_ids: Collection[str]) -> None:
        """Redact what is kept of these conversations beside them: what scores quote, copies of anchors, why one was picked."""
        scores, anchors, items = schema.scores, schema_calibrations.anchors, schema.review_items
        said = Lasting(conversation_ids)
        for chunk in chunks(conversation_ids):
            self._each(scores, ("label", "body"), scores.c.conversation_id.in_(chunk), said)
            self._each(anchors, ("body",), anchors.c.conversation_id.in_(chunk), said)
            self._each(items, ("reason",), items.c.conversation_id.in_(chunk), said)

    def _each(self, table: Table, columns: Collection[str], such: ColumnElement[bool], said: Lasting) -> None:
        rows = self._connection.execute(select(table).where(self._mine(table), such)).mappings().fetchall()
        for row in rows:
            fresh: Mapping[str, Any] = {name: said.json(row[name]) for name in columns}
            if any(fresh[name] != row[name] for name in columns):
                key = [table.c[column.name] == row[column.name] for column in table.primary_key]
                self._connection.execute(update(table).where(*key).values(fresh))

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.workspace_id == self._workspace_id
