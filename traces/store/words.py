"""Words that are no longer kept: which conversations they are due of, and what stands in their place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, select, text, true, update

from traces import schema
from traces.model import Conversation, JsonMap
from traces.redacted import Lasting
from traces.store.base import Part, chunks, insert_of

_C = schema.conversations
_ELSEWHERE = ("scores", "labels")
_IN_WORDS: Final = "hidden_version < version"
_STAGES: Final = (_C.c.arrival_version, _C.c.quiet_version, _C.c.judged_version)
_IS_EVALUATED: Final = and_(*(stage == _C.c.version for stage in _STAGES))
_AWAITS_MERGE: Final = (
    select(schema.unmerged.c.conversation_id)
    .where(
        schema.unmerged.c.workspace_id == _C.c.workspace_id,
        schema.unmerged.c.conversation_id == _C.c.conversation_id,
    )
    .exists()
)
KEPT_UNTIL: Final = "words kept until"
"""The job, of no workspace, whose time tells which words are kept that nobody has decided about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Which conversations are due.

    Attributes:
        ended_before: Those that ended before this time and that nothing awaits any more, neither evaluation nor judges.
        changed_before: Those that changed last before this time, whatever awaits them.
        since: Only those that ended at this time or later.
        now: The time: what says that it ends later has a wrong clock, and is due by when it changed alone.
    """

    ended_before: datetime
    changed_before: datetime
    since: datetime | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A version of a conversation as it is stored: its JSON, and that of what quotes it."""

    version: int
    words: Sequence[Any]


