"""Which recent change carries the anomaly of a segment: the new prompt version in which the refunds broke.

A segment's own series cannot tell: refunds fail more often, whatever caused it. So the segment's conversations are split by
each change that came about when the anomaly began. A handful of changes are compared, not hundreds of segments, so that two
to three standard errors are enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from traces.model import Change, Direction, Segment, Signal
from traces.store.rollups import Fact

LEAST_N = 8
LEAST_SHARE = 0.5
LEAST_Z = 2.5
LEAST_CONTRAST = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """A change and what it shows in the segment since it came: ``k`` positives of ``n``, ``share`` of the segment's excess.

    ``also`` are changes that came with exactly the same conversations.
    """

    change: Change
    segment: Segment
    n: int
    k: int
    share: float
    z: float
    also: tuple[tuple[str, str], ...] = ()


def culprit(
    facts: Iterable[Fact],
    *,
    signal: Signal,
    segment: Segment,
    direction: Direction,
    expected: float,
    threshold: float,
    changes: Sequence[Change],
    keys: Sequence[str],
) -> Culprit | None:
    """The change that carries a segment's anomaly in a rate.

    Args:
        facts: The conversations since the anomaly began.
        signal: The signal, a rate.
        segment: Where the anomaly is, cut by one key.
        direction: Where the rate went.
        expected: The rate that was to be expected.
        threshold: The value from which a conversation counts as positive.
        changes: Those that came about when the anomaly began.
        keys: Which key is named first of changes with the same conversations.
    """
    inside = [fact for fact in facts if signal.name in fact.values and segment in fact.segments]
    taken = {key for key, _ in segment.pairs}
    order = {key: rank for rank, key in enumerate(keys)}
    found = [
        one
        for change in sorted(changes, key=lambda c: (order.get(c.kind, len(order)), c.kind, c.value))
        if change.kind not in taken
        and (one := _weighed(inside, change, signal, segment, direction, expected, threshold)) is not None
    ]
    if not found:
        return None
    best = max(found, key=lambda one: one.z)
    same = [one for one in found if (one.n, one.k) == (best.n, best.k)]
    first, *others = same
    return Culprit(
        change=first.change,
        segment=first.segment,
        n=first.n,
        k=first.k,
        share=first.share,
        z=first.z,
        also=tuple((one.change.kind, one.change.value) for one in others),
    )


def _weighed(
    inside: Sequence[Fact],
    change: Change,
    signal: Signal,
    segment: Segment,
    direction: Direction,
    expected: float,
    threshold: float,
) -> Culprit | None:
    mark = Segment(((change.kind, change.value),))
    sign = -1.0 if direction is Direction.DOWN else 1.0
    positive = [fact.values[signal.name][0] >= threshold for fact in inside]
    carried = [mark in fact.segments for fact in inside]
    n, k = sum(carried), sum(p for p, c in zip(positive, carried, strict=True) if c)
    rest_n, rest_k = len(inside) - n, sum(positive) - k
    spread = max(expected * (1 - expected), 1e-4)
    excess, total = sign * (k - n * expected), sign * (sum(positive) - len(inside) * expected)
    z = excess / math.sqrt(max(n, 1) * spread)
    if n < LEAST_N or total <= 0 or excess < LEAST_SHARE * total or z < LEAST_Z:
        return None
    if rest_n:
        pooled = (sum(positive) + 0.5) / (len(inside) + 1)
        contrast = sign * (k / n - rest_k / rest_n) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / rest_n))
        if contrast < LEAST_CONTRAST:
            return None
    pairs = tuple(sorted((*segment.pairs, *mark.pairs)))
    return Culprit(change=change, segment=Segment(pairs), n=n, k=k, share=min(1.0, excess / total), z=z)
