"""False alerts and found incidents on simulated signals, beside what others do in the same run.

Usage: python -m benchmarks.alerts [--quick] [--seed 1] [--each 24] [--weeks-apart 50] [--only SECTION ...]

Sections: quiet, stress, incidents, matched, attribution, cost. ``--quick`` takes less than two minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks import alert_attribution, alert_cost
from benchmarks.alert_cases import INCIDENTS, ONLY, STRESS, VOLUMES, Alerts, Case, delays, false_rate, hark
from benchmarks.alert_peers import PEERS, episodes, scores
from benchmarks.simulate_signals import WHATS, Simulated, What, simulate

LOW = VOLUMES.index(100.0)
"""From this volume on most figures are given."""
ALLOWED = 0.01
"""False alerts per signal-week to which every rule is held where they are matched."""
SIGNAL_WEEKS_APART = 20
Found = npt.NDArray[np.float64]
"""Delays in hours, shape (cases, volumes, series); inf where nothing was found."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the benchmark looks at."""

    seed: int
    each: int
    each_quiet: int
    weeks_apart: float
    peers: bool

    @property
    def volumes(self) -> Found:
        return np.repeat(VOLUMES, self.each)

    def quiet(self, what: What) -> Simulated:
        return simulate(what, np.repeat(VOLUMES, self.each_quiet), seed=1000 * self.seed + WHATS.index(what))

    def incident(self, case: Case) -> Simulated:
        seed = 1000 * self.seed + 100 + INCIDENTS.index(case)
        return simulate(case.what, self.volumes, seed=seed, incident=case.incident)

    def by_volume(self, found: Found) -> Found:
        return found.reshape(len(VOLUMES), self.each)


def quiet(run: Run) -> dict[str, float]:
    """Prints false alerts per signal-week of every rule; returns each rule's mean over the signals."""
    print(f"\nQuiet weeks: alerts per signal-week, {len(VOLUMES) * run.each_quiet * 8:,} signal-weeks of each signal")
    print("| rule | all | " + " | ".join(WHATS) + " |\n| --- |" + " ---: |" * (len(WHATS) + 1))
    rates: dict[str, list[float]] = {"Hark": []} | {name: [] for name in PEERS if run.peers}
    for what in WHATS:
        simulated = run.quiet(what)
        for name, row in rates.items():
            row.append(false_rate(_alerts(name, simulated, what, run)))
    for name, row in rates.items():
        print(f"| {name} | {np.mean(row):.4f} | " + " | ".join(f"{rate:.4f}" for rate in row) + " |")
    return {name: float(np.mean(row)) for name, row in rates.items()}


def stress(run: Run) -> None:
    """Prints Hark's false alerts in worlds that are not as it assumes."""
    print("\nWorlds unlike the model: Hark's false alerts per signal-week\n| world | " + " | ".join(WHATS) + " |")
    print("| --- |" + " ---: |" * len(WHATS))
    for name, world in STRESS.items():
        row = dict.fromkeys(WHATS, "")
        for what in ONLY.get(name, WHATS):
            volumes = np.repeat(VOLUMES, run.each_quiet)
            simulated = simulate(what, volumes, seed=1000 * run.seed + 50 + WHATS.index(what), world=world)
            row[what] = f"{false_rate(hark(simulated, what, run.weeks_apart, world.zone), world.weeks):.4f}"
        print(f"| {name} | " + " | ".join(row.values()) + " |", flush=True)


def incidents(run: Run, false: dict[str, float]) -> None:
    """Prints what was found of each incident, by volume and altogether."""
    print("\nIncidents: Hark finds within 24 h / at all, median delay, by conversations an hour")
    print("| incident | " + " | ".join(f"{volume:g}" for volume in VOLUMES) + " |\n| --- |" + " ---: |" * len(VOLUMES))
    found: dict[str, list[Found]] = {"Hark": []} | {name: [] for name in PEERS if run.peers}
    for case in INCIDENTS:
        simulated = run.incident(case)
        for name, rows in found.items():
            alerts = _alerts(name, simulated, case.what, run)
            rows.append(run.by_volume(delays(alerts, simulated, case.incident)))
        print(f"| {case.name} | " + " | ".join(map(_cell, found["Hark"][-1])) + " |", flush=True)
    print("\n| rule | ≥ 100/h within 24 h | ≥ 100/h found | median | any volume found | precision |")
    print("| --- |" + " ---: |" * 5)
    for name, rows in found.items():
        print(f"| {name} | {_totals(np.array(rows), false.get(name, np.nan))} |")


