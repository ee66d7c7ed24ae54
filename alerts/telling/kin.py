"""What belongs together: views of one change, signals that went wrong in the same place, storms of volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.explaining.examples import carriers
from alerts.explaining.explanation import excess_z, has_own_excess, is_nothing_without
from alerts.explaining.sighting import Sighting
from alerts.own import is_own
from alerts.signals import threshold_of
from alerts.watching.watch import Terrain, Watch
from traces.clock import parse_time
from traces.model import EVERYTHING, Alert, AlertState, Direction, Kind, Segment, Signal
from traces.store.rollups import Fact, segment_key, segment_of

MERGE = timedelta(hours=48)
"""Findings of one signal that began no further apart are views of one change."""
TOGETHER = timedelta(hours=2)
"""Signals whose alerts open no further apart may have one cause."""
_SHARED = 0.5
_MOVED_Z = 3.0
"""The whole has moved when it is by so many standard errors off."""
STORM_SHARE = 0.6
_FEWEST_IN_STORM = 3


def stands_for(alert: Alert, sighting: Sighting) -> bool:
    """Whether this very series is one of those that the alert stands for."""
    if sighting.key in also_keys(alert):
        return True
    return (
        alert.signal == sighting.signal.name
        and alert.direction is sighting.direction
        and alert.detail.get("origin", "") == sighting.origin
        and segment_key(sighting.segment) in alert.detail["series"]
    )


def also_keys(alert: Alert) -> set[str]:
    """The keys of the other series that an alert stands for: other signals of the same cause, rules."""
    return {other["key"] for other in alert.detail.get("also", ())}


def overlaps(alert: Alert, sighting: Sighting) -> bool:
    """Whether a sighting is another view of what the alert is about: the same signal, in a part or in the whole of it."""
    is_own = alert.signal == sighting.signal.name and alert.direction is sighting.direction
    if not is_own and not _tells_of(alert, sighting):
        return False
    series = [segment_of(key) for key in alert.detail["series"]]
    if sighting.segment == alert.segment:
        return True
    if abs(sighting.started_at - alert.started_at) > MERGE:
        return False
    if sighting.segment == EVERYTHING or EVERYTHING in series:
        return True
    shares_a_cut = bool(set(sighting.segment.pairs) & set(alert.segment.pairs))
    return shares_a_cut or _keys_differ(sighting.segment, alert.segment)


def _tells_of(alert: Alert, sighting: Sighting) -> bool:
    """Whether the signal is one of the others that went wrong with the alert's own."""
    return any(key.startswith(f"{sighting.signal.name}|{sighting.direction}|") for key in also_keys(alert))


def _keys_differ(one: Segment, other: Segment) -> bool:
    """Two values of one key share no conversation; a value of each of two keys may."""
    return not {key for key, _ in one.pairs} & {key for key, _ in other.pairs}


def is_carried(watch: Watch, alert: Alert, sighting: Sighting) -> bool:
    """Whether all that a sighting shows is what a wider, or a narrower, alert on the same signal tells already.

    A part of the traffic speaks only for what it has beyond the shift of the whole, whichever alert tells of that; the
    whole only for what is left without the part.
    """
    is_kin = alert.signal == sighting.signal.name and alert.direction is sighting.direction and not sighting.origin
    if not is_kin or sighting.signal.kind is Kind.COUNT or alert.segment == sighting.segment:
        return False
    signal, way, start = sighting.signal, sighting.direction, sighting.started_at
    if sighting.segment == EVERYTHING:
        parts = [Segment((pair,)) for pair in alert.segment.pairs]
        return any(is_nothing_without(watch, signal, part, way, start) for part in parts)
    has_whole_moved = alert.segment == EVERYTHING or excess_z(watch, signal, EVERYTHING, way, start) >= _MOVED_Z
    return has_whole_moved and not has_own_excess(watch, signal, sighting.segment, way, start)


def comes_from(alert: Alert, sighting: Sighting, carrier: Segment) -> bool:
    """Whether what carries a sighting is what an alert on the same signal speaks of."""
    return (
        alert.signal == sighting.signal.name
        and alert.direction is sighting.direction
        and not sighting.origin
        and sighting.signal.kind is not Kind.COUNT
        and (carrier == alert.segment or bool(set(carrier.pairs) & set(alert.segment.pairs)))
    )


