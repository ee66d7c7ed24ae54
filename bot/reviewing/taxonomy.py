"""The words that reviewers label with: every evaluator's question from the start, and what a team adds to them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.reviewing.suggestions import Suggestions
from bot.slack.access import Person
from bot.slack.blocks.figures import words as as_words
from evaluators.base import Evaluator
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry, Json
from traces.store import Store, Tx
from traces.store.taxonomy import Word, WordState

TITLE_AT_MOST: Final = 60
QUESTION_AT_MOST: Final = 300
WORDS_AT_MOST: Final = 500
_NAME_AT_MOST: Final = 60
_NOT_IN_NAMES = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One word as it stands.

    Attributes:
        name: What labels are stored under.
        title: What people see.
        question: When it holds.
        evaluator: The evaluator that it is about; its own name where it is an evaluator's question.
        version: 0 while nobody has changed it.
        labels: How many labels it has.
        answered: How many labels each version of its question has; empty for "not known".
        is_listed: Whether it is in the taxonomy, and not only on labels that came from elsewhere.
    """

    name: str
    title: str
    question: str = ""
    evaluator: str | None = None
    version: int = 0
    state: WordState = WordState.ACTIVE
    merged_into: str | None = None
    labels: int = 0
    answered: Mapping[str, int]
    is_listed: bool = True

    @property
    def is_question(self) -> bool:
        """Whether it is what an evaluator asks."""
        return self.evaluator == self.name

    @property
    def is_offered(self) -> bool:
        return self.is_listed and self.state is WordState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an admin wrote of a word."""

    title: str
    question: str = ""
    evaluator: str | None = None


class Taxonomy:
    """Reads and changes the taxonomy. Every change is a version, and a row of the audit trail."""

    def __init__(self, store: Store, clock: Clock, evaluators: Sequence[Evaluator]) -> None:
        self._store = store
        self._clock = clock
        self._evaluators = {evaluator.name: evaluator for evaluator in evaluators}
        self.suggestions = Suggestions(store, clock)

    @property
    def evaluators(self) -> tuple[str, ...]:
        """The names that a word may be about."""
        return tuple(sorted(self._evaluators))

    def read(self) -> list[Entry]:
        """Every word as it stands, in the order of ``entries``."""
        with self._store.read() as tx:
            return self.entries(tx)

    def entries(self, tx: Tx) -> list[Entry]:
        """Every word: first what is offered, the team's own before what evaluators ask, the most used first."""
        words, counts = tx.taxonomy.current(), tx.taxonomy.label_counts()
        found = [self._entry(name, words.get(name), counts.get(name, {})) for name in {*self._evaluators, *words}]
        found += [
            Entry(name=name, title=_spelt(name), labels=sum(answered.values()), answered=answered, is_listed=False)
            for name, answered in counts.items()
            if name not in words and name not in self._evaluators
        ]
        return sorted(
            found,
            key=lambda e: (not e.is_offered, e.state is not WordState.ACTIVE, e.is_question, -e.labels, e.title),
        )

    def _entry(self, name: str, word: Word | None, answered: Mapping[str, int]) -> Entry:
        evaluator = self._evaluators.get(name)
        labels = sum(answered.values())
        if word is None:
            assert evaluator is not None
            question = evaluator.question
            return Entry(
                name=name, title=_spelt(name), question=question, evaluator=name, labels=labels, answered=answered
            )
        return Entry(
            name=name,
            title=word.title,
            question=evaluator.question if evaluator is not None else word.question,
            evaluator=name if evaluator is not None else word.evaluator,
            version=word.version,
            state=word.state,
            merged_into=word.merged_into,
            labels=labels,
            answered=answered,
        )

    def offered(self, tx: Tx, evaluator: str) -> list[Entry]:
        """The words beside an evaluator's question: first those about it, then the most used; the question itself is none
        of them.
        """
        free = [entry for entry in self.entries(tx) if entry.is_offered and entry.name != evaluator]
        return sorted(free, key=lambda e: (e.evaluator != evaluator or e.is_question, e.is_question and not e.labels))

    def question_version(self, tx: Tx, name: str, question: str | None = None) -> str:
        """Which question a label of this name answers now: ``name@version#digest``.

        The version is the evaluator's, or the taxonomy's of a word; the digest is of the question's text.

        Args:
            tx: The transaction.
            name: The label's name.
            question: The text that was asked, where it is neither an evaluator's nor the taxonomy's.
        """
        evaluator, word = self._evaluators.get(name), tx.taxonomy.current().get(name)
        if evaluator is not None:
            version, asked = evaluator.version, evaluator.question
        elif word is not None:
            version, asked = str(word.version), word.question or word.title
        else:
            version, asked = "", question or ""
        digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:8]
        return f"{name[:150]}{f'@{version[:80]}' if version else ''}{f'#{digest}' if asked else ''}"

    # --- changes ---

    def add(self, draft: Draft, person: Person, request_key: str, name: str | None = None) -> bool:
        """Add a word; with ``name``, take labels of that name, which came from elsewhere, into the taxonomy.

        Raises:
            BadInput: The title says nothing, or there is such a word; the field says where.
        """
        with self._store.begin() as tx:
            if not tx.state.first_time(request_key, self._clock.now()):
                return False
            draft = self._checked(tx, draft, name)
            words = tx.taxonomy.current()
            if len(words) >= WORDS_AT_MOST:
                raise BadInput(f"there are {WORDS_AT_MOST} words, and people cannot choose among more", "title")
            chosen = name or _named(draft.title)
            if chosen in words or chosen in self._evaluators:
                raise BadInput(f"there is “{draft.title}” already", "title")
            self._put(tx, self._word(chosen, 1, draft, person), "taxonomy.add", request_key)
            return True

    def rename(self, name: str, draft: Draft, person: Person, request_key: str) -> bool:
        """Give a word another title, another question, or another evaluator that it is about: a new version.

        Raises:
            BadInput: As for ``add``; or there is no such word.
        """
        with self._store.begin() as tx:
            if not tx.state.first_time(request_key, self._clock.now()):
                return False
            standing = self._standing(tx, name, person)
            draft = self._checked(tx, draft, name)
            if name in self._evaluators:
                draft = replace(draft, question="", evaluator=name)
            word = self._word(name, standing.version + 1, draft, person)
            if (word.title, word.question, word.evaluator) == (standing.title, standing.question, standing.evaluator):
                return False
            self._put(tx, word, "taxonomy.rename", request_key, before=standing)
            return True

    def retire(self, name: str, person: Person, request_key: str) -> bool:
        """Offer a word no longer; its labels stay."""
        return self._turn(name, WordState.RETIRED, "taxonomy.retire", person, request_key)

    def restore(self, name: str, person: Person, request_key: str) -> bool:
        """Offer a retired word again.

        Raises:
            BadInput: It was merged into another one.
        """
        return self._turn(name, WordState.ACTIVE, "taxonomy.restore", person, request_key)

    def _turn(self, name: str, state: WordState, action: str, person: Person, request_key: str) -> bool:
        with self._store.begin() as tx:
            if not tx.state.first_time(request_key, self._clock.now()):
                return False
            standing = self._standing(tx, name, person)
            if standing.state is WordState.MERGED:
                raise BadInput(f"“{standing.title}” was merged; its labels count as {standing.merged_into} now")
            if standing.state is state:
                return False
            now = self._clock.now()
            word = replace(
                standing, version=standing.version + 1, state=state, changed_by=person.user_id, changed_at=now
            )
            self._put(tx, word, action, request_key, before=standing)
            return True

    def merge(self, name: str, into: str, person: Person, request_key: str) -> bool:
        """Let a word, and all labels that it has or will get, count as another one.

        Raises:
            BadInput: It is an evaluator's question, which is measured by its own labels; or there is no such word to
                merge it into.
        """
        with self._store.begin() as tx:
            now = self._clock.now()
            if not tx.state.first_time(request_key, now):
                return False
            standing = self._standing(tx, name, person)
            if name in self._evaluators:
                raise BadInput(
                    f"“{standing.title}” is what the evaluator {name} asks: merge the other one into it", "into"
                )
            target = next((entry for entry in self.entries(tx) if entry.name == into and entry.is_offered), None)
            if target is None or into == name:
                raise BadInput("choose another word that is offered", "into")
            word = replace(
                standing,
                version=standing.version + 1,
                state=WordState.MERGED,
                merged_into=into,
                changed_by=person.user_id,
                changed_at=now,
            )
            merged = tx.taxonomy.merge_labels(name, into)
            self._put(tx, word, "taxonomy.merge", request_key, before=standing, moved=merged.moved)
            for label in merged.superseded:
                said = {"name": label.name, "value": label.value, "note": label.note, "reviewer": label.reviewer}
                subject = f"conversation:{label.conversation_id}"
                _audit(tx, word, "label.superseded", request_key, subject=subject, before=said)
            return True

    def _standing(self, tx: Tx, name: str, person: Person) -> Word:
        """The word as it stands; what is in use without being listed stands at version 0."""
        word = tx.taxonomy.current().get(name)
        if word is not None:
            return word
        if name not in self._evaluators and name not in tx.taxonomy.label_counts():
            raise BadInput("there is no such word any more")
        evaluator = name if name in self._evaluators else None
        return self._word(name, 0, Draft(title=_spelt(name), evaluator=evaluator), person)

    def _word(self, name: str, version: int, draft: Draft, person: Person) -> Word:
        return Word(
            name=name,
            version=version,
            title=draft.title,
            question=draft.question,
            evaluator=draft.evaluator,
            changed_by=person.user_id,
            changed_at=self._clock.now(),
        )

    def _checked(self, tx: Tx, draft: Draft, name: str | None) -> Draft:
        title, question = " ".join(draft.title.split()), draft.question.strip()
        if not _named(title):
            raise BadInput("write a word or two, with a letter or a digit", "title")
        if len(title) > TITLE_AT_MOST:
            raise BadInput(f"at most {TITLE_AT_MOST} characters", "title")
        if len(question) > QUESTION_AT_MOST:
            raise BadInput(f"at most {QUESTION_AT_MOST} characters", "question")
        if draft.evaluator is not None and draft.evaluator not in self._evaluators:
            raise BadInput("there is no such evaluator any more", "evaluator")
        same = [
            e for e in self.entries(tx) if e.name != name and e.title.casefold() == title.casefold() and e.is_listed
        ]
        if same:
            raise BadInput(f"there is “{same[0].title}” already{_WAYS_OUT[same[0].state]}", "title")
        return Draft(title=title, question=question, evaluator=draft.evaluator)

    def _put(
        self, tx: Tx, word: Word, action: str, request_key: str, *, before: Word | None = None, moved: int | None = None
    ) -> None:
        if not tx.taxonomy.put(word):
            raise BadInput("somebody changed this word at the same time; look at it again")
        after = {**_told(word), **({} if moved is None else {"labels_moved": moved})}
        was = _told(before) if before is not None and before.version else None
        _audit(tx, word, action, request_key, subject=f"taxonomy:{word.name}", before=was, after=after)


