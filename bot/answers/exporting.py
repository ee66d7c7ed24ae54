"""What is stored, as rows of plain data: the audit trail, labels, datasets and scores."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO, TypeAlias

import orjson

from bot.slack.queries import Exported
from traces.clock import format_time
from traces.conversation_format import to_json
from traces.model import Conversation, EvaluatorFailure, Label
from traces.store import Tx
from traces.store.datasets import DatasetRow
from traces.store.scores import Outcome, source_of

Row: TypeAlias = Mapping[str, Any]
_FORMULA: Final = re.compile(r"[\t\r\n]|[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠|%]")
"""How a cell begins that some spreadsheet may run; some of them drop white space, and read full-width signs as others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The time that is exported: from ``since`` to before ``until``; without them, all of it."""

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, at: datetime | None) -> bool:
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One thing that can be exported: its columns, its rows, and how many there are."""

    columns: tuple[str, ...]
    rows: Callable[[Tx, Within], Iterator[Row]]
    count: Callable[[Tx], int]


def rows_of(tx: Tx, what: Exported) -> int:
    """How many rows there are of it in all."""
    return _KINDS[what].count(tx)


def columns_of(what: Exported) -> tuple[str, ...]:
    """The columns of a file of it."""
    return _KINDS[what].columns


def rows(tx: Tx, what: Exported, within: Within) -> Iterator[Row]:
    """Every row, oldest first; of scores those of the conversations that began within the time."""
    return _KINDS[what].rows(tx, within)


def write_csv(file: TextIO, columns: Sequence[str], found: Iterable[Row]) -> None:
    """Rows as CSV with a header. What is not text or a number is JSON; no cell is taken for a formula."""
    # A lone carriage return would end a row that is not quoted.
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in found:
        writer.writerow([_cell(row.get(column)) for column in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()


def _audit(tx: Tx, within: Within) -> Iterator[Row]:
    names = tx.state.reviewer_names()
    for link in tx.audit.chain(since=within.since, until=within.until):
        entry = link.entry
        yield {
            "number": link.number,
            "at": format_time(entry.at),
            "actor": entry.actor,
            "name": names.get(entry.actor),
            "action": entry.action,
            "subject": entry.subject,
            "before": entry.before,
            "after": entry.after,
            "request_key": entry.request_key,
            "digest": link.digest,
        }


def _labels(tx: Tx, within: Within) -> Iterator[Row]:
    names = tx.state.reviewer_names()
    given: list[Label] = [label for name in tx.reviews.label_counts() for label in tx.reviews.labels_named(name)]
    for label in given:
        if label.at in within:
            yield {
                "conversation_id": label.conversation_id,
                "name": label.name,
                "value": label.value,
                "reviewer": label.reviewer,
                "reviewer_name": names.get(label.reviewer),
                "note": label.note,
                "at": None if label.at is None else format_time(label.at),
                "inclusion_probability": label.inclusion_probability,
                "question_version": label.question_version,
            }


def _dataset(tx: Tx, within: Within) -> Iterator[Row]:
    for name in tx.datasets.names():
        kept = [row for row in tx.datasets.rows(name) if row.item.added_at in within]
        for start in range(0, len(kept), _BATCH):
            batch = kept[start : start + _BATCH]
            conversations = tx.conversations.many(row.item.conversation_id for row in batch)
            yield from (_kept(row, conversations.get(row.item.conversation_id)) for row in batch)


_BATCH: Final = 200


def _kept(row: DatasetRow, conversation: Conversation | None) -> Row:
    item = row.item
    messages = () if conversation is None else conversation.messages
    return {
        "dataset": item.dataset,
        "conversation_id": item.conversation_id,
        "input": next((m.content for m in messages if m.role == "user"), None),
        "output": next((m.content for m in reversed(messages) if m.role == "assistant"), None),
        "expected": item.expected,
        "label": item.label,
        "value": row.value,
        "added_by": item.added_by,
        "added_at": format_time(item.added_at),
        "metadata": None if conversation is None else dict(conversation.metadata),
        "messages": None if conversation is None else to_json(conversation)["messages"],
    }


def _scores(tx: Tx, within: Within) -> Iterator[Row]:
    for batch in tx.conversations.in_order(since=within.since, until=within.until):
        current = tx.scores.current([c.conversation_id for c in batch])
        for conversation in batch:
            for outcome in current.get(conversation.conversation_id, ()):
                yield _score(conversation, outcome)


def _score(conversation: Conversation, outcome: Outcome) -> Row:
    row = {
        "conversation_id": conversation.conversation_id,
        "started_at": format_time(conversation.started_at),
        "name": outcome.name,
        "source": source_of(outcome),
        "evaluator_version": outcome.evaluator_version,
        "cost_usd": outcome.cost_usd,
    }
    if isinstance(outcome, EvaluatorFailure):
        return {**row, "failure": outcome.reason, "explanation": outcome.message}
    return {
        **row,
        "value": outcome.value,
        "label": outcome.label,
        "explanation": outcome.explanation,
        "turn": outcome.turn,
        "inclusion_probability": outcome.inclusion_probability,
    }


_KINDS: Final[Mapping[Exported, _Kind]] = {
    "audit": _Kind(
        columns=(*("number", "at", "actor", "name", "action", "subject", "before", "after", "request_key", "digest"),),
        rows=_audit,
        count=lambda tx: tx.audit.count(),
    ),
    "labels": _Kind(
        columns=(
            *("conversation_id", "name", "value", "reviewer", "reviewer_name", "note", "at", "inclusion_probability"),
            "question_version",
        ),
        rows=_labels,
        count=lambda tx: sum(tx.reviews.label_counts().values()),
    ),
    "dataset": _Kind(
        columns=(
            *("dataset", "conversation_id", "input", "output", "expected", "label", "value", "added_by", "added_at"),
            *("metadata", "messages"),
        ),
        rows=_dataset,
        count=lambda tx: sum(tx.datasets.names().values()),
    ),
    "scores": _Kind(
        columns=(
            *("conversation_id", "started_at", "name", "value", "label", "failure", "explanation", "turn", "source"),
            *("evaluator_version", "inclusion_probability", "cost_usd"),
        ),
        rows=_scores,
        count=lambda tx: tx.scores.count(),
    ),
}
