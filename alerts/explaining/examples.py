"""Which conversations show an anomaly: those that carry it, as different from each other as can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from traces.model import Direction, Kind, Segment, Signal
from traces.store.rollups import Fact

_DIVERSE_BY = ("scenario", "tool", "topic", "language", "model")


def carriers(
    facts: Iterable[Fact], signal: Signal, segment: Segment, direction: Direction, threshold: float
) -> list[Fact]:
    """The conversations of a segment that carry a change, the strongest first; equal ones stay in their order.

    For a rate these are the positive ones when it rose and the negative ones when it fell; for a continuous signal the
    largest or smallest values; for a count all of them.
    """
    rising = direction is not Direction.DOWN
    inside = [fact for fact in facts if signal.name in fact.values and holds(segment, fact)]
    if signal.kind is Kind.COUNT:
        return inside
    if signal.kind is Kind.RATE:
        return [fact for fact in inside if (fact.values[signal.name][0] >= threshold) is rising]
    return sorted(inside, key=lambda fact: max(fact.values[signal.name]), reverse=rising)


def holds(segment: Segment, fact: Fact) -> bool:
    """Whether a conversation is in every cut of a segment; facts carry the cuts one by one."""
    return segment in fact.segments or all(Segment((pair,)) in fact.segments for pair in segment.pairs)


def diverse(facts: Sequence[Fact], count: int) -> list[str]:
    """Up to ``count`` conversation ids, one of each kind of conversation before a second of any."""
    chosen: list[str] = []
    rest = list(facts)
    while rest and len(chosen) < count:
        seen: set[tuple[str, ...]] = set()
        left: list[Fact] = []
        for fact in rest:
            kind = _kind_of(fact)
            if kind in seen or len(chosen) >= count:
                left.append(fact)
                continue
            seen.add(kind)
            chosen.append(fact.conversation_id)
        rest = left
    return chosen


def _kind_of(fact: Fact) -> tuple[str, ...]:
    values = {key: value for segment in fact.segments for key, value in segment.pairs}
    return tuple(values.get(key, "") for key in _DIVERSE_BY)