_WAYS_OUT: Final[Mapping[WordState, str]] = {
    WordState.ACTIVE: "",
    WordState.RETIRED: ", retired: bring it back",
    WordState.MERGED: ", merged into another one",
}


def _audit(
    tx: Tx, word: Word, action: str, request_key: str, *, subject: str, before: Json = None, after: Json = None
) -> None:
    tx.audit.add(
        AuditEntry(
            at=word.changed_at,
            actor=word.changed_by,
            action=action,
            subject=subject,
            before=before,
            after=after,
            request_key=request_key,
        )
    )


def _told(word: Word) -> Json:
    return {
        "version": word.version,
        "title": word.title,
        "question": word.question,
        "evaluator": word.evaluator,
        "state": word.state.value,
        "merged_into": word.merged_into,
    }


def _spelt(name: str) -> str:
    """A name that nobody has given a title: ``tool_error`` is ``Tool error``."""
    return (as_words(name) or name)[:TITLE_AT_MOST]


def _named(title: str) -> str:
    """The name of a title's labels: ``Made up a price!`` is ``made_up_a_price``; empty where there is no letter or digit."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return _NOT_IN_NAMES.sub("_", folded).strip("_")[:_NAME_AT_MOST].strip("_")


def titles(entries: Iterable[Entry]) -> dict[str, str]:
    """By name, what people see."""
    return {entry.name: entry.title for entry in entries}
