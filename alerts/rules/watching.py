"""All rules of a team, looked at once for every five minutes that have become complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from alerts.explaining.sighting import Sighting
from alerts.rules.bounds import Bound
from alerts.rules.burn import Objective
from alerts.rules.window import sighting_of
from alerts.watching.watch import Terrain
from traces.clock import format_time, parse_time
from traces.store import Tx
from traces.store.rollups import BASE_S, bucket_start

Rule: TypeAlias = Objective | Bound
_JOB = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The rules that are broken. ``is_news``: others than when they were last looked at."""

    sightings: Sequence[Sighting] = ()
    is_news: bool = False


class Rules:
    """Looks at rules. Not safe to share between threads.

    Args:
        rules: What the team set.
        grace: How long after its end a bucket is looked at: conversations are measured when they have gone quiet.
    """

    def __init__(self, rules: Sequence[Rule] = (), grace: timedelta = timedelta(minutes=10)) -> None:
        self._rules = tuple(rules)
        self._grace = grace
        self._looked_until: datetime | None = None
        self._told: tuple[Sighting, ...] = ()

    def look(self, tx: Tx, terrain: Terrain, now: datetime) -> Told:
        """The rules that are broken as of ``now``."""
        end = bucket_start(now - self._grace, BASE_S)
        if not self._rules or end == self._looked_until:
            return Told(sightings=self._told)
        known = tx.state.job_outcome(_JOB) or {}
        broken = [found for rule in self._rules if (found := rule.broken(tx, terrain, end)) is not None]
        # When a rule was first found broken is what tells one time of it from another, also over a restart.
        first = {b.origin: known.get(b.origin, format_time(end)) for b in broken}
        tx.state.job_ran(_JOB, now, first)
        self._told = tuple(sighting_of(b, terrain, parse_time(first[b.origin])) for b in broken)
        self._looked_until = end
        return Told(sightings=self._told, is_news=first.keys() != known.keys() or bool(first))
