"""Of which segment an alert speaks: where its series was noticed, where it comes from, or all traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.explaining.attribution import Attribution, Cause
from alerts.explaining.culprit import Culprit, culprit
from alerts.explaining.explanation import (
    CHANGE_KEYS,
    CHANGE_WINDOW,
    excess_z,
    explanation,
    has_own_excess,
    rest_z,
    shows_only_through,
    within,
)
from alerts.explaining.recent import facts_between
from alerts.signals import threshold_of
from alerts.watching.watch import Finding, Terrain, Watch
from traces.model import EVERYTHING, Change, Kind, Segment
from traces.store import Tx
from traces.store.rollups import HOUR_S, Fact, bucket_start

_SPREAD_Z = 4.0
"""An alert on a part widens when the rest of the traffic is by so many standard errors off."""
_EVERYWHERE = Attribution(cause=Cause.EVERYWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an alert speaks of already; ``has_widened`` when it once spoke of a part."""

    segment: Segment
    started_at: datetime
    has_widened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What carries a finding, of which segment its alert speaks and since when; ``facts`` are the conversations since."""

    explained: Attribution
    segment: Segment
    start: datetime
    facts: Sequence[Fact]


def view(tx: Tx, watch: Watch, finding: Finding, terrain: Terrain, known: Known | None) -> View:
    """Look where a finding comes from.

    Args:
        tx: The store.
        watch: The detectors.
        finding: The series that is off.
        terrain: What detection takes as given.
        known: What the alert says so far: it goes on speaking of that unless it is known better now.
    """
    explained = explanation(tx, watch, finding, terrain.changes)
    facts = _facts(tx, finding, finding.anomaly.started_at, watch)
    segment, explained = _carrier(watch, finding, terrain, explained, facts)
    start = _start(finding.anomaly.started_at, segment, explained, terrain.changes)
    facts = [fact for fact in facts if fact.at >= start]
    found = _culprit(watch, finding, segment, terrain, facts)
    if found is not None:
        explained = _blamed(found, segment)
        segment, start = found.segment, max(start, bucket_start(found.change.at, HOUR_S))
    else:
        segment, explained = _with_part(tx, watch, finding, segment, terrain, explained, facts, start)
    if known is None or _is_known_better(watch, finding, terrain, known, segment, explained, facts):
        return View(explained=explained, segment=segment, start=start, facts=facts)
    is_of_it = explained.cause is Cause.MIX_SHIFT or (explained.key, explained.value) in known.segment.pairs
    return View(
        explained=explained if is_of_it else _EVERYWHERE,
        segment=known.segment,
        start=known.started_at,
        facts=_facts(tx, finding, known.started_at, watch),
    )


def _carrier(
    watch: Watch, finding: Finding, terrain: Terrain, explained: Attribution, facts: Sequence[Fact]
) -> tuple[Segment, Attribution]:
    """The segment that a finding speaks of, and what explains it there.

    What was noticed in one segment first may come from another, or from all of them: whichever series proves a change is
    a matter of chance.
    """
    signal, here, way, start = finding.signal, finding.segment, finding.anomaly.direction, finding.anomaly.started_at
    if signal.kind is Kind.COUNT:
        return here, explained
    if explained.cause is Cause.SEGMENT:
        named = Segment.of(**{explained.key: explained.value})
        threshold = threshold_of(signal, terrain.calibrations)
        if here in (EVERYTHING, named) or shows_only_through(watch, signal, here, named, facts, way, start, threshold):
            return named, explained
        return here, _EVERYWHERE
    has_whole_moved = excess_z(watch, signal, EVERYTHING, way, start) >= _SPREAD_Z
    if here != EVERYTHING and has_whole_moved and not has_own_excess(watch, signal, here, way, start):
        return EVERYTHING, explained
    return here, explained


def _with_part(
    tx: Tx,
    watch: Watch,
    finding: Finding,
    segment: Segment,
    terrain: Terrain,
    explained: Attribution,
    facts: Sequence[Fact],
    start: datetime,
) -> tuple[Segment, Attribution]:
    """The part of a segment that carries its change, where one does; a rate can be counted there."""
    if len(segment.pairs) != 1 or explained.cause is not Cause.SEGMENT:
        return segment, explained
    threshold = threshold_of(finding.signal, terrain.calibrations)
    found = within(tx, watch, finding.signal, replace(explained, within=None), facts, start, threshold)
    if found.within is None:
        return segment, explained
    is_counted = finding.signal.kind is Kind.RATE
    return Segment(tuple(sorted((*segment.pairs, found.within)))) if is_counted else segment, found


def _is_known_better(
    watch: Watch,
    finding: Finding,
    terrain: Terrain,
    known: Known,
    segment: Segment,
    explained: Attribution,
    facts: Sequence[Fact],
) -> bool:
    if _is_wider(watch, finding, known, segment, explained):
        return True
    if segment == EVERYTHING or known.has_widened:
        return segment == known.segment
    return _is_sharper(segment, known.segment) or (
        known.segment != EVERYTHING
        and explained.cause is Cause.SEGMENT
        and len(segment.pairs) == 1
        and shows_only_through(
            watch,
            finding.signal,
            known.segment,
            segment,
            facts,
            finding.anomaly.direction,
            finding.anomaly.started_at,
            threshold_of(finding.signal, terrain.calibrations),
        )
    )


def _is_sharper(segment: Segment, known: Segment) -> bool:
    """Whether a segment says more than the one that an alert speaks of: it is a part of it, or names a change."""
    if segment == known:
        return True
    names_change, knew_change = (any(key in CHANGE_KEYS for key, _ in s.pairs) for s in (segment, known))
    return set(known.pairs) < set(segment.pairs) or (names_change and not knew_change)


def _is_wider(watch: Watch, finding: Finding, known: Known, segment: Segment, explained: Attribution) -> bool:
    """Whether a change has turned out to be one of all traffic: no part stands out, and the rest is off as well."""
    if segment != EVERYTHING or len(known.segment.pairs) != 1 or explained.cause is Cause.SEGMENT:
        return False
    z = rest_z(watch, finding.signal, known.segment, finding.anomaly.direction, finding.anomaly.started_at)
    return z is not None and z >= _SPREAD_Z


def _culprit(
    watch: Watch, finding: Finding, segment: Segment, terrain: Terrain, facts: Sequence[Fact]
) -> Culprit | None:
    """The recent change in which a segment's rate went wrong."""
    if finding.signal.kind is not Kind.RATE or len(segment.pairs) != 1 or segment.pairs[0][0] in CHANGE_KEYS:
        return None
    expected = expected_rate(watch, finding, segment)
    if expected is None:
        return None
    return culprit(
        facts,
        signal=finding.signal,
        segment=segment,
        direction=finding.anomaly.direction,
        expected=expected,
        threshold=threshold_of(finding.signal, terrain.calibrations),
        changes=[c for c in terrain.changes if abs(c.at - finding.anomaly.started_at) <= CHANGE_WINDOW],
        keys=CHANGE_KEYS,
    )


