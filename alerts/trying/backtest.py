"""What detection would have said of a signal over stored history, had it been armed then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from alerts.detector import Anomaly, Point
from alerts.sensitivity import Sensitivity
from alerts.watching.track import is_watched
from alerts.watching.watch import Finding, Terrain, Watch, WatchSettings
from traces.errors import BadInput
from traces.model import EVERYTHING, Alert, Segment, Signal
from traces.store import Tx
from traces.store.rollups import DAY_S, HOUR_S, bucket_start

_CHART_HOURS = 72
"""How many hours a verdict holds for a chart."""


class Opinion(StrEnum):
    """What people made of the alert that was told at the time."""

    REAL = "real"
    EXPECTED = "expected"
    NOISE = "noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to rehearse.

    Attributes:
        signal: The signal.
        since: From when on alerts count; what came before is only learned from.
        until: Up to when.
        by: The key of the segments to watch one by one; ``None`` watches all traffic and whole applications.
        sensitivity: How often a false alert is accepted.
    """

    signal: Signal
    since: datetime
    until: datetime
    by: str | None = None
    sensitivity: Sensitivity = Sensitivity.USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBe:
    """An alert that would have been.

    Attributes:
        segment: Where.
        anomaly: When and how much, as it stood when it was last seen open.
        until: The end of the last hour in which it was open.
        alert: The alert that was told of it at the time, if one was.
    """

    segment: Segment
    anomaly: Anomaly
    until: datetime
    alert: Alert | None = None

    @property
    def opinion(self) -> Opinion | None:
        """What people made of it; ``None`` when it was not told or nobody said."""
        if self.alert is None:
            return None
        outcome = self.alert.detail.get("outcome")
        if outcome in {Opinion.EXPECTED, Opinion.NOISE}:
            return Opinion(outcome)
        was_taken_up = self.alert.acknowledged_by is not None or self.alert.resolved_by is not None
        return Opinion.REAL if was_taken_up else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would have been.

    Attributes:
        question: What was asked.
        alerts: In the order in which they would have opened.
        series: How many series were watched for it.
        hours: How many stored hours were gone through, those before ``since`` among them.
        points: The hours since then of all traffic, or of the segment with the first alert, for a chart.
        charted: The segment of ``points``.
    """

    question: Question
    alerts: tuple[WouldBe, ...]
    series: int
    hours: int
    points: tuple[Point, ...]
    charted: Segment

    @property
    def sentence(self) -> str:
        """In one line: how often it would have fired, and what people made of what was told at the time."""
        times = len(self.alerts)
        if not times:
            return "would not have fired"
        told = [f"{n} of them {text}" for opinion, text in _OPINIONS if (n := self._count(opinion))]
        return ", ".join([f"would have fired {'once' if times == 1 else f'{times} times'}", *told])

    def _count(self, opinion: Opinion) -> int:
        return sum(alert.opinion is opinion for alert in self.alerts)


_OPINIONS = ((Opinion.REAL, "labelled Real"), (Opinion.EXPECTED, "Expected"), (Opinion.NOISE, "Noise"))
_Key: TypeAlias = tuple[Segment, datetime]


def rehearse(tx: Tx, question: Question, terrain: Terrain, settings: WatchSettings) -> Rehearsal:
    """Go through the stored hours as detection would have, and store nothing.

    Args:
        tx: A transaction that reads.
        question: What to rehearse.
        terrain: What detection takes as given now: today's thresholds and corrections are used throughout.
        settings: How detection runs; ``history`` is how much before ``since`` is learned from.

    Raises:
        BadInput: The times are in the wrong order, or the signal is not watched by that key.
    """
    signal = question.signal
    if question.since >= question.until:
        raise BadInput("is not before the end", "since")
    if question.by is not None and not signal.by_segment:
        raise BadInput(f"{signal.name} is watched in all traffic and in whole applications only", "by")
    start = _start(tx, question, settings)
    own, every = _watched(tx, start, question.until, terrain, signal)
    # The budget of false alerts is shared by all series; only those of one signal are gone through here.
    weeks = settings.weeks_between_false_alerts * question.sensitivity.patience * max(1.0, every / max(1, own))
    watch = Watch(replace(settings, weeks_between_false_alerts=weeks))
    # A tail is measured beside the size that it is of.
    asked = {name: s for name, s in terrain.signals.items() if name == signal.tail_of} | {signal.name: signal}
    course = _Course(question, watch, replace(terrain, signals=asked))
    for through in watch.rehearse(tx, start, bucket_start(question.until, HOUR_S), course.terrain):
        course.take(through)
    return course.told(tx.alerts.all())


class _Course:
    """What is gathered while the hours pass."""

    def __init__(self, question: Question, watch: Watch, terrain: Terrain) -> None:
        self.terrain = terrain
        self._question = question
        self._watch = watch
        self._found: dict[_Key, WouldBe] = {}
        self._points: dict[Segment, dict[datetime, Point]] = {}
        self._hours = 0

    def take(self, through: datetime) -> None:
        """An hour has been taken in."""
        self._hours += 1
        if through > self._question.since:
            for finding in self._watch.findings(self.terrain):
                if finding.signal.name == self._question.signal.name and self._is_asked(finding.segment):
                    self._note(finding, through)
        if self._hours % _CHART_HOURS == 0:
            self._chart()

    def told(self, alerts: list[Alert]) -> Rehearsal:
        """What was gathered, beside the alerts that were told at the time."""
        self._chart()
        would_be = sorted(_without_parts(list(self._found.values())), key=lambda w: (w.anomaly.detected_at, w.segment))
        known = [replace(w, alert=_told_of(w, self._question.signal, alerts)) for w in would_be]
        charted = known[0].segment if known else EVERYTHING
        points = self._points.get(charted, {})
        return Rehearsal(
            question=self._question,
            alerts=tuple(known),
            series=sum(self._is_asked(s) for s in self._watch.segments_of(self._question.signal)),
            hours=self._hours,
            points=tuple(point for at, point in sorted(points.items()) if at >= self._question.since),
            charted=charted,
        )

    def _is_asked(self, segment: Segment) -> bool:
        by = self._question.by
        if by is not None:
            return len(segment.pairs) == 1 and segment.pairs[0][0] == by
        return is_watched(replace(self._question.signal, by_segment=False), segment)

    def _note(self, finding: Finding, through: datetime) -> None:
        key = finding.segment, finding.anomaly.detected_at
        self._found[key] = WouldBe(segment=finding.segment, anomaly=finding.anomaly, until=through)

    def _chart(self) -> None:
        for segment in {EVERYTHING, *(segment for segment, _ in self._found)}:
            verdict = self._watch.verdict(self._question.signal, segment)
            if verdict is not None:
                self._points.setdefault(segment, {}).update({point.start: point for point in verdict.points})


def _without_parts(found: list[WouldBe]) -> Iterator[WouldBe]:
    """Those that are not part of a wider one of the same time and direction, which would have spoken for them."""
    for one in found:
        wider = (w for w in found if set(w.segment.pairs) < set(one.segment.pairs))
        if not any(_is_together(one, w) and one.anomaly.direction is w.anomaly.direction for w in wider):
            yield one


def _is_together(one: WouldBe, other: WouldBe) -> bool:
    return one.anomaly.started_at < other.until and other.anomaly.started_at < one.until


def _told_of(one: WouldBe, signal: Signal, alerts: list[Alert]) -> Alert | None:
    """The stored alert of the same signal and time: of the same segment if there is one, else of any."""
    near = [
        alert
        for alert in alerts
        if alert.signal == signal.name
        and alert.started_at < one.until
        and (alert.resolved_at is None or alert.resolved_at > one.anomaly.started_at)
    ]
    same = [alert for alert in near if alert.segment == one.segment]
    return next(iter(same or near), None)


def _start(tx: Tx, question: Question, settings: WatchSettings) -> datetime:
    wanted = bucket_start(question.since - settings.history, HOUR_S)
    first = tx.rollups.first_bucket(HOUR_S)
    return min(max(wanted, first), question.until) if first is not None else question.until


def _watched(tx: Tx, start: datetime, end: datetime, terrain: Terrain, signal: Signal) -> tuple[int, int]:
    """How many series of a signal, and of all signals, were watched in a span of time."""
    seen = {
        (name, segment)
        for _, segment, body in tx.rollups.buckets(since=start, until=end, resolution_s=DAY_S)
        for name, watched in terrain.signals.items()
        if (watched.tail_of or name) in body and is_watched(watched, segment)
    }
    return sum(name == signal.name for name, _ in seen), len(seen)


__all__ = ["Opinion", "Question", "Rehearsal", "Sensitivity", "WouldBe", "rehearse"]
