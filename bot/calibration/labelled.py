"""The labels of an evaluator as calibration takes them: with the score, the version it is of, and what it stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Final

from alerts.correction import Reviewed
from evaluators.calibrate import Labelled
from evaluators.calibration.reviewers import Answer, dawid_skene
from evaluators.truth import truth_among, truth_of
from traces.histogram import Rollup
from traces.model import EVERYTHING, GOLD, Label, Segment
from traces.store import Tx
from traces.store.rollups import DAY_S, HOUR_S, Fact, bucket_start

RECENT: Final = timedelta(days=3)
WINDOW: Final = timedelta(days=90)
"""The scores that rates are of: those of the last quarter."""
_CHANGED: Final = frozenset({"model", "prompt_version", "release"})
_LONG: Final = timedelta(days=3_650)
_DAY: Final = timedelta(days=1)
_HALF: Final = 0.5


def reviewed(tx: Tx, name: str) -> dict[str, Reviewed]:
    """What is so of the conversations that reviewers answered this question about, by conversation.

    What is known (labels by ``gold``) goes before what people say. Where three or more answer the same questions, each
    counts for as much as it is right; else the majority decides, and a tie says nothing.
    """
    labels = tx.reviews.labels_named(name)
    return _resolved(labels, answers_in(labels))


def _resolved(labels: Iterable[Label], answers: Iterable[Answer]) -> dict[str, Reviewed]:
    by_conversation: dict[str, list[Label]] = {}
    for label in labels:
        by_conversation.setdefault(label.conversation_id, []).append(label)
    estimated = dawid_skene([a for a in answers if a.reviewer != GOLD])
    weighed = {} if estimated is None else {i: chance >= _HALF for i, chance in estimated.chances.items()}
    weighed |= {a.conversation_id: a.truth for a in answers if a.reviewer == GOLD}
    found = {}
    for conversation_id, given in by_conversation.items():
        truth = weighed.get(conversation_id, truth_among(given))
        if truth is not None:
            chance = next((p for label in given if (p := label.inclusion_probability) is not None), None)
            found[conversation_id] = Reviewed(truth=truth, weight=1 / (chance or 1.0))
    return found


def answers_in(labels: Iterable[Label]) -> list[Answer]:
    """The labels that say yes or no, as answers."""
    return [
        Answer(conversation_id=label.conversation_id, reviewer=label.reviewer, truth=truth, at=label.at)
        for label in labels
        if label.at is not None and (truth := truth_of(label.value)) is not None
    ]


class Epochs:
    """When each application last changed: its model, its prompt version or its release.

    The first that was seen of an application is no change.
    """

    def __init__(self, tx: Tx, now: datetime) -> None:
        times: dict[str, list[tuple[str, datetime]]] = {}
        for change in tx.state.changes_between(now - _LONG, now + _DAY):
            if change.kind in _CHANGED:
                times.setdefault(change.application or "", []).append((change.kind, change.at))
        self._times = {application: _after_first(changes) for application, changes in times.items()}

    @property
    def latest(self) -> dict[str, datetime]:
        """By application (empty where it has no name), when it last changed."""
        return {application: times[-1] for application, times in self._times.items() if times}

    def of(self, fact: Fact) -> str:
        """The version of the application that a conversation is of; empty for the one that runs."""
        application = next((s.pairs[0][1] for s in fact.segments if s.pairs and s.pairs[0][0] == "application"), "")
        times = self._times.get(application, [])
        passed = sum(at <= fact.at for at in times)
        return "" if passed == len(times) else f"{application}@{passed}"


def _after_first(changes: Iterable[tuple[str, datetime]]) -> list[datetime]:
    """The times of changes, but for the first of each kind."""
    seen: set[str] = set()
    found = []
    for kind, at in sorted(changes, key=lambda change: change[1]):
        if kind in seen:
            found.append(at)
        seen.add(kind)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What there is to calibrate an evaluator by: labels, scores of what runs now, and scores of what ran before.

    ``answers`` are the labels one by one, as reviewers gave them.
    """

    version: str
    answers: tuple[Answer, ...]
    labelled: tuple[Labelled, ...]
    scores: Rollup
    before: Rollup | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """A conversation, whatever is asked of it: when it was, the version of the application that it is of, whose it is."""

    at: datetime | None
    epoch: str
    user_id: str | None


