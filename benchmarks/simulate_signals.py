"""Signals of an LLM application, made up: seeded, with quiet worlds and incidents of known start and size.

Traffic has a day and a week rhythm that differs from series to series, correlated hour-to-hour noise, growth, lost
buckets and outages of the ingester. Nothing here shares code or formulas with the detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from alerts.detector import Panel
from traces.model import Kind

Floats = npt.NDArray[np.float64]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS_OF_WEEK = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How quiet traffic behaves. Noise is the standard deviation on the log or log-odds scale."""

    weeks: int = 12
    trough: float = 11.0
    weekend: float = 0.5
    volume_noise: float = 0.08
    odds_noise: float = 0.08
    log_noise: float = 0.04
    memory: float = 0.6
    growth_per_week: float = 0.01
    lost: float = 0.01
    outage_h: int = 6
    burst_share: float = 0.0

    @property
    def buckets(self) -> int:
        return self.weeks * HOURS_OF_WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A change from ``at`` (shape (S,), bucket index) for ``hours``: a factor on the volume, odds or value."""

    factor: float
    hours: int
    ramp_h: int = 0

    def course(self, buckets: int, at: npt.NDArray[np.int64]) -> Floats:
        """The log of the factor per bucket and series, shape (B, S)."""
        since = np.arange(buckets)[:, None] - at
        course = ((since >= 0) & (since < self.hours)).astype(float)
        if self.ramp_h:
            course *= np.clip(since / self.ramp_h, 0, 1)
        return course * np.log(max(self.factor, 1e-9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A panel with the truth: where each series' incident began (-1: none)."""

    panel: Panel
    began: npt.NDArray[np.int64]


def noise(rng: np.random.Generator, shape: tuple[int, int], sd: float, memory: float) -> Floats:
    """AR(1) noise with that standard deviation, shape (B, S)."""
    steps = rng.normal(0, sd * np.sqrt(1 - memory**2), shape)
    steps[0] = rng.normal(0, sd, shape[1])
    for row in range(1, shape[0]):
        steps[row] += memory * steps[row - 1]
    return steps


def traffic(rng: np.random.Generator, world: World, volumes: Floats) -> Floats:
    """Mean conversations per hour, shape (B, S); ``volumes`` are the means over the week."""
    hours = np.arange(world.buckets)[:, None]
    peak = rng.uniform(12, 17, len(volumes))
    sharp = rng.uniform(0.8, 1.3, len(volumes))
    day = np.cos((hours % 24 - peak) * np.pi / 12)
    second = 0.15 * np.cos((hours % 24 - peak) * np.pi / 6 + rng.uniform(0, 6, len(volumes)))
    log = np.log(world.trough) / 2 * sharp * (day + second)
    weekday = hours // 24 % 7
    log = (
        log + np.where(weekday >= 5, np.log(world.weekend), 0.0) + rng.normal(0, 0.05, (7, len(volumes)))[weekday[:, 0]]
    )
    shape = np.exp(log)
    shape /= shape[:HOURS_OF_WEEK].mean(axis=0)
    grown: Floats = volumes * shape * (1 + world.growth_per_week) ** (hours / HOURS_OF_WEEK)
    return grown


def simulate(
    kind: Kind,
    volumes: Floats,
    *,
    seed: int,
    world: World | None = None,
    incident: Incident | None = None,
    rate: float = 0.03,
    within: float = 0.5,
) -> Simulated:
    """S series of one kind, hourly; with an incident in the last third of the time, or without."""
    world, rng = world or World(), np.random.default_rng(seed)
    size, began = (world.buckets, len(volumes)), np.full(len(volumes), -1, dtype=np.int64)
    course = np.zeros(size)
    if incident:
        began = rng.integers(world.buckets * 2 // 3, world.buckets - incident.hours - 72, len(volumes))
        course = incident.course(world.buckets, began)
    mean = traffic(rng, world, volumes) * np.exp(noise(rng, size, world.volume_noise, world.memory))
    if kind is Kind.COUNT:
        mean = mean * np.exp(course)
    n = rng.poisson(mean)
    sums: dict[str, Any] = {}
    if kind is Kind.RATE:
        wave = 0.1 * np.sin(np.arange(size[0])[:, None] * 2 * np.pi / 24 + rng.uniform(0, 6, size[1]))
        odds = np.log(rate / (1 - rate)) + wave + noise(rng, size, world.odds_noise, world.memory) + course
        if world.burst_share:
            odds += np.log(3) * (rng.random(size) < world.burst_share)
        sums["k"] = rng.binomial(n, 1 / (1 + np.exp(-odds)))
    if kind is Kind.CONTINUOUS:
        load = 0.08 * np.log(np.maximum(mean, 1e-3) / volumes)
        level = rng.normal(0, 1, size[1]) + load + noise(rng, size, world.log_noise, world.memory) + course
        bucket_mean = level + rng.normal(0, 1, size) * np.sqrt(within / np.maximum(n, 1))
        square = within * rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
        sums |= {"log_total": n * bucket_mean, "log_square_total": n * bucket_mean**2 + square}
    observed = _observed(rng, world, size)
    starts = [MONDAY + timedelta(hours=hour) for hour in range(size[0])]
    return Simulated(panel=Panel(kind=kind, starts=starts, n=n, observed=observed, **sums), began=began)


def _observed(rng: np.random.Generator, world: World, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    observed = rng.random(size) >= world.lost
    for series, at in enumerate(rng.integers(0, size[0] - world.outage_h, size[1])):
        observed[at : at + world.outage_h, series] = False
    return observed
