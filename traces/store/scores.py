"""Scores and evaluator failures. Newer scores of a name and source supersede the older ones, whose figures are kept.

A conversation may have several of one name and source, such as one for each turn: they are told apart by their place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, insert, select, update

from traces import schema
from traces.model import EvaluatorFailure, Score
from traces.store.base import Part, chunks
from traces.store.words import Words

Outcome: TypeAlias = Score | EvaluatorFailure
_Key: TypeAlias = tuple[str, str, str, int]

_T = schema.scores
_OURS = "evaluator"
_JUDGE = "judge"
_BODY_FIELDS = ("explanation", "turn", "evidence", "input_tokens", "output_tokens", "model", "is_cached")


class Scores(Part):
    """Current scores of conversations, and their history."""

    def put(self, outcomes: Mapping[str, Sequence[Outcome]], at: datetime) -> None:
        """Store outcomes by conversation id, in place of all of their names and sources.

        An outcome equal to the current one in its place changes nothing.
        """
        rows = {
            _key(row): row
            for conversation_id, of_conversation in outcomes.items()
            for row in self._rows(conversation_id, of_conversation, at)
        }
        current = self._current_rows(outcomes, {row["name"] for row in rows.values()})
        same = {key for key, row in rows.items() if key in current and _same(current[key], row)}
        groups = {_group(key) for key in rows}
        superseded = [row.score_id for key, row in current.items() if _group(key) in groups and key not in same]
        for chunk in chunks(superseded):
            self._supersede(_T.c.score_id.in_(chunk), at)
        if fresh := [row for key, row in rows.items() if key not in same]:
            self._connection.execute(insert(_T), fresh)
            Words(self._connection, self._workspace_id).look_again({row["conversation_id"] for row in fresh})

    def withdraw(self, conversation_ids: Iterable[str], at: datetime) -> None:
        """No outcome of these conversations is current any more; their figures stay."""
        for chunk in chunks(conversation_ids):
            self._supersede(self._current() & _T.c.conversation_id.in_(chunk), at)

    def _supersede(self, which: ColumnElement[bool], at: datetime) -> None:
        # Nobody is shown them again, and what they quote would have to be looked for.
        self._connection.execute(update(_T).where(which).values(superseded_at=at, label=None, body={}))

    def forget_old_words(self, after: int, rows: int) -> int | None:
        """Take the words out of superseded outcomes that an older Hark left in them, among the next ``rows`` outcomes.

        Returns:
            The number of the last of these, to go on from; ``None`` after the last of all.
        """
        mine = _T.c.workspace_id == self._workspace_id
        newest = select(_T.c.score_id).where(mine).order_by(_T.c.score_id.desc()).limit(1)
        last: int | None = self._connection.execute(newest).scalar()
        if last is None or after >= last:
            return None
        within = (_T.c.score_id > after) & (_T.c.score_id <= after + rows)
        self._connection.execute(
            update(_T).where(mine, within, _T.c.superseded_at.is_not(None)).values(label=None, body={})
        )
        return after + rows

    def _rows(self, conversation_id: str, outcomes: Iterable[Outcome], at: datetime) -> Iterator[dict[str, Any]]:
        places: Counter[tuple[str, str]] = Counter()
        for outcome in outcomes:
            of = (outcome.name, source_of(outcome))
            yield {**self._row(conversation_id, outcome, at), "place": places[of]}
            places[of] += 1

    def _row(self, conversation_id: str, outcome: Outcome, at: datetime) -> dict[str, Any]:
        row: dict[str, Any] = {
            "workspace_id": self._workspace_id,
            "conversation_id": conversation_id,
            "name": outcome.name,
            "source": source_of(outcome),
            "evaluator_version": outcome.evaluator_version,
            "at": at,
            "cost_usd": outcome.cost_usd,
            "value": None,
            "label": None,
            "failure": None,
            "inclusion_probability": 1.0,
        }
        if isinstance(outcome, EvaluatorFailure):
            body = {"message": outcome.message}
            return {**row, "failure": outcome.reason, "body": body}
        body = {f: v for f in _BODY_FIELDS if (v := getattr(outcome, f)) is not None}
        return {
            **row,
            "value": outcome.value,
            "label": outcome.label,
            "inclusion_probability": outcome.inclusion_probability,
            "body": body,
        }

    def _current_rows(self, conversation_ids: Iterable[str], names: Collection[str] | None = None) -> dict[_Key, Any]:
        wanted = select(_T).where(self._current())
        if names is not None:
            wanted = wanted.where(_T.c.name.in_(names))
        found = {}
        for chunk in chunks(conversation_ids):
            for row in self._connection.execute(wanted.where(_T.c.conversation_id.in_(chunk))):
                found[_key(row._mapping)] = row  # noqa: SLF001  SQLAlchemy's public name for a row as a map
        return found

    def current(
        self, conversation_ids: Iterable[str], names: Collection[str] | None = None
    ) -> dict[str, list[Outcome]]:
        """The current outcomes of each conversation, by name, source and place; with ``names``, only those."""
        found: dict[str, list[Outcome]] = defaultdict(list)
        for key, row in sorted(self._current_rows(conversation_ids, names).items()):
            found[key[0]].append(_outcome(row))
        return dict(found)

    def values(self, name: str) -> dict[str, float]:
        """The current value of a score by conversation id, of every conversation that has one.

        Of several, it is Hark's own; else the last of the first source.
        """
        rows = self._connection.execute(
            select(_T.c.conversation_id, _T.c.source, _T.c.value)
            .where(self._current(), _T.c.name == name, _T.c.value.is_not(None))
            .order_by(_T.c.source.desc(), _T.c.place)
        ).fetchall()
        theirs = {conversation_id: value for conversation_id, _, value in rows}
        return theirs | {conversation_id: value for conversation_id, source, value in rows if source == _OURS}

    def values_from(self, name: str, source: str, most: int) -> dict[str, float]:
        """The current value of a score from one source by conversation id, the latest ``most``."""
        rows = self._connection.execute(
            select(_T.c.conversation_id, _T.c.value)
            .where(self._current(), _T.c.name == name, _T.c.source == source, _T.c.value.is_not(None))
            .order_by(_T.c.score_id.desc())
            .limit(most)
        )
        return {row.conversation_id: row.value for row in rows}

    def version(self, name: str) -> str:
        """The evaluator version of the latest score of a name; empty when nobody said one."""
        row = self._connection.execute(
            select(_T.c.evaluator_version)
            .where(self._current(), _T.c.name == name, _T.c.value.is_not(None))
            .order_by(_T.c.at.desc(), _T.c.score_id.desc())
            .limit(1)
        ).first()
        return "" if row is None else row.evaluator_version

    def summary(self, names: Collection[str], since: datetime) -> dict[str, tuple[int, int]]:
        """Of these names, how many scores and failures there were since a time; a name without any is left out."""
        # Counted in the index alone, and the failures, of which there are few, besides.
        rows = self._connection.execute(
            select(_T.c.name, func.count().label("n"))
            .where(_T.c.workspace_id == self._workspace_id, _T.c.name.in_(names), _T.c.at >= since)
            .group_by(_T.c.name)
        ).fetchall()
        failed = self.failures(since)
        return {row.name: (row.n - failed.get(row.name, 0), failed.get(row.name, 0)) for row in rows}

    def failures(self, since: datetime) -> dict[str, int]:
        """By name: how often an evaluator failed since a time, whatever it said later."""
        rows = self._connection.execute(
            select(_T.c.name, func.count().label("n"))
            .where(_T.c.workspace_id == self._workspace_id, _T.c.failure.is_not(None), _T.c.at >= since)
            .group_by(_T.c.name)
        )
        return {row.name: row.n for row in rows}

    def count(self) -> int:
        """How many scores and failures are current."""
        return self._connection.execute(select(func.count()).select_from(_T).where(self._current())).scalar_one()

    def _current(self) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & _T.c.superseded_at.is_(None)


def _key(row: Mapping[Any, Any]) -> _Key:
    return row["conversation_id"], row["name"], row["source"], row["place"]


def _group(key: _Key) -> tuple[str, str, str]:
    """What supersedes each other: a judge's score and its failure, though a failure does not know that it is a judge's."""
    conversation_id, name, source, _ = key
    return conversation_id, name, _OURS if source == _JUDGE else source


def source_of(outcome: Outcome) -> str:
    """Who made it; a failure is always of Hark's own evaluators."""
    return outcome.source if isinstance(outcome, Score) else _OURS


def _same(row: Any, new: dict[str, Any]) -> bool:
    return all(
        getattr(row, column) == new[column]
        for column in ("value", "label", "failure", "evaluator_version", "inclusion_probability", "body")
    )


def _outcome(row: Any) -> Outcome:
    if row.failure is not None:
        return EvaluatorFailure(
            name=row.name,
            reason=row.failure,
            message=row.body["message"],
            evaluator_version=row.evaluator_version,
            cost_usd=row.cost_usd,
        )
    return Score(
        name=row.name,
        value=row.value,
        label=row.label,
        source=row.source,
        evaluator_version=row.evaluator_version,
        cost_usd=row.cost_usd,
        inclusion_probability=row.inclusion_probability,
        **{f: row.body.get(f) for f in _BODY_FIELDS},
    )
