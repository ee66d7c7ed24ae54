"""The tails of sizes as detection sees them: learned from sketches, hour by hour, beside the typical size.

Usage: python -m benchmarks.alert_tails [--each 12] [--seed 1] [--weeks-apart 50]

Log-normal sizes of an hour are drawn as a sketch (a multinomial over its bins), so that nothing here knows where the detector
sees the tail begin. Each series is a model of its own in one watch; a change found by the tail, by the typical size, and by
either counts once each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from alerts.signals import LATENCY, LATENCY_TAIL
from alerts.watching.watch import Terrain, Watch, WatchSettings
from benchmarks.simulate_signals import HOURS_OF_WEEK, LOG_SD, MONDAY, QUIET_WORLD, SLOWER, WARM_UP_WEEKS, World, noise
from traces.histogram import Rollup, bin_of, value_of
from traces.model import Segment

VOLUMES = (20.0, 100.0, 500.0, 5000.0)
HOURS = QUIET_WORLD.hours
SLOW_SHARE, LASTS_H = 0.1, 48
_FIRST, _LAST = bin_of(0.01), bin_of(200.0)
_VALUES = np.array([value_of(bin_) for bin_ in range(_FIRST, _LAST + 1)])
_LOGS = np.log(_VALUES)
_EDGES = np.append(_LOGS - 0.01, np.inf)
_EDGES[0] = -np.inf
Floats = npt.NDArray[np.float64]


def sketches(volume: float, *, seed: int, incident: bool, world: World = QUIET_WORLD) -> Iterator[tuple[Rollup, bool]]:
    """By hour, a sketch of latencies and whether the incident is on: one in ten is three times slower for two days."""
    rng = np.random.default_rng(seed)
    began = int(rng.integers(WARM_UP_WEEKS * HOURS_OF_WEEK, HOURS - 100)) if incident else HOURS
    hour = np.arange(HOURS)
    peak = rng.uniform(12, 17)
    busy = np.log(world.trough) / 2 * np.cos((hour % 24 - peak) * np.pi / 12)
    busy += np.where(hour // 24 % 7 >= 5, np.log(world.weekend), 0.0) + noise(rng, (HOURS, 1), 0.08, world.memory)[:, 0]
    mean = volume * np.exp(busy) / np.exp(busy[:HOURS_OF_WEEK]).mean()
    drift = 0.08 * busy + noise(rng, (HOURS, 1), world.log_noise, world.memory)[:, 0]
    for at in range(HOURS):
        is_on = began <= at < began + LASTS_H
        n = int(rng.poisson(mean[at]))
        slow = int(rng.binomial(n, SLOW_SHARE)) if is_on else 0
        counts = _drawn(rng, n - slow, drift[at]) + _drawn(rng, slow, drift[at] + np.log(SLOWER))
        held = np.flatnonzero(counts)
        yield _rollup(counts, held, n), is_on


def _drawn(rng: np.random.Generator, n: int, middle: float) -> Floats:
    shares = np.diff(ndtr((_EDGES - middle) / LOG_SD["latency"]))
    return np.asarray(rng.multinomial(n, shares / shares.sum()), dtype=np.float64)


def _rollup(counts: Floats, held: npt.NDArray[np.intp], n: int) -> Rollup:
    return Rollup(
        n=n,
        total=float(counts @ _VALUES),
        log_total=float(counts @ _LOGS),
        log_square_total=float(counts @ _LOGS**2),
        bins={_FIRST + int(place): int(counts[place]) for place in held},
    )


def run(volume: float, *, each: int, seed: int, weeks_apart: float, incident: bool) -> dict[str, list[list[float]]]:
    """By signal and series, the hours from the start at which alerts opened (from the incident's, where there is one)."""
    signals = {signal.name: signal for signal in (LATENCY, LATENCY_TAIL)}
    terrain = Terrain(signals=signals, calibrations={}, changes=())
    watch = Watch(WatchSettings(weeks_between_false_alerts=weeks_apart / (2 * each)))
    streams = [sketches(volume, seed=1000 * seed + s, incident=incident) for s in range(each)]
    began: dict[int, int] = {}
    found: dict[str, list[list[float]]] = {name: [[] for _ in range(each)] for name in signals}
    told: set[tuple[str, int, datetime]] = set()
    for hour, rows in enumerate(zip(*streams, strict=True)):
        cut = {Segment.of(scenario=str(s)): {LATENCY.name: rollup} for s, (rollup, _) in enumerate(rows) if rollup.n}
        for s, (_, is_on) in enumerate(rows):
            if is_on:
                began.setdefault(s, hour)
        watch.take(MONDAY.replace(tzinfo=UTC) + timedelta(hours=hour), cut, terrain)
        for finding in watch.findings(terrain):
            s = int(finding.segment.pairs[0][1])
            key = finding.signal.name, s, finding.anomaly.detected_at
            if key not in told and hour >= WARM_UP_WEEKS * HOURS_OF_WEEK:
                told.add(key)
                found[finding.signal.name][s].append(hour - began.get(s, HOURS) if incident else hour)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=12, help="series at each volume")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weeks-apart", type=float, default=50.0)
    given = parser.parse_args()
    weeks = given.each * (QUIET_WORLD.weeks - WARM_UP_WEEKS)
    print("| conversations an hour | found by | within 24 h / at all | median | quiet: alerts a signal-week |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for volume in VOLUMES:
        found, quiet = (
            run(volume, each=given.each, seed=given.seed + shift, weeks_apart=given.weeks_apart, incident=incident)
            for shift, incident in ((0, True), (500, False))
        )
        either = [one + other for one, other in zip(*found.values(), strict=True)]
        for name, series in [*found.items(), ("either", either)]:
            firsts = [min((h for h in hours if 0 <= h < LASTS_H + 6), default=np.inf) for hours in series]
            hits = [first for first in firsts if np.isfinite(first)]
            middle = f"{np.median(hits):.0f} h" if hits else ""
            shares = f"{np.mean(np.array(firsts) < 24):.0%} / {len(hits) / given.each:.0%}"
            false = f"{sum(map(len, quiet[name])) / weeks:.4f}" if name in quiet else ""
            print(f"| {volume:g} | {name} | {shares} | {middle} | {false} |", flush=True)


if __name__ == "__main__":
    main()
