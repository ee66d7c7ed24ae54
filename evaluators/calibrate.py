"""What reviewers' labels say of an evaluator: its threshold, its errors, and the rate that its verdicts stand for.

The corrected rate post-stratifies on the verdict: the share of positive verdicts among all scores is known, and how many
of each verdict are true is what the labels tell. Unlike the estimator of Rogan and Gladen (1978) it needs no inversion, so
a weak evaluator makes it no worse than labels alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from traces.histogram import Rollup
from traces.model import Calibration
from traces.posterior import LEAST_INFORMEDNESS, Count, Floats, count, interval, rates

DEFAULT_THRESHOLD: Final = 0.5
ENOUGH_PER_CLASS: Final = 10
"""Labels of each class that moving the threshold takes."""
JUDGED_LABELS: Final = 20
"""Labels that calling an evaluator unusable takes, with ``JUDGED_PER_CLASS`` of each class."""
JUDGED_PER_CLASS: Final = 5
_CUTS: Final = np.arange(1, 20) / 20
"""A few round cuts: to pick among all scores seen would fit the labels' chance, and the interval would not know."""
_NOISE: Final = 3.0
_NEVER: Final = 1e-4

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One labelled conversation: the evaluator's score, what is true, and the chance with which it was picked.

    Without ``inclusion_probability`` it stands for itself only, as when a person picked it. ``is_recent``: the
    conversation is of the last days.
    """

    value: float
    truth: bool
    inclusion_probability: float | None = None
    is_recent: bool = False


@dataclass(frozen=True, slots=True)
class _Labels:
    values: Floats
    truths: Bools
    weights: Floats
    recent: Bools

    @classmethod
    def of(cls, labelled: Sequence[Labelled]) -> _Labels:
        return cls(
            np.array([item.value for item in labelled], dtype=np.float64),
            np.array([item.truth for item in labelled], dtype=np.bool_),
            np.array([1 / (item.inclusion_probability or 1.0) for item in labelled], dtype=np.float64),
            np.array([item.is_recent for item in labelled], dtype=np.bool_),
        )

    def count(self, among: Bools) -> Count:
        return count(self.truths[among], self.weights[among])

    def share(self, chosen: Bools, among: Bools) -> float | None:
        """The weighted share of ``chosen`` within ``among``."""
        total = float(self.weights[among].sum())
        return float(self.weights[among & chosen].sum()) / total if total else None


def calibrate(
    evaluator: str,
    version: str,
    labelled: Sequence[Labelled],
    scores: Rollup,
    *,
    computed_at: datetime | None = None,
) -> Calibration:
    """What ``labelled`` says of the evaluator whose scores are ``scores``.

    Args:
        evaluator: Its name.
        version: The version that made both the scores and the labelled values; others do not carry over.
        labelled: Resolved labels, one per conversation.
        scores: Every score of the period that the rates are for.
        computed_at: Stamped on the result.

    Returns:
        The figures; the raw rate only without labels, and no true-positive rate or corrected rate where all labels are of
        one verdict, since they then say nothing of the other. ``usable`` is false where, given enough labels, the 5 %
        bound of Youden's J is not above 0.1: the corrected rate then rests on the labels alone.
    """
    labels = _Labels.of(labelled)
    threshold = choose_threshold(labels.values, labels.truths)
    n_positive = scores.at_least(threshold)
    measured = Calibration(
        evaluator=evaluator,
        evaluator_version=version,
        n_labels=len(labelled),
        n_scores=scores.n,
        threshold=threshold,
        tpr=None,
        tnr=None,
        kappa=None,
        raw_rate=n_positive / scores.n if scores.n > 0 else None,
        corrected_rate=None,
        ci_low=None,
        ci_high=None,
        computed_at=computed_at,
    )
    if not labelled:
        return measured
    verdicts = Count(float(n_positive), float(scores.n)) if scores.n > 0 else None
    return _with_labels(measured, labels, verdicts)


def _with_labels(measured: Calibration, labels: _Labels, verdicts: Count | None) -> Calibration:
    positive = labels.values >= measured.threshold
    strata = labels.count(positive), labels.count(~positive)
    recent = labels.count(positive & labels.recent)
    if verdicts is None:
        verdicts = count(positive, labels.weights)
    measured = replace(
        measured,
        precision=strata[0].mean if strata[0].n else None,
        miss_rate=strata[1].mean if strata[1].n else None,
        labelled_positive=(strata[0].yes, strata[0].n),
        labelled_negative=(strata[1].yes, strata[1].n),
        recent_positive=(recent.yes, recent.n),
    )
    if _is_one_sided(strata, verdicts):
        return measured
    joint = rates(*strata, verdicts)
    usable = not _is_judgeable(labels.truths) or float(np.quantile(joint.informedness, 0.05)) > LEAST_INFORMEDNESS
    measured = replace(
        measured,
        usable=usable,
        tpr=labels.share(positive, labels.truths),
        tnr=labels.share(~positive, ~labels.truths),
        kappa=_kappa(labels, positive),
    )
    if not usable:
        alone = count(labels.truths, labels.weights)
        return _with_rate(measured, alone.mean, interval(alone))
    low, high = np.quantile(joint.true_rate, [0.025, 0.975])
    return _with_rate(measured, float(joint.true_rate.mean()), (float(low), float(high)))


def _with_rate(measured: Calibration, rate: float, span: tuple[float, float]) -> Calibration:
    return replace(measured, corrected_rate=rate, ci_low=span[0], ci_high=span[1])


def _is_judgeable(truths: Bools) -> bool:
    smaller = min(int(truths.sum()), int((~truths).sum()))
    return len(truths) >= JUDGED_LABELS and smaller >= JUDGED_PER_CLASS


def _is_one_sided(strata: tuple[Count, Count], verdicts: Count) -> bool:
    """Whether labels lack one verdict so wholly that they cannot have been drawn from all: nothing is known of it."""
    share = verdicts.yes / verdicts.n
    positive, negative = strata
    return (not positive.n and (1 - share) ** negative.n < _NEVER) or (not negative.n and share**positive.n < _NEVER)


def _kappa(labels: _Labels, positive: Bools) -> float | None:
    """Cohen's kappa between verdict and truth (Cohen 1960)."""
    total = labels.weights.sum()
    agreed = float(labels.weights[positive == labels.truths].sum() / total)
    said, so = float(labels.weights[positive].sum() / total), float(labels.weights[labels.truths].sum() / total)
    by_chance = said * so + (1 - said) * (1 - so)
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else None