def _alerts(name: str, simulated: Simulated, what: What, run: Run) -> Alerts:
    if name == "Hark":
        return hark(simulated, what, run.weeks_apart)
    return episodes(scores(simulated, what, PEERS[name]) > 1)


def _totals(found: Found, false: float) -> str:
    enough, share = found[:, LOW:], np.mean(np.isfinite(found))
    precision = share / SIGNAL_WEEKS_APART / (share / SIGNAL_WEEKS_APART + false)
    middle = np.median(enough[np.isfinite(enough)])
    return f"{np.mean(enough < 24):.1%} | {np.mean(np.isfinite(enough)):.1%} | {middle:.0f} h | {share:.1%} | {precision:.0%}"


def _cell(found: Found) -> str:
    hit = found[np.isfinite(found)]
    middle = f" {np.median(hit):.0f} h" if hit.size else ""
    return f"{np.mean(found < 24):.0%} / {np.mean(np.isfinite(found)):.0%}{middle}"


def matched(run: Run) -> None:
    """Prints what each rule finds when its threshold is raised until it gives no more false alerts than allowed."""
    print(f"\nAt no more than {ALLOWED} false alerts per signal-week each: found within 24 h, by volume from 20 on")
    names = ["Hark", *(PEERS if run.peers else ())]
    print("| incident | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names))
    raised = {(what, name): _raised(run, what, name) for what in WHATS for name in names[1:]}
    for case in INCIDENTS:
        simulated, cells = run.incident(case), []
        for name in names:
            if name == "Hark":
                alerts = hark(simulated, case.what, run.weeks_apart)
            else:
                alerts = episodes(scores(simulated, case.what, PEERS[name]) > raised[case.what, name])
            found = run.by_volume(delays(alerts, simulated, case.incident))[1:]
            cells.append(" / ".join(f"{share:.0f}" for share in 100 * np.mean(found < 24, axis=1)) + " %")
        print(f"| {case.name} | " + " | ".join(cells) + " |", flush=True)


def _raised(run: Run, what: What, name: str) -> Found:
    """For each series of an incident, the threshold at which its volume's quiet series alarm as rarely as allowed."""
    score = scores(run.quiet(what), what, PEERS[name])
    tried = np.geomspace(1, 1e4, 200)
    parts = np.split(score, len(VOLUMES), axis=1)
    found = [next((one for one in tried if false_rate(episodes(part > one)) <= ALLOWED), np.inf) for part in parts]
    return np.repeat(found, run.each)


def _sections(run: Run, only: list[str]) -> Iterator[str]:
    false: dict[str, float] = {}
    if "quiet" in only:
        false = quiet(run)
    if "stress" in only:
        stress(run)
    if "incidents" in only:
        incidents(run, false)
    if "matched" in only:
        matched(run)
    if "attribution" in only:
        yield from alert_attribution.table(run.seed, run.each * 10)
    if "cost" in only:
        yield from alert_cost.table()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sections = ("quiet", "stress", "incidents", "matched", "attribution", "cost")
    parser.add_argument("--quick", action="store_true", help="fewer series, and no matched peers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=24, help="series per incident and volume")
    parser.add_argument("--weeks-apart", type=float, default=50.0, help="weeks between false alerts of one series")
    parser.add_argument("--only", nargs="+", choices=sections, default=list(sections))
    given = parser.parse_args()
    only = [section for section in given.only if not (given.quick and section in ("matched", "stress"))]
    each = min(given.each, 12) if given.quick else given.each
    run = Run(given.seed, each, each if given.quick else 4 * each, given.weeks_apart, peers=not given.quick)
    for line in _sections(run, only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
