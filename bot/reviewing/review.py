"""A reviewer's label: stored once, audited, shown where the question stands, and undoable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.reviewing.assigning import subject_of
from bot.slack.access import Person
from evaluators.truth import truth_of
from traces import crash_points
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import GOLD, AuditEntry, Json, Label
from traces.store import Store, Tx
from traces.store.datasets import DatasetItem
from traces.store.outbox import DeliveryState
from traces.store.queue import EntryState
from traces.store.reviews import LabelChange, ReviewItem
from traces.store.together import Together

SEVERITY: Final = "severity"
"""The name under which how bad a conversation is, is stored: low, medium or high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reviewer said: ``value`` 1 for yes, 0 for no, or a word; further labels by name; how bad it is; a note.

    With ``is_kept`` the conversation goes into the dataset, with what the agent should have answered. ``choices`` are the
    further labels that were to choose from, where that was the question: those of them that this person gave before and
    did not choose again are taken back, and so is the severity. ``is_known`` makes yes or no the known answer, by which
    reviewers are measured, or takes it back; ``None`` leaves it.
    """

    value: float | str | None
    further: tuple[str, ...] = ()
    note: str | None = None
    expected: str | None = None
    is_kept: bool = False
    severity: str | None = None
    choices: frozenset[str] | None = None
    is_known: bool | None = None


class Review:
    """Takes labels. ``question_version`` says which question a label of a name answers now."""

    def __init__(self, store: Store, clock: Clock, question_version: Callable[[Tx, str], str] | None = None) -> None:
        self._store = store
        self._together = Together(store)
        self._clock = clock
        self._question_version = question_version

    def label(self, item_id: str, answer: Answer, person: Person, request_key: str) -> bool:
        """Store an answer; the same request again changes nothing. Whether anything changed.

        Raises:
            BadInput: There is no such item any more.
        """
        return self._together.do(lambda tx: self._label(tx, item_id, answer, person, request_key))

    def _label(self, tx: Tx, item_id: str, answer: Answer, person: Person, request_key: str) -> bool:
        item, now = item_in(tx, item_id), self._clock.now()
        if not tx.state.first_time(request_key, now):
            return False
        tx.state.name_reviewer(person.user_id, person.name)
        changed = [self._put(tx, label, person, request_key) for label in _labels(item, answer, person, now)]
        changed += [_take_back(tx, label, person, now, request_key) for label in _unchosen(tx, item, answer, person)]
        changed.append(self._know(tx, item, answer, person, now, request_key))
        if answer.value is not None:
            tx.queue.drop(item_id, EntryState.RESERVED, EntryState.ASSIGNED, reviewer=person.user_id)
        if answer.is_kept:
            _keep(tx, item, person, now, request_key, expected=answer.expected)
        show(tx, now, item.item_id, subject_of(item_id, person.user_id))
        crash_points.passing("label.given")
        return any(changed)

    def undo(self, item_id: str, person: Person, request_key: str) -> bool:
        """Take back what this person said of an item; false when this very request has done so already.

        Raises:
            BadInput: There is no such item any more, or this person has said nothing of it.
        """
        with self._store.begin() as tx:
            item, now = item_in(tx, item_id), self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            labels = tx.reviews.labels_of([item.conversation_id]).get(item.conversation_id, [])
            mine = _given_together(labels, item, person, tx.reviews.asked_besides(item))
            if not mine:
                raise BadInput("there is no label of yours to undo here; only who gave a label takes it back")
            for label in mine:
                _take_back(tx, label, person, now, request_key)
            show(tx, now, item.item_id, subject_of(item_id, person.user_id))
            return True

    def keep(self, item_id: str, person: Person, request_key: str) -> bool:
        """Put a conversation into the dataset; whether it was not there.

        Raises:
            BadInput: There is no such item any more.
        """
        with self._store.begin() as tx:
            item, now = item_in(tx, item_id), self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            tx.state.name_reviewer(person.user_id, person.name)
            is_new = _keep(tx, item, person, now, request_key)
            show(tx, now, item_id)
            return is_new

    def _know(self, tx: Tx, item: ReviewItem, answer: Answer, person: Person, at: datetime, request_key: str) -> bool:
        """Note the known answer, or take it back."""
        if answer.is_known is None:
            return False
        standing = tx.reviews.standing_label(item.conversation_id, item.evaluator, GOLD)
        if standing is None and not answer.is_known:
            return False
        if answer.is_known:
            if answer.value is None or truth_of(answer.value) is None:
                raise BadInput("what is not sure cannot be the known answer; say yes or no", "known")
            label = Label(
                conversation_id=item.conversation_id,
                name=item.evaluator,
                value=answer.value,
                reviewer=GOLD,
                at=at,
                inclusion_probability=item.inclusion_probability,
            )
            return self._put(tx, label, person, request_key, "label.known")
        assert standing is not None
        audited(tx, "label.unknown", item.conversation_id, person, at, request_key, before=_said(standing))
        return tx.reviews.withdraw_label(item.conversation_id, item.evaluator, GOLD)

    def _put(self, tx: Tx, label: Label, person: Person, request_key: str, action: str = "label") -> bool:
        if self._question_version is not None:
            label = replace(label, question_version=self._question_version(tx, label.name))
        assert label.at is not None
        before = tx.reviews.standing_label(label.conversation_id, label.name, label.reviewer)
        if tx.reviews.put_label(label) is LabelChange.UNCHANGED:
            return False
        said = None if before is None else _said(before)
        audited(tx, action, label.conversation_id, person, label.at, request_key, before=said, after=_said(label))
        return True


def _keep(
    tx: Tx, item: ReviewItem, person: Person, at: datetime, request_key: str, *, expected: str | None = None
) -> bool:
    kept = DatasetItem(
        conversation_id=item.conversation_id,
        label=item.evaluator,
        added_by=person.user_id,
        added_at=at,
        expected=expected,
    )
    is_new = tx.datasets.add(kept)
    if is_new or expected is not None:
        after = {"dataset": kept.dataset, "label": kept.label, "expected": expected is not None}
        audited(tx, "dataset.add", item.conversation_id, person, at, request_key, after=after)
    return is_new


def _take_back(tx: Tx, label: Label, person: Person, at: datetime, request_key: str) -> bool:
    audited(tx, "label.undo", label.conversation_id, person, at, request_key, before=_said(label))
    return tx.reviews.withdraw_label(label.conversation_id, label.name, label.reviewer)


def _unchosen(tx: Tx, item: ReviewItem, answer: Answer, person: Person) -> list[Label]:
    """What this person said before and, asked again, did not say."""
    if answer.choices is None:
        return []
    labels = tx.reviews.labels_of([item.conversation_id]).get(item.conversation_id, [])
    return [
        label
        for label in labels
        if label.reviewer == person.user_id
        and (
            (label.name == SEVERITY and answer.severity is None)
            or (label.name in answer.choices and label.name not in answer.further and truth_of(label.value))
        )
    ]


def _given_together(
    labels: Iterable[Label], item: ReviewItem, person: Person, asked_besides: Collection[str]
) -> list[Label]:
    """A person's answer to the question, with the further labels that came in the same submission.

    Without an answer these are the last words that answer no other question about the conversation.
    """
    own = [label for label in labels if label.reviewer == person.user_id]
    answer = next((label for label in own if label.name == item.evaluator), None)
    if answer is None:
        own = [label for label in own if label.name not in asked_besides]
    latest = answer.at if answer is not None else max((label.at for label in own if label.at), default=None)
    return [label for label in own if label is answer or label.at == latest]


def show(tx: Tx, at: datetime, *subject_ids: str) -> None:
    """Bring every message about these subjects up to date."""
    for delivery in tx.outbox.of_subjects(subject_ids):
        if delivery.state is not DeliveryState.DEAD:
            tx.outbox.request(
                kind=delivery.kind,
                subject_id=delivery.subject_id,
                channel=delivery.channel,
                thread_of=delivery.thread_of,
                at=at,
            )


def item_in(tx: Tx, item_id: str) -> ReviewItem:
    """A review item.

    Raises:
        BadInput: There is no such item any more.
    """
    item = tx.reviews.item(item_id)
    if item is None:
        raise BadInput("this conversation is no longer open for review")
    return item


def _labels(item: ReviewItem, answer: Answer, person: Person, at: datetime) -> Iterable[Label]:
    named: list[tuple[str, float | str]] = [] if answer.value is None else [(item.evaluator, answer.value)]
    named += [(name, 1.0) for name in answer.further if name != item.evaluator]
    named += [] if answer.severity is None else [(SEVERITY, answer.severity)]
    for name, value in named:
        yield Label(
            conversation_id=item.conversation_id,
            name=name,
            value=value,
            reviewer=person.user_id,
            note=answer.note,
            at=at,
            inclusion_probability=item.inclusion_probability if name == item.evaluator else None,
        )


def _said(label: Label) -> Json:
    return {"name": label.name, "value": label.value, "note": label.note}


def audited(
    tx: Tx,
    action: str,
    conversation_id: str,
    person: Person,
    at: datetime,
    request_key: str,
    *,
    before: Json = None,
    after: Json = None,
) -> None:
    """Note what a person did about a conversation."""
    tx.audit.add(
        AuditEntry(
            at=at,
            actor=person.user_id,
            action=action,
            subject=f"conversation:{conversation_id}",
            before=before,
            after=after,
            request_key=request_key,
        )
    )