def choose_threshold(values: Floats, truths: Bools) -> float:
    """The cut that best tells true from false, by Youden's J; 0.5 unless another is better by more than noise.

    Takes ten labels of each class. Scores that are only ever 0 or 1 keep 0.5.
    """
    if min(int(truths.sum()), int((~truths).sum())) < ENOUGH_PER_CLASS or set(np.unique(values)) <= {0.0, 1.0}:
        return DEFAULT_THRESHOLD
    verdicts = values[None, :] >= _CUTS[:, None]
    informedness = verdicts[:, truths].mean(axis=1) - verdicts[:, ~truths].mean(axis=1)
    best = np.flatnonzero(informedness >= informedness.max() - 1e-12)
    cut = int(best[len(best) // 2])
    gain, noise = _gain(verdicts[cut], values >= DEFAULT_THRESHOLD, truths)
    return float(_CUTS[cut]) if gain > _NOISE * noise else DEFAULT_THRESHOLD


def _gain(verdicts: Bools, before: Bools, truths: Bools) -> tuple[float, float]:
    """By how much J rises from one set of verdicts to another, and the standard error of that, pair by pair."""
    changed = verdicts.astype(np.float64) - before
    caught, spared = changed[truths], -changed[~truths]
    error = np.sqrt(caught.var() / len(caught) + spared.var() / len(spared))
    return float(caught.mean() + spared.mean()), float(error)
