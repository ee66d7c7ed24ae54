"""Signals of an LLM application, made up: seeded, with quiet worlds and incidents of known start and size.

Traffic has a day and a week rhythm that differs from series to series, correlated hour-to-hour noise, growth, lost
buckets and outages of the ingester. Nothing here shares code or formulas with the detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from alerts.detector import Panel
from traces.model import Kind

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
What: TypeAlias = Literal["rate", "volume", "latency", "cost", "score"]
WHATS: tuple[What, ...] = ("rate", "volume", "latency", "cost", "score")
MONDAY = datetime(2026, 2, 23, tzinfo=UTC)
HOURS_OF_WEEK = 168
WARM_UP_WEEKS = 4
SLOWER = 3.0
"""How much slower the slow ones of a tail incident are."""
LOG_SD = {"latency": 0.8, "cost": 1.1}
SCORE_SD = 0.22
_LAST_INCIDENT_H = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How quiet traffic behaves.

    Noise is the standard deviation on the log or log-odds scale, ``memory`` how much of it an hour hands to the next.
    ``intra`` is the intra-class correlation of a beta-binomial, ``batch`` the factor on one hour of every week,
    ``holidays`` how many working days of the scored weeks have a fifth of their traffic, ``bursts`` the share of hours
    in which a rate triples.
    """

    weeks: int = 12
    rate: float = 0.03
    trough: float = 11.0
    weekend: float = 0.5
    volume_noise: float = 0.08
    odds_noise: float = 0.08
    log_noise: float = 0.04
    score_noise: float = 0.01
    memory: float = 0.6
    growth_per_week: float = 0.01
    lost: float = 0.01
    gap_h: int = 6
    zone: str = "UTC"
    intra: float = 0.0
    batch: float = 1.0
    holidays: int = 0
    bursts: float = 0.0

    @property
    def hours(self) -> int:
        return self.weeks * HOURS_OF_WEEK


QUIET_WORLD = World()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happens to a signal for ``hours``: a factor on it, a term added to it, a share of slow ones; all at once or rising."""

    factor: float = 1.0
    plus: float = 0.0
    slow_share: float = 0.0
    hours: int = 48
    ramp_h: int = 0

    def course(self, hours: int, began: Ints) -> Floats:
        """How much of the incident there is, from 0 to 1, shape (B, S)."""
        since = np.arange(hours)[:, None] - began
        lasting = (since >= 0) & (since < self.hours)
        return lasting * (np.clip((since + 1) / self.ramp_h, 0, 1) if self.ramp_h else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Readings with the truth: ``panels`` are tested side by side, ``began`` is where an incident began (-1: none)."""

    panels: tuple[Panel, ...]
    began: Ints
    excluded: npt.NDArray[np.bool_]

    @property
    def series(self) -> int:
        return self.panels[0].series


def noise(rng: np.random.Generator, shape: tuple[int, int], sd: float, memory: float) -> Floats:
    """AR(1) noise with that standard deviation, shape (B, S)."""
    steps = rng.normal(0, sd * np.sqrt(1 - memory**2), shape)
    steps[0] = rng.normal(0, sd, shape[1])
    for row in range(1, shape[0]):
        steps[row] += memory * steps[row - 1]
    return steps


def simulate(
    what: What, volumes: Floats, *, seed: int, world: World = QUIET_WORLD, incident: Incident | None = None
) -> Simulated:
    """Hourly readings of one signal in as many series as ``volumes`` (mean conversations an hour) has.

    A latency has two panels: the sums of ln x, and how many are above about the usual 95 % quantile.
    """
    rng, shape = np.random.default_rng(seed), (world.hours, len(volumes))
    began = np.full(shape[1], -1, dtype=np.int64)
    change, course = incident or Incident(), np.zeros(shape)
    if incident:
        began = rng.integers(WARM_UP_WEEKS * HOURS_OF_WEEK, world.hours - _LAST_INCIDENT_H, shape[1])
        course = incident.course(world.hours, began)
    holiday = _holidays(rng, world, shape)
    mean = _traffic(rng, world, volumes) * np.where(holiday, 0.2, 1.0)
    mean *= np.exp(noise(rng, shape, world.volume_noise, world.memory))
    if what == "volume":
        mean *= 1 + course * (change.factor - 1)
    n = rng.poisson(mean)
    readings = {"rate": _rate, "latency": _sizes, "cost": _sizes, "score": _score}
    sums = (
        [{"kind": Kind.COUNT}]
        if what == "volume"
        else readings[what](rng, world, n, mean / volumes, change, course, what)
    )
    observed = _observed(rng, world, shape)
    starts = [MONDAY + timedelta(hours=hour) for hour in range(shape[0])]
    panels = tuple(Panel(starts=starts, n=n, observed=observed, **one) for one in sums)  # type: ignore[arg-type]
    return Simulated(panels=panels, began=began, excluded=holiday)


