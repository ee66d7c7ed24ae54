"""What the benchmark of alerts asks: signals, the incidents that befall them, and the worlds in which nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from alerts.detector import Anomaly, Detector, Panel, Terms, run_length
from benchmarks.simulate_signals import HOURS_OF_WEEK, MONDAY, WARM_UP_WEEKS, Incident, Simulated, What, World
from traces.model import Direction, Kind, Signal

Alerts: TypeAlias = list[list[int]]
"""Per series, the hours (from the start) in which an alert began."""
VOLUMES: Final = (5.0, 20.0, 100.0, 500.0, 5000.0)
EPISODE_H: Final = 6
"""Alerts of a detector without memory count once until so many hours were quiet."""
AFTER_H: Final = 6
"""An incident still counts as found so many hours after its end."""

SIGNALS: Final[Mapping[What, tuple[Signal, ...]]] = {
    "rate": (Signal(name="refusal", kind=Kind.RATE, min_relative=0.3, min_absolute=0.01),),
    "volume": (Signal(name="volume", kind=Kind.COUNT, bad=Direction.BOTH, min_relative=0.3),),
    "latency": (
        Signal(name="latency", kind=Kind.CONTINUOUS, min_relative=0.15),
        Signal(name="slow", kind=Kind.RATE, min_relative=0.3, min_absolute=0.02),
    ),
    "cost": (Signal(name="cost", kind=Kind.CONTINUOUS, min_relative=0.15),),
    "score": (Signal(name="helpfulness", kind=Kind.SCORE, bad=Direction.DOWN, min_relative=0.03),),
}
"""The signal behind each simulated one; a latency is tested by its typical size and by how many are slow."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can happen to a signal."""

    name: str
    what: What
    incident: Incident


INCIDENTS: Final = (
    Case("rate 3 → 6 %, 48 h", "rate", Incident(factor=2.0)),
    Case("rate 3 → 4.5 %, 48 h", "rate", Incident(factor=1.5)),
    Case("rate 3 → 15 %, one hour", "rate", Incident(factor=5.0, hours=1)),
    Case("rate 3 → 6 % over 72 h", "rate", Incident(factor=2.0, hours=96, ramp_h=72)),
    Case("no traffic, 3 h", "volume", Incident(factor=0.0, hours=3)),
    Case("half the traffic, 48 h", "volume", Incident(factor=0.5)),
    Case("traffic × 2.5, 3 h", "volume", Incident(factor=2.5, hours=3)),
    Case("latency + 40 %, 48 h", "latency", Incident(factor=1.4)),
    Case("one in ten 3 × slower, 48 h", "latency", Incident(slow_share=0.1)),
    Case("latency + 40 % over 72 h", "latency", Incident(factor=1.4, hours=96, ramp_h=72)),
    Case("cost + 30 %, 48 h", "cost", Incident(factor=1.3)),
    Case("score - 0.05, 48 h", "score", Incident(plus=-0.05)),
)

_BASE = World()
STRESS: Final[Mapping[str, World]] = {
    "noise × 2": replace(_BASE, volume_noise=0.16, odds_noise=0.16, log_noise=0.08, score_noise=0.02),
    "noise × 3": replace(_BASE, volume_noise=0.24, odds_noise=0.24, log_noise=0.12, score_noise=0.03),
    "memory 0.9": replace(_BASE, memory=0.9),
    "growth 5 % a week": replace(_BASE, growth_per_week=0.05),
    "night trough × 120": replace(_BASE, trough=120.0),
    "summer time": replace(_BASE, zone="Europe/Berlin"),
    "weekly batch × 4": replace(_BASE, batch=4.0),
    "5 % lost": replace(_BASE, lost=0.05),
    "beta-binomial 0.01": replace(_BASE, intra=0.01),
    "3 holidays, declared": replace(_BASE, holidays=3),
    "rate 36 %": replace(_BASE, rate=0.36),
    "rate 0.5 %": replace(_BASE, rate=0.005),
    "bursts × 3, 0.5 %": replace(_BASE, bursts=0.005),
}
"""Worlds that are not as the detector assumes them to be."""
ONLY: Final[Mapping[str, tuple[What, ...]]] = {
    "weekly batch × 4": ("rate", "volume"),
    "beta-binomial 0.01": ("rate",),
    "3 holidays, declared": ("rate", "volume"),
    "rate 36 %": ("rate",),
    "rate 0.5 %": ("rate",),
    "bursts × 3, 0.5 %": ("rate",),
    "growth 5 % a week": ("rate", "volume", "latency"),
    "5 % lost": ("rate", "volume", "latency"),
}
"""The signals that a world concerns, where it is not all of them."""

Method: TypeAlias = Callable[[Simulated, What, float], Alerts]


def hark(simulated: Simulated, what: What, weeks_apart: float, zone: str = "UTC") -> Alerts:
    """Where Hark's detector opens an anomaly in any of the signal's series."""
    alerts: Alerts = [[] for _ in range(simulated.series)]
    for panel, signal in zip(simulated.panels, SIGNALS[what], strict=True):
        length = run_length(len(simulated.panels), weeks_between_false_alerts=weeks_apart)
        terms = Terms.of([signal] * panel.series, run_length=length)
        detector = Detector.start(panel.kind, zone=zone)
        usual = replace(panel, observed=np.asarray(panel.observed) & ~simulated.excluded)
        found: list[Anomaly] = [*detector.step(usual, terms), *detector.open_anomalies(terms)]
        for anomaly in found:
            alerts[anomaly.series].append((anomaly.detected_at - MONDAY) // timedelta(hours=1))
    return [sorted(hours) for hours in alerts]


def false_rate(alerts: Alerts, weeks: int = _BASE.weeks) -> float:
    """Alerts per signal-week after the warm-up."""
    scored = sum(hour >= WARM_UP_WEEKS * HOURS_OF_WEEK for hours in alerts for hour in hours)
    return scored / (len(alerts) * (weeks - WARM_UP_WEEKS))


def delays(alerts: Alerts, simulated: Simulated, incident: Incident) -> npt.NDArray[np.float64]:
    """Hours from the incident's start to the first alert within it (or soon after), inf where there was none."""
    found = np.full(len(alerts), np.inf)
    for series, hours in enumerate(alerts):
        began = int(simulated.began[series])
        inside = [hour - began for hour in hours if began <= hour < began + incident.hours + AFTER_H]
        if inside:
            found[series] = min(inside)
    return found


def readings(panel: Panel) -> npt.NDArray[np.float64]:
    """The hourly value of a panel: a count, a share, a geometric mean or a mean; nan where nothing was seen."""
    n = np.array(panel.n, dtype=float)
    with np.errstate(all="ignore"):
        values = {
            Kind.COUNT: lambda: n,
            Kind.RATE: lambda: np.asarray(panel.k) / n,
            Kind.CONTINUOUS: lambda: np.exp(np.asarray(panel.log_total) / n),
            Kind.SCORE: lambda: np.asarray(panel.total) / n,
        }[panel.kind]()
    return np.where(np.asarray(panel.observed), values, np.nan)
