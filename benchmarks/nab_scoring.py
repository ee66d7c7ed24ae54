"""How the Numenta Anomaly Benchmark scores detections.

Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark", section III:
within a labelled window the earliest detection counts, by a scaled sigmoid of its place; a detection outside costs, the
more the farther it lies behind a window; a missed window costs; one threshold serves the whole corpus and is chosen to
score best. 0 is a detector that says nothing, 100 a perfect one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_PROBATION, _PROBATION_ROWS = 0.15, 750
_FAR_BEHIND = 3.0
_OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """What a true positive earns, what a false one costs, what a missed window costs."""

    hit: float
    false: float
    missed: float


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low-FP": Profile(1.0, 0.22, 1.0),
    "low-FN": Profile(1.0, 0.11, 2.0),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file: how many rows it has, and its windows as first and last row, in order and apart."""

    rows: int
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A score from 0 to 100 and the threshold at which it is reached."""

    score: float
    threshold: float


def place_value(place: float) -> float:
    """What a detection is worth: at -1 (the first row of a window) 0.987, at 0 (its end) 0, from 3 on behind it -1."""
    return -1.0 if place >= _FAR_BEHIND else 2.0 / (1.0 + math.exp(5.0 * place)) - 1.0


def worth(labelled: Labelled) -> tuple[Ints, Floats]:
    """For each row after probation the window it is in (-1 outside), and what a detection there is worth, unweighted.

    Rows on probation are left out: the first 15 %, at most 750.
    """
    window = np.full(labelled.rows, _OUTSIDE)
    value = np.full(labelled.rows, -1.0)
    most = place_value(-1.0)
    for number, (first, last) in enumerate(labelled.windows):
        rows = last - first + 1
        for row in range(first, last + 1):
            window[row], value[row] = number, place_value(-(last - row + 1) / rows) / most
        following = [start for start, _ in labelled.windows[number + 1 :]]
        for row in range(last + 1, min([labelled.rows, *following])):
            value[row] = place_value((row - last) / max(rows - 1, 1))
    probation = min(math.floor(_PROBATION * labelled.rows), _PROBATION_ROWS)
    return window[probation:], value[probation:]


def best(scores: Mapping[str, Sequence[float]], corpus: Mapping[str, Labelled]) -> dict[str, Outcome]:
    """The score of each profile, over all files at the one threshold that suits it best."""
    strange, window, value, windows = _together(scores, corpus)
    order = np.argsort(-strange, kind="stable")
    strange, window, value = strange[order], window[order], value[order]
    gained, found = _hits(window, value, windows)
    false = np.cumsum(np.where(window == _OUTSIDE, value, 0.0))
    # A threshold admits every row of the same strangeness.
    is_threshold = np.append(np.diff(strange) != 0, [True])
    told = {}
    for name, profile in PROFILES.items():
        raw = profile.hit * gained + profile.false * false - profile.missed * (windows - found)
        raw = np.where(is_threshold, raw, -np.inf)
        at = int(np.argmax(raw))
        silent = -profile.missed * windows
        reached = max(float(raw[at]), silent)
        told[name] = Outcome(100 * (reached - silent) / (profile.hit * windows - silent), float(strange[at]))
    return told


def _together(
    scores: Mapping[str, Sequence[float]], corpus: Mapping[str, Labelled]
) -> tuple[Floats, Ints, Floats, int]:
    strange, window, value, windows = [], [], [], 0
    for name, labelled in corpus.items():
        of, worth_of = worth(labelled)
        strange.append(np.asarray(scores[name], dtype=np.float64)[labelled.rows - len(of) :])
        window.append(np.where(of == _OUTSIDE, _OUTSIDE, of + windows))
        value.append(worth_of)
        windows += len(labelled.windows)
    return np.concatenate(strange), np.concatenate(window), np.concatenate(value), windows


def _hits(window: Ints, value: Floats, windows: int) -> tuple[Floats, Floats]:
    """What the windows have earned, and how many of them were found, down to each row."""
    earned = np.full(windows, np.nan)
    gained, found = np.zeros(len(window)), np.zeros(len(window))
    for row in np.flatnonzero(window != _OUTSIDE):
        of = window[row]
        if np.isnan(earned[of]):
            found[row], gained[row], earned[of] = 1.0, value[row], value[row]
        elif value[row] > earned[of]:
            gained[row], earned[of] = value[row] - earned[of], value[row]
    return np.cumsum(gained), np.cumsum(found)
