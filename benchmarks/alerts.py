"""False alerts and found incidents on simulated signals, beside a seasonal median/MAD detector in the same run.

Usage: python -m benchmarks.alerts [--seed 1] [--each 24] [--weeks-apart 50]
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from alerts.detector import Anomaly, Detector, Panel, Terms, run_length
from benchmarks.simulate_signals import HOURS_OF_WEEK, MONDAY, Incident, Simulated, World, simulate
from traces.model import Direction, Kind, Signal

VOLUMES = (5.0, 20.0, 100.0, 500.0, 5000.0)
WARM_UP_WEEKS = 4
EPISODE_H = 6
Alerts = list[list[int]]
"""Per series, the buckets in which an alert began."""


QUIET_WORLD = World()


@dataclass(frozen=True, slots=True)
class Case:
    """A signal and one thing that can happen to it; ``incident`` is ``None`` in a quiet world."""

    name: str
    kind: Kind
    bad: Direction
    incident: Incident | None
    rate: float = 0.03
    min_relative: float = 0.3
    min_absolute: float = 0.0
    world: World = QUIET_WORLD

    def signal(self) -> Signal:
        return Signal(
            name="simulated",
            kind=self.kind,
            bad=self.bad,
            min_relative=self.min_relative,
            min_absolute=self.min_absolute,
        )


def rate(name: str, incident: Incident | None, **other: object) -> Case:
    return Case(name, Kind.RATE, Direction.UP, incident, min_absolute=0.01, **other)  # type: ignore[arg-type]


def volume(name: str, incident: Incident | None, **other: object) -> Case:
    return Case(name, Kind.COUNT, Direction.BOTH, incident, **other)  # type: ignore[arg-type]


def latency(name: str, incident: Incident | None, **other: object) -> Case:
    return Case(name, Kind.CONTINUOUS, Direction.UP, incident, min_relative=0.15, **other)  # type: ignore[arg-type]


QUIET = [
    rate("rate 3 %", None),
    rate("rate 36 %", None, rate=0.36),
    volume("volume", None),
    latency("latency", None),
    rate("rate, noise x2", None, world=World(odds_noise=0.16)),
    volume("volume, noise x2", None, world=World(volume_noise=0.16)),
    latency("latency, noise x2", None, world=World(log_noise=0.08)),
    volume("volume, growth 5 %/week", None, world=World(growth_per_week=0.05)),
    volume("volume, trough x120", None, world=World(trough=120.0)),
    latency("latency, memory .9", None, world=World(memory=0.9)),
]
INCIDENTS = [
    rate("rate 3 -> 6 %, 48 h", Incident(factor=2.06, hours=48)),
    rate("rate 3 -> 4.5 %, 48 h", Incident(factor=1.52, hours=48)),
    rate("rate 3 -> 15 %, 1 h", Incident(factor=5.7, hours=1)),
    rate("rate 3 -> 6 % over 72 h", Incident(factor=2.06, hours=120, ramp_h=72)),
    volume("volume zero, 3 h", Incident(factor=0.0, hours=3)),
    volume("volume -50 %, 48 h", Incident(factor=0.5, hours=48)),
    volume("volume x2.5, 3 h", Incident(factor=2.5, hours=3)),
    latency("latency +40 %, 48 h", Incident(factor=1.4, hours=48)),
    latency("cost +30 %, 48 h", Incident(factor=1.3, hours=48)),
    latency("latency +40 % over 72 h", Incident(factor=1.4, hours=120, ramp_h=72)),
]


def hark(simulated: Simulated, case: Case, weeks_apart: float) -> Alerts:
    """Where Hark's detector opens an anomaly."""
    panel = simulated.panel
    terms = Terms.of([case.signal()] * panel.series, run_length=run_length(1, weeks_between_false_alerts=weeks_apart))
    detector = Detector.start(panel.kind)
    found: list[Anomaly] = [*detector.step(panel, terms), *detector.open_anomalies(terms)]
    alerts: Alerts = [[] for _ in range(panel.series)]
    for anomaly in found:
        alerts[anomaly.series].append((anomaly.detected_at - MONDAY) // timedelta(hours=1))
    return [sorted(buckets) for buckets in alerts]


def seasonal_mad(simulated: Simulated, case: Case) -> Alerts:
    """What the field does: the bucket's value against median and MAD of its hour of the week, z > 4."""
    values = _values(simulated.panel)
    flagged = np.zeros(values.shape, dtype=bool)
    for row in range(WARM_UP_WEEKS * HOURS_OF_WEEK, len(values)):
        weeks = np.arange(1, WARM_UP_WEEKS + 1) * HOURS_OF_WEEK
        past = values[np.concatenate([row - weeks + beside for beside in (-1, 0, 1)])]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            middle = np.nanmedian(past, axis=0)
            mad = 1.4826 * np.nanmedian(np.abs(past - middle), axis=0)
            # A floor of 2 % of the median keeps quantised series from collapsing to no spread at all.
            score = (values[row] - middle) / np.maximum(mad, 0.02 * np.abs(middle) + 1e-9)
        flagged[row] = np.abs(score) > 4 if case.bad is Direction.BOTH else score > 4
    return [_episodes(np.flatnonzero(flagged[:, series])) for series in range(values.shape[1])]


def _values(panel: Panel) -> npt.NDArray[np.float64]:
    n = np.array(panel.n, dtype=float)
    with np.errstate(all="ignore"):
        if panel.kind is Kind.COUNT:
            values = n
        elif panel.kind is Kind.RATE:
            values = np.asarray(panel.k) / n
        else:
            values = np.exp(np.asarray(panel.log_total) / n)
    return np.where(np.asarray(panel.observed), values, np.nan)


def _episodes(buckets: npt.NDArray[np.int64]) -> list[int]:
    starts: list[int] = []
    last = -EPISODE_H - 1
    for bucket in buckets.tolist():
        if bucket - last > EPISODE_H:
            starts.append(bucket)
        last = bucket
    return starts


def false_rate(alerts: Alerts, weeks: int) -> float:
    """Alerts per signal-week after the warm-up."""
    scored = sum(bucket >= WARM_UP_WEEKS * HOURS_OF_WEEK for buckets in alerts for bucket in buckets)
    return scored / (len(alerts) * (weeks - WARM_UP_WEEKS))


def delays(alerts: Alerts, simulated: Simulated, hours: int) -> npt.NDArray[np.float64]:
    """Hours from the incident's start to the first alert within it (or a day after it), inf where there was none."""
    found = np.full(len(alerts), np.inf)
    for series, buckets in enumerate(alerts):
        began = int(simulated.began[series])
        inside = [bucket - began for bucket in buckets if began <= bucket < began + hours + 24]
        if inside:
            found[series] = min(inside)
    return found


def run(seed: int, each: int, weeks_apart: float) -> None:
    """Print both tables."""
    volumes = np.repeat(VOLUMES, each)
    print(f"quiet worlds: alerts per signal-week ({len(volumes)} series, c = {weeks_apart:g} weeks) | hark by volume")
    for number, case in enumerate(QUIET):
        simulated = simulate(case.kind, volumes, seed=seed + number, world=case.world, rate=case.rate)
        ours, theirs = hark(simulated, case, weeks_apart), seasonal_mad(simulated, case)
        weeks = case.world.weeks
        cells = [false_rate(ours[i : i + each], weeks) for i in range(0, len(volumes), each)]
        print(
            f"{case.name:26} hark {false_rate(ours, weeks):.4f}  MAD {false_rate(theirs, weeks):6.3f}  | "
            + " ".join(f"{cell:.4f}" for cell in cells),
            flush=True,
        )
    print(f"incidents: found within 24 h / at all, median hours, by volume {VOLUMES}; then all at >= 100/h")
    totals: dict[str, list[npt.NDArray[np.float64]]] = {"hark": [], "MAD": []}
    for number, case in enumerate(INCIDENTS):
        assert case.incident
        simulated = simulate(case.kind, volumes, seed=seed + 100 + number, incident=case.incident, rate=case.rate)
        both = {"hark": hark(simulated, case, weeks_apart), "MAD": seasonal_mad(simulated, case)}
        for name, alerts in both.items():
            found = delays(alerts, simulated, case.incident.hours)
            cells_text = " | ".join(_cell(found[i : i + each]) for i in range(0, len(volumes), each))
            totals[name].append(found[volumes >= 100])
            print(f"{case.name:26} {name:4} {cells_text}", flush=True)
    for name, parts in totals.items():
        print(f"at >= 100/h, all incidents: {name:4} {_cell(np.concatenate(parts))}")


def _cell(found: npt.NDArray[np.float64]) -> str:
    hit = found[np.isfinite(found)]
    middle = f"{np.median(hit):4.0f} h" if hit.size else "   - "
    return f"{np.mean(found < 24):4.0%}/{np.mean(np.isfinite(found)):4.0%} {middle}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=24, help="series per volume")
    parser.add_argument("--weeks-apart", type=float, default=50.0, help="weeks between false alerts of one series")
    given = parser.parse_args()
    run(given.seed, given.each, given.weeks_apart)


if __name__ == "__main__":
    main()
