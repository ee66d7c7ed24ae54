"""The reviewers themselves: whether they agree with each other, with what is known, and with who they were before.

Where three or more answer the same questions, their error rates and the truth are estimated together (Dawid and Skene 1979);
where even people agree hardly more than chance, the question is too vague for any evaluator to be measured by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluators.calibration.agreement import Bounded, agreement_of, alpha_of
from traces.model import GOLD, Json

VAGUE_BELOW: Final = 0.4
"""Krippendorff's alpha under which a question is too vague."""
ENOUGH_DOUBLE: Final = 20
"""Questions that several answered, without which nothing is said of the question."""
RATERS: Final = 3
ITEMS: Final = 50
"""Raters, and questions that at least two of them answered, that Dawid and Skene's estimate takes."""
RECENT: Final = 20
"""Of the latest answers so many are compared with the ones before."""
_DRIFT_CHANCE: Final = 0.01
_ROUNDS: Final = 100
_SETTLED: Final = 1e-6

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one reviewer said of one conversation."""

    conversation_id: str
    reviewer: str
    truth: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerReport:
    """One reviewer.

    Attributes:
        reviewer: Who.
        n: Answers.
        n_shared: Of these, to questions that others answered too, alike for the most part.
        agreement: Share of the shared ones in which this reviewer says what most others do; ``None`` without any.
        kappa: The same beyond chance, with its 95 % interval.
        n_gold: Answers to questions whose answer is known.
        right: Share of these that are right; ``None`` without any.
        has_drifted: Whether the latest twenty shared answers agree less often than the ones before, beyond chance.
    """

    reviewer: str
    n: int
    n_shared: int
    agreement: float | None
    kappa: Bounded | None
    n_gold: int
    right: float | None
    has_drifted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReport:
    """How far people agree about a question.

    Attributes:
        n_double: Conversations that at least two reviewers answered.
        agreement: Share of these that all answered alike; ``None`` without any.
        alpha: Krippendorff's alpha over all of them, with its 95 % interval.
        is_vague: Whether there are enough of them, and alpha is below 0.4.
        reviewers: Each reviewer, by name.
    """

    n_double: int
    agreement: float | None
    alpha: Bounded | None
    is_vague: bool
    reviewers: tuple[ReviewerReport, ...]

    def to_json(self) -> dict[str, Json]:
        """Everything, with intervals as ``[value, low, high]``."""
        told = asdict(self)
        told["alpha"] = None if self.alpha is None else list(self.alpha)
        told["reviewers"] = [
            asdict(one) | {"kappa": None if one.kappa is None else list(one.kappa)} for one in self.reviewers
        ]
        return told


def question_report(answers: Sequence[Answer]) -> QuestionReport:
    """What the answers to one question say of those who gave them, and of the question.

    Args:
        answers: One for each reviewer and conversation; known answers are those of the reviewer ``gold``.
    """
    said = _by_conversation(answers)
    double = [of for of in said.values() if len(of) > 1]
    alpha = alpha_of(double)
    gold = {a.conversation_id: a.truth for a in answers if a.reviewer == GOLD}
    return QuestionReport(
        n_double=len(double),
        agreement=sum(len(set(of.values())) == 1 for of in double) / len(double) if double else None,
        alpha=alpha,
        is_vague=len(double) >= ENOUGH_DOUBLE and alpha is not None and alpha.value < VAGUE_BELOW,
        reviewers=tuple(
            _reviewer(name, [a for a in answers if a.reviewer == name], said, gold)
            for name in sorted({a.reviewer for a in answers} - {GOLD})
        ),
    )


def _reviewer(
    name: str, own: Sequence[Answer], said: Mapping[str, Mapping[str, bool]], gold: Mapping[str, bool]
) -> ReviewerReport:
    shared = [
        (answer.truth, other)
        for answer in sorted(own, key=lambda a: (a.at, a.conversation_id))
        if (other := most_say(said[answer.conversation_id], name)) is not None
    ]
    mine, others = (np.array([pair[k] for pair in shared], dtype=np.bool_) for k in (0, 1))
    known = [answer.truth is gold[answer.conversation_id] for answer in own if answer.conversation_id in gold]
    return ReviewerReport(
        reviewer=name,
        n=len(own),
        n_shared=len(shared),
        agreement=float((mine == others).mean()) if shared else None,
        kappa=agreement_of(mine, others, np.ones(len(shared))).kappa,
        n_gold=len(known),
        right=sum(known) / len(known) if known else None,
        has_drifted=has_drifted(mine == others),
    )


def most_say(said: Mapping[str, bool], besides: str) -> bool | None:
    """What most others say of a conversation, by reviewer; ``None`` where there are none, or they are split."""
    counts = Counter(truth for reviewer, truth in said.items() if reviewer not in (besides, GOLD))
    if not counts or counts[True] == counts[False]:
        return None
    return counts[True] > counts[False]


def has_drifted(agreed: NDArray[np.bool_]) -> bool:
    """Whether the latest twenty agree less often than those before: Fisher's exact test (1922), one-sided."""
    if len(agreed) < 2 * RECENT:
        return False
    from scipy import stats

    before, now = agreed[:-RECENT], agreed[-RECENT:]
    table = [[int(now.sum()), int((~now).sum())], [int(before.sum()), int((~before).sum())]]
    return bool(stats.fisher_exact(table, alternative="less").pvalue < _DRIFT_CHANCE)


