"""What is exported: one figure of Hark, of its signals or of its process, with what tells it from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from alerts.health.faults import PART
from alerts.signals import threshold_of
from alerts.telling.severity import severity_of
from bot.slack.blocks.values import StatusReport
from traces.histogram import Rollup
from traces.model import EVERYTHING, Calibration, Kind, Segment, Signal
from traces.store import Tx
from traces.store.alerts import LIVE
from traces.store.rollups import HOUR_S, bucket_start

MOST_POINTS: Final = 5_000
"""Figures of signals in one export: of all traffic first, then of its parts."""
ALL: Final = "all"
"""What the attribute ``segment`` says of all traffic."""
_HOUR: Final = timedelta(hours=1)
_P95: Final = 0.95
_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A figure as of now.

    Attributes:
        name: Name of the metric, with dots.
        unit: In the notation of UCUM: ``s``, ``By``, ``{conversation}``, ``1`` for a share.
        value: The figure.
        about: What tells it from others of its name.
        text: What the metric is, in a sentence.
        is_total: Whether it only ever grows while the process lives.
    """

    name: str
    unit: str
    value: float
    text: str
    about: Mapping[str, str] = field(default_factory=dict)
    is_total: bool = False


def points_of(tx: Tx, report: StatusReport, signal_of: Callable[[str], Signal], now: datetime) -> list[Point]:
    """Everything that is exported of one Hark as of ``now``."""
    calibrations = tx.calibrations.current()
    return [
        *_of_report(report),
        *_of_sources(report),
        *_of_evaluators(report),
        *_of_spans(tx, now),
        *_of_alerts(tx, signal_of),
        *islice(_of_signals(tx, signal_of, calibrations, now), MOST_POINTS),
        *of_process(),
    ]


def _of_report(report: StatusReport) -> Iterator[Point]:
    ages = {
        "hark.ingest.age": ("Since the newest conversation arrived.", report.last_ingest_at),
        "hark.detection.age": ("Since detection last ran through.", report.last_detection_at),
    }
    for name, (text, at) in ages.items():
        # Never is no number: a gauge of zero would say that all is well.
        if at is not None:
            yield Point(name=name, unit="s", value=max(0.0, (report.at - at).total_seconds()), text=text)
    figures: Mapping[str, tuple[str, float | None, str]] = {
        "hark.conversations": ("{conversation}", report.conversations_24h, "Conversations of the last 24 hours."),
        "hark.evaluation.queue": ("{conversation}", report.queued, "Conversations that wait to be evaluated."),
        "hark.review.queue": ("{conversation}", report.to_review, "Conversations that wait for a reviewer."),
        "hark.outbox.waiting": ("{message}", report.outbox_backlog, "Messages that wait to be delivered."),
        "hark.outbox.age": ("s", report.outbox_oldest_s or 0.0, "How long the oldest message that is due has waited."),
        "hark.dead_letters": ("{message}", report.dead_letters, "Messages that were given up."),
        "hark.judge.spend": ("{USD}", report.judge_spend_usd, "Spent on judges today."),
        "hark.judge.budget": ("{USD}", report.judge_budget_usd, "What judges may spend in a day."),
        "hark.problems": ("{problem}", len(report.problems), "What is wrong, as /hark status lists it."),
    }
    for name, (unit, value, text) in figures.items():
        if value is not None:
            yield Point(name=name, unit=unit, value=float(value), text=text)


def _of_sources(report: StatusReport) -> Iterator[Point]:
    for source in report.sources:
        about = {"source": source.name}
        if source.last_trace_at is not None:
            lag = max(0.0, (report.at - source.last_trace_at).total_seconds())
            yield Point(name="hark.source.lag", unit="s", value=lag, about=about, text="Since its newest trace.")
        figures = {
            "traces": (source.traces_24h, "Traces of the last 24 hours."),
            "errors": (source.errors_24h, "Failed polls and refused requests of the last 24 hours."),
            "rejected": (source.rejected_24h, "What of the last 24 hours could not be read."),
        }
        for what, (value, text) in figures.items():
            unit = "{" + what.removesuffix("s") + "}"
            yield Point(name=f"hark.source.{what}", unit=unit, value=float(value), about=about, text=text)


