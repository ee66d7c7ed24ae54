"""An evaluator whose classifier speaks once it has shown itself better than the rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from evaluators.base import Evaluator, Layer, Verdict, traits_of
from evaluators.learned.features import Seen, see
from evaluators.learned.head import Head
from evaluators.stand_in import StandIn
from traces.model import Conversation, Score
from traces.redacted import settled

HeadOf = Callable[[str], Head | None]
"""The current classifier of an evaluator by name, if there is one."""

LEARNABLE_LAYERS: Final = (0, 1)
"""A judge costs money and is not asked for a feature; a classifier takes over from code only."""

_LAST: Final = threading.local()


class _Looked(NamedTuple):
    conversation: Conversation
    hidden: Conversation
    seen: Seen


def _looked_at(conversation: Conversation) -> _Looked:
    """Once for all classifiers that look at the same conversation one after the other."""
    last: _Looked | None = getattr(_LAST, "looked", None)
    if last is None or last.conversation is not conversation:
        hidden = settled(conversation)
        last = _LAST.looked = _Looked(conversation, hidden, see(hidden))
    return last


def seen_in(conversation: Conversation) -> Seen:
    """What a classifier sees of a conversation: the same before and after personal data and secrets are hidden, as in learning."""
    return _looked_at(conversation).seen


class Learning(StandIn):
    """The rules of an evaluator, or its classifier where that has taken over: then the score is what that gives.

    Where the rules do not apply, the classifier does not either, save for evaluators that have no rules. Both then go by the
    words that are kept, for from these it has learned: a conversation has one score before and after its words are hidden.
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
        head = self._head
        if head is None:
            return self.rules.evaluate(conversation)
        said = self.rules.evaluate(_looked_at(conversation).hidden)
        if said is not None and not isinstance(said, Score):
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
    """Whether a classifier may take over from ``evaluator``: not where what it looks for is hidden from who learns."""
    traits = traits_of(evaluator)
    return traits.layer in LEARNABLE_LAYERS and not traits.looks_for_hidden and not hasattr(evaluator, "evaluate_all")
