"""Conversations: their content, and which of them await evaluation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, ColumnElement, bindparam, case, delete, func, select, update

from traces import columns, schema
from traces.conversation_format import parse_conversation, to_json
from traces.model import Conversation, Feedback
from traces.store.base import Part, chunks
from traces.store.feedback import GivenFeedback

_T = schema.conversations
_ELSEWHERE = ("scores", "labels")
_TEXT_AT_ONCE = 2_000_000
"""Characters of conversations that are evaluated together: what they hold is in memory, and a stop waits for it."""

_TOLD = ("version", "digest", "started_at", "ended_at", "updated_at")
_KNOWN = (_T.c.conversation_id, _T.c.hidden_version, *(_T.c[name] for name in _TOLD))

Stage: TypeAlias = Literal["arrival", "quiet", "judged"]
"""How far a conversation's evaluation has come: by what looks at once, by what waits until it is quiet, by judges."""

_STAGES: Mapping[Stage, Column[int]] = {
    "arrival": _T.c.arrival_version,
    "quiet": _T.c.quiet_version,
    "judged": _T.c.judged_version,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of a conversation without reading its body.

    ``are_words_hidden``: words of it that are no longer kept were replaced, in this version or an earlier one.
    """

    version: int
    digest: str
    started_at: datetime
    ended_at: datetime
    updated_at: datetime
    are_words_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A conversation as it is to be stored: ``version`` rises with each change of its content (``digest``).

    ``settle_at`` is when it counts as gone quiet. ``body`` is the conversation as JSON, where it is at hand.
    """

    conversation: Conversation
    version: int
    digest: str
    settle_at: datetime
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A conversation that awaits evaluation at ``version``.

    ``has_arrived``: its content is new to the evaluators that look at once. ``has_settled``: it has gone quiet, and is
    new to those that wait for it.
    """

    conversation: Conversation
    version: int
    has_arrived: bool
    has_settled: bool


class Conversations(Part):
    """Conversations by id."""

    def known(self, conversation_ids: Iterable[str]) -> dict[str, Known]:
        found: dict[str, Known] = {}
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(select(*_KNOWN).where(self._mine(), _T.c.conversation_id.in_(chunk)))
            for conversation_id, hidden_version, *told in rows:
                known = dict(zip(_TOLD, told, strict=True))
                found[conversation_id] = Known(**known, are_words_hidden=hidden_version != 0)
        return found

    def put(self, arrivals: Sequence[Arrival], at: datetime) -> None:
        """Store conversations whole; scores and labels have tables of their own."""
        given = self._given(arrival.conversation for arrival in arrivals)
        rows = [self._row(arrival, at, given.get(arrival.conversation.conversation_id, ())) for arrival in arrivals]
        self._upsert(
            _T,
            rows,
            update=["started_at", "ended_at", "settle_at", "updated_at", "user_id", "digest", "version", "body"],
        )

    def _given(self, conversations: Iterable[Conversation]) -> dict[str, list[Feedback]]:
        """Feedback that came apart from its conversation, by conversation."""
        found: dict[str, list[Feedback]] = {}
        for chunk in chunks(conversations):
            named = {c.conversation_id: c for c in chunk}
            in_trace = {trace_id: c.conversation_id for c in chunk for trace_id in c.trace_ids}
            for given in GivenFeedback(self._connection, self._workspace_id).about(
                [c.conversation_id for c in chunk], list(in_trace)
            ):
                about = given.conversation_id or in_trace[given.trace_id or ""]
                if given.is_about(named[about]):
                    found.setdefault(about, []).append(given.feedback)
        return found

    def refresh_feedback(self, conversation_id: str, at: datetime) -> bool:
        """Put feedback that came apart onto a conversation, for evaluators that look at once; whether it is there."""
        standing = self.get(conversation_id)
        if standing is None:
            return False
        body = to_json(_with_feedback(standing, self._given([standing]).get(conversation_id, ())))
        settled, judged = _T.c.quiet_version == _T.c.version, _T.c.judged_version == _T.c.version
        self._connection.execute(
            update(_T)
            .where(self._mine(), _T.c.conversation_id == conversation_id)
            .values(
                body={key: value for key, value in body.items() if key not in _ELSEWHERE},
                quiet_version=case((settled, _T.c.version + 1), else_=_T.c.quiet_version),
                judged_version=case((judged, _T.c.version + 1), else_=_T.c.judged_version),
                version=_T.c.version + 1,
                updated_at=at,
            )
        )
        return True

    def _row(self, arrival: Arrival, at: datetime, given: Sequence[Feedback]) -> dict[str, Any]:
        c = arrival.conversation
        body = to_json(c) if arrival.body is None else arrival.body
        if given:
            body = to_json(_with_feedback(c, given))
        return {
            "conversation_id": c.conversation_id,
            "started_at": c.started_at,
            "ended_at": c.ended_at,
            "settle_at": arrival.settle_at,
            "received_at": at,
            "updated_at": at,
            "user_id": c.user_id,
            "digest": arrival.digest,
            "version": arrival.version,
            "arrival_version": 0,
            "quiet_version": 0,
            "judged_version": 0,
            "body": {key: value for key, value in body.items() if key not in _ELSEWHERE},
        }

    def get(self, conversation_id: str) -> Conversation | None:
        return self.many([conversation_id]).get(conversation_id)

    def many(self, conversation_ids: Iterable[str]) -> dict[str, Conversation]:
        found: dict[str, Conversation] = {}
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_T.c.conversation_id, _T.c.body, _T.c.received_at).where(
                    self._mine(), _T.c.conversation_id.in_(chunk)
                )
            )
            found.update({i: parse_conversation(body, received_at=at) for i, body, at in rows})
        return found

    def forget(self, conversation_ids: Iterable[str]) -> None:
        """Remove conversations that were merged into others."""
        for chunk in chunks(conversation_ids):
            self._connection.execute(delete(_T).where(self._mine(), _T.c.conversation_id.in_(chunk)))

    def in_order(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[list[Conversation]]:
        """All conversations in order of their start, in batches; each batch is read when it is asked for."""
        after: tuple[datetime, str] | None = None
        while True:
            rows = self._page(after, since, until)
            if not rows:
                return
            yield [parse_conversation(row.body, received_at=row.received_at) for row in rows]
            after = (rows[-1].started_at, rows[-1].conversation_id)

    def settled(
        self,
        stage: Stage,
        since: datetime,
        until: datetime,
        after: tuple[datetime, str] | None = None,
        limit: int = 200,
    ) -> list[Pending]:
        """Conversations that began in ``[since, until)`` and whose present version is past ``stage``, to be scored again.

        Args:
            stage: Which evaluation is behind them; for the others it is still to come.
            since: The earliest start.
            until: The end of the starts.
            after: Start and id of the last one that was seen; they come in this order.
            limit: The most that are returned.
        """
        rows = self._page(after, since, until, (_STAGES[stage] == _T.c.version), limit)
        return [
            Pending(
                conversation=parse_conversation(row.body, received_at=row.received_at),
                version=row.version,
                has_arrived=False,
                has_settled=False,
            )
            for row in rows
        ]

    def settled_count(self, stage: Stage, since: datetime, until: datetime) -> int:
        """How many ``settled`` has in all."""
        began = (_T.c.started_at >= since) & (_T.c.started_at < until)
        return self._connection.execute(
            select(func.count()).select_from(_T).where(self._mine(), began, _STAGES[stage] == _T.c.version)
        ).scalar_one()

    def _page(
        self,
        after: tuple[datetime, str] | None,
        since: datetime | None,
        until: datetime | None,
        such: ColumnElement[bool] | None = None,
        limit: int = 500,
    ) -> Sequence[Any]:
        query = select(_T).where(self._mine()).order_by(_T.c.started_at, _T.c.conversation_id).limit(limit)
        if such is not None:
            query = query.where(such)
        if since is not None:
            query = query.where(_T.c.started_at >= since)
        if until is not None:
            query = query.where(_T.c.started_at < until)
        if after is not None:
            at, conversation_id = after
            query = query.where(
                (_T.c.started_at > at) | ((_T.c.started_at == at) & (_T.c.conversation_id > conversation_id))
            )
        return self._connection.execute(query).fetchall()

    def pending(self, now: datetime, limit: int) -> list[Pending]:
        """Conversations that await evaluation as of ``now``, the oldest first.

        At most ``limit`` of each sort, and where they are long, fewer.
        """
        arrived = (_T.c.arrival_version < _T.c.version) & (_T.c.ended_at <= now)
        settled = (_T.c.quiet_version < _T.c.version) & (_T.c.settle_at <= now)
        rows = {
            row.conversation_id: row
            for condition, order in ((settled, _T.c.settle_at), (arrived, _T.c.ended_at))
            for row in self._bounded(condition, order, limit)
        }
        return [
            Pending(
                conversation=parse_conversation(row.body, received_at=row.received_at),
                version=row.version,
                has_arrived=row.arrival_version < row.version,
                has_settled=row.quiet_version < row.version and row.settle_at <= now,
            )
            for row in sorted(rows.values(), key=lambda row: (row.ended_at, row.conversation_id))
        ]

    def _bounded(self, such: ColumnElement[bool], order: Column[Any], limit: int) -> list[Any]:
        """The first ``limit`` rows by ``order``, or as many as are not too much text at once, but one at least."""
        found: list[Any] = []
        held = 0
        query = select(_T).where(self._mine(), such).order_by(order, _T.c.conversation_id).limit(limit)
        # Unpacked row by row: what lies beyond the bound is never in memory.
        with closing(self._connection.execute(query)) as rows:
            for row in rows:
                found.append(row)
                held += _text_in(row.body)
                if held > _TEXT_AT_ONCE:
                    break
        return found

    def unjudged(self, limit: int) -> list[Pending]:
        """Conversations that have gone quiet and await their judges, the oldest first; at most ``limit``."""
        awaits_judges = (_T.c.judged_version < _T.c.quiet_version) & (_T.c.quiet_version == _T.c.version)
        rows = self._bounded(awaits_judges, _T.c.settle_at, limit)
        return [
            Pending(
                conversation=parse_conversation(row.body, received_at=row.received_at),
                version=row.version,
                has_arrived=False,
                has_settled=True,
            )
            for row in rows
        ]

    def awaiting(self) -> int:
        """How many conversations await evaluation, by judges too, now or later."""
        evaluators, judges = _T.c.quiet_version < _T.c.version, _T.c.judged_version < _T.c.quiet_version
        return self._connection.execute(
            select(func.count()).select_from(_T).where(self._mine(), evaluators | judges)
        ).scalar_one()

    def waiting_since(self, now: datetime, *, judges: bool) -> datetime | None:
        """Since when the conversation that has waited longest could be evaluated, or asked judges about; ``None``: none waits.

        What was sent late, or with a wrong time, waits from when it came.
        """
        later = func.greatest if self._is_postgresql else func.max
        arrived = (_T.c.arrival_version < _T.c.version) & (_T.c.ended_at <= now)
        settled = (_T.c.quiet_version < _T.c.version) & (_T.c.settle_at <= now)
        unjudged = (_T.c.judged_version < _T.c.quiet_version) & (_T.c.quiet_version == _T.c.version)
        queues = [(unjudged, _T.c.settle_at)] if judges else [(arrived, _T.c.ended_at), (settled, _T.c.settle_at)]
        waited = (
            self._connection.execute(
                select(func.min(later(since, _T.c.updated_at, type_=columns.UtcTime()))).where(self._mine(), such)
            ).scalar_one()
            for such, since in queues
        )
        return min((at for at in waited if at is not None), default=None)

    def evaluated(self, pending: Sequence[Pending], to_judge: Collection[str] = ()) -> None:
        """Note that these versions were evaluated; a version that came in the meantime stays pending.

        Args:
            pending: What was evaluated.
            to_judge: Ids of those that judges have still to see; of the others that have settled they will not ask.
        """
        settled = [p for p in pending if p.has_settled]
        self._note(_T.c.arrival_version, [p for p in pending if p.has_arrived])
        self._note(_T.c.quiet_version, settled)
        self._note(_T.c.judged_version, [p for p in settled if p.conversation.conversation_id not in to_judge])

    def judged(self, pending: Sequence[Pending]) -> None:
        """Note that judges have seen these versions."""
        self._note(_T.c.judged_version, pending)

    def _note(self, column: Column[int], done: Sequence[Pending]) -> None:
        if done:
            self._connection.execute(
                update(_T)
                .where(self._mine(), _T.c.conversation_id == bindparam("at_id"))
                .values({column: bindparam("at_version")}),
                [{"at_id": p.conversation.conversation_id, "at_version": p.version} for p in done],
            )

    def count(self) -> int:
        return self._connection.execute(select(func.count()).select_from(_T).where(self._mine())).scalar_one()

    def ids_between(self, since: datetime, until: datetime, limit: int) -> list[str]:
        """The ids of the first ``limit`` conversations that ended in ``[since, until)``, in that order."""
        rows = self._connection.execute(
            select(_T.c.conversation_id)
            .where(self._mine(), _T.c.ended_at >= since, _T.c.ended_at < until)
            .order_by(_T.c.ended_at, _T.c.conversation_id)
            .limit(limit)
        )
        return [row.conversation_id for row in rows]

    def newest(self, limit: int, until: datetime) -> list[Conversation]:
        """The last conversations that ended before ``until``, the newest first."""
        rows = self._connection.execute(
            select(_T.c.body, _T.c.received_at)
            .where(self._mine(), _T.c.ended_at < until)
            .order_by(_T.c.ended_at.desc(), _T.c.conversation_id)
            .limit(limit)
        )
        return [parse_conversation(row.body, received_at=row.received_at) for row in rows]

    def latest(self) -> datetime | None:
        """When the last conversation was received or changed."""
        row = self._connection.execute(
            select(_T.c.updated_at).where(self._mine()).order_by(_T.c.ended_at.desc()).limit(1)
        ).first()
        return None if row is None else row.updated_at

    def users_of(self, conversation_ids: Iterable[str]) -> int:
        """How many different users these conversations have."""
        users: set[str] = set()
        for chunk in chunks(conversation_ids):
            rows = self._connection.execute(
                select(_T.c.user_id).where(self._mine(), _T.c.conversation_id.in_(chunk), _T.c.user_id.is_not(None))
            )
            users.update(row.user_id for row in rows)
        return len(users)

    def _mine(self) -> ColumnElement[bool]:
        return _T.c.workspace_id == self._workspace_id


def _text_in(body: Mapping[str, Any]) -> int:
    """About how many characters people, models, tools and retrievers said."""
    return sum(
        len(message.get("content") or "") + sum(len(document["content"]) for document in message.get("documents") or ())
        for message in body["messages"]
    )


def _with_feedback(conversation: Conversation, given: Sequence[Feedback]) -> Conversation:
    """With feedback added; of one user's under one name that which came apart is the newer word."""
    spoken = {(f.name, f.user_id) for f in given}
    kept = [f for f in conversation.feedback if (f.name, f.user_id) not in spoken]
    return replace(conversation, feedback=(*kept, *given))
