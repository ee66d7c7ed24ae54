"""What detection costs: time and memory of one hour over many series, on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from alerts.detector import Detector, Panel, Terms, run_length
from benchmarks.simulate_signals import MONDAY
from traces.model import Direction, Kind, Signal

SIGNALS, SEGMENTS, HOURS = 500, 20, 24 * 9
SHARE = {Kind.RATE: 0.6, Kind.CONTINUOUS: 0.2, Kind.COUNT: 0.1, Kind.SCORE: 0.1}
"""What part of the signals is of which kind."""


def panel_of(kind: Kind, series: int, hours: int, seed: int) -> Panel:
    """Quiet readings of many series."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(rng.lognormal(3, 1, series), (hours, series))
    middle = 0.7 + rng.normal(0, 0.2, n.shape) / np.sqrt(np.maximum(n, 1))
    sums = {"log_total": n * middle, "log_square_total": n * (middle**2 + 0.04)}
    given = {
        Kind.COUNT: {},
        Kind.RATE: {"k": rng.binomial(n, 0.05)},
        Kind.CONTINUOUS: sums,
        Kind.SCORE: {"total": sums["log_total"], "square_total": sums["log_square_total"]},
    }
    return Panel(kind=kind, starts=[MONDAY + timedelta(hours=h) for h in range(hours)], n=n, **given[kind])


def table() -> Iterator[str]:
    """The benchmark's lines: seconds for one hour of all series, µs and bytes per series."""
    spent, kept, checked = 0.0, 0, 0
    for kind, share in SHARE.items():
        series = round(SIGNALS * SEGMENTS * share)
        signal = Signal(name="s", kind=kind, bad=Direction.BOTH)
        terms = Terms.of([signal] * series, run_length=run_length(SIGNALS * SEGMENTS))
        panel, detector = panel_of(kind, series, HOURS, 1), Detector.start(kind)
        began = time.process_time()
        detector.step(panel, terms)
        spent += time.process_time() - began
        kept += len(detector.to_bytes())
        checked += series
    hour = spent / HOURS
    yield f"\nCost, {SIGNALS} signals in {SEGMENTS} segments, the mean of {HOURS} hours on one core"
    yield "| one hour of all | a series and hour | state of a series, stored |\n| ---: | ---: | ---: |"
    yield f"| {hour:.2f} s | {hour / checked * 1e6:.1f} µs | {kept / checked:,.0f} bytes |"
