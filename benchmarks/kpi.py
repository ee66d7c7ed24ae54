"""Operational figures of a web service, made up: five-minute values with events of known start and end.

Volumes, latencies, ratios, counts, batch jobs and flat gauges, with a day and a week, drift, correlated noise, lone
bursts that are nobody's business, lost rows and gaps. Nothing here shares code or formulas with the detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DAY, WEEK = 288, 2016
_STEP_S, _EPOCH_S = 300.0, 1.5e9
_FOUND_WITHIN = 6
"""An event counts as found when it is flagged within half an hour of its start."""
_ONE_ALERT = 6
"""Flagged rows no farther apart than this are one alert."""
_UNDER_WAY = 6
"""Flagged rows this soon after an event still belong to it."""


@dataclass(frozen=True, slots=True)
class World:
    """How unruly quiet series are: noise between two standard deviations, lone bursts a week, which kinds."""

    noise: tuple[float, float]
    bursts: tuple[float, ...]
    events_a_week: float
    kinds: Mapping[str, float]


CALM = World(
    (0.01, 0.05), (0.0,), 1.0, {"volume": 0.4, "latency": 0.15, "ratio": 0.15, "flat": 0.1, "batch": 0.1, "counts": 0.1}
)
UNRULY = World(
    (0.05, 0.2),
    (0.0, 1.0, 5.0),
    1.5,
    {"volume": 0.25, "latency": 0.25, "ratio": 0.1, "flat": 0.1, "batch": 0.15, "counts": 0.15},
)


@dataclass(frozen=True, slots=True)
class Series:
    """Times in seconds, values, and the first and last row of each event."""

    times: Sequence[float]
    values: Sequence[float]
    events: Sequence[tuple[int, int]]


def corpus(world: World, *, series: int, seed: int) -> list[Series]:
    """Series of four to six weeks each."""
    rng = np.random.default_rng(seed)
    return [_series(rng, world, int(rng.integers(4, 7))) for _ in range(series)]


def recall(corpus: Sequence[Series], scores: Iterable[Sequence[float]], *, a_week: float) -> float:
    """The share of events that are found at the lowest threshold, one for all, with so many false alerts a week."""
    peaks, quiet = [], []
    for series, given in zip(corpus, scores, strict=True):
        score, outside = np.asarray(given), np.ones(len(series.values), dtype=bool)
        for first, last in series.events:
            peaks.append(score[first : min(last, first + _FOUND_WITHIN) + 1].max())
            outside[first : last + 1 + _UNDER_WAY] = False
        quiet.append(np.where(outside, score, -np.inf))
    weeks = sum(len(series.values) for series in corpus) / WEEK
    every = np.concatenate(quiet)
    every = np.sort(every[np.isfinite(every)])[::-1]
    for threshold in np.unique(every[np.unique(np.geomspace(1, len(every) / 20, 300).astype(int)) - 1])[::-1]:
        if sum(_alerts(score >= threshold) for score in quiet) > a_week * weeks:
            return float(np.mean(np.array(peaks) > threshold))
    return 1.0


def _alerts(flagged: npt.NDArray[np.bool_]) -> int:
    rows = np.flatnonzero(flagged)
    return 1 + int((np.diff(rows) > _ONE_ALERT).sum()) if rows.size else 0


def _series(rng: np.random.Generator, world: World, weeks: int) -> Series:
    rows = weeks * WEEK
    kinds = list(world.kinds)
    kind = kinds[int(rng.choice(len(kinds), p=list(world.kinds.values())))]
    quiet = _KINDS[kind](rng, rows, float(rng.uniform(*world.noise)))
    for at in rng.integers(0, rows, rng.poisson(weeks * rng.choice(world.bursts))):
        quiet[at] *= 1 + rng.exponential(0.3)
    values, events = quiet.copy(), []
    taken = np.zeros(rows, dtype=bool)
    for _ in range(max(1, rng.poisson(weeks * world.events_a_week))):
        start = int(rng.integers(int(rows * 0.12), rows - 2 * 72))
        changed = _event(rng, quiet, start)
        span = slice(start, start + len(changed))
        if not len(changed) or taken[max(0, start - 100) : span.stop + 100].any():
            continue
        values[span] = np.clip(changed, None if kind == "flat" else 0.0, 100.0 if kind == "ratio" else None)
        taken[span] = True
        events.append((start, span.stop - 1))
    return _lossy(rng, values, sorted(events), taken)


def _event(rng: np.random.Generator, quiet: Floats, start: int) -> Floats:
    """The values of an event; empty when it would not stand out from the noise of the hours before it."""
    shape = rng.choice(["spike", "dip", "shift", "ramp", "zero", "noise"], p=[0.35, 0.25, 0.2, 0.08, 0.05, 0.07])
    shortest, longest = _LENGTHS[shape]
    length = int(rng.integers(shortest, longest))
    before = quiet[start : start + length]
    usual = max(_roughness(quiet[max(0, start - 60) : start]), 0.25 * _roughness(quiet))
    sign = {"spike": 1.0, "dip": -1.0}.get(str(shape), float(rng.choice([-1, 1])))
    size = sign * usual * (8 if shape in {"spike", "dip"} else 5) * np.exp(rng.normal(0, 0.5))
    changed = {
        "zero": np.zeros(length),
        "ramp": before + 1.3 * size * np.arange(1, length + 1) / length,
        "noise": before + rng.normal(0, 0.7 * abs(size), length),
    }.get(str(shape), before + size * rng.uniform(0.7, 1.2, length))
    return changed if np.abs(changed - before).max() > 2.5 * usual else np.empty(0)


_LENGTHS = {"spike": (1, 8), "dip": (1, 12), "shift": (12, 72), "ramp": (12, 36), "zero": (1, 6), "noise": (12, 36)}


def _roughness(values: Floats) -> float:
    return float(np.std(np.diff(values)) / np.sqrt(2))


def _lossy(
    rng: np.random.Generator, values: Floats, events: list[tuple[int, int]], taken: npt.NDArray[np.bool_]
) -> Series:
    rows = len(values)
    kept = rng.random(rows) > rng.choice([0, 0.001, 0.01])
    if rng.random() < 0.2:
        gap = int(rng.integers(0, rows - 100))
        kept[gap : gap + int(rng.integers(6, 80))] = False
    kept |= taken
    place = np.cumsum(kept) - 1
    times = _EPOCH_S + np.arange(rows) * _STEP_S
    moved = [(int(place[first]), int(place[last])) for first, last in events]
    return Series(times[kept].tolist(), values[kept].tolist(), moved)


def _day(rng: np.random.Generator, rows: int) -> Floats:
    at = np.arange(rows) / DAY
    waves = range(1, int(rng.integers(2, 5)))
    course = sum(rng.normal(0, 1 / k) * np.cos(2 * np.pi * k * at + rng.uniform(0, 6.28)) for k in waves)
    return np.asarray(course / (np.std(course) + 1e-9))


def _weekend(rng: np.random.Generator, rows: int) -> Floats:
    return np.where((np.arange(rows) // DAY + rng.integers(0, 7)) % 7 >= 5, 1.0, 0.0)


def _drift(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    return np.asarray(np.cumsum(rng.normal(0, 0.2 * noise, rows // DAY + 1))[np.arange(rows) // DAY])


def _memory(rng: np.random.Generator, rows: int, share: float, noise: float) -> Floats:
    steps, now = rng.normal(0, noise, rows), 0.0
    for row, step in enumerate(steps):
        now = share * now + step
        steps[row] = now
    return np.asarray(steps)


def _volume(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    log = rng.uniform(0.2, 0.7) * _day(rng, rows) - rng.uniform(0, 0.5) * _weekend(rng, rows)
    log += _drift(rng, rows, noise) + _memory(rng, rows, rng.choice([0, 0.7, 0.95]), 0.4 * noise)
    return np.asarray(rng.uniform(50, 5000) * np.exp(log + rng.normal(0, noise, rows)))


def _counts(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    log = rng.uniform(0.2, 0.8) * _day(rng, rows) - rng.uniform(0, 0.5) * _weekend(rng, rows)
    mean = rng.uniform(2, 30) * np.exp(log + _drift(rng, rows, noise))
    return rng.poisson(mean * rng.gamma(noise**-2, noise**2, rows)).astype(np.float64)


def _latency(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    log = 0.1 * _day(rng, rows) + _drift(rng, rows, noise) + _memory(rng, rows, 0.8, 0.5 * noise)
    return np.asarray(rng.uniform(20, 500) * np.exp(log + noise * rng.standard_t(4, rows)))


def _ratio(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    share = rng.uniform(0.9, 0.995)
    odds = np.log(share / (1 - share)) + 0.3 * _day(rng, rows) + _drift(rng, rows, noise)
    return np.asarray(100 / (1 + np.exp(-odds - rng.normal(0, 2 * noise, rows))))


def _flat(rng: np.random.Generator, rows: int, _noise: float) -> Floats:
    level = rng.uniform(10, 100) + rng.uniform(0.1, 1) * _memory(rng, rows, rng.choice([0, 0.9]), 1.0)
    return np.asarray(np.round(level, int(rng.integers(0, 3))))


def _batch(rng: np.random.Generator, rows: int, noise: float) -> Floats:
    values = rng.uniform(50, 500) * np.exp(0.3 * _day(rng, rows) + rng.normal(0, noise, rows))
    every, lasts = int(rng.choice([DAY, DAY // 4, DAY // 24])), int(rng.integers(1, 6))
    for start in range(int(rng.integers(1, every)), rows, every):
        at = start + int(rng.integers(-1, 2))
        values[at : at + lasts] *= rng.uniform(1.5, 4)
    return np.asarray(values)


_KINDS: Mapping[str, Callable[[np.random.Generator, int, float], Floats]] = {
    "volume": _volume,
    "latency": _latency,
    "ratio": _ratio,
    "flat": _flat,
    "batch": _batch,
    "counts": _counts,
}