class Words(Part):
    """Puts what is redacted in place of what was said. What was counted, and the values of scores, stay as they are."""

    def due(self, due: Due, limit: int, after: datetime | None = None) -> list[tuple[str, datetime]]:
        """Conversations whose present version is still there word by word, with when each ended, the first to end first.

        Args:
            due: Which of them.
            limit: The most that are returned.
            after: Where the search has come to: those that ended before are passed over.
        """
        since = max(at for at in (due.since, after, _BEGINNING) if at is not None)
        found = self._in_words(limit, _C.c.ended_at >= since, _C.c.ended_at < due.ended_before, _IS_EVALUATED)
        return found or self._overdue(due, limit)

    def still_due(self, due: Due, conversation_ids: Collection[str]) -> list[str]:
        """Those of these that are due, as of this transaction."""
        over = (_C.c.ended_at < due.ended_before) & _IS_EVALUATED | (_C.c.updated_at < due.changed_before)
        since = max(due.since or _BEGINNING, _BEGINNING)
        found: list[str] = []
        for chunk in chunks(conversation_ids):
            mine = (self._mine(_C), _C.c.conversation_id.in_(chunk), text(_IN_WORDS), _C.c.ended_at >= since)
            query = select(_C.c.conversation_id).where(*mine, over, ~_AWAITS_MERGE)
            found += self._connection.execute(query).scalars()
        return found

    def _overdue(self, due: Due, limit: int) -> list[tuple[str, datetime]]:
        """Those that have waited for too long; one that says that it ended later than it came is among them."""
        is_old = _C.c.updated_at < due.changed_before
        since = max(due.since or _BEGINNING, _BEGINNING)
        found = self._in_words(limit, is_old, _C.c.ended_at >= since, _C.c.ended_at < due.changed_before)
        return found if found or due.now is None else self._in_words(limit, is_old, _C.c.ended_at >= due.now)

    def _in_words(self, limit: int, *such: ColumnElement[bool]) -> list[tuple[str, datetime]]:
        query = (
            select(_C.c.conversation_id, _C.c.ended_at)
            .with_hint(_C, "INDEXED BY conversations_in_words", "sqlite")
            .where(self._mine(_C), text(_IN_WORDS), *such, ~_AWAITS_MERGE)
            .order_by(_C.c.ended_at)
            .limit(limit)
        )
        return [(row.conversation_id, row.ended_at) for row in self._connection.execute(query)]

    def kept(self, since: datetime | None = None, until: datetime | None = None) -> int:
        """How many conversations are there word by word, of those that ended in ``[since, until)``."""
        such: list[Any] = [text(_IN_WORDS)]
        such += [] if since is None else [_C.c.ended_at >= since]
        such += [] if until is None else [_C.c.ended_at < until]
        return self._connection.execute(select(func.count()).select_from(_C).where(self._mine(_C), *such)).scalar_one()

    def kept_until(self, now: datetime) -> datetime:
        """What ended before this time is kept as long as nobody has decided about it.

        A database that was made by a Hark that keeps no words has none such; of an older one it is all that ended before
        this is first asked, which is noted.
        """
        t = schema.job_runs
        row = {"workspace_id": "", "job": KEPT_UNTIL, "ran_at": now, "outcome": None}
        self._connection.execute(insert_of(t, self._connection.dialect.name).on_conflict_do_nothing(), row)
        return self._kept_until() or now

    def undecided(self, now: datetime) -> int:
        """How many conversations are kept word by word because nobody has decided about them."""
        return self.kept(until=self._kept_until() or now)

    def _kept_until(self) -> datetime | None:
        t = schema.job_runs
        return self._connection.execute(
            select(t.c.ran_at).where(t.c.workspace_id == "", t.c.job == KEPT_UNTIL)
        ).scalar()

    def hidden(self, conversation_ids: Iterable[str]) -> set[str]:
        """Those of these of which words have been replaced, in this version or an earlier one."""
        found: set[str] = set()
        for chunk in chunks(conversation_ids):
            query = select(_C.c.conversation_id).where(
                self._mine(_C), _C.c.conversation_id.in_(chunk), _C.c.hidden_version != 0
            )
            found.update(self._connection.execute(query).scalars())
        return found

    def look_again(self, conversation_ids: Iterable[str]) -> None:
        """Words came to conversations whose words are no longer kept, and changed nothing of the conversations themselves."""
        for chunk in chunks(conversation_ids):
            # Less than any version, and not 0, which says that nothing was ever replaced.
            self._connection.execute(
                update(_C)
                .where(self._mine(_C), _C.c.conversation_id.in_(chunk), _C.c.hidden_version == _C.c.version)
                .values(hidden_version=-_C.c.version)
            )

    def standing(self, conversation_ids: Collection[str]) -> dict[str, Standing]:
        """By id conversations as they are stored, with what quotes them, but without their traces and feedback."""
        found: dict[str, Standing] = {}
        for chunk in chunks(conversation_ids):
            beside = self._beside(chunk)
            rows = self._connection.execute(
                select(_C.c.conversation_id, _C.c.version, _C.c.user_id, _C.c.body).where(
                    self._mine(_C), _C.c.conversation_id.in_(chunk)
                )
            )
            for conversation_id, version, user_id, body in rows:
                found[conversation_id] = Standing(version, (user_id, body, *beside.get(conversation_id, ())))
        return found

    def _beside(self, conversation_ids: Sequence[str]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for table, columns, more in _BESIDE:
            such = table.c.conversation_id.in_(conversation_ids) & more
            query = select(table.c.conversation_id, *(table.c[name] for name in columns)).where(self._mine(table), such)
            for conversation_id, *words in self._connection.execute(query):
                found.setdefault(conversation_id, []).extend(words)
        return found

    def nothing_to_hide(self, versions: Mapping[str, int]) -> None:
        """Note that these versions of conversations hold nothing that would be replaced; nothing else is written."""
        if versions:
            self._connection.execute(
                update(_C)
                .where(
                    self._mine(_C), _C.c.conversation_id == bindparam("at_id"), _C.c.version == bindparam("at_version")
                )
                .values(hidden_version=_C.c.version),
                [{"at_id": i, "at_version": version} for i, version in versions.items()],
            )

    def hide(self, conversation: Conversation, body: JsonMap, digest: str | None) -> None:
        """Put a conversation in the place of what it was, and note that its version is without those words.

        With a ``digest`` that is what it is compared by from now on.
        """
        self._overwriting()
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

    def hide_beside(self, conversation_ids: Collection[str], said: Lasting) -> None:
        """Redact what is kept of these conversations beside them: what scores quote, copies of anchors, why one was picked."""
        self._overwriting()
        for chunk in chunks(conversation_ids):
            for table, columns, more in _BESIDE:
                self._each(table, columns, table.c.conversation_id.in_(chunk) & more, said)

    def _each(self, table: Table, columns: Collection[str], such: ColumnElement[bool], said: Lasting) -> None:
        rows = self._connection.execute(select(table).where(self._mine(table), such)).mappings().fetchall()
        for row in rows:
            fresh: Mapping[str, Any] = {name: said.json(row[name]) for name in columns}
            if any(fresh[name] != row[name] for name in columns):
                key = [table.c[column.name] == row[column.name] for column in table.primary_key]
                self._connection.execute(update(table).where(*key).values(fresh))

    def _overwriting(self) -> None:
        if not self._is_postgresql:
            # What is replaced is overwritten, so that it cannot be read from the file either.
            self._connection.execute(text("PRAGMA secure_delete=ON"))

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.workspace_id == self._workspace_id


_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
_BESIDE: Final[Sequence[tuple[Table, Sequence[str], ColumnElement[bool]]]] = (
    (schema.scores, ("label", "body"), schema.scores.c.superseded_at.is_(None)),
    (schema.anchors, ("body",), true()),
    (schema.review_items, ("reason",), true()),
)
"""What quotes a conversation in tables of their own; superseded scores have no words."""