# --- one cause ---------------------------------------------------------------------------------------------


def has_same_cause(
    alert: Alert,
    sighting: Sighting,
    segment: Segment,
    started_at: datetime,
    facts: Callable[[], Sequence[Fact]],
    terrain: Terrain,
) -> bool:
    """Whether another signal's alert is about the same conversations.

    A size and its tail are, where they overlap and began within two days of each other. Otherwise both began within two hours of each other in the very same segment, however long it took to be sure of the second; or
    both opened within two hours, and are carried by the same segment, or the very conversations that show the one show
    the other too.

    Args:
        alert: An alert that is not over.
        sighting: What would open an alert of its own.
        segment: The segment that carries the sighting.
        started_at: When that began.
        facts: Reads the conversations since then.
        terrain: The signals and their thresholds.
    """
    opened = alert.detail.get("opened")
    if (
        alert.signal == sighting.signal.name
        or alert.state is AlertState.RESOLVED
        or opened is None
        # What is wrong with the watcher, or with what feeds it, is never one of the things that it watches.
        or is_own(sighting.signal)
        or is_own(terrain.signals.get(alert.signal))
        or Kind.COUNT in (sighting.signal.kind, _kind_of(alert, terrain))
    ):
        return False
    if _is_tail(sighting.signal, terrain.signals.get(alert.signal)):
        overlap = EVERYTHING in (segment, alert.segment) or bool(set(segment.pairs) & set(alert.segment.pairs))
        return overlap and abs(started_at - alert.started_at) <= MERGE
    if EVERYTHING != segment == alert.segment and abs(started_at - alert.started_at) <= TOGETHER:
        return True
    if abs(sighting.detected_at - parse_time(opened)) > TOGETHER or abs(started_at - alert.started_at) > MERGE / 2:
        return False
    if segment != EVERYTHING and set(segment.pairs) & set(alert.segment.pairs):
        return True
    other = terrain.signals.get(alert.signal)
    here = None if other is None or segment != alert.segment else (other, alert.direction)
    return here is not None and _share_conversations(
        facts(), segment, here, (sighting.signal, sighting.direction), terrain
    )


def _is_tail(one: Signal, other: Signal | None) -> bool:
    """Whether the one is the tail of the other: the same values, looked at twice."""
    return other is not None and (one.tail_of == other.name or other.tail_of == one.name)


def _kind_of(alert: Alert, terrain: Terrain) -> Kind | None:
    signal = terrain.signals.get(alert.signal)
    return None if signal is None else signal.kind


def _share_conversations(
    facts: Sequence[Fact],
    segment: Segment,
    one: tuple[Signal, Direction],
    other: tuple[Signal, Direction],
    terrain: Terrain,
) -> bool:
    if one[0].kind is not Kind.RATE or other[0].kind is not Kind.RATE:
        return False
    sets = [
        {f.conversation_id for f in carriers(facts, s, segment, way, threshold_of(s, terrain.calibrations))}
        for s, way in (one, other)
    ]
    smaller = min(map(len, sets))
    return smaller > 0 and len(sets[0] & sets[1]) >= _SHARED * smaller


# --- storms ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """``moved`` of the ``of`` volumes that are watched went the same way at once."""

    moved: int
    of: int

    def __str__(self) -> str:
        return f"{self.moved} of {self.of} volumes"


def storms(watch: Watch, terrain: Terrain, sightings: Sequence[Sighting]) -> Mapping[Direction, Storm]:
    """The directions in which most volumes moved together: a holiday, or something upstream of all of them."""
    watched = sum(
        verdict.ready
        for signal in terrain.signals.values()
        if signal.kind is Kind.COUNT
        for segment in watch.segments_of(signal)
        if (verdict := watch.verdict(signal, segment)) is not None
    )
    found = {}
    for direction in (Direction.UP, Direction.DOWN):
        moved = sum(s.is_count and s.direction is direction for s in sightings)
        if moved >= _FEWEST_IN_STORM and moved >= STORM_SHARE * watched:
            found[direction] = Storm(moved=moved, of=max(moved, watched))
    return found
