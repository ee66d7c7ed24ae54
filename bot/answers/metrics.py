"""Answers questions about signals from the rollups: the cost of an answer does not grow with the conversations behind it.

Only a cut that has no rollups of its own is counted conversation by conversation, up to a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from alerts.correction import Reviewed, estimate, labels_among
from alerts.own import OWN, SILENCE
from alerts.signals import threshold_of
from alerts.watching.tails import SHARE, above
from bot.answers.counting import Counted, counted
from bot.answers.usual import WEEKS as USUAL_WEEKS
from bot.answers.usual import bands, points_of
from bot.jobs.calibrate import reviewed
from bot.slack.blocks.values import CorrectedRate, MetricAnswer, MetricGroup, MetricPoint
from bot.slack.queries import MetricsQuery
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Kind, Segment, Signal
from traces.store import Tx
from traces.store.rollups import DAY_S, HOUR_S, Fact, bucket_start

_MOST_POINTS = 20
_MOST_GROUPS = 100
_GROUPS_DRAWN = 6
_HOURLY_UP_TO = timedelta(days=14)
_WEEK = timedelta(weeks=1)
_EDGE_BACK = timedelta(weeks=4)
_OWN = {signal.name: signal for signal in OWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A query with everything that it takes to read its numbers."""

    tx: Tx
    signal: Signal
    calibrations: Mapping[str, Calibration]
    since: datetime
    until: datetime
    now: datetime
    before: datetime
    resolution_s: int
    labelled: Sequence[tuple[Fact, Reviewed]]
    conditions: tuple[Segment, ...]
    counted: Counted | None


@dataclass(frozen=True, slots=True)
class _Group:
    """A part of an answer: what was measured in it, in what it is compared with, and how to read its course."""

    segment: Segment
    total: Rollup
    before: Rollup
    series: Callable[[], Sequence[tuple[datetime, Rollup]]]


def answer(tx: Tx, query: MetricsQuery, signals: Mapping[str, Signal], now: datetime) -> MetricAnswer:
    """The answer to a query about a signal as of ``now``.

    Raises:
        BadInput: The query asks for what is kept elsewhere, or cannot be counted; the error says what to ask instead.
    """
    if (own := _OWN.get(query.signal)) is not None:
        kept = "by source" if own.counts == SILENCE else "of Hark itself"
        raise BadInput(f"{own.name} is kept {kept}, not by conversation: `/hark status` and `hark sources` tell it")
    asked = _asked(tx, query, signals, now)
    segment = Segment(query.where) if query.where else EVERYTHING
    # The weeks before tell what is usual; where the answer has parts, these are drawn instead.
    back = timedelta(0) if query.by or asked.counted else USUAL_WEEKS * _WEEK
    long = _series(asked, segment, asked.since - back, asked.until)
    series = [pair for pair in long if pair[0] >= asked.since]
    total = _sum(series)
    groups = _groups(asked, query.by) if query.by else []
    return MetricAnswer(
        signal=asked.signal,
        since=asked.since,
        until=asked.until,
        value=_value(asked, total),
        last_day=tx.rollups.last_day(asked.signal.tail_of or query.signal) if total.n == 0 else None,
        n=total.n,
        previous=_previous(asked, segment),
        compared_with="the same time a week before" if asked.before == asked.since - _WEEK else "the period before",
        segment=segment,
        points=_points(asked, long),
        corrected=_corrected(asked, segment, total),
        group_by=query.by,
        groups=tuple(groups[:_MOST_GROUPS]),
        groups_total=len(groups),
        counted=None if asked.counted is None else asked.counted.n,
    )


def _asked(tx: Tx, query: MetricsQuery, signals: Mapping[str, Signal], now: datetime) -> _Asked:
    resolution_s = HOUR_S if query.period <= _HOURLY_UP_TO else DAY_S
    until = bucket_start(now, resolution_s) + timedelta(seconds=resolution_s)
    since = until - query.period
    before = since - (_WEEK if query.versus == "last_week" else query.period)
    signal, calibrations = signals[query.signal], tx.calibrations.current()
    return _Asked(
        tx=tx,
        signal=signal,
        calibrations=calibrations,
        since=since,
        until=until,
        now=now,
        before=before,
        resolution_s=resolution_s,
        labelled=_labelled(tx, signal, since, until) if signal.evaluator in calibrations else (),
        conditions=tuple(Segment((pair,)) for pair in query.where),
        counted=_counted(tx, query, signal, since, until, before),
    )


def _counted(
    tx: Tx, query: MetricsQuery, signal: Signal, since: datetime, until: datetime, before: datetime
) -> Counted | None:
    """The conversations themselves, where sums of the cut are not kept."""
    if len(query.where) + (query.by is not None) <= 1:
        return None
    if signal.tail_of is not None:
        raise BadInput(
            f"`{signal.name}` is measured against what is usual in one cut: ask it with one `where key=value`, or `by key`"
        )
    return counted(tx, query, since, until, before)


def _labelled(tx: Tx, signal: Signal, since: datetime, until: datetime) -> list[tuple[Fact, Reviewed]]:
    """The conversations of a period that reviewers have answered the signal's question about."""
    said = reviewed(tx, signal.evaluator or "")
    facts = tx.rollups.facts_of(said)
    return [(f, said[f.conversation_id]) for f in facts if since <= f.at < until and signal.name in f.values]


