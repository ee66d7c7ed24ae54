"""A judge by its criterion as it stands now, with what people have approved of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from evaluators.base import JUDGE_LAYER, Layer, Need, Verdict, When
from evaluators.judge.alignment import Revision, revised
from evaluators.judge.criterion import Criterion
from evaluators.judge.evaluator import Judge
from traces.model import Conversation, Direction

RevisionOf: TypeAlias = Callable[[Criterion], Revision | None]
"""What is added to a criterion now; ``None`` for nothing."""


class Aligned:
    """The judge that a criterion and what was added to it make; another one as soon as that changes.

    Args:
        criterion: As the team wrote it.
        make: Makes a judge of a criterion.
        revision_of: What is added to the criterion now.
    """

    when: When = "quiet"
    layer: Layer = JUDGE_LAYER

    def __init__(
        self,
        criterion: Criterion,
        make: Callable[[Criterion], Judge],
        revision_of: Callable[[Criterion], Revision | None],
    ) -> None:
        self._own = criterion
        self._make = make
        self._revision_of = revision_of
        self._lock = threading.Lock()
        self._made: tuple[Revision | None, Criterion, Judge] = (None, criterion, make(criterion))

    @property
    def judge(self) -> Judge:
        """The judge as it stands now."""
        return self._now()[2]

    @property
    def criterion(self) -> Criterion:
        """The criterion as it stands now."""
        return self._now()[1]

    def _now(self) -> tuple[Revision | None, Criterion, Judge]:
        revision = self._revision_of(self._own)
        with self._lock:
            if revision != self._made[0]:
                criterion = self._own if revision is None else revised(self._own, revision)
                self._made = (revision, criterion, self._make(criterion))
            return self._made

    @property
    def is_at_hand(self) -> bool:
        return self.judge.is_at_hand

    @property
    def name(self) -> str:
        return self._own.name

    @property
    def version(self) -> str:
        return self.judge.version

    @property
    def summary(self) -> str:
        return self.judge.summary

    @property
    def needs(self) -> tuple[Need, ...]:
        return self.judge.needs

    @property
    def cost(self) -> str:
        return self.judge.cost

    @property
    def question(self) -> str:
        return self.judge.question

    @property
    def yes_label(self) -> str:
        return self.judge.yes_label

    @property
    def no_label(self) -> str:
        return self.judge.no_label

    @property
    def bad(self) -> Direction:
        return self.judge.bad

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether the conversation is in its sample, which does not change with what is added."""
        return self.judge.asks_about(conversation)

    def evaluate(self, conversation: Conversation) -> Verdict:
        return self.judge.evaluate(conversation)