def _blamed(found: Culprit, segment: Segment) -> Attribution:
    return Attribution(
        cause=Cause.SEGMENT,
        key=found.change.kind,
        value=found.change.value,
        share=found.share,
        z=found.z,
        also=found.also,
        within=segment.pairs[0],
    )


def _start(began_at: datetime, segment: Segment, explained: Attribution, changes: Sequence[Change]) -> datetime:
    """When the change began: as the evidence tells, but not before what explains it was there."""
    named = [c.at for c in changes if (c.kind, c.value) == (explained.key, explained.value)]
    is_of_it = (explained.key, explained.value) in segment.pairs
    if not named or (min(named) - began_at > CHANGE_WINDOW and not is_of_it):
        return began_at
    return max(began_at, bucket_start(min(named), HOUR_S))


def _facts(tx: Tx, finding: Finding, start: datetime, watch: Watch) -> list[Fact]:
    """The conversations that the numbers stand for: those of the hours taken in since the change began."""
    end = watch.through or start + timedelta(seconds=HOUR_S)
    facts = facts_between(tx, bucket_start(start, HOUR_S), end)
    return watch.with_tail(finding.signal, finding.segment, facts)


def expected_rate(watch: Watch, finding: Finding, segment: Segment) -> float | None:
    """The rate of verdicts that was to be expected of a segment since a finding began."""
    since = watch.since(finding.signal, segment, finding.anomaly.started_at)
    return since.expected / since.judged if since is not None and since.judged else None
