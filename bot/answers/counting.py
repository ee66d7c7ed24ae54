"""Counts conversations one by one, for cuts of which no sums are kept: several conditions, or conditions and a key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.slack.queries import MetricsQuery, written
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import Segment
from traces.store import Tx
from traces.store.rollups import Fact, bucket_start

MOST: Final = 30_000
"""So many are counted within a second or two."""
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The conversations in which all conditions hold, of the two periods that an answer compares.

    ``n`` is how many there are in the period that was asked for.
    """

    facts: Sequence[Fact]
    n: int

    def series(
        self, signal: str, segment: Segment, since: datetime, until: datetime, resolution_s: int
    ) -> list[tuple[datetime, Rollup]]:
        """What rollups would tell of a signal in a segment of these conversations."""
        return _series((fact for fact in self.facts if segment in fact.segments), signal, since, until, resolution_s)

    def parts(
        self, key: str, signal: str, since: datetime, until: datetime, resolution_s: int
    ) -> dict[Segment, list[tuple[datetime, Rollup]]]:
        """The course of a signal in every segment of a key."""
        among: dict[Segment, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            for segment in fact.segments:
                if [name for name, _ in segment.pairs] == [key]:
                    among[segment].append(fact)
        found = {s: _series(facts, signal, since, until, resolution_s) for s, facts in among.items()}
        return {segment: series for segment, series in found.items() if series}


def counted(
    tx: Tx, query: MetricsQuery, since: datetime, until: datetime, before: datetime, most: int = MOST
) -> Counted:
    """The conversations that a query is about, and those of the equally long period from ``before`` on.

    Raises:
        BadInput: There are more than ``most``; the error says what to ask instead.
    """
    conditions = [Segment((pair,)) for pair in query.where]
    found: dict[str, Fact] = {}
    for start, end in ((since, until), (before, min(before + (until - since), since))):
        facts = tx.rollups.facts_among(conditions, start, end, most + 1 - len(found))
        found |= {fact.conversation_id: fact for fact in facts}
        if len(found) > most:
            raise BadInput(_too_many(query, until - min(fact.at for fact in found.values()), most))
    return Counted(facts=tuple(found.values()), n=sum(fact.at >= since for fact in found.values()))


def _series(
    facts: Iterable[Fact], signal: str, since: datetime, until: datetime, resolution_s: int
) -> list[tuple[datetime, Rollup]]:
    values: dict[datetime, list[float]] = defaultdict(list)
    for fact in facts:
        if since <= fact.at < until and (said := fact.values.get(signal)):
            values[bucket_start(fact.at, resolution_s)] += said
    return [(at, Rollup.of(values[at])) for at in sorted(values)]


def _too_many(query: MetricsQuery, held: timedelta, most: int) -> str:
    """Why it is not counted, with the longest period of whole hours that would be, as far as is known by then."""
    hours = held // (2 * _HOUR)
    shorter = replace(query, period=hours * _HOUR)
    such_as = f", such as `{written(shorter)}`" if _HOUR <= shorter.period < query.period else ""
    return (
        f"of this cut no sums are kept, and more than {most:,} conversations would have to be counted one by one; "
        f"ask a shorter period{such_as}, or one cut at a time"
    )