def _traffic(rng: np.random.Generator, world: World, volumes: Floats) -> Floats:
    """Mean conversations per hour, shape (B, S)."""
    local = [(MONDAY + timedelta(hours=h)).astimezone(ZoneInfo(world.zone)) for h in range(world.hours)]
    hour, weekday = np.array([at.hour for at in local])[:, None], np.array([at.weekday() for at in local])
    series = len(volumes)
    peak, second = rng.uniform(12, 17, series), rng.uniform(0, 6, series)
    sharp = rng.uniform(0.85, 1.15, series)
    day = np.cos((hour - peak) * np.pi / 12) + 0.12 * np.cos((hour - peak) * np.pi / 6 + second)
    log = np.log(world.trough) / 2 * sharp * day
    log += np.where(weekday >= 5, np.log(world.weekend), 0.0)[:, None] + rng.normal(0, 0.05, (7, series))[weekday]
    if world.batch != 1:
        at = rng.integers(0, HOURS_OF_WEEK, series)
        log += np.log(world.batch) * (weekday[:, None] * 24 + hour == at)
    shape = np.exp(log)
    shape /= shape[:HOURS_OF_WEEK].mean(axis=0)
    grown: Floats = volumes * shape * (1 + world.growth_per_week) ** (np.arange(world.hours)[:, None] / HOURS_OF_WEEK)
    return grown


def _rate(
    rng: np.random.Generator, world: World, n: Ints, _busy: Floats, change: Incident, course: Floats, _what: str
) -> list[dict[str, object]]:
    hour = np.arange(len(n))[:, None]
    rate = np.broadcast_to(world.rate * (1 + course * (change.factor - 1)), n.shape)
    wave = 0.1 * np.sin(hour * 2 * np.pi / 24 + rng.uniform(0, 6, n.shape[1]))
    odds = np.log(rate / (1 - rate)) + wave + noise(rng, (n.shape[0], n.shape[1]), world.odds_noise, world.memory)
    if world.bursts:
        odds = odds + np.log(3) * (rng.random(n.shape) < world.bursts)
    rate = 1 / (1 + np.exp(-odds))
    if world.intra:
        size = 1 / world.intra - 1
        rate = rng.beta(rate * size, (1 - rate) * size)
    return [{"kind": Kind.RATE, "k": rng.binomial(n, rate)}]


def _sizes(
    rng: np.random.Generator, world: World, n: Ints, busy: Floats, change: Incident, course: Floats, what: str
) -> list[dict[str, object]]:
    """Log-normal sizes that rise a little with the load; of a latency also how many are above the usual p95."""
    sd, series = LOG_SD[what], n.shape[1]
    drift = 0.08 * np.log(np.maximum(busy, 1e-3)) + noise(rng, (n.shape[0], series), world.log_noise, world.memory)
    drift += np.log(1 + course * (change.factor - 1))
    slow = rng.binomial(n, change.slow_share * course)
    middle = rng.normal(0, 1, series) + drift + slow / np.maximum(n, 1) * np.log(SLOWER)
    middle = middle + rng.normal(0, 1, n.shape) * sd / np.sqrt(np.maximum(n, 1))
    square = sd**2 * rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
    body: dict[str, object] = {
        "kind": Kind.CONTINUOUS,
        "log_total": n * middle,
        "log_square_total": n * middle**2 + square,
    }
    if what == "cost":
        return [body]
    edge = 1.645 * sd + rng.uniform(-0.1, 0.1, series)
    above = rng.binomial(n - slow, _beyond((edge - drift) / sd))
    above += rng.binomial(slow, _beyond((edge - drift - np.log(SLOWER)) / sd))
    return [body, {"kind": Kind.RATE, "k": above}]


def _beyond(z: Floats) -> Floats:
    """Share of a normal distribution beyond ``z``, to 2e-4 (Bowling et al., 2009)."""
    share: Floats = 1 / (1 + np.exp(0.07056 * z**3 + 1.5976 * z))
    return share


def _score(
    rng: np.random.Generator, world: World, n: Ints, _busy: Floats, change: Incident, course: Floats, _what: str
) -> list[dict[str, object]]:
    """Scores from 0 to 1: a beta distribution about 0.8."""
    middle = 0.8 + noise(rng, (n.shape[0], n.shape[1]), world.score_noise, world.memory) + course * change.plus
    middle = np.clip(middle + rng.normal(0, 1, n.shape) * SCORE_SD / np.sqrt(np.maximum(n, 1)), 0, 1)
    square = SCORE_SD**2 * rng.chisquare(np.maximum(n - 1, 1)) * (n > 1)
    square = np.minimum(square, n * middle * (1 - middle))
    return [{"kind": Kind.SCORE, "total": n * middle, "square_total": n * middle**2 + square}]


def _holidays(rng: np.random.Generator, world: World, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    holiday = np.zeros(shape, dtype=bool)
    working = [d for d in range(WARM_UP_WEEKS * 7, world.weeks * 7) if d % 7 < 5]
    for day in rng.choice(working, world.holidays, replace=False):
        holiday[day * 24 : day * 24 + 24] = True
    return holiday


def _observed(rng: np.random.Generator, world: World, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    observed = rng.random(shape) >= world.lost
    for series, at in enumerate(rng.integers(0, shape[0] - world.gap_h, shape[1])):
        observed[at : at + world.gap_h, series] = False
    return observed
