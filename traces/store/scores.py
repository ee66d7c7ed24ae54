"""Scores and evaluator failures. A newer score of the same name and source supersedes the older, which is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, insert, select, update

from traces import schema
from traces.model import EvaluatorFailure, Score
from traces.store.base import Part, chunks

Outcome: TypeAlias = Score | EvaluatorFailure

_T = schema.scores
_OURS = "evaluator"
_BODY_FIELDS = ("explanation", "turn", "evidence", "input_tokens", "output_tokens")


class Scores(Part):
    """Current scores of conversations, and their history."""

    def put(self, outcomes: Mapping[str, Sequence[Outcome]], at: datetime) -> None:
        """Store outcomes by conversation id; an outcome equal to the current one changes nothing."""
        current = self._current_rows(outcomes)
        superseded: list[int] = []
        rows: list[dict[str, Any]] = []
        for conversation_id, of_conversation in outcomes.items():
            # The last one of a name and source counts, or the unique index of current scores would refuse both.
            for outcome in {(o.name, source_of(o)): o for o in of_conversation}.values():
                row = self._row(conversation_id, outcome, at)
                now = current.get((conversation_id, outcome.name, row["source"]))
                if now is not None and _same(now, row):
                    continue
                if now is not None:
                    superseded.append(now.score_id)
                rows.append(row)
        for chunk in chunks(superseded):
            self._connection.execute(update(_T).where(_T.c.score_id.in_(chunk)).values(superseded_at=at))
        if rows:
            self._connection.execute(insert(_T), rows)

    def withdraw(self, conversation_ids: Iterable[str], at: datetime) -> None:
        """No outcome of these conversations is current any more; their history stays."""
        for chunk in chunks(conversation_ids):
            self._connection.execute(
                update(_T).where(self._current(), _T.c.conversation_id.in_(chunk)).values(superseded_at=at)
            )

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

    def _current_rows(self, conversation_ids: Iterable[str]) -> dict[tuple[str, str, str], Any]:
        found = {}
        for chunk in chunks(conversation_ids):
            for row in self._connection.execute(select(_T).where(self._current(), _T.c.conversation_id.in_(chunk))):
                found[row.conversation_id, row.name, row.source] = row
        return found

    def current(self, conversation_ids: Iterable[str]) -> dict[str, list[Outcome]]:
        """The current outcomes of each conversation, by name."""
        found: dict[str, list[Outcome]] = defaultdict(list)
        for key, row in sorted(self._current_rows(conversation_ids).items()):
            found[key[0]].append(_outcome(row))
        return dict(found)

    def values(self, name: str) -> dict[str, float]:
        """The current value of a score by conversation id, of every conversation that has one."""
        rows = self._connection.execute(
            select(_T.c.conversation_id, _T.c.source, _T.c.value).where(
                self._current(), _T.c.name == name, _T.c.value.is_not(None)
            )
        )
        found: dict[str, tuple[bool, float]] = {}
        for conversation_id, source, value in rows:
            ours = source == _OURS
            if conversation_id not in found or ours:
                found[conversation_id] = (ours, value)
        return {conversation_id: value for conversation_id, (_, value) in found.items()}

    def version(self, name: str) -> str:
        """The evaluator version of the latest score of a name; empty when nobody said one."""
        row = self._connection.execute(
            select(_T.c.evaluator_version)
            .where(self._current(), _T.c.name == name, _T.c.value.is_not(None))
            .order_by(_T.c.at.desc(), _T.c.score_id.desc())
            .limit(1)
        ).first()
        return "" if row is None else row.evaluator_version

    def summary(self, since: datetime) -> dict[str, tuple[int, int, float]]:
        """By name since a time: number of scores, of failures, and cost in USD."""
        rows = self._connection.execute(
            select(
                _T.c.name,
                func.count(_T.c.value),
                func.count(_T.c.failure),
                func.coalesce(func.sum(_T.c.cost_usd), 0.0),
            )
            .where(_T.c.workspace_id == self._workspace_id, _T.c.at >= since)
            .group_by(_T.c.name)
        )
        return {name: (scores, failures, cost) for name, scores, failures, cost in rows}

    def _current(self) -> ColumnElement[bool]:
        return (_T.c.workspace_id == self._workspace_id) & _T.c.superseded_at.is_(None)


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
