"""How well corrected rates, thresholds and picks keep their promises, beside what others do in the same run.

Usage: python -m benchmarks.calibration [--quick] [--draws 1000] [--seed 1] [--only SECTION ...] [verdicts.jsonl ...]

Sections: coverage, moved, refusal, thresholds, picking, verification, versions, speed. The verdicts are conversations in the
form of ``hark ingest`` with a judge's score and a human label; without them, only made-up populations are measured. Labels are
drawn without replacement, and the truth is the rate of the population. ``--quick`` takes less than a minute on one core.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alerts.correction import Basis, estimate
from alerts.signals import signal_of_score
from benchmarks import calibration_choices as choices
from benchmarks.calibration_cases import GOOD, USELESS, WEAK, Population, made_up, populations, recorded
from benchmarks.calibration_peers import PEERS, Span
from evaluators.calibrate import Labelled, calibrate
from traces.histogram import Rollup
from traces.model import Calibration
from traces.posterior import Count, interval

__all__ = ["made_up", "measure", "recorded"]

SIZES = (25, 50, 100, 200, 400)
PREVALENCES = (0.02, 0.3, 0.8)
HARK = "Hark"


class Figure(NamedTuple):
    """One figure to reach."""

    row: str
    goal: str
    found: str
    is_reached: bool


class Promise(NamedTuple):
    """What a number of labels gave, over many draws."""

    covered: float
    width: float
    width_of_labels_alone: float
    usable: float
    ms: float


class Kept(NamedTuple):
    """How often a method's interval holds the truth, its mean width, and how often there is none."""

    covered: float
    width: float
    failed: float


def drawn(population: Population, labels: int, draws: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.choice(len(population.verdicts), labels, replace=False) for _ in range(draws)]


def calibrated(population: Population, labels: int, draws: int, seed: int) -> list[Calibration]:
    _, verdicts, truths = population
    scores, results = Rollup.of(verdicts.tolist()), []
    for chosen in drawn(population, labels, draws, seed):
        labelled = [Labelled(value=float(verdicts[i]), truth=bool(truths[i])) for i in chosen]
        results.append(calibrate(population.name, "1", labelled, scores))
    return results


def span_of(calibration: Calibration) -> Span:
    low, high = calibration.ci_low, calibration.ci_high
    return None if low is None or high is None else (low, high)


def kept(spans: list[Span], truth: float) -> Kept:
    given = [span for span in spans if span is not None]
    held = sum(low <= truth <= high for low, high in given)
    width = float(np.mean([min(1, high) - max(0, low) for low, high in given])) if given else float("nan")
    return Kept(held / max(1, len(given)), width, 1 - len(given) / len(spans))


def measure(population: Population, labels: int, draws: int, seed: int) -> Promise:
    """What Hark makes of so many labels of a population, ``draws`` times."""
    began = time.perf_counter()
    results = calibrated(population, labels, draws, seed)
    took = 1000 * (time.perf_counter() - began) / draws
    found = kept([span_of(c) for c in results], float(population.truths.mean()))
    alone = [interval(Count(float(population.truths[i].sum()), float(labels)))
             for i in drawn(population, labels, draws, seed)]  # fmt: skip
    return Promise(
        covered=found.covered * (1 - found.failed),
        width=found.width,
        width_of_labels_alone=float(np.mean([high - low for low, high in alone])),
        usable=sum(c.usable for c in results) / draws,
        ms=took,
    )


def peer(name: str, population: Population, labels: int, draws: int, seed: int) -> Kept:
    _, verdicts, truths = population
    said, rng = (verdicts >= 0.5).astype(np.float64), np.random.default_rng(seed + 1)
    spans = [
        PEERS[name](said[i], truths[i].astype(np.float64), float(said.mean()), len(said), rng)
        for i in drawn(population, labels, draws, seed)
    ]
    return kept(spans, float(truths.mean()))


