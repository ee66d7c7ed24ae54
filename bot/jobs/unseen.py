"""Scores of what can no longer be seen: they stay where a conversation is evaluated again without its words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from evaluators.base import Evaluator, traits_of
from traces.model import Score
from traces.store import Tx
from traces.store.scores import Outcome, source_of

_OURS = "evaluator"


def looking_for_words(evaluators: Iterable[Evaluator]) -> frozenset[str]:
    """The names of those that look for personal data and secrets themselves."""
    return frozenset(e.name for e in evaluators if traits_of(e).looks_for_hidden)


def still_said(
    tx: Tx, fresh: Mapping[str, Sequence[Outcome]], names: Collection[str]
) -> Mapping[str, Sequence[Outcome]]:
    """Outcomes by conversation, without those of ``names`` that only say less because words are no longer kept."""
    hidden = tx.words.hidden(fresh) if names else set()
    if not hidden:
        return fresh
    standing = tx.scores.current(hidden, names)
    return {
        conversation_id: _still_said(outcomes, standing.get(conversation_id, ()), names)
        for conversation_id, outcomes in fresh.items()
    }


def _still_said(outcomes: Sequence[Outcome], standing: Sequence[Outcome], names: Collection[str]) -> Sequence[Outcome]:
    kept = {name for name in names if _most(standing, name) > _most(outcomes, name)}
    return [o for o in outcomes if o.name not in kept or source_of(o) != _OURS]


def _most(outcomes: Iterable[Outcome], name: str) -> float:
    said = (o.value for o in outcomes if isinstance(o, Score) and o.name == name and source_of(o) == _OURS)
    return max((value for value in said if value is not None), default=-1.0)
