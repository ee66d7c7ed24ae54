"""Four weeks of real agent conversations, replayed with a known change and without one."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alerts.detector import Anomaly, Detector, Panel, Terms, run_length
from alerts.explaining.attribution import Attribution, Cause, Cell, attribute
from traces.clock import parse_time
from traces.model import EVERYTHING, Direction, Kind, Segment, Signal

REPLAY = Path(__file__).parents[4] / "shared" / "data" / "replay.py"
START = datetime(2026, 9, 7, tzinfo=UTC)
BUCKETS = 28 * 24
SEEDS = range(1, 11)
KEYS = ("application", "environment", "model", "release", "scenario")
VERSIONS = ("model", "release")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REPLAY.exists(), reason="the sample data (../shared/data/replay.py) is not there"),
]

SUCCESS = Signal(name="task_success", kind=Kind.RATE, bad=Direction.DOWN, min_relative=0.2, min_absolute=0.05)
SIGNALS = (
    SUCCESS,
    Signal(name="turns", kind=Kind.CONTINUOUS, bad=Direction.UP, min_relative=0.15),
    Signal(name="latency", kind=Kind.CONTINUOUS, bad=Direction.UP, min_relative=0.15),
    Signal(name="cost", kind=Kind.CONTINUOUS, bad=Direction.UP, min_relative=0.15),
    Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH, by_segment=False),
)


@dataclass(frozen=True)
class Found:
    signal: str
    segment: Segment
    anomaly: Anomaly
    attribution: Attribution


def conversations(*arguments: str) -> tuple[list[dict[str, Any]], datetime | None]:
    done = subprocess.run([sys.executable, str(REPLAY), *arguments], capture_output=True, check=True, text=True)
    changed = json.loads(done.stderr)["change_at"]
    return [json.loads(line) for line in done.stdout.splitlines()], changed and parse_time(changed)


def value_of(signal: str, conversation: dict[str, Any]) -> float:
    answers = [message for message in conversation["messages"] if message["role"] == "assistant"]
    if signal == "task_success":
        return float(conversation["scores"][0]["value"])
    if signal == "latency":
        return sum(message["latency_s"] for message in answers) / len(answers)
    return sum(message["cost_usd"] for message in answers) if signal == "cost" else len(answers)


def panel_of(signal: Signal, segments: list[Segment], stream: list[dict[str, Any]]) -> Panel:
    n, first, second = (np.zeros((BUCKETS, len(segments))) for _ in range(3))
    column = {segment: index for index, segment in enumerate(segments)}
    for conversation in stream:
        bucket = int((parse_time(conversation["ended_at"]) - START) / timedelta(hours=1))
        if bucket >= BUCKETS:
            continue
        value = value_of(signal.name, conversation)
        value = value if signal.kind is Kind.RATE else math.log(value)
        for segment in (EVERYTHING, *(Segment.of(**{key: conversation["metadata"][key]}) for key in KEYS)):
            if (at := column.get(segment)) is not None:
                n[bucket, at] += 1
                first[bucket, at] += value
                second[bucket, at] += value * value
    starts = [START + timedelta(hours=bucket) for bucket in range(BUCKETS)]
    return Panel(kind=signal.kind, starts=starts, n=n, k=first, log_total=first, log_square_total=second)


def rows(panel: Panel, at: int) -> Panel:
    arrays = {
        name: np.asarray(getattr(panel, name))[at : at + 1] for name in ("n", "k", "log_total", "log_square_total")
    }
    if panel.kind is not Kind.RATE:
        arrays.pop("k")
    return Panel(kind=panel.kind, starts=panel.starts[at : at + 1], **arrays)


def first_seen(stream: list[dict[str, Any]]) -> dict[tuple[str, str], datetime]:
    """When each version came, as Hark notes it."""
    seen: dict[tuple[str, str], datetime] = {}
    for conversation in stream:
        for key in VERSIONS:
            at = parse_time(conversation["ended_at"])
            pair = (key, conversation["metadata"][key])
            seen[pair] = min(seen.get(pair, at), at)
    return seen


def explain(
    detector: Detector,
    anomaly: Anomaly,
    segments: list[Segment],
    terms: Terms,
    versions: dict[tuple[str, str], datetime],
) -> Attribution:
    cells = []
    for series, segment in enumerate(segments):
        since = detector.since(series, anomaly.started_at, terms)
        key, value = segment.pairs[0] if segment.pairs else ("", "")
        cells.append(
            Cell(
                key=key,
                value=value,
                n=since.judged,
                total=since.total,
                expected=since.expected,
                variance=since.variance,
            )
        )
    suspects = {pair for pair, at in versions.items() if abs(at - anomaly.started_at) <= timedelta(hours=12)}
    return attribute(cells[0], cells[1:], keys=VERSIONS, suspects=suspects)


def alerts_of(stream: list[dict[str, Any]]) -> Iterator[Found]:
    segments = [EVERYTHING]
    for key in KEYS:
        segments += [Segment.of(**{key: value}) for value in dict.fromkeys(c["metadata"][key] for c in stream)]
    few = [segment for segment in segments if not segment.pairs or segment.pairs[0][0] in KEYS[:2]]
    watched = sum(len(segments if signal.by_segment else few) for signal in SIGNALS)
    versions = first_seen(stream)
    for signal in SIGNALS:
        series = segments if signal.by_segment else few
        parent = [0 if segment.pairs and segment.pairs[0][0] in VERSIONS else -1 for segment in series]
        terms = Terms.of([signal] * len(series), run_length=run_length(watched), parent=parent)
        panel, detector = panel_of(signal, series, stream), Detector.start(signal.kind)
        for bucket in range(BUCKETS):
            detector.step(rows(panel, bucket), terms)
            for anomaly in detector.open_anomalies(terms):
                if anomaly.detected_at == panel.starts[bucket]:
                    yield Found(
                        signal.name,
                        series[anomaly.series],
                        anomaly,
                        explain(detector, anomaly, series, terms, versions),
                    )


def test_the_worse_model_is_found_and_named_within_two_days_and_nothing_is_said_before() -> None:
    named, early = 0, []
    for seed in SEEDS:
        stream, changed = conversations("--seed", str(seed))
        assert changed is not None
        alerts = list(alerts_of(stream))
        early += [(seed, found) for found in alerts if found.anomaly.detected_at < changed]
        mine = [found for found in alerts if found.signal == "task_success" and found.anomaly.detected_at >= changed]
        first = mine[0]
        delay = (first.anomaly.detected_at - changed) / timedelta(hours=1)
        wholes = [found for found in mine if not found.segment.pairs]
        print(f"seed {seed}: {first.segment} after {delay:.0f} h; {first.attribution.cause} {first.attribution.value}")
        for found in wholes:
            late = (found.anomaly.detected_at - changed) / timedelta(hours=1)
            print(f"    all traffic after {late:.0f} h: {found.attribution.cause} {found.attribution.value}")
        assert delay <= 48
        cause = first.attribution
        named += cause.cause is Cause.SEGMENT and (cause.key, cause.value) == ("model", "agent-2026-09")
    print(f"before the change: {early}")
    assert named >= len(SEEDS) - 1
    assert len({seed for seed, _ in early}) <= 1


def test_four_weeks_without_a_change_bring_no_alert() -> None:
    false = {}
    for seed in SEEDS:
        stream, _ = conversations("--seed", str(seed), "--no-change")
        false[seed] = [(found.signal, str(found.segment), found.anomaly) for found in alerts_of(stream)]
    print({seed: found for seed, found in false.items() if found})
    assert sum(bool(found) for found in false.values()) <= 1