def coverage(draws: int, seed: int, recordings: list[Path]) -> list[Figure]:
    """Prints coverage, mean width and failures of every method in every cell."""
    print("\nNominal 95 % intervals of a rate: coverage / mean width (no answer)")
    print("| population | labels | " + " | ".join([HARK, *PEERS]) + " | ms |\n| --- |" + " ---: |" * (len(PEERS) + 3))
    cells: dict[tuple[str, int], dict[str, Kept]] = {}
    for population in populations(recordings):
        for labels in SIZES:
            began = time.perf_counter()
            results = calibrated(population, labels, draws, seed)
            took = 1000 * (time.perf_counter() - began) / draws
            found = {HARK: kept([span_of(c) for c in results], float(population.truths.mean()))}
            found |= {name: peer(name, population, labels, draws, seed) for name in PEERS}
            cells[population.name, labels] = found
            print(
                f"| {population.name} | {labels} | " + " | ".join(_cell(k) for k in found.values()) + f" | {took:.1f} |"
            )
    return _of_coverage(cells)


def _cell(one: Kept) -> str:
    return f"{one.covered:.3f} / {one.width:.3f}" + (f" ({one.failed:.0%})" if one.failed else "")


def _of_coverage(cells: dict[tuple[str, int], dict[str, Kept]]) -> list[Figure]:
    ours = [found[HARK] for found in cells.values()]
    low, high = min(k.covered for k in ours), max(k.covered for k in ours)
    failed = max(k.failed for k in ours)
    good, weak = cells[GOOD[0], 100], cells[WEAK[0], 100]
    ratio = weak[HARK].width / weak["labels alone"].width
    others = ", ".join(f"{n} {min(f[n].covered for f in cells.values()):.2f}" for n in PEERS)
    return [
        Figure("9", "every cell .93-.99, none without an answer", f"{low:.3f}-{high:.3f}, {failed:.1%} without "
               f"(lowest of others: {others})", low >= 0.93 and high <= 0.99 and not failed),
        Figure("10", "good judge, N = 100: width at most .125", f"{good[HARK].width:.3f} (labels alone "
               f"{good['labels alone'].width:.3f}, judgy {good['judgy'].width:.3f}, PPI++ {good['PPI++'].width:.3f})",
               good[HARK].width <= 0.125),
        Figure("10", "weak judge: at most 1.05 of labels alone", f"{ratio:.2f} (judgy "
               f"{weak['judgy'].width / weak['labels alone'].width:.2f})", ratio <= 1.05),
    ]  # fmt: skip


