"""What a signal was over the last hours, and how a rule that is broken is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.explaining.examples import carriers, diverse
from alerts.explaining.incident import Incident, Known, Numbers
from alerts.explaining.sighting import Sighting
from alerts.signals import threshold_of
from alerts.watching.watch import Terrain
from traces.clock import format_time
from traces.histogram import Rollup
from traces.model import Direction, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import BASE_S, HOUR_S, bucket_start

_FINE = timedelta(hours=6)
_FACTS_READ = 5_000
_POINTS = timedelta(hours=20)
_P95 = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that is broken: what it is about, its figures, and in words why.

    ``low`` and ``high`` are what the rule allows, in the signal's unit; ``since`` is the start of the window that broke it.
    """

    origin: str
    signal: Signal
    segment: Segment
    direction: Direction
    since: datetime
    until: datetime
    value: float
    low: float
    high: float
    n: int
    k: int | None
    text: str


def added_up(tx: Tx, signal: Signal, segment: Segment, end: datetime, length: timedelta) -> Rollup:
    """A signal over the ``length`` before ``end``; beyond six hours from the start of an hour on."""
    resolution_s = BASE_S if length <= _FINE else HOUR_S
    total = Rollup()
    since = bucket_start(end - length, resolution_s)
    for _, rollup in tx.rollups.series(signal.name, segment, since=since, until=end, resolution_s=resolution_s):
        total.add(rollup)
    return total


def value_of(signal: Signal, rollup: Rollup, terrain: Terrain, length: timedelta) -> float | None:
    """A rate, the p95 of seconds, a mean, or a count by the hour; ``None`` where nothing was measured."""
    if signal.kind is Kind.COUNT:
        return rollup.n / (length / timedelta(hours=1))
    if not rollup.n:
        return None
    if signal.kind is Kind.RATE:
        return rollup.at_least(threshold_of(signal, terrain.calibrations)) / rollup.n
    return rollup.quantile(_P95) if signal.unit == "s" and signal.kind is not Kind.VALUE else rollup.mean


def sighting_of(broken: Broken, terrain: Terrain, first_at: datetime) -> Sighting:
    """A broken rule as something to be told; ``first_at`` is when it was first found broken."""

    def look(tx: Tx, examples: int, _known: Known | None) -> Incident:
        return _incident(tx, broken, terrain, examples)

    return Sighting(
        signal=broken.signal,
        segment=broken.segment,
        direction=broken.direction,
        started_at=broken.since,
        detected_at=first_at,
        look=look,
        value=broken.value,
        expected_low=broken.low,
        expected_high=broken.high,
        origin=broken.origin,
    )


def _incident(tx: Tx, broken: Broken, terrain: Terrain, examples: int) -> Incident:
    facts = tx.rollups.facts_between(bucket_start(broken.since, HOUR_S), broken.until, _FACTS_READ)
    threshold = threshold_of(broken.signal, terrain.calibrations)
    shown = carriers(facts, broken.signal, broken.segment, broken.direction, threshold)
    bound = broken.high if broken.direction is Direction.UP else broken.low
    return Incident(
        started_at=broken.since,
        numbers=Numbers(
            segment=broken.segment,
            value=broken.value,
            expected=bound,
            expected_low=broken.low,
            expected_high=broken.high,
            n=broken.n,
            k=broken.k,
        ),
        detail={"rule": {"text": broken.text}, "chart": _chart(tx, broken, terrain)},
        examples=tuple(diverse(shown, examples)),
        users=tx.conversations.users_of(fact.conversation_id for fact in shown),
    )


def _chart(tx: Tx, broken: Broken, terrain: Terrain) -> dict[str, Any]:
    since = bucket_start(broken.until - _POINTS, HOUR_S)
    hours = tx.rollups.series(broken.signal.name, broken.segment, since=since, until=broken.until, resolution_s=HOUR_S)
    return {
        "of": [list(pair) for pair in broken.segment.pairs],
        "points": [
            {"at": format_time(at), "value": value, "low": broken.low, "high": broken.high}
            for at, rollup in hours
            if (value := value_of(broken.signal, rollup, terrain, timedelta(hours=1))) is not None
        ],
    }
