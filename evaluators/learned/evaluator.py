"""An evaluator whose classifier speaks once it has shown itself better than the rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from evaluators.base import Evaluator, Layer, Verdict, traits_of
from evaluators.learned.features import Seen, see
from evaluators.learned.head import Head
from evaluators.stand_in import StandIn
from traces.model import Conversation, Score

HeadOf = Callable[[str], Head | None]
"""The current classifier of an evaluator by name, if there is one."""

LEARNABLE_LAYERS: Final = (0, 1)
"""A judge costs money and is not asked for a feature; a classifier takes over from code only."""

_LAST: Final = threading.local()


def seen_in(conversation: Conversation) -> Seen:
    """``features.see``, once for all classifiers that look at the same conversation one after the other."""
    last: tuple[Conversation, Seen] | None = getattr(_LAST, "seen", None)
    if last is None or last[0] is not conversation:
        last = (conversation, see(conversation))
        _LAST.seen = last
    return last[1]


class Learning(StandIn):
    """The rules of an evaluator, or its classifier where that has taken over: then the score is what that gives.

    Where the rules do not apply, the classifier does not either, save for evaluators that have no rules.
    """

    def __init__(self, rules: Evaluator, head_of: HeadOf) -> None:
        self.rules = rules
        self._head_of = head_of

    @property
    def behind(self) -> Evaluator:
        return self.rules

    @property
    def version(self) -> str:
        head = self._head
        return self.rules.version if head is None else f"{self.rules.version}+c{head.version}"

    @property
    def layer(self) -> Layer:
        return super().layer if self._head is None else 1

    @property
    def _head(self) -> Head | None:
        head = self._head_of(self.rules.name)
        if head is None or not head.takes_over or head.model is None or head.prior_version != self.rules.version:
            return None
        return head

    def evaluate(self, conversation: Conversation) -> Verdict:
        said = self.rules.evaluate(conversation)
        head = self._head
        if head is None or (said is not None and not isinstance(said, Score)):
            return said
        if said is None and (has_rules(self.rules) or not conversation.messages):
            return None
        return _spoken(head, conversation, said)


def _spoken(head: Head, conversation: Conversation, said: Score | None) -> Score:
    seen, prior = seen_in(conversation), None if said is None else said.value
    rules = "" if prior is None else f" The rules say {prior:.2f}: {said.explanation or 'no reason'}" if said else ""
    return Score(
        name=head.evaluator,
        value=head.score(seen, prior),
        explanation=f"By a classifier learned from {head.n_labels} labels: {head.why(seen, prior)}.{rules}",
        turn=None if said is None else said.turn,
        evidence=None if said is None else said.evidence,
    )


def has_rules(evaluator: Evaluator) -> bool:
    """Whether an evaluator says something by itself, before anything is learned."""
    return bool(getattr(evaluator, "has_rules", True))


def is_learnable(evaluator: Evaluator) -> bool:
    """Whether a classifier may take over from ``evaluator``."""
    return traits_of(evaluator).layer in LEARNABLE_LAYERS and not hasattr(evaluator, "evaluate_all")
