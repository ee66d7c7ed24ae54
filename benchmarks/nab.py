"""The value-only detector on real series (the part of NAB at hand) and on made-up operational figures, beside peers.

Run: python -m benchmarks.nab [--series DIRECTORY] [--kpi-series 30]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np

from alerts.profile import ValueDetector
from benchmarks import kpi
from benchmarks.nab_scoring import PROFILES, Labelled, best

SERIES = Path(__file__).parents[2] / "shared" / "data" / "series"
DAY_S = 86_400
Detector: TypeAlias = Callable[[Sequence[float], Sequence[float]], list[float]]


@dataclass(frozen=True, slots=True)
class File:
    """A series of the benchmark with its windows."""

    times: Sequence[float]
    values: Sequence[float]
    labelled: Labelled


def read(directory: Path) -> dict[str, File]:
    """Every labelled file below a directory that holds ``windows.json``."""
    found = {}
    for name, windows in sorted(json.loads((directory / "windows.json").read_text()).items()):
        with (directory / name).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        moments = [datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) for row in rows]
        place = {moment: row for row, moment in reversed(list(enumerate(moments)))}
        spans = [tuple(place[datetime.fromisoformat(end).replace(tzinfo=UTC)] for end in window) for window in windows]
        found[name] = File(
            [moment.timestamp() for moment in moments],
            [float(row["value"]) for row in rows],
            Labelled(len(rows), [(first, last) for first, last in spans]),
        )
    return found


def hark(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """Ours."""
    take = ValueDetector().take
    return [take(at, value).score for at, value in zip(times, values, strict=True)]


def opens(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """1 at the rows at which ours opens an alert."""
    take, was_open, told = ValueDetector().take, False, []
    for at, value in zip(times, values, strict=True):
        is_open = take(at, value).alert
        told.append(float(is_open and not was_open))
        was_open = is_open
    return told


def static_threshold(_times: Sequence[float], values: Sequence[float]) -> list[float]:
    """Distance from the median of the first 15 %, in their median absolute deviations (at least a tenth of a sd)."""
    early = np.array(values[: max(30, int(0.15 * len(values)))])
    middle = np.median(early)
    spread = max(np.median(np.abs(early - middle)), 0.1 * np.std(early)) or 1.0
    away = np.abs(np.array(values) - middle) / spread
    away[: len(early)] = 0.0
    return [float(a) for a in away]


def ewma(_times: Sequence[float], values: Sequence[float]) -> list[float]:
    """Distance from an exponentially weighted mean, in its standard deviations (weights 0.02)."""
    mean, variance, told = values[0], 0.0, []
    for value in values:
        away = value - mean
        told.append(abs(away) / math.sqrt(variance) if variance > 0 else 0.0)
        mean += 0.02 * away
        variance = 0.98 * (variance + 0.02 * away * away)
    return told


def seasonal_mad(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """Distance from the median of the last two weeks at this hour of the day, in median absolute deviations.

    A deviation is taken to be at least a tenth of the standard deviation of all values so far.
    """
    hours: dict[int, deque[float]] = {}
    told: list[float] = []
    mean = square = 0.0
    for row, (at, value) in enumerate(zip(times, values, strict=True), 1):
        mean, square = mean + (value - mean) / row, square + (value * value - square) / row
        past = hours.setdefault(int(at % DAY_S // 3600), deque(maxlen=168))
        if len(past) >= 12:
            middle = float(np.median(past))
            spread = float(np.median(np.abs(np.array(past) - middle)))
            told.append(abs(value - middle) / (max(spread, 0.1 * math.sqrt(max(0.0, square - mean**2))) + 1e-9))
        else:
            told.append(0.0)
        past.append(value)
    return told


def records(_times: Sequence[float], values: Sequence[float]) -> list[float]:
    """1 where a value is higher or lower than all before it."""
    low = high = values[0]
    told = []
    for value in values:
        told.append(0.0 if low <= value <= high else 1.0)
        low, high = min(low, value), max(high, value)
    return told


PEERS: Mapping[str, Detector] = {
    "Hark": hark,
    "New extreme": records,
    "Static threshold": static_threshold,
    "EWMA z": ewma,
    "Seasonal median/MAD": seasonal_mad,
}


def _rows(files: Mapping[str, File], worlds: Mapping[str, Sequence[kpi.Series]]) -> Iterator[str]:
    corpus = {name: file.labelled for name, file in files.items()}
    for peer, detector in PEERS.items():
        began = time.process_time()
        scores = {name: detector(file.times, file.values) for name, file in files.items()}
        took = (time.process_time() - began) / max(1, sum(len(file.values) for file in files.values()))
        cells = [f"{outcome.score:.1f}" for outcome in best(scores, corpus).values()] if files else ["", "", ""]
        for series in worlds.values():
            told = [detector(one.times, one.values) for one in series]
            cells += [f"{kpi.recall(series, told, a_week=rate):.2f}" for rate in (0.2, 1.0, 3.0)]
        yield f"| {peer} | {' | '.join(cells)} | {took * 1e6:.0f} |"


def _held_out(files: Mapping[str, File]) -> Iterator[str]:
    """What each folder scores at the threshold of the others, and all of them at the score that opens an alert."""
    scores = {name: hark(file.times, file.values) for name, file in files.items()}
    corpus = {name: file.labelled for name, file in files.items()}
    for folder in sorted({name.split("/")[0] for name in files}):
        others = {name: labelled for name, labelled in corpus.items() if not name.startswith(folder)}
        held = {name: labelled for name, labelled in corpus.items() if name.startswith(folder)}
        if any(labelled.windows for labelled in held.values()):
            at = {profile: outcome.threshold for profile, outcome in best(scores, others).items()}
            yield f"{folder} at the threshold of the others: {_at(scores, held, at)}"
    opened = {name: opens(file.times, file.values) for name, file in files.items()}
    yield f"all, where alerts open: {_at(opened, corpus, dict.fromkeys(PROFILES, 1.0))}"


def _at(scores: Mapping[str, Sequence[float]], corpus: Mapping[str, Labelled], thresholds: Mapping[str, float]) -> str:
    told = []
    for profile, threshold in thresholds.items():
        flagged = {name: [float(score >= threshold) for score in scores[name]] for name in corpus}
        told.append(f"{best(flagged, corpus)[profile].score:.1f}")
    return " / ".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=Path, default=SERIES, help="where windows.json is")
    parser.add_argument("--kpi-series", type=int, default=30, help="made-up series in each world")
    parser.add_argument("--seed", type=int, default=20)
    asked = parser.parse_args()
    files = read(asked.series) if (asked.series / "windows.json").exists() else {}
    worlds = {
        name: kpi.corpus(world, series=asked.kpi_series, seed=asked.seed)
        for name, world in (("calm", kpi.CALM), ("unruly", kpi.UNRULY))
    }
    windows = sum(len(file.labelled.windows) for file in files.values())
    print(f"{len(files)} files, {windows} windows; recall at 0.2, 1 and 3 false alerts per series-week")
    heads = [f"{name} @{rate:g}" for name in worlds for rate in (0.2, 1, 3)]
    print(f"| Detector | standard | low-FP | low-FN | {' | '.join(heads)} | µs a row |")
    print(f"| --- |{' ---: |' * (len(heads) + 4)}")
    for row in _rows(files, worlds):
        print(row, flush=True)
    for line in _held_out(files) if files else ():
        print(line)


if __name__ == "__main__":
    main()
