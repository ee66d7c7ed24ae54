"""Reads ``Alert.detail``, JSON that may have been written by an older Hark: what is not as expected is left out.

A message must never be lost because of its trimmings, so nothing here raises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.slack.blocks.values import CorrectedRate
from traces.clock import as_utc, parse_time
from traces.model import Alert
from traces.store.rollups import HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The segment that explains most of a change; ``share`` of it from 0 to 1, ``also`` further ``(key, value)``.

    ``within`` is the segment of another key in which it shows. ``is_mix`` when nothing got worse by itself, and only the
    segment's share of the traffic has moved.
    """

    key: str
    value: str
    share: float | None
    also: tuple[tuple[str, str], ...] = ()
    within: tuple[str, str] | None = None
    is_mix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestChange:
    """The marker nearest in time to an alert's start."""

    kind: str
    value: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyFailed:
    """How an evaluator failed: the short name of the reason, a line for people, and on how many conversations."""

    evaluator: str
    reason: str
    message: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with Hark itself, in a line, and what to do about it."""

    line: str
    way_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    at: datetime
    value: float | None
    low: float | None
    high: float | None


def attribution(alert: Alert) -> Attribution | None:
    found = _map(alert.detail.get("attribution"))
    pair = _pair(found)
    if pair is None:
        return None
    also = [_pair(_map(other)) for other in _list(found.get("also"))]
    return Attribution(
        key=pair[0],
        value=pair[1],
        share=_number(found.get("share")),
        also=tuple(other for other in also if other is not None),
        within=_pair(_map(found.get("within"))),
        is_mix=found.get("cause") == "mix_shift",
    )


def nearest_change(alert: Alert) -> NearestChange | None:
    found = _map(alert.detail.get("change"))
    at = _moment(found.get("at"))
    kind, value = found.get("kind"), found.get("value")
    if at is None or not isinstance(kind, str) or value is None:
        return None
    return NearestChange(kind=kind, value=str(value), at=at)


def why_failed(alert: Alert) -> tuple[WhyFailed, ...]:
    listed = (_map(failure) for failure in _list(alert.detail.get("failures")))
    return tuple(
        WhyFailed(
            evaluator=str(failure.get("evaluator", "")),
            reason=str(failure.get("reason", "")),
            message=str(failure.get("message", "")),
            n=int(_number(failure.get("n")) or 0),
        )
        for failure in listed
        if failure.get("evaluator") and failure.get("reason")
    )


def judge_said(alert: Alert) -> str:
    """Whether the agent moved, or the judge of this signal, in words; empty where nothing is known."""
    text = _map(alert.detail.get("judge")).get("text")
    return text if isinstance(text, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsTold:
    """What an alert said of its rate at a time: with an interval where labels corrected it."""

    rate: float
    threshold: float
    labels: int
    low: float | None = None
    high: float | None = None

    @property
    def is_corrected(self) -> bool:
        return self.low is not None


def as_told(alert: Alert) -> tuple[AsTold, AsTold] | None:
    """What the alert said when it was first told, and what it says now; ``None`` where that is not known."""
    found = _map(alert.detail.get("at_first"))
    first = _as_told(found, _number(found.get("value")))
    now = _as_told(alert.detail, alert.value)
    return None if first is None or now is None else (first, now)


def _as_told(found: Mapping[str, Any], value: float | None) -> AsTold | None:
    threshold, corrected = _number(found.get("threshold")), _corrected(_map(found.get("correction")))
    if threshold is None or value is None:
        return None
    if corrected is None:
        return AsTold(rate=value, threshold=threshold, labels=0)
    return AsTold(
        rate=corrected.rate,
        threshold=threshold,
        labels=corrected.n_labels,
        low=corrected.ci_low,
        high=corrected.ci_high,
    )


def correction(alert: Alert) -> CorrectedRate | None:
    return _corrected(_map(alert.detail.get("correction")))


def _corrected(found: Mapping[str, Any]) -> CorrectedRate | None:
    rate, low, high = (_number(found.get(name)) for name in ("rate", "ci_low", "ci_high"))
    labels = _number(found.get("n_labels"))
    if rate is None or low is None or high is None or labels is None:
        return None
    basis, here = found.get("basis"), _number(found.get("n_here"))
    return CorrectedRate(
        rate=rate,
        ci_low=low,
        ci_high=high,
        n_labels=int(labels),
        basis=basis if isinstance(basis, str) else "history",
        n_here=int(here or 0),
    )


_PAIR = 2


def charted(alert: Alert) -> str:
    """Where the chart's numbers are from, in words; empty when nothing says so."""
    pairs = _list(_map(alert.detail.get("chart")).get("of"))
    named = [(str(pair[0]), str(pair[1])) for pair in map(_list, pairs) if len(pair) == _PAIR]
    return " · ".join(f"{key.replace('_', ' ')} {value}" for key, value in named)


def chart_pace(alert: Alert) -> str:
    """Of how many hours each point of the chart is; empty for one, which nobody asks about."""
    each_s = _number(_map(alert.detail.get("chart")).get("each_s"))
    return f"{each_s / HOUR_S:.0f} h each" if each_s is not None and each_s > HOUR_S else ""


def chart_points(alert: Alert) -> tuple[ChartPoint, ...]:
    points = (_map(point) for point in _list(_map(alert.detail.get("chart")).get("points")))
    return tuple(
        ChartPoint(
            at=at, value=_number(point.get("value")), low=_number(point.get("low")), high=_number(point.get("high"))
        )
        for point in points
        if (at := _moment(point.get("at"))) is not None
    )


def conversations(alert: Alert) -> int | None:
    """How many conversations a signal that is measured more than once in each was measured in."""
    found = alert.detail.get("conversations")
    return found if isinstance(found, int) else None


def outcome(alert: Alert) -> str | None:
    """How it ended, in a few words, e.g. ``back in range``, ``expected``, ``noise``."""
    found = alert.detail.get("outcome")
    return found if isinstance(found, str) and found.strip() else None


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _pair(value: Mapping[str, Any]) -> tuple[str, str] | None:
    key, of = value.get("key"), value.get("value")
    return (key, str(of)) if isinstance(key, str) and of is not None else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return as_utc(value)
    try:
        return parse_time(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def fault(alert: Alert) -> Fault | None:
    """What is wrong with Hark itself, where that is what the alert is about."""
    found = alert.detail.get("fault")
    if not isinstance(found, Mapping) or not all(isinstance(found.get(key), str) for key in ("line", "way_out")):
        return None
    return Fault(line=found["line"], way_out=found["way_out"])