def moved(draws: int, seed: int, recordings: list[Path]) -> list[Figure]:
    """Prints how often a transported interval holds the rate of 100 other conversations, of another prevalence."""
    print(f"\nAmong 100 other conversations, of which {', '.join(f'{p:.0%}' for p in PREVALENCES)} are true: coverage")
    for population in populations(recordings):
        told = []
        for labels in SIZES:
            results = calibrated(population, labels, draws // 5, seed)
            told.append(f"{labels}: {_moved(population, results, np.random.default_rng(seed)):.3f}")
        print(f"{population.name}: " + ", ".join(told))
    return []


def _moved(population: Population, calibrations: list[Calibration], rng: np.random.Generator) -> float:
    _, verdicts, truths = population
    signal, held = signal_of_score(population.name), []
    there, not_there = np.flatnonzero(truths), np.flatnonzero(~truths)
    for calibration in calibrations:
        for prevalence in PREVALENCES:
            are = rng.random(100) < prevalence
            chosen = np.where(are, rng.choice(there, 100), rng.choice(not_there, 100))
            positive = float((verdicts[chosen] >= calibration.threshold).sum())
            found = estimate(signal, positive, 100, {population.name: calibration})
            if found is not None and found.basis is not Basis.RAW:
                held.append(found.ci_low <= prevalence <= found.ci_high)
    return float(np.mean(held)) if held else float("nan")


def refusal(draws: int, seed: int, _recordings: list[Path]) -> list[Figure]:
    """A useless judge refused, a good one accepted, at 60 labels."""
    bad = measure(made_up(*USELESS), 60, draws, seed).usable
    good = measure(made_up(*GOOD), 60, draws, seed).usable
    is_reached = 1 - bad >= 0.95 and good >= 0.95
    return [Figure("11", "useless refused, good accepted: 95 % each", f"{1 - bad:.1%}, {good:.1%}", is_reached)]


def thresholds(draws: int, seed: int, _recordings: list[Path]) -> list[Figure]:
    """Prints how often a promised precision of .9 is broken at 100 labels."""
    print("\nA promised precision of .9, 100 labels: | broken | of those given | no threshold | plug-in broken |")
    found = list(choices.thresholds(draws, seed))
    for one in found:
        print(
            f"{one.name}: | {one.broken:.3f} | {one.broken_of_given:.3f} | {one.abstained:.2f} | {one.plug_in_broken:.2f} |"
        )
    broken, plug_in = max(one.broken for one in found), [one.plug_in_broken for one in found]
    enriched = [one.abstained for one in found if "fifth" in one.name]
    told = f"{broken:.1%}; {', '.join(f'{a:.2f}' for a in enriched)} (plug-in {min(plug_in):.0%}-{max(plug_in):.0%})"
    return [Figure("12", "broken at most 10 %; no threshold at most .65 enriched", told,
                   broken <= 0.1 and max(enriched) <= 0.65)]  # fmt: skip


def picking(draws: int, seed: int, _recordings: list[Path]) -> list[Figure]:
    """Prints what planned reviews give against as many at random."""
    strong, weak, rare = choices.picking(draws, seed)
    for one in (strong, weak, rare):
        print(f"\n{one.name}: variance ratio {one.variance_ratio:.2f}, covered {one.covered:.3f}, "
              f"{one.positives:.1f} positives in {one.reviews:.0f} reviews ({one.positives_at_random:.1f} at random)", end="")  # fmt: skip
    print()
    ratios = f"{strong.variance_ratio:.2f} / {weak.variance_ratio:.2f}"
    return [
        Figure("13", "label efficiency at least 3.5 / 1.1", ratios,
               strong.variance_ratio >= 3.5 and weak.variance_ratio >= 1.1),
        Figure("14", "28 positives of a 4 % class in 200 reviews", f"{rare.positives:.1f} in {rare.reviews:.0f}",
               rare.positives >= 28),
    ]  # fmt: skip


def verification(draws: int, seed: int, _recordings: list[Path]) -> list[Figure]:
    """The true-positive rate with an audit of a twentieth."""
    found = choices.verification(min(draws, 400), seed)
    bias = found.corrected - found.truth
    told = f"{bias:+.4f}, covered {found.covered:.3f} (naive {found.naive - found.truth:+.4f})"
    return [Figure("15", "bias of TPR at most .01, interval covers", told, abs(bias) <= 0.01 and found.covered >= 0.93)]


def versions(draws: int, seed: int, _recordings: list[Path]) -> list[Figure]:
    """Version pairs of one judge."""
    found = choices.versions(draws, seed)
    told = (f"{found.flagged:.1%} flagged of the {found.off:.0%} that are off; covered {found.covered:.3f}, "
            f"{found.covered_learned:.3f} with versions seen, {found.covered_unflagged:.3f} unflagged; "
            f"width {found.width:.2f}")  # fmt: skip
    return [Figure("16", "stale pairs flagged 90 %, or covered .93", told, found.flagged >= 0.9)]


def speed(_draws: int, _seed: int, _recordings: list[Path]) -> list[Figure]:
    """Calibration of many evaluators."""
    took = choices.speed()
    return [Figure("-", "50 evaluators x 20 segments x 100,000 scores: 2 s", f"{took:.2f} s", took <= 2)]


SECTIONS = {
    "coverage": coverage,
    "moved": moved,
    "refusal": refusal,
    "thresholds": thresholds,
    "picking": picking,
    "verification": verification,
    "versions": versions,
    "speed": speed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verdicts", nargs="*", type=Path)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="100 draws")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    draws = 100 if arguments.quick else arguments.draws
    figures = [f for name in arguments.only for f in SECTIONS[name](draws, arguments.seed, arguments.verdicts)]
    print(f"\nFigures, {draws:,} draws, seed {arguments.seed}\n| row | goal | found | |\n| --- | --- | --- | --- |")
    for row, goal, found, is_reached in figures:
        print(f"| {row} | {goal} | {found} | {'reached' if is_reached else 'MISSED'} |")


if __name__ == "__main__":
    main()
