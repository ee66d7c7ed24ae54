"""A judge by its criterion as it stands now, with what people have approved of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from evaluators.base import Evaluator, Verdict
from evaluators.judge.alignment import Revision, revised
from evaluators.judge.criterion import Criterion
from evaluators.judge.evaluator import Judge
from evaluators.stand_in import StandIn
from traces.model import Conversation

RevisionOf: TypeAlias = Callable[[Criterion], Revision | None]
"""What is added to a criterion now; ``None`` for nothing."""


class Aligned(StandIn):
    """The judge that a criterion and what was added to it make; another one as soon as that changes.

    Args:
        criterion: As the team wrote it.
        make: Makes a judge of a criterion.
        revision_of: What is added to the criterion now.
    """

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
    def behind(self) -> Evaluator:
        return self.judge

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

    def asks_about(self, conversation: Conversation) -> bool:
        """Whether the conversation is in its sample, which does not change with what is added."""
        return self.judge.asks_about(conversation)

    def evaluate(self, conversation: Conversation) -> Verdict:
        return self.judge.evaluate(conversation)
