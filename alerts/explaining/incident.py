"""From a finding to the numbers of an alert: value, expected band, chart, what explains it, what changed nearby."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from alerts.correction import Basis, Corrected, Labels, corrected, estimate, labels_among, uncorrected
from alerts.detector import Course
from alerts.explaining.attribution import Attribution, Cause
from alerts.explaining.carrier import Known, expected_rate, view
from alerts.explaining.examples import carriers, diverse, holds
from alerts.explaining.explanation import CHANGE_KEYS, CHANGE_WINDOW
from alerts.explaining.failed import why_failed
from alerts.judged import judge_said
from alerts.signals import threshold_of
from alerts.watching.hours import HOUR
from alerts.watching.watch import Finding, Terrain, Watch
from traces.clock import format_time
from traces.model import Change, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import Fact

__all__ = ["Incident", "Known", "Numbers", "incident"]

_CHART_POINTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What an alert says, in the signal's unit; a rate is corrected where its evaluator is calibrated."""

    segment: Segment
    value: float
    expected: float
    expected_low: float
    expected_high: float
    n: int
    k: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Everything that an alert shows of a finding."""

    started_at: datetime
    numbers: Numbers
    detail: Mapping[str, Any]
    examples: tuple[str, ...]
    users: int


def incident(
    tx: Tx, watch: Watch, finding: Finding, terrain: Terrain, *, examples: int, known: Known | None = None
) -> Incident:
    """Look at a finding from all sides.

    Args:
        tx: The store.
        watch: The detectors.
        finding: The series that is off.
        terrain: What detection takes as given.
        examples: How many example conversations are wanted.
        known: What the alert says so far: it goes on speaking of its segment unless a sharper one is found.
    """
    seen = view(tx, watch, finding, terrain, known)
    explained, segment, start, facts = seen.explained, seen.segment, seen.start, seen.facts
    numbers = _numbers_at(watch, finding, segment, terrain, start, facts)
    correction = _correction(tx, finding, numbers, terrain, facts)
    numbers = _restated(numbers, finding.signal, terrain, correction)
    affected = carriers(
        facts,
        finding.signal,
        numbers.segment,
        finding.anomaly.direction,
        threshold_of(finding.signal, terrain.calibrations),
    )
    return Incident(
        started_at=start,
        numbers=numbers,
        detail=_detail(watch, finding, terrain, explained, numbers, correction)
        | _conversations(finding.signal, affected)
        | judge_said(
            tx,
            finding.signal,
            finding.anomaly.direction,
            numbers.value,
            (numbers.expected_low, numbers.expected_high),
        )
        | why_failed(tx, finding.signal, (fact.conversation_id for fact in affected)),
        examples=tuple(diverse(affected, examples)),
        users=tx.conversations.users_of(fact.conversation_id for fact in affected),
    )


def _detail(
    watch: Watch,
    finding: Finding,
    terrain: Terrain,
    explained: Attribution,
    numbers: Numbers,
    correction: Corrected | None,
) -> dict[str, Any]:
    detail: dict[str, Any] = {"chart": _chart(watch, finding, numbers.segment)}
    if explained.cause is not Cause.EVERYWHERE:
        detail["attribution"] = _attribution_json(explained)
    if change := _nearest_change(terrain.changes, finding.anomaly.started_at, explained):
        detail["change"] = {"kind": change.kind, "value": change.value, "at": format_time(change.at)}
    if correction is not None:
        detail["correction"] = asdict(correction)
    return detail


def _conversations(signal: Signal, affected: Sequence[Fact]) -> dict[str, int]:
    return {} if signal.counts == "conversation" else {"conversations": len(affected)}


def _numbers_at(
    watch: Watch, finding: Finding, segment: Segment, terrain: Terrain, start: datetime, facts: Sequence[Fact]
) -> Numbers:
    """The numbers of a segment since a time, against what was to be expected of it."""
    if segment == finding.segment and start == finding.anomaly.started_at:
        return _numbers(finding)
    if len(segment.pairs) > 1:
        found = _numbers_of_facts(watch, finding, segment, terrain, facts)
    else:
        found = _numbers_of_part(watch, finding, segment, terrain, start)
    return found or _numbers(finding)


def _numbers_of_facts(
    watch: Watch, finding: Finding, segment: Segment, terrain: Terrain, facts: Sequence[Fact]
) -> Numbers | None:
    """A rate in a segment of two cuts, which has no series of its own, counted from its conversations."""
    if finding.signal.kind is not Kind.RATE:
        return None
    base = next((s for s in (_wider(segment)) if s in watch.segments_of(finding.signal)), finding.segment)
    expected = expected_rate(watch, finding, base)
    threshold = threshold_of(finding.signal, terrain.calibrations)
    values = [f.values[finding.signal.name][0] for f in facts if holds(segment, f) and finding.signal.name in f.values]
    if expected is None or not values:
        return None
    return _rate_numbers(finding.signal, segment, sum(v >= threshold for v in values), len(values), expected, terrain)


def _wider(segment: Segment) -> list[Segment]:
    """The cuts of a segment one by one, those first that were there before any change."""
    return [Segment((pair,)) for pair in sorted(segment.pairs, key=lambda pair: pair[0] in CHANGE_KEYS)]


def _numbers(finding: Finding) -> Numbers:
    a = finding.anomaly
    return Numbers(
        segment=finding.segment,
        value=a.value,
        expected=a.expected,
        expected_low=a.expected_low,
        expected_high=a.expected_high,
        n=a.n,
        k=a.k,
    )


def _rate_numbers(signal: Signal, segment: Segment, k: float, n: int, expected: float, terrain: Terrain) -> Numbers:
    """A rate beside its band, the 1 % to 99 % range of what chance makes of the expected rate among ``n``."""
    margin = 2.33 * math.sqrt(max(expected * (1 - expected), 1e-6) / n)
    low, high = (min(1.0, max(0.0, expected + sign * margin)) for sign in (-1, 1))
    values = [corrected(signal, rate, terrain.calibrations) for rate in (k / n, expected, low, high)]
    return Numbers(
        segment=segment,
        value=values[0],
        expected=values[1],
        expected_low=min(values[2:]),
        expected_high=max(values[2:]),
        n=n,
        k=round(k),
    )


def _numbers_of_part(
    watch: Watch, finding: Finding, segment: Segment, terrain: Terrain, start: datetime
) -> Numbers | None:
    """The numbers of the segment that explains a finding, against what was to be expected of it."""
    signal = finding.signal
    since = watch.since(signal, segment, start)
    if since is None or since.n == 0:
        return None
    if signal.kind is Kind.RATE:
        if not since.judged:
            return None
        # A part is compared with what it usually is itself: the hard questions are refused more often than all are.
        return _rate_numbers(signal, segment, since.total, since.judged, since.expected / since.judged, terrain)
    if signal.kind is Kind.COUNT or not since.judged:
        return None
    middle, step = since.expected / since.judged, 2.33 * math.sqrt(max(since.variance, 0.0)) / since.judged
    read = math.exp if signal.kind is Kind.CONTINUOUS else float
    return Numbers(
        segment=segment,
        value=read(since.total / since.judged),
        expected=read(middle),
        expected_low=read(middle - step),
        expected_high=read(middle + step),
        n=since.judged,
        k=None,
    )


def _chart(watch: Watch, finding: Finding, segment: Segment) -> dict[str, Any]:
    """The course of the narrowest series that holds the segment: two cuts at once have no series of their own."""
    watched = watch.segments_of(finding.signal)
    drawn = next((s for s in (segment, *_wider(segment)) if s in watched), finding.segment)
    course = watch.course(finding.signal, drawn, _CHART_POINTS)
    if course is None or all(p.value is None for p in course.points):
        drawn, course = finding.segment, Course(HOUR, finding.verdict.points[-_CHART_POINTS:])
    return {
        "of": [list(pair) for pair in drawn.pairs],
        "each_s": round(course.each.total_seconds()),
        "points": [
            {"at": format_time(p.start), "value": p.value, "low": p.expected_low, "high": p.expected_high}
            for p in course.points
            if p.value is not None
        ],
    }


def _attribution_json(found: Attribution) -> dict[str, Any]:
    return {
        "key": found.key,
        "value": found.value,
        "share": found.share,
        "also": [{"key": key, "value": value} for key, value in found.also],
        "within": None if found.within is None else {"key": found.within[0], "value": found.within[1]},
        "cause": found.cause.value,
    }


def _nearest_change(changes: Sequence[Change], started_at: datetime, explained: Attribution) -> Change | None:
    """The change marker closest to the start; one of the segment that explains the anomaly before any other."""
    near = [c for c in changes if abs(c.at - started_at) <= CHANGE_WINDOW]
    named = {(explained.key, explained.value), *explained.also}
    return min(near, key=lambda c: ((c.kind, c.value) not in named, abs(c.at - started_at)), default=None)


def _correction(
    tx: Tx, finding: Finding, numbers: Numbers, terrain: Terrain, facts: Sequence[Fact]
) -> Corrected | None:
    """The true rate behind the verdicts of the segment since the change began."""
    signal = finding.signal
    if signal.kind is not Kind.RATE or numbers.k is None:
        return None
    here = Labels()
    if signal.evaluator in terrain.calibrations:
        values = {
            f.conversation_id: f.values[signal.name][0]
            for f in facts
            if signal.name in f.values and holds(numbers.segment, f)
        }
        said = terrain.reviewed(tx, signal.evaluator or "")
        here = labels_among(values, threshold_of(signal, terrain.calibrations), said)
    return estimate(signal, numbers.k, numbers.n, terrain.calibrations, here)


def _restated(numbers: Numbers, signal: Signal, terrain: Terrain, correction: Corrected | None) -> Numbers:
    """One alert says one figure: the corrected rate; the verdicts as they are where labels say that they tell too little."""
    if correction is None:
        return numbers
    if correction.basis is not Basis.RAW:
        return replace(numbers, value=correction.rate)
    expected, low, high = (
        uncorrected(signal, rate, terrain.calibrations)
        for rate in (numbers.expected, numbers.expected_low, numbers.expected_high)
    )
    return replace(numbers, value=correction.rate, expected=expected, expected_low=low, expected_high=high)
