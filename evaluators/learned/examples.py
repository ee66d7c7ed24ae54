"""From labelled conversations to what a classifier learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from evaluators.base import Evaluator
from evaluators.learned.evaluator import has_rules
from evaluators.learned.features import see
from evaluators.learned.head import Head, learn
from evaluators.learned.logistic import Example
from evaluators.run import run
from traces.model import Conversation, Score
from traces.redacted import settled

JUDGED: Final = 0.2
"""What a judge's verdict weighs beside a person's label."""
MOST: Final = 5_000
"""Labelled conversations that are learned from, the last ones; more teach little and take long."""
MOST_JUDGED: Final = 1_000
"""Judges' verdicts among them, the latest of each judge."""
_LEAST_GROUPS: Final = 10
_LARGEST: Final = 0.3


class Labelled(NamedTuple):
    """A conversation with what is true of it; ``weight`` 1 for a person's label, ``JUDGED`` for a judge's verdict."""

    conversation: Conversation
    truth: bool
    weight: float = 1.0


def learn_from(rules: Evaluator, labelled: Sequence[Labelled], seed: int = 1) -> Head:
    """Learn a classifier for the evaluator ``rules``."""
    return learn(rules.name, rules.version, examples(rules, labelled), seed)


def examples(rules: Evaluator, labelled: Sequence[Labelled]) -> list[Example]:
    """What can be learned from, by the words that are kept: where the rules do not apply, neither does a classifier."""
    group_of = grouping([row.conversation for row in labelled])
    found = []
    for conversation, truth, weight in labelled[-MOST:]:
        hidden = settled(conversation)
        outcome = run(rules, hidden)
        prior = outcome.value if isinstance(outcome, Score) else None
        if prior is None and has_rules(rules):
            continue
        seen = see(hidden)
        found.append(
            Example(
                numbers=seen.numbers,
                terms=seen.terms,
                truth=truth,
                prior=prior,
                group=group_of(conversation),
                weight=weight,
                example_id=conversation.conversation_id,
            )
        )
    return found


def grouping(conversations: Iterable[Conversation]) -> Callable[[Conversation], str]:
    """What belongs together: scenarios, or users, where there are ten or more of them and none is too large."""
    given = list(conversations)
    for key_of in (_scenario, _user):
        counts = Counter(key_of(c) for c in given)
        largest = max((n for key, n in counts.items() if key), default=0)
        if len(counts) >= _LEAST_GROUPS and largest <= _LARGEST * len(given) and not counts.get("", 0):
            return key_of
    return lambda conversation: conversation.conversation_id


def _scenario(conversation: Conversation) -> str:
    return str(conversation.metadata.get("scenario") or "")[:255]


def _user(conversation: Conversation) -> str:
    return conversation.user_id or ""


def heads_by_name(heads: Iterable[Head]) -> Callable[[str], Head | None]:
    """Looks classifiers up among a few."""
    known: Mapping[str, Head] = {head.evaluator: head for head in heads}
    return known.get