def _series(asked: _Asked, segment: Segment, since: datetime, until: datetime) -> list[tuple[datetime, Rollup]]:
    if asked.counted is not None:
        whole = EVERYTHING if len(segment.pairs) > 1 else segment
        return asked.counted.series(asked.signal.name, whole, since, until, asked.resolution_s)
    size = asked.signal.tail_of
    name = asked.signal.name if size is None else size
    series = asked.tx.rollups.series(name, segment, since=since, until=until, resolution_s=asked.resolution_s)
    if size is None:
        return series
    edge = _usual_edge(asked, size, segment)
    return [] if edge is None else [(at, above(rollup, edge)) for at, rollup in series]


def _usual_edge(asked: _Asked, size: str, segment: Segment) -> float | None:
    """The p95 of the four weeks before, above which a size counts to its tail; without any, that of the period itself."""
    since = min(asked.before, asked.since) - _EDGE_BACK
    days = asked.tx.rollups.series(size, segment, since=since, until=asked.until, resolution_s=DAY_S)
    before = [(at, rollup) for at, rollup in days if at < asked.since]
    return _sum(before or days).quantile(1 - SHARE)


def _sum(series: Sequence[tuple[datetime, Rollup]]) -> Rollup:
    total = Rollup()
    for _, rollup in series:
        total.add(rollup)
    return total


def _previous(asked: _Asked, segment: Segment) -> float | None:
    until = asked.before + (asked.until - asked.since)
    return _value(asked, _sum(_series(asked, segment, asked.before, until)))


def _value(asked: _Asked, rollup: Rollup) -> float | None:
    """A rate as its evaluator says it, a p95 of seconds, a mean, or a count; ``None`` when nothing was measured."""
    if asked.signal.kind is Kind.COUNT:
        return float(rollup.n)
    if rollup.n == 0:
        return None
    if asked.signal.kind is Kind.RATE:
        return rollup.at_least(threshold_of(asked.signal, asked.calibrations)) / rollup.n
    is_p95 = asked.signal.unit == "s" and asked.signal.kind is not Kind.VALUE
    return rollup.quantile(0.95) if is_p95 else rollup.mean


def _corrected(asked: _Asked, segment: Segment, rollup: Rollup) -> CorrectedRate | None:
    if asked.signal.kind is not Kind.RATE:
        return None
    threshold = threshold_of(asked.signal, asked.calibrations)
    cuts = asked.conditions if len(segment.pairs) > 1 else (*asked.conditions, segment)
    inside = [(fact, said) for fact, said in asked.labelled if all(cut in fact.segments for cut in cuts)]
    here = labels_among(
        {fact.conversation_id: fact.values[asked.signal.name][0] for fact, _ in inside},
        threshold,
        {fact.conversation_id: said for fact, said in inside},
    )
    found = estimate(asked.signal, rollup.at_least(threshold), rollup.n, asked.calibrations, here)
    return None if found is None else CorrectedRate(**asdict(found))


def _points(asked: _Asked, series: Sequence[tuple[datetime, Rollup]]) -> tuple[MetricPoint, ...]:
    buckets = (asked.until - asked.since) // timedelta(seconds=asked.resolution_s)
    step = timedelta(seconds=asked.resolution_s) * -(-buckets // _MOST_POINTS)
    points = points_of(series, asked.since, asked.until, step, asked.now)
    usual = bands(points, asked.signal, lambda rollup: _value(asked, rollup))
    return tuple(
        MetricPoint(
            at=point.at,
            value=_value(asked, point.measured),
            low=None if band is None else band.low,
            high=None if band is None else band.high,
        )
        for point, band in zip(points, usual, strict=True)
    )


def _groups(asked: _Asked, key: str) -> list[MetricGroup]:
    groups = _parts(asked, key)
    groups.sort(key=lambda part: (-part.total.n, part.segment))
    return [
        MetricGroup(
            name=part.segment.pairs[0][1],
            value=_value(asked, part.total),
            n=part.total.n,
            previous=_value(asked, part.before),
            points=_points(asked, part.series()) if place < _GROUPS_DRAWN else (),
            corrected=_corrected(asked, part.segment, part.total) if place < _GROUPS_DRAWN else None,
        )
        for place, part in enumerate(groups)
    ]


def _parts(asked: _Asked, key: str) -> list[_Group]:
    """Every part in which anything was measured, and what it is compared with."""
    before_until = asked.before + (asked.until - asked.since)
    rollups, name = asked.tx.rollups, asked.signal.name
    if asked.counted is None and asked.signal.tail_of is None:
        totals = rollups.totals(key, name, since=asked.since, until=asked.until)
        before = rollups.totals(key, name, since=asked.before, until=before_until)
        return [
            _Group(
                segment,
                total,
                before.get(segment, Rollup()),
                partial(_series, asked, segment, asked.since, asked.until),
            )
            for segment, total in totals.items()
        ]
    courses: Mapping[Segment, Sequence[tuple[datetime, Rollup]]]
    if asked.counted is not None:
        courses = asked.counted.parts(key, name, asked.before, asked.until, asked.resolution_s)
    else:
        segments = rollups.segments_with(key, since=asked.since, until=asked.until)
        courses = {segment: _series(asked, segment, asked.before, asked.until) for segment in segments}
    groups = []
    for segment, course in courses.items():
        inside = [pair for pair in course if pair[0] >= asked.since]
        earlier = _sum([pair for pair in course if asked.before <= pair[0] < before_until])
        groups.append(_Group(segment, _sum(inside), earlier, partial(list, inside)))
    return [group for group in groups if group.total.n]
