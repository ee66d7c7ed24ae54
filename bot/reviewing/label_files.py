"""Labels from files: what each row says, which rows repeat or contradict others, and which cannot be read."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from evaluators.truth import truth_of
from traces.conversation_format import parse_label_line
from traces.errors import BadInput
from traces.ingest import take_label
from traces.model import AuditEntry, Json, Label
from traces.store import Tx
from traces.store.reviews import LabelChange

_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_NUMBERS: Final = ("value", "inclusion_probability")
_ALSO: Final[Mapping[str, str]] = {
    "conversation": "conversation_id",
    "label": "name",
    "annotator": "reviewer",
    "comment": "note",
    "timestamp": "at",
}
"""Other names under which people export the columns."""
_SAID_ELSEWHERE: Final = frozenset({"reviewer_name"})
"""Columns of `hark export labels` that say what others say too."""


@dataclass(slots=True)
class LabelRows:
    """What a file says, row by row.

    Attributes:
        labels: Each with where it stands; every row that could be read and says something new.
        duplicates: Rows that say again what one before them says.
        contradictions: Rows in which a reviewer says otherwise than in one before: where the two stand.
    """

    labels: list[tuple[str, Label]] = field(default_factory=list)
    duplicates: int = 0
    contradictions: list[str] = field(default_factory=list)
    _seen: dict[tuple[str, str, str], tuple[str, Label]] = field(default_factory=dict)

    def add(self, where: str, label: Label) -> None:
        """Take one row."""
        key = (label.conversation_id, label.name, label.reviewer)
        before = self._seen.get(key)
        if before is not None and replace(before[1], at=label.at) == label:
            self.duplicates += 1
            return
        if before is not None and before[1].value != label.value:
            self.contradictions.append(f"{where} contradicts {before[0]}")
        self._seen[key] = (where, label)
        self.labels.append((where, label))


def parse_row(row: Any) -> Label:
    """The label of one row: ``conversation``, ``label``, ``value``, and ``reviewer``, ``note``, ``at`` where they are told.

    Raises:
        BadInput: A field is missing, wrong or unknown.
    """
    if not isinstance(row, Mapping):
        raise BadInput("an object is needed")
    named: dict[str, Any] = {}
    for key, value in row.items():
        name = _ALSO.get(str(key), str(key))
        if name in _SAID_ELSEWHERE:
            continue
        if name in named:
            raise BadInput("is told twice, under two names", name)
        named[name] = value
    return parse_label_line(named)


def csv_rows(text: str, name: str) -> Iterator[tuple[str, dict[str, Any] | BadInput]]:
    """The rows of a CSV file, by its header, with where each stands; an empty cell says nothing.

    Raises:
        BadInput: There is no header, or it does not name what a label needs.
    """
    reader = csv.reader(io.StringIO(text), dialect=_dialect(text))
    try:
        header = [_ALSO.get(cell.strip().lower(), cell.strip().lower()) for cell in next(reader)]
    except (StopIteration, csv.Error) as error:
        raise BadInput("there is no header; write conversation,label,value,reviewer,at", f"{name}:1") from error
    if missing := [column for column in ("conversation_id", "name", "value") if column not in header]:
        raise BadInput(f"the header names no {missing[0]}; write conversation,label,value,reviewer,at", f"{name}:1")
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"{name}:{reader.line_num}", BadInput(str(error))
            continue
        if any(cell.strip() for cell in cells):
            yield f"{name}:{reader.line_num}", _row(header, cells)


def _row(header: list[str], cells: list[str]) -> dict[str, Any] | BadInput:
    if len(cells) > len(header):
        return BadInput(f"{len(cells)} cells, where the header names {len(header)}")
    row: dict[str, Any] = {
        column: cell.strip() for column, cell in zip(header, cells, strict=False) if cell.strip() and column
    }
    for column in _NUMBERS:
        if _NUMBER.fullmatch(row.get(column, "")):
            row[column] = float(row[column])
    return row


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Written(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of labels from a file.

    Attributes:
        changes: How many were added, changed, or changed nothing.
        superseded: How many gave way to what the same reviewer said later; the audit trail keeps them.
        unknown_conversations: How many are of conversations that are not stored.
        unknown_labels: By name that is not in the taxonomy, how many.
        disagreements: How many of the questions have reviewers who say yes and reviewers who say no.
    """

    changes: Mapping[LabelChange, int]
    superseded: int
    unknown_conversations: int
    unknown_labels: Mapping[str, int]
    disagreements: int


def store_labels(tx: Tx, labels: Iterable[Label], taxonomy: Iterable[str], at: datetime) -> Imported:
    """Store labels from a file, each with a row of the audit trail; ``taxonomy`` are the names that it holds."""
    found, listed = list(labels), set(taxonomy)
    known = tx.conversations.known({label.conversation_id for label in found})
    changes = Counter(dict.fromkeys(LabelChange, 0))
    superseded = 0
    for label in found:
        before = tx.reviews.standing_label(label.conversation_id, label.name, label.reviewer)
        change = take_label(tx, label, at)
        changes[change] += 1
        if change is not LabelChange.UNCHANGED:
            tx.audit.add(_entry(label, "label.import", at, None if before is None else _said(before)))
        elif before is not None and before.value != label.value:
            superseded += 1
            tx.audit.add(_entry(label, "label.superseded", at, _said(before)))
    return Imported(
        changes=dict(changes),
        superseded=superseded,
        unknown_conversations=sum(label.conversation_id not in known for label in found),
        unknown_labels=dict(Counter(label.name for label in found if label.name not in listed).most_common()),
        disagreements=_disagreements(tx, found),
    )


def _disagreements(tx: Tx, found: list[Label]) -> int:
    asked = {(label.conversation_id, label.name) for label in found}
    truths: dict[tuple[str, str], set[bool | None]] = {}
    for labels in tx.reviews.labels_of({conversation_id for conversation_id, _ in asked}).values():
        for label in labels:
            truths.setdefault((label.conversation_id, label.name), set()).add(truth_of(label.value))
    return sum({True, False} <= truths.get(question, set()) for question in asked)


def _entry(label: Label, action: str, at: datetime, before: Json) -> AuditEntry:
    subject = f"conversation:{label.conversation_id}"
    return AuditEntry(at=at, actor=label.reviewer, action=action, subject=subject, before=before, after=_said(label))


def _said(label: Label) -> Json:
    return {"name": label.name, "value": label.value, "note": label.note}
