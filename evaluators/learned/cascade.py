"""A judge that is asked only where its classifier is unsure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final, Protocol

from evaluators.base import Evaluator, Layer, Verdict, When, traits_of
from evaluators.judge.criterion import Criterion
from evaluators.learned.evaluator import HeadOf, seen_in
from evaluators.learned.head import Head
from evaluators.run import run
from evaluators.stand_in import StandIn
from traces.model import Conversation, Score

_EVEN: Final = 0.5


class Judging(Evaluator, Protocol):
    """A judge as the cascade sees it: an evaluator with a criterion."""

    @property
    def criterion(self) -> Criterion: ...

    @property
    def is_at_hand(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """What a cascade has saved and how its audit went.

    Attributes:
        spared: Conversations of the sample that the classifier answered alone.
        audited: Conversations that it was sure of, and that the judge was asked about all the same.
        agreed: Those of them on which both said the same.
    """

    spared: int = 0
    audited: int = 0
    agreed: int = 0

    def plus(self, other: Spared) -> Spared:
        """Both together."""
        return Spared(
            spared=self.spared + other.spared,
            audited=self.audited + other.audited,
            agreed=self.agreed + other.agreed,
        )


class Untaught:
    """The question of a judge as an evaluator without rules, for a classifier to learn: it says nothing by itself."""

    when: When = "quiet"
    layer: Layer = 1
    has_rules = False
    cost = "less than 2 ms"
    version = "1"

    def __init__(self, judge: Judging) -> None:
        self.name = judge.name
        self.summary = judge.summary
        self.question = judge.question
        self.yes_label = judge.yes_label
        self.no_label = judge.no_label
        self.bad = judge.bad
        self.needs = traits_of(judge).needs

    def evaluate(self, conversation: Conversation) -> Score | None:  # noqa: ARG002 - the classifier reads it
        """Nothing."""
        return None


class Cascade(StandIn):
    """A judge behind its classifier.

    Where labels show that the classifier is right nineteen times in twenty (outside of its band, see ``Head.band``), it answers
    alone and nobody is paid; in between the judge is asked. A share of what the classifier is sure of goes to the judge all
    the same, so that a classifier that has gone stale is found out. Every conversation of the judge's sample gets a verdict
    either way, so that the share of yes is that of the whole sample. Without a classifier, or without a band, the judge
    is asked as ever.

    Args:
        judge: Who is asked, about the conversations of its criterion's sample.
        head_of: The current classifiers.
        audit: Share of what the classifier is sure of that is judged, above 0 and at most 1.
    """

    def __init__(self, judge: Judging, head_of: HeadOf, audit: float) -> None:
        self.judge = judge
        self._head_of = head_of
        self._audit = audit
        self._lock = threading.Lock()
        self._counted = Spared()

    @property
    def behind(self) -> Evaluator:
        return self.judge

    @property
    def criterion(self) -> Criterion:
        return self.judge.criterion

    @property
    def is_at_hand(self) -> bool:
        return self.judge.is_at_hand

    @property
    def version(self) -> str:
        """One version for all classifiers that are sure: each of them keeps the same promise."""
        return f"{self.judge.version}+cascade" if self.head is not None else self.judge.version

    @property
    def cost(self) -> str:
        return f"{super().cost} where the classifier is unsure"

    @property
    def head(self) -> Head | None:
        """The classifier that answers alone outside of its band; ``None`` as long as the judge is asked everything."""
        head = self._head_of(self.name)
        if head is None or head.model is None or not head.takes_over or head.band is None:
            return None
        return head if head.prior_version == Untaught.version else None

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether the conversation is in the sample."""
        return bool(conversation.messages) and self.criterion.includes(conversation.conversation_id)

    def evaluate(self, conversation: Conversation) -> Verdict:
        if not self.asks_about(conversation):
            return None
        head = self.head
        if head is None:
            return self.judge.evaluate(conversation)
        seen = seen_in(conversation)
        chance = head.score(seen, None)
        is_sure = head.is_sure(chance)
        is_audited = self.criterion.includes(conversation.conversation_id, self.criterion.sample_rate * self._audit)
        if is_sure and not is_audited:
            self._count(Spared(spared=1))
            return self._answer(head, chance, head.why(seen, None))
        said = run(self.judge, conversation)
        if not isinstance(said, Score):
            return said
        if is_sure and said.value is not None:
            self._count(Spared(audited=1, agreed=int((said.value >= _EVEN) == (chance >= _EVEN))))
        return replace(said, evaluator_version=self.version)

    def drain(self) -> Spared:
        """What was counted since the last time."""
        with self._lock:
            counted, self._counted = self._counted, Spared()
        return counted

    def _count(self, more: Spared) -> None:
        with self._lock:
            self._counted = self._counted.plus(more)

    def _answer(self, head: Head, chance: float, why: str) -> Score:
        assert head.band is not None
        is_yes = chance >= _EVEN
        low, high = head.band
        return Score(
            name=self.name,
            value=float(is_yes),
            label="yes" if is_yes else "no",
            explanation=f"By a classifier learned from {head.n_labels} labels, at {chance:.2f}; the judge is asked only"
            f" between {low:.2f} and {high:.2f}: {why}",
            evaluator_version=self.version,
            cost_usd=0.0,
            inclusion_probability=self.criterion.sample_rate,
        )
