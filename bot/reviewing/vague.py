"""Questions that reviewers answer hardly more alike than by chance: told once in the review channel, with the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.calibration.labelled import answers_in
from bot.reviewing.taxonomy import Taxonomy, titles
from bot.slack.access import Person
from bot.slack.blocks.surface import Message
from bot.slack.blocks.tokens import ref_of
from bot.slack.blocks.vague import Contradiction, VagueQuestion, vague_message
from bot.slack.render import Renderer, excerpt
from evaluators.calibration.reviewers import Answer, question_report
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import GOLD, AuditEntry, Label
from traces.store import Store, Tx
from traces.store.outbox import Delivery

VAGUE: Final = "vague_question"
"""The kind of the message, and how what is known of one is called in the store."""
_CHECKED: Final = f"{VAGUE} checked "
_EVERY: Final = timedelta(minutes=1)
_SHOWN: Final = 3
_TURNS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is kept of a vague question; ``alpha`` with its 95 % interval."""

    name: str
    alpha: Sequence[float]
    agreement: float
    n_double: int
    examples: Sequence[str]
    dismissed_by: str | None = None


class LookingForVague:
    """Looks for vague questions after labels came, once a minute.

    Args:
        store: Where labels are.
        taxonomy: Knows which question a label of a name answers now.
        channel: Where it is told.
    """

    def __init__(self, store: Store, taxonomy: Taxonomy, channel: str) -> None:
        self._store = store
        self._taxonomy = taxonomy
        self._channel = channel
        self._looked_at: datetime | None = None

    def run(self, now: datetime) -> int:
        """How many questions were found to be vague that were not known to be."""
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < _EVERY:
            return 0
        self._looked_at = now
        with self._store.read() as tx:
            names = [
                name
                for name in tx.reviews.label_counts()
                if tx.state.job_outcome(_CHECKED + name) != tx.reviews.fingerprint(name)
            ]
        return sum(self._look(name, now) for name in names)

    def _look(self, name: str, now: datetime) -> bool:
        with self._store.begin() as tx:
            tx.state.job_ran(_CHECKED + name, now, tx.reviews.fingerprint(name))
            version = self._taxonomy.question_version(tx, name)
            ref = ref_of(f"{name}\n{_digest(version)}")
            if tx.state.job_outcome(_key(ref)) is not None:
                return False
            found = _found(name, _answers_now(tx, name, version))
            if found is None:
                return False
            tx.state.job_ran(_key(ref), now, asdict(found))
            tx.outbox.request(kind=VAGUE, subject_id=ref, channel=self._channel, at=now)
            return True


class VagueQuestions:
    """Draws the cards of vague questions, and takes what people say about them."""

    def __init__(self, store: Store, clock: Clock, renderer: Renderer, taxonomy: Taxonomy) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._taxonomy = taxonomy

    def delivered(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message of the outbox about a question; ``None`` where nothing is known of it."""
        found = _kept(tx, delivery.subject_id)
        if found is None:
            return None
        names = tx.state.reviewer_names()
        question = self._renderer.question(found.name)
        asked = tx.taxonomy.current().get(found.name)
        report = VagueQuestion(
            ref=delivery.subject_id,
            title=titles(self._taxonomy.entries(tx)).get(found.name, found.name),
            question=asked.question if asked is not None and asked.question else question.question,
            is_evaluators=found.name in self._taxonomy.evaluators,
            alpha=(found.alpha[0], found.alpha[1], found.alpha[2]),
            agreement=found.agreement,
            n_double=found.n_double,
            contradictions=tuple(self._contradictions(tx, found, names)),
            dismissed_by=None if found.dismissed_by is None else names.get(found.dismissed_by, found.dismissed_by),
        )
        return vague_message(report, delivery_id=delivery.delivery_id)

    def _contradictions(self, tx: Tx, found: _Found, names: Mapping[str, str]) -> list[Contradiction]:
        conversations = tx.conversations.many(found.examples)
        labels = tx.reviews.labels_of(found.examples)
        return [
            Contradiction(
                turns=excerpt(conversations[i])[-_TURNS:],
                yes=tuple(names.get(a.reviewer, a.reviewer) for a in answers if a.truth),
                no=tuple(names.get(a.reviewer, a.reviewer) for a in answers if not a.truth),
            )
            for i in found.examples
            if i in conversations and (answers := _said_of(labels.get(i, ()), found.name))
        ]

    def dismiss(self, ref: str, person: Person, request_key: str) -> bool:
        """Leave a question as it is; whether that was news.

        Raises:
            BadInput: Nothing is known of it.
        """
        with self._store.begin() as tx:
            now = self._clock.now()
            found = _kept(tx, ref)
            if found is None:
                raise BadInput("this question is no longer known")
            if not tx.state.first_time(request_key, now) or found.dismissed_by is not None:
                return False
            tx.state.name_reviewer(person.user_id, person.name)
            tx.state.job_ran(_key(ref), now, {**asdict(found), "dismissed_by": person.user_id})
            subject = f"taxonomy:{found.name}"
            entry = AuditEntry(
                at=now, actor=person.user_id, action="question.keep", subject=subject, request_key=request_key
            )
            tx.audit.add(entry)
            for delivery in tx.outbox.of_subjects([ref]):
                tx.outbox.request(kind=VAGUE, subject_id=ref, channel=delivery.channel, at=now)
            return True


def _found(name: str, answers: Sequence[Answer]) -> _Found | None:
    report = question_report(answers)
    if not report.is_vague or report.alpha is None or report.agreement is None:
        return None
    said: defaultdict[str, set[bool]] = defaultdict(set)
    latest: dict[str, datetime] = {}
    for answer in answers:
        said[answer.conversation_id].add(answer.truth)
        latest[answer.conversation_id] = max(answer.at, latest.get(answer.conversation_id, answer.at))
    split = sorted((i for i, of in said.items() if len(of) > 1), key=lambda i: (latest[i], i), reverse=True)
    return _Found(
        name=name,
        alpha=list(report.alpha),
        agreement=report.agreement,
        n_double=report.n_double,
        examples=split[:_SHOWN],
    )


def _answers_now(tx: Tx, name: str, version: str) -> list[Answer]:
    """Answers to the question as it is asked now; of those without a version, the ones since it was last changed."""
    word = tx.taxonomy.current().get(name)
    changed_at = None if word is None or word.version <= 1 else word.changed_at
    return answers_in(
        label
        for label in tx.reviews.labels_named(name)
        if label.reviewer != GOLD and _is_asked_now(label, version, changed_at)
    )


def _is_asked_now(label: Label, version: str, changed_at: datetime | None) -> bool:
    if not _digest(version):
        return True
    if label.question_version is None:
        return changed_at is None or (label.at is not None and label.at >= changed_at)
    return _digest(label.question_version) == _digest(version)


def _said_of(labels: Sequence[Label], name: str) -> list[Answer]:
    return answers_in(label for label in labels if label.name == name and label.reviewer != GOLD)


def _digest(version: str) -> str:
    """Which text a version of a question has; a new version of its evaluator asks the same."""
    return version.partition("#")[2]


def _key(ref: str) -> str:
    return f"{VAGUE} {ref}"


def _kept(tx: Tx, ref: str) -> _Found | None:
    saved: Any = tx.state.job_outcome(_key(ref))
    return None if saved is None else _Found(**saved)
