"""Judges learn from people who disagree with them: what would help is tried on other labels, and people are asked about it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from bot.calibration.labelled import reviewed
from bot.calibration.proposals import REVISION, added_to
from bot.calibration.revisions import revision_of, stored_examples
from bot.judges import Bench
from evaluators.judge.alignment import Case, Revision, basis_of, choose_examples, is_held_out, revised
from evaluators.judge.criterion import Criterion
from evaluators.judge.evaluator import Judge
from evaluators.judge.revision import Guidance, ask_for_guidance
from evaluators.judge.trial import Comparison, Finding, Tried, compare, held_out, missing_labels, said_in
from evaluators.truth import truth_of
from traces.model import Conversation, EvaluatorFailure, Label, Score
from traces.store import Store, Tx
from traces.store.base import chunks
from traces.store.proposals import Proposal

_LOG = logging.getLogger(__name__)

ALIGN: Final = "align:"
"""Job under which it is noted, by judge, what the last trial came to."""
NEW_DISAGREEMENTS: Final = 5
"""Disagreements, besides those of the last trial, that make another worth its money."""
_EVERY: Final = timedelta(days=1)
_LEAST_LABELS: Final = 20
_MOST_CASES: Final = 1_000
_MOST_WRONG: Final = 40
_ROUNDS: Final = 2
_YES: Final = 0.5
_PROPOSALS: Final = UUID("8f1d8c1e-1e6c-4a5b-9a55-1f2e7f8f3c40")


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """What is known of the last trial of a judge's criterion.

    Attributes:
        told: What came of it, one sentence for people.
        labels: How many labels there were; without another one nothing new can come of it.
        version: The judge's version, of which ``attempts`` trials were made on held-out labels.
        disagreements: How many disagreements could be shown.
        tried_at: When models were asked last, as seconds since 1970; ``None`` before the first trial.
    """

    told: str = ""
    labels: int = 0
    version: str = ""
    attempts: int = 0
    disagreements: int = 0
    tried_at: float | None = None


def last_told(tx: Tx, evaluator: str) -> Last:
    """What came of the last look at a judge's disagreements."""
    body = tx.state.job_outcome(ALIGN + evaluator)
    return Last(**body) if isinstance(body, dict) else Last()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A criterion that is worth a trial: as the team wrote it, what is added now, and the labels."""

    own: Criterion
    standing: Revision
    replaces: str
    cases: Sequence[Case]
    last: Last

    @property
    def current(self) -> Criterion:
        return revised(self.own, self.standing)


@dataclass(frozen=True, slots=True)
class _Came:
    """Nothing to propose: why, for people."""

    due: _Due
    told: str


class Aligning:
    """Tries revisions of judges' criteria, at most once a day each, and proposes those that do better.

    Nothing changes by itself: people approve or reject. Both criteria are asked anew about the held-out conversations, for what
    was said when they were picked is why some of them were picked.

    Args:
        store: Labels, conversations and proposals.
        bench: Makes the judges of criteria, and asks their models; within their budgets.
        channel: Where people are asked; ``None`` where there is no Slack.
        at_once: Conversations that are judged at a time.
        chance: Where the marks of fences come from.
    """

    def __init__(
        self,
        store: Store,
        bench: Bench,
        channel: str | None = None,
        at_once: int = 4,
        chance: random.Random | None = None,
    ) -> None:
        self._store = store
        self._bench = bench
        self._channel = channel
        self._at_once = at_once
        self._chance = chance if chance is not None else random.SystemRandom()

    def run(self, now: datetime, is_enough: Callable[[], bool] = lambda: False) -> list[str]:
        """Look at every judge whose labels say something new; returns the ids of what is proposed."""
        proposed = []
        for criterion in self._bench.alignable:
            if is_enough():
                break
            due = self._due(criterion, now)
            came = None if due is None else self._try(due, now, is_enough)
            if isinstance(came, Proposal):
                proposed.append(came.proposal_id)
            elif due is not None and came is not None:
                with self._store.begin() as tx:
                    _note(tx, criterion.name, _after(tx, came.due, came.told, now), now)
        return proposed

    # --- whether there is something to try ---

    def _due(self, own: Criterion, now: datetime) -> _Due | None:
        with self._store.read() as tx:
            labels, last = tx.reviews.label_counts().get(own.name, 0), last_told(tx, own.name)
            was_tried = last.tried_at is not None and now.timestamp() - last.tried_at < _EVERY.total_seconds()
            if labels < _LEAST_LABELS or labels == last.labels or was_tried:
                return None
            if any(one.evaluator == own.name for one in tx.proposals.waiting()):
                return None
            due = self._gathered(tx, own, last)
        if due.current.version != last.version:
            due = replace(due, last=replace(last, version=due.current.version, attempts=0, disagreements=0))
        if (told := _why_not(due)) is None:
            return due
        with self._store.begin() as tx:
            _note(tx, own.name, replace(due.last, told=told, labels=labels), now)
        return None

    def _gathered(self, tx: Tx, own: Criterion, last: Last) -> _Due:
        in_force = added_to(tx, own)
        standing = Revision() if in_force is None else revision_of(in_force)
        version = self._bench.plain_judge(revised(own, standing)).version
        return _Due(
            own=own,
            standing=standing,
            replaces="" if in_force is None else in_force.proposal_id,
            cases=_cases(tx, own.name, version),
            last=last,
        )

    # --- the trial ---

    def _try(self, due: _Due, now: datetime, is_enough: Callable[[], bool]) -> Proposal | _Came | None:
        advice = ask_for_guidance(self._bench.adviser_of(due.own), due.own, due.cases, self._chance)
        guidance = advice.value or Guidance(problem="", text="")
        revision = Revision(
            guidance=guidance.text or due.standing.guidance, shown=choose_examples(due.cases, due.standing.shown)
        )
        proposed = revised(due.own, revision)
        if proposed.version == due.current.version:
            return _Came(due, "there is nothing to add that it has not been told")
        tried = self._judged(due, proposed, held_out(due.cases, _texts(due.cases, revision)), is_enough)
        if tried is None:
            return None if is_enough() else _Came(due, "the budget did not last for a trial")
        due = replace(due, last=replace(due.last, attempts=due.last.attempts + 1))
        found = compare([one for one, _ in tried], due.last.attempts)
        if found is None or found.finding is not Finding.BETTER:
            return _Came(due, _told_of(found))
        report = _report(found, guidance, tried, due)
        return self._proposed(due, revision, proposed.version, report, now)

    def _judged(
        self, due: _Due, proposed: Criterion, measuring: Sequence[Case], is_enough: Callable[[], bool]
    ) -> list[tuple[Tried, float]] | None:
        """What both say of each case and what that cost; ``None`` when the budget or the time is up."""
        judges = self._bench.plain_judge(due.current), self._bench.plain_judge(proposed)
        found: list[tuple[Tried, float]] = []
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="align") as pool:
            for chunk in chunks(measuring, _ROUNDS * self._at_once):
                said = list(pool.map(lambda case: _both(judges, case), chunk))
                if is_enough() or any(one is None for one in said):
                    return None
                found += [one for one in said if one is not None]
        return found

    # --- what came of it ---

    def _proposed(
        self, due: _Due, revision: Revision, version: str, report: dict[str, Any], now: datetime
    ) -> Proposal | None:
        name = due.own.name
        proposal = Proposal(
            proposal_id=uuid5(_PROPOSALS, f"{name}:{version}:{now.isoformat()}").hex,
            evaluator=name,
            created_at=now,
            basis=basis_of(due.own),
            replaces=due.replaces,
            before_version=due.current.version,
            version=version,
            guidance=revision.guidance,
            examples=stored_examples(revision),
            report=report,
        )
        with self._store.begin() as tx:
            tx.proposals.one_at_a_time(name)
            in_force = added_to(tx, due.own)
            is_as_tried = due.replaces == ("" if in_force is None else in_force.proposal_id)
            if not is_as_tried or any(one.evaluator == name for one in tx.proposals.waiting()):
                return None
            tx.proposals.add(proposal)
            if self._channel is not None:
                tx.outbox.request(kind=REVISION, subject_id=proposal.proposal_id, channel=self._channel, at=now)
            _note(tx, name, _after(tx, due, "a revision waits for approval", now), now)
        _LOG.info("a revision of the criterion of %s waits for approval", name)
        return proposal


def _note(tx: Tx, name: str, last: Last, now: datetime) -> None:
    tx.state.job_ran(ALIGN + name, now, asdict(last))


def _after(tx: Tx, due: _Due, told: str, now: datetime) -> Last:
    return replace(
        due.last,
        told=told,
        labels=tx.reviews.label_counts().get(due.own.name, 0),
        disagreements=_showable(due.cases),
        tried_at=now.timestamp(),
    )


def _why_not(due: _Due) -> str | None:
    """Why nothing is tried; ``None`` where something is."""
    yes, no = missing_labels(due.cases)
    if yes or no:
        wanted = " and ".join(f"about {n} of {answer}" for n, answer in ((yes, "yes"), (no, "no")) if n)
        return f"more labels are needed for a trial: {wanted}"
    short = NEW_DISAGREEMENTS - (_showable(due.cases) - due.last.disagreements)
    if short > 0:
        new = "new " if due.last.attempts else ""
        return f"people and judge agree too well for a trial: {short} more {new}disagreements would be worth one"
    return None


def _showable(cases: Sequence[Case]) -> int:
    return sum(case.is_disagreement and not is_held_out(case.conversation.conversation_id) for case in cases)


def _cases(tx: Tx, name: str, version: str) -> list[Case]:
    """The labelled conversations that are still there, with what this version of the judge said of them."""
    told, notes = reviewed(tx, name), _notes(tx.reviews.labels_named(name))
    found = tx.conversations.many(sorted(told)[:_MOST_CASES])
    said = tx.scores.current(found)
    return [
        Case(
            conversation=_bare(conversation),
            truth=told[i].truth,
            weight=told[i].weight,
            note=notes.get((i, told[i].truth), ""),
            **_said(said.get(i, ()), name, version),
        )
        for i, conversation in found.items()
    ]


def _said(outcomes: Sequence[Any], name: str, version: str) -> dict[str, Any]:
    for one in outcomes:
        if isinstance(one, Score) and one.name == name and one.value is not None and one.evaluator_version == version:
            return {"said": one.value >= _YES, "reason": one.explanation or ""}
    return {}


def _notes(labels: Sequence[Label]) -> dict[tuple[str, bool], str]:
    """By conversation and answer, what somebody wrote beside it."""
    return {
        (label.conversation_id, truth): label.note
        for label in labels
        if label.note and (truth := truth_of(label.value)) is not None
    }


def _bare(conversation: Conversation) -> Conversation:
    """Without what others said of it."""
    return replace(conversation, scores=(), labels=(), feedback=())


def _texts(cases: Sequence[Case], revision: Revision) -> list[str]:
    shown = {one.conversation_id for one in revision.shown}
    return [said_in(case) for case in cases if case.conversation.conversation_id in shown]


def _both(judges: Sequence[Judge], case: Case) -> tuple[Tried, float] | None:
    """What both say of a case, and what it cost; ``None`` where the budget allowed one of them no call."""
    said = [judge.evaluate(case.conversation) for judge in judges]
    if any(one is None for one in said):
        return None
    cost = sum(one.cost_usd or 0.0 for one in said if one is not None)
    if any(isinstance(one, EvaluatorFailure) for one in said):
        return Tried(case=case, has_failed=True), cost
    current, proposed = (one.value if isinstance(one, Score) else None for one in said)
    return Tried(case=case, current=current, proposed=proposed), cost


def _told_of(found: Comparison | None) -> str:
    if found is None or found.finding is Finding.FAILED:
        return "the judge failed too often for a trial"
    return (
        f"a revision was tried on {found.current.n} held-out labels and is not surely better: right on "
        f"{found.proposed.right} instead of {found.current.right}"
    )


def _report(found: Comparison, guidance: Guidance, tried: Sequence[tuple[Tried, float]], due: _Due) -> dict[str, Any]:
    wrong = [
        {
            "conversation_id": one.case.conversation.conversation_id,
            "truth": one.case.truth,
            "current": one.current,
            "proposed": one.proposed,
        }
        for one, _ in tried
        if not one.has_failed and {one.current, one.proposed} != {float(one.case.truth)}
    ]
    return {
        "comparison": found.to_json(),
        "problem": guidance.problem,
        "before": due.standing.guidance,
        "wrong": wrong[:_MOST_WRONG],
        "wrong_total": len(wrong),
        "cost_usd": sum(cost for _, cost in tried),
        "attempt": due.last.attempts,
    }