def _of_evaluators(report: StatusReport) -> Iterator[Point]:
    for e in report.evaluators:
        about = {"evaluator": e.name, "version": e.version}
        figures = {
            "scored": ("{conversation}", e.scored, "Conversations scored in 24 hours."),
            "failed": ("{conversation}", e.failed, "Conversations on which it failed in 24 hours."),
            "agreement": ("1", e.agreement, "Agreement with reviewers (Cohen's kappa), -1 to 1."),
        }
        for what, (unit, value, text) in figures.items():
            if value is not None:
                yield Point(name=f"hark.evaluator.{what}", unit=unit, value=float(value), about=about, text=text)


def _of_spans(tx: Tx, now: datetime) -> Iterator[Point]:
    spans: dict[str, int] = {}
    for hour in tx.arrivals.hours(bucket_start(now - _HOUR, HOUR_S)):
        if hour.kind != "application" and now - hour.bucket_at < 2 * _HOUR:
            spans[hour.source] = spans.get(hour.source, 0) + hour.spans
    text = "Spans of this hour and the one before."
    for source, n in sorted(spans.items()):
        yield Point(name="hark.ingest.spans", unit="{span}", value=float(n), about={"source": source}, text=text)


def _of_alerts(tx: Tx, signal_of: Callable[[str], Signal]) -> Iterator[Point]:
    alerts = tx.alerts.in_state(*LIVE)
    for state in LIVE:
        standing = sum(alert.state is state for alert in alerts)
        yield Point(
            name="hark.alerts", unit="{alert}", value=float(standing), about={"state": state.value}, text="Live alerts."
        )
    for alert in alerts:
        about = {
            "signal": alert.signal,
            "segment": segment_name(alert.segment),
            "state": alert.state.value,
            "severity": severity_of(alert).value,
            "kind": "hark" if any(key == PART for key, _ in alert.segment.pairs) else "signal",
        }
        about["unit"] = unit_name(signal_of(alert.signal))
        yield Point(name="hark.alert.value", unit="1", value=alert.value, about=about, text="What an alert last said.")


def _of_signals(
    tx: Tx, signal_of: Callable[[str], Signal], calibrations: Mapping[str, Calibration], now: datetime
) -> Iterator[Point]:
    """The last complete hour of every signal; one without data in it is left out: no data is no zero."""
    start = bucket_start(now, HOUR_S) - _HOUR
    hour = tx.rollups.buckets(since=start, until=start + _HOUR, resolution_s=HOUR_S)
    for _, segment, body in sorted(hour, key=lambda bucket: (len(bucket[1].pairs), bucket[1].pairs)):
        if len(segment.pairs) > 1:
            continue
        for name, rollup in sorted(body.items()):
            if not rollup.n:
                continue
            signal = signal_of(name)
            about = {"signal": name, "segment": segment_name(segment), "unit": unit_name(signal)}
            value = _value(signal, rollup, calibrations)
            if value is not None:
                text = "A signal in the last complete hour."
                yield Point(name="hark.signal.value", unit="1", value=value, about=about, text=text)
                text = "How many values that stands on."
                yield Point(name="hark.signal.count", unit="{value}", value=float(rollup.n), about=about, text=text)


def _value(signal: Signal, rollup: Rollup, calibrations: Mapping[str, Calibration]) -> float | None:
    if signal.kind is Kind.COUNT:
        return float(rollup.n)
    if signal.kind is Kind.RATE:
        return rollup.at_least(threshold_of(signal, calibrations)) / rollup.n
    return rollup.quantile(_P95) if signal.unit == "s" and signal.kind is not Kind.VALUE else rollup.mean


def unit_name(signal: Signal) -> str:
    """What a value of a signal is in: a metric has one unit whatever its signal, so that it is said of each point."""
    if signal.kind is Kind.RATE:
        return "share"
    return signal.unit or signal.counts


def segment_name(segment: Segment) -> str:
    """``application=shop``; ``all`` for all traffic."""
    return ",".join(f"{key}={value}" for key, value in segment.pairs)[:_TEXT] if segment != EVERYTHING else ALL


def of_process() -> Iterable[Point]:
    """Memory, processor time and open files of this process, where the system tells."""
    registry = CollectorRegistry()
    names = {
        "process_resident_memory_bytes": ("process.memory.usage", "By", "Physical memory in use.", False),
        "process_cpu_seconds_total": ("process.cpu.time", "s", "Processor seconds used.", True),
        "process_open_fds": ("process.open_file_descriptor.count", "{file_descriptor}", "Open files.", False),
    }
    for metric in ProcessCollector(registry=registry).collect():
        for sample in metric.samples:
            if sample.name in names:
                name, unit, text, is_total = names[sample.name]
                yield Point(name=name, unit=unit, value=float(sample.value), text=text, is_total=is_total)