@dataclass(frozen=True, slots=True)
class Estimated:
    """The truth as Dawid and Skene estimate it: the chance of yes by conversation, and each rater's error rates."""

    chances: Mapping[str, float]
    tpr: Mapping[str, float]
    tnr: Mapping[str, float]


def dawid_skene(answers: Sequence[Answer]) -> Estimated | None:
    """The truth behind answers that contradict each other, each rater counting for as much as it is right.

    Expectation maximisation from the majority, with one made-up answer of each kind for each rater, so that nobody is
    taken to be infallible.

    Args:
        answers: One for each reviewer and conversation.

    Returns:
        ``None`` with fewer than three raters, or fewer than fifty conversations that several of them answered.
    """
    said = {i: of for i, of in _by_conversation(answers).items() if len(of) > 1}
    raters = sorted({reviewer for of in said.values() for reviewer in of})
    if len(raters) < RATERS or len(said) < ITEMS:
        return None
    ids = sorted(said)
    yes = np.array([[float(said[i].get(r, False)) for r in raters] for i in ids])
    given = np.array([[float(r in said[i]) for r in raters] for i in ids])
    chances, tpr, tnr = _maximised(yes, given)
    return Estimated(
        dict(zip(ids, map(float, chances), strict=True)),
        dict(zip(raters, map(float, tpr), strict=True)),
        dict(zip(raters, map(float, tnr), strict=True)),
    )


def _maximised(yes: Floats, given: Floats) -> tuple[Floats, Floats, Floats]:
    """Chances by row, and true-positive and true-negative rates by column."""
    chances = yes.sum(axis=1) / given.sum(axis=1)
    no = given - yes
    for _ in range(_ROUNDS):
        tpr = (chances @ yes + 1) / (chances @ given + 2)
        tnr = ((1 - chances) @ no + 1) / ((1 - chances) @ given + 2)
        share = (chances.sum() + 1) / (len(chances) + 2)
        so = np.log(share) + yes @ np.log(tpr) + no @ np.log(1 - tpr)
        not_so = np.log(1 - share) + yes @ np.log(1 - tnr) + no @ np.log(tnr)
        before, chances = chances, 1 / (1 + np.exp(np.clip(not_so - so, -500, 500)))
        if float(np.abs(chances - before).max()) < _SETTLED:
            break
    return chances, tpr, tnr


def _by_conversation(answers: Sequence[Answer]) -> dict[str, dict[str, bool]]:
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for answer in answers:
        said[answer.conversation_id][answer.reviewer] = answer.truth
    return dict(said)
