"""The latest conversations' contributions, read once for all that is off at the same time."""

from __future__ import annotations

from datetime import datetime
from weakref import WeakKeyDictionary

from traces.store import Tx
from traces.store.rollups import Fact

FACTS_READ = 5_000
_KEPT = 6
_READ: WeakKeyDictionary[Tx, dict[tuple[datetime, datetime], list[Fact]]] = WeakKeyDictionary()


def facts_between(tx: Tx, start: datetime, end: datetime) -> list[Fact]:
    """The facts of the newest 5,000 conversations of ``[start, end)``, newest first.

    What a pass of detection asks for again it gets from memory: nothing is measured meanwhile in its transaction. A
    narrower span is cut out of a wider one that was read whole.
    """
    known = _READ.setdefault(tx, {})
    for (since, until), facts in known.items():
        if since == start and until == end:
            return facts
        if until == end and since <= start and len(facts) < FACTS_READ:
            return [fact for fact in facts if fact.at >= start]
    if len(known) >= _KEPT:
        del known[next(iter(known))]
    known[start, end] = found = tx.rollups.facts_between(start, end, FACTS_READ)
    return found
