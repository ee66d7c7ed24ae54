"""The words that reviewers label with. Each change is a new version; what a word was merged into counts in its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, func, select, update

from traces import schema
from traces.model import Label
from traces.store.base import Part

_T = schema.taxonomy
_L = schema.labels
_I = schema.review_items
_D = schema.dataset_items


class WordState(StrEnum):
    """Whether a word is offered to reviewers; ``MERGED`` and ``RETIRED`` ones stay on the labels that have them."""

    ACTIVE = "active"
    MERGED = "merged"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One version of a word of the taxonomy.

    Attributes:
        name: What labels are stored under; never changes.
        version: From 1, one more with each change.
        title: What people see.
        question: When the word holds, in one sentence that reviewers read.
        evaluator: The evaluator that the word is about; ``None`` for a free one.
        merged_into: The word that counts in its place, when it was merged.
    """

    name: str
    version: int
    title: str
    changed_by: str
    changed_at: datetime
    question: str = ""
    evaluator: str | None = None
    state: WordState = WordState.ACTIVE
    merged_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of the labels of a merged word.

    ``moved`` count under the other one now; ``superseded`` gave way because the same reviewer had given both.
    """

    moved: int
    superseded: tuple[Label, ...] = ()


class Taxonomy(Part):
    """Words by name, and their labels where words are merged."""

    _merged: dict[str, str] | None = None

    def put(self, word: Word) -> bool:
        """Store a version of a word; false where somebody else has stored that version already."""
        row = {name: getattr(word, name) for name in Word.__slots__}
        self._merged = None
        return self._insert_or_ignore(_T, {**row, "state": word.state.value})

    def current(self) -> dict[str, Word]:
        """The latest version of every word, by name."""
        rows = self._connection.execute(
            select(_T).where(_T.c.workspace_id == self._workspace_id).order_by(_T.c.name, _T.c.version)
        )
        return {row.name: _word(row) for row in rows}

    def history(self, name: str) -> list[Word]:
        """Every version of a word, oldest first."""
        rows = self._connection.execute(
            select(_T).where(_T.c.workspace_id == self._workspace_id, _T.c.name == name).order_by(_T.c.version)
        )
        return [_word(row) for row in rows]

    def targets(self, names: Collection[str]) -> dict[str, str]:
        """By name, the word that counts: the name itself unless it was merged."""
        if self._merged is None:
            self._merged = self._read_merged()
        return {name: _followed(name, self._merged) for name in names}

    def _read_merged(self) -> dict[str, str]:
        latest = self._latest_versions(_T, _T.c.name, _T.c.merged_into)
        rows = self._connection.execute(latest.where(_T.c.merged_into.is_not(None)))
        return {row.name: row.merged_into for row in rows}

    def label_counts(self) -> dict[str, dict[str, int]]:
        """How many labels each name has, by the version of the question that they answer; empty where none is known."""
        version = func.coalesce(_L.c.question_version, "")
        rows = self._connection.execute(
            select(_L.c.name, version.label("version"), func.count().label("labels"))
            .where(_L.c.workspace_id == self._workspace_id)
            .group_by(_L.c.name, version)
            .order_by(_L.c.name, version)
        )
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for name, answered, labels in rows:
            found[name][answered] = labels
        return dict(found)

    def merge_labels(self, name: str, into: str) -> Merged:
        """Let the labels of one word count under another; each keeps the version of the question that it answers.

        Where a reviewer gave both to a conversation, the later one stays. Open questions and dataset items follow.
        """
        theirs = {(row.conversation_id, row.reviewer): row for row in self._rows(into)}
        superseded = []
        moved = 0
        for row in self._rows(name):
            standing = theirs.get((row.conversation_id, row.reviewer))
            if standing is None:
                moved += self._rename(row, into)
            elif standing.at >= row.at:
                self._remove(row)
                superseded.append(label_of(row))
            else:
                self._remove(standing)
                moved += self._rename(row, into)
                superseded.append(label_of(standing))
        self._follow(name, into)
        return Merged(moved=moved, superseded=tuple(superseded))

    def _rows(self, name: str) -> list[Any]:
        query = select(_L).where(_L.c.workspace_id == self._workspace_id, _L.c.name == name)
        return list(self._connection.execute(query.order_by(_L.c.at, _L.c.conversation_id, _L.c.reviewer)))

    def _one(self, row: Any) -> Any:
        return and_(
            _L.c.workspace_id == self._workspace_id,
            _L.c.conversation_id == row.conversation_id,
            _L.c.name == row.name,
            _L.c.reviewer == row.reviewer,
        )

    def _remove(self, row: Any) -> None:
        self._connection.execute(delete(_L).where(self._one(row)))

    def _rename(self, row: Any, into: str) -> int:
        # A label without a version says at least which question it answered.
        answered = row.question_version or row.name
        values = {"name": into, "question_version": answered}
        return self._connection.execute(update(_L).where(self._one(row)).values(**values)).rowcount

    def _follow(self, name: str, into: str) -> None:
        asked = _I.alias()
        is_asked = select(asked.c.item_id).where(
            asked.c.workspace_id == _I.c.workspace_id,
            asked.c.conversation_id == _I.c.conversation_id,
            asked.c.evaluator == into,
        )
        self._connection.execute(
            update(_I)
            .where(_I.c.workspace_id == self._workspace_id, _I.c.evaluator == name, ~is_asked.exists())
            .values(evaluator=into)
        )
        self._connection.execute(
            update(_D).where(_D.c.workspace_id == self._workspace_id, _D.c.label == name).values(label=into)
        )


def label_of(row: Any) -> Label:
    """The label that a row of the table of labels holds."""
    return Label(
        conversation_id=row.conversation_id,
        name=row.name,
        value=row.value,
        reviewer=row.reviewer,
        note=row.note,
        at=row.at,
        inclusion_probability=row.inclusion_probability,
        question_version=row.question_version,
    )


def _followed(name: str, merged: Mapping[str, str]) -> str:
    seen = {name}
    while (further := merged.get(name)) is not None and further not in seen:
        seen.add(further)
        name = further
    return name


def _word(row: Any) -> Word:
    fields = {name: getattr(row, name) for name in Word.__slots__}
    return Word(**{**fields, "state": WordState(row.state)})
