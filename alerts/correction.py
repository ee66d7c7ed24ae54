"""Rates as reviewers' labels correct them: what the verdicts of an evaluator say, weighed by how often they are right.

Labels are of all the time; a rate is mostly asked for where something has changed. What carries over is how often the
evaluator errs, not how many of its positive verdicts are true: the more often it is so, the more of them are
(Rogan and Gladen 1978). Labels of the very conversations refine that, and overrule it where they contradict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from traces import posterior
from traces.model import Calibration, Signal
from traces.posterior import Count, Errors, Estimate

ENOUGH_LABELS: Final = 10
"""Labelled positive verdicts that it takes before labels move what is alerted on."""
_ENOUGH_RECENT: Final = 5
_ENOUGH_TRUE: Final = 5.0
_LEAST_PRECISION: Final = 0.2
_NOBODY: Final = Count(0.0, 0.0)


class Basis(StrEnum):
    """What a corrected rate rests on."""

    TRANSPORTED = "transported"
    HERE = "here"
    HISTORY = "history"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An estimated true rate with its 95 % interval, all from 0 to 1.

    ``basis``: error rates learned on other conversations (``transported``), labels of these very conversations too
    (``here``, ``n_here`` of them), the shares of true verdicts as they were (``history``), or, where labels say that the
    verdicts tell too little, nothing but the verdicts (``raw``).
    """

    rate: float
    ci_low: float
    ci_high: float
    n_labels: int
    basis: Basis = Basis.HISTORY
    n_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What reviewers say of one conversation; ``weight`` is how many conversations it stands for."""

    truth: bool
    weight: float = 1.0


class Labels(NamedTuple):
    """True ones among the labelled positive and the labelled negative verdicts; ``n`` conversations in all."""

    positive: Count = _NOBODY
    negative: Count = _NOBODY
    n: int = 0


def labels_among(values: Mapping[str, float], threshold: float, reviewed: Mapping[str, Reviewed]) -> Labels:
    """The labels of some conversations, by verdict.

    Args:
        values: The evaluator's score by conversation.
        threshold: At or above it a score is a positive verdict.
        reviewed: What reviewers say, by conversation; of others too.
    """
    found = [(values[i] >= threshold, reviewed[i]) for i in sorted(values.keys() & reviewed.keys())]
    counts = []
    for verdict in (True, False):
        of_verdict = [one for said, one in found if said is verdict]
        truths = np.array([one.truth for one in of_verdict], dtype=np.bool_)
        counts.append(posterior.count(truths, np.array([one.weight for one in of_verdict], dtype=np.float64)))
    return Labels(counts[0], counts[1], len(found))


def line_of(signal: Signal, calibrations: Mapping[str, Calibration]) -> tuple[float, float] | None:
    """``(at_one, at_zero)``: a raw rate ``q`` stands for ``q * at_one + (1 - q) * at_zero``, kept within 0 to 1.

    Where error rates are known well enough they are carried over, and both ends may lie outside 0 to 1. Where they are
    not, or where labels of the last days say that fewer positive verdicts are true than before, as no rise of what is
    true could make them, the shares of true verdicts are taken as they are. ``None`` while there are too few labels to say.
    """
    calibration = calibrations.get(signal.evaluator or "")
    return None if calibration is None else _line(calibration)


@lru_cache(maxsize=512)
def _line(calibration: Calibration) -> tuple[float, float] | None:
    # Every series of an evaluator asks for it, in every run of detection.
    if calibration.precision is None or calibration.labelled_positive[1] < ENOUGH_LABELS:
        return None
    known = None if _is_contradicted(calibration) else _errors(calibration)
    if known is None:
        return _precision_now(calibration), calibration.miss_rate or 0.0
    tpr, fpr = float(np.median(known.tpr)), float(np.median(known.fpr))
    return (1 - fpr) / (tpr - fpr), -fpr / (tpr - fpr)


def corrected(signal: Signal, rate: float, calibrations: Mapping[str, Calibration]) -> float:
    """A raw rate as labels correct it; unchanged while there are too few."""
    line = line_of(signal, calibrations)
    return rate if line is None else min(1.0, max(0.0, rate * line[0] + (1 - rate) * line[1]))


def uncorrected(signal: Signal, rate: float, calibrations: Mapping[str, Calibration]) -> float:
    """The raw rate that stands for a corrected one."""
    line = line_of(signal, calibrations)
    if line is None or line[0] == line[1]:
        return rate
    return min(1.0, max(0.0, (rate - line[1]) / (line[0] - line[1])))


def estimate(
    signal: Signal, positive: float, n: float, calibrations: Mapping[str, Calibration], here: Labels | None = None
) -> Corrected | None:
    """The true rate behind ``positive`` verdicts among ``n`` conversations, with its 95 % interval.

    Args:
        signal: The evaluator's rate.
        positive: Positive verdicts.
        n: Conversations.
        calibrations: What labels say of the evaluators.
        here: The labels of these very conversations.

    Returns:
        ``None`` without labels of both verdicts: an interval would be made up.
    """
    calibration = calibrations.get(signal.evaluator or "")
    labels = here or Labels()
    if calibration is None or n <= 0 or calibration.corrected_rate is None:
        return None
    if not calibration.labelled_positive[1] or not calibration.labelled_negative[1]:
        return None
    verdicts = Count(float(positive), float(n))
    if not calibration.usable and labels.n < ENOUGH_LABELS:
        low, high = posterior.interval(verdicts)
        return _said(
            (verdicts.yes / n, min(low, verdicts.yes / n), max(high, verdicts.yes / n)), calibration, Basis.RAW, 0
        )
    before, basis = _without_labels_here(calibration, verdicts)
    if labels.n:
        if posterior.contradicts(labels.positive, before.precision) and calibration.usable:
            before = posterior.post_stratified(*_strata(calibration), verdicts)
        found = posterior.refined(before, labels.positive, labels.negative, verdicts)
        return _said(_summary(found, verdicts), calibration, Basis.HERE, labels.n)
    rate, low, high = _summary(before, verdicts)
    is_guess = basis is Basis.TRANSPORTED and _told_errors(calibration) is None
    if is_guess or (basis is Basis.HISTORY and _has_moved(calibration, verdicts)):
        # Nobody knows what is missed, or whether it is so more often or said wrongly more often.
        known = posterior.errors(*_strata(calibration), _verdicts(calibration))
        other = posterior.transported(known, verdicts, calibration.spread)
        _, other_low, other_high = _summary(other, verdicts)
        low, high = min(low, other_low), max(high, other_high)
    return _said((rate, low, high), calibration, basis, 0)


def _without_labels_here(calibration: Calibration, verdicts: Count) -> tuple[Estimate, Basis]:
    if not calibration.usable:
        return posterior.post_stratified(_NOBODY, _NOBODY, verdicts), Basis.RAW
    known = _errors(calibration)
    if known is None:
        return posterior.post_stratified(*_strata(calibration), verdicts), Basis.HISTORY
    return posterior.transported(known, verdicts, calibration.spread), Basis.TRANSPORTED


def _has_moved(calibration: Calibration, verdicts: Count) -> bool:
    """Whether chance does not explain how far the share of positive verdicts is from that of all."""
    low, high = posterior.interval(verdicts)
    return not low <= _verdicts(calibration).mean <= high


def _summary(found: Estimate, verdicts: Count) -> tuple[float, float, float]:
    """Median and 95 % interval, at least as wide as what an evaluator without errors tells of so many conversations."""
    rate, low, high = (float(x) for x in np.quantile(found.true_rate, [0.5, 0.025, 0.975]))
    least = posterior.interval(Count(rate * verdicts.n, verdicts.n))
    return rate, min(low, least[0], rate), max(high, least[1], rate)


def _said(span: tuple[float, float, float], calibration: Calibration, basis: Basis, n_here: int) -> Corrected:
    rate, low, high = span
    return Corrected(rate=rate, ci_low=low, ci_high=high, n_labels=calibration.n_labels, basis=basis, n_here=n_here)


def _errors(calibration: Calibration) -> Errors | None:
    """The error rates, where labels tell that they are far enough from chance.

    Where negative verdicts have hardly been labelled nothing is known of what they miss; then only what reviewers confirm
    counts, as if nothing were missed.
    """
    if not calibration.usable:
        return None
    if (known := _told_errors(calibration)) is not None:
        return known
    positive, negative = _strata(calibration)
    is_confirmed = positive.yes >= _ENOUGH_TRUE and posterior.interval(positive, 0.9)[0] >= _LEAST_PRECISION
    if negative.n >= ENOUGH_LABELS or not is_confirmed:
        return None
    share, precision = _verdicts(calibration).mean, positive.mean
    fpr = share * (1 - precision) / (1 - share * precision)
    return Errors(np.array([1.0]), np.array([fpr]))


def _told_errors(calibration: Calibration) -> Errors | None:
    """The error rates, where labels of both verdicts tell that they are far enough from chance."""
    known = posterior.errors(*_strata(calibration), _verdicts(calibration))
    return known if float(np.quantile(known.informedness, 0.05)) > posterior.LEAST_INFORMEDNESS else None


def _is_contradicted(calibration: Calibration) -> bool:
    """Whether fewer of the positive verdicts of the last days are true than of all: the evaluator errs more often now."""
    recent = Count(*calibration.recent_positive)
    if recent.n < _ENOUGH_RECENT or calibration.precision is None:
        return False
    return posterior.interval(recent)[1] < calibration.precision


def _precision_now(calibration: Calibration) -> float:
    assert calibration.precision is not None
    return Count(*calibration.recent_positive).mean if _is_contradicted(calibration) else calibration.precision


def _strata(calibration: Calibration) -> tuple[Count, Count]:
    return Count(*calibration.labelled_positive), Count(*calibration.labelled_negative)


def _verdicts(calibration: Calibration) -> Count:
    """Positive verdicts among all scores; where there are none, among the labelled."""
    if calibration.verdicts[1]:
        return Count(*calibration.verdicts)
    if calibration.raw_rate is None:
        return Count(
            calibration.labelled_positive[1], calibration.labelled_positive[1] + calibration.labelled_negative[1]
        )
    return Count(calibration.raw_rate * calibration.n_scores, float(calibration.n_scores))