class Gathering:
    """Gathers the evidence of several evaluators in one transaction: what all share is read once."""

    def __init__(self, tx: Tx, now: datetime) -> None:
        self._tx = tx
        self._now = now
        self._epochs = Epochs(tx, now)
        self._days: dict[Segment, dict[str, list[tuple[datetime, Rollup]]]] = {}
        self._scenes: dict[str, _Scene] = {}

    def evidence(self, name: str) -> Evidence | None:
        """What there is of an evaluator; ``None`` for a word of the taxonomy that no evaluator scores."""
        oldest = self._tx.calibrations.oldest_version(name)
        if oldest is None:
            return None
        version = self._tx.scores.version(name)
        scores, before = self._scores(name, version, is_one=oldest == version)
        labels = self._tx.reviews.labels_named(name)
        answers = tuple(answers_in(labels))
        labelled = tuple(self._labelled(name, version, _resolved(labels, answers)))
        return Evidence(version=version, answers=answers, labelled=labelled, scores=scores, before=before)

    def _scores(self, name: str, version: str, *, is_one: bool) -> tuple[Rollup, Rollup | None]:
        """The scores of what runs now, and those of what ran before."""
        whole = _sum(r for _, r in self._of(EVERYTHING).get(name, ()))
        if not is_one or not whole.n:
            values = self._tx.calibrations.values_by_version(name)
            own = Rollup.of(values.pop(version, {}).values())
            return own, _sum(Rollup.of(of.values()) for of in values.values()) if values else None
        before = Rollup()
        for application, since in self._epochs.latest.items():
            segment = Segment.of(application=application) if application else EVERYTHING
            before.add(self._until(name, segment, since))
        if not 0 < before.n < whole.n:
            return whole, None
        whole.add(before, times=-1)
        return whole, before

    def _of(self, segment: Segment) -> dict[str, list[tuple[datetime, Rollup]]]:
        if segment not in self._days:
            self._days[segment] = self._tx.rollups.every_series(
                segment, since=self._start, until=self._now + _DAY, resolution_s=DAY_S
            )
        return self._days[segment]

    def _until(self, name: str, segment: Segment, until: datetime) -> Rollup:
        """Scores of conversations that ended before the hour of a time."""
        day, hour = bucket_start(until, DAY_S), bucket_start(until, HOUR_S)
        hours = self._tx.rollups.series(name, segment, since=max(day, self._start), until=hour, resolution_s=HOUR_S)
        days = (r for at, r in self._of(segment).get(name, ()) if at < day)
        return _sum(days).plus(_sum(r for _, r in hours))

    @property
    def _start(self) -> datetime:
        return bucket_start(self._now - WINDOW, DAY_S)

    def _labelled(self, name: str, version: str, told: Mapping[str, Reviewed]) -> Iterable[Labelled]:
        """What reviewers say of the conversations that the evaluator has scored."""
        values = self._tx.calibrations.values_of(name, told)
        unseen = self._held_out(name, version)
        self._look_at(values.keys() - self._scenes.keys())
        for conversation_id, (of, value) in values.items():
            one, scene = told[conversation_id], self._scenes[conversation_id]
            yield Labelled(
                value=unseen.get(conversation_id, value),
                truth=one.truth,
                inclusion_probability=1 / one.weight,
                is_recent=scene.at is not None and self._now - scene.at <= RECENT,
                version="" if of == version and not scene.epoch else f"{of} {scene.epoch}",
                user_id=scene.user_id,
            )

    def _look_at(self, conversation_ids: Collection[str]) -> None:
        """Read of conversations what is the same for every evaluator: most are labelled for many."""
        users = self._tx.calibrations.users(conversation_ids)
        self._scenes |= {i: _Scene(None, "", users.get(i)) for i in conversation_ids}
        for fact in self._tx.rollups.facts_of(conversation_ids):
            found = _Scene(fact.at, self._epochs.of(fact), users.get(fact.conversation_id))
            self._scenes[fact.conversation_id] = found

    def _held_out(self, name: str, version: str) -> Mapping[str, float]:
        """What a classifier gives to those that it learned from, as if it had not seen them: else it would flatter itself."""
        learned = self._tx.classifiers.current(name)
        if learned is None or not learned.takes_over or not version.endswith(f"+c{learned.version}"):
            return {}
        return learned.held_out


def _sum(rollups: Iterable[Rollup]) -> Rollup:
    return reduce(Rollup.plus, rollups, Rollup())
