"""What reviewers' labels say of an evaluator: its threshold, its errors, and the rate that its verdicts stand for.

The corrected rate post-stratifies on the verdict: the share of positive verdicts among all scores is known, and how many
of each verdict are true is what the labels tell. Unlike the estimator of Rogan and Gladen (1978) it needs no inversion, so
a weak evaluator makes it no worse than labels alone. Where most labels are of another version, there is no way around the
inversion: the rate is then transported, and its interval widened by how much versions differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluators.calibration.agreement import agreement_of, reliability_of
from evaluators.calibration.clusters import design_effect
from evaluators.calibration.strata import strata_of
from evaluators.calibration.validity import Validity, Version, validity
from traces import posterior
from traces.histogram import Rollup
from traces.model import Calibration, Json
from traces.posterior import LEAST_INFORMEDNESS, Count, Errors, Floats, count, interval, of_finite

DEFAULT_THRESHOLD: Final = 0.5
ENOUGH_PER_CLASS: Final = 10
"""Labels of each class that moving the threshold takes."""
JUDGED_LABELS: Final = 20
"""Labels that calling an evaluator unusable takes, with ``JUDGED_PER_CLASS`` of each class."""
JUDGED_PER_CLASS: Final = 5
LEVEL: Final = 0.957
"""Of the posterior, so that the interval holds the truth 95 times in 100, and 93 at the worst: with few labels, or where
hardly anything is true, the posterior is a little too sure (see the benchmark of calibration)."""
_CUTS: Final = np.arange(1, 20) / 20
"""A few round cuts: to pick among all scores seen would fit the labels' chance, and the interval would not know."""
_NOISE: Final = 3.0
_NEVER: Final = 1e-4

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One labelled conversation: the evaluator's score, what is true, and the chance with which it was picked.

    Without ``inclusion_probability`` it stands for itself only, as when a person picked it. ``is_recent``: the
    conversation is of the last days. ``version`` names the version of evaluator and application that it is of, empty for
    those that run now. Labels of one ``user_id`` may say the same several times.
    """

    value: float
    truth: bool
    inclusion_probability: float | None = None
    is_recent: bool = False
    version: str = ""
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Labels:
    values: Floats
    truths: Bools
    weights: Floats
    recent: Bools
    versions: NDArray[np.str_]
    design_effect: float = 1.0

    @classmethod
    def of(cls, labelled: Sequence[Labelled]) -> _Labels:
        ordered = sorted(
            labelled, key=lambda one: (one.value, one.truth, one.inclusion_probability or 1.0, one.is_recent)
        )
        values = np.array([item.value for item in ordered], dtype=np.float64)
        truths = np.array([item.truth for item in ordered], dtype=np.bool_)
        return cls(
            values,
            truths,
            np.array([1 / (item.inclusion_probability or 1.0) for item in ordered], dtype=np.float64),
            np.array([item.is_recent for item in ordered], dtype=np.bool_),
            np.array([item.version for item in ordered], dtype=np.str_),
            design_effect(values >= DEFAULT_THRESHOLD, truths, [item.user_id for item in ordered]),
        )

    def only(self, among: Bools) -> _Labels:
        return _Labels(
            self.values[among],
            self.truths[among],
            self.weights[among],
            self.recent[among],
            self.versions[among],
            self.design_effect,
        )

    def count(self, among: Bools) -> Count:
        return count(self.truths[among], self.weights[among], self.design_effect)

    def strata(self, threshold: float) -> tuple[Count, Count]:
        positive = self.values >= threshold
        return self.count(positive), self.count(~positive)

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
    threshold: float | None = None,
    before: Rollup | None = None,
) -> Calibration:
    """What ``labelled`` says of the evaluator whose scores are ``scores``.

    Args:
        evaluator: Its name.
        version: The version of it that runs.
        labelled: Resolved labels, one per conversation, of conversations that are among those of ``scores``.
        scores: Every score of the period that the rates are for. Where there are no more of a verdict than labels of it,
            its share of true ones is known, not estimated.
        computed_at: Stamped on the result.
        threshold: The cut in force; ``None`` has it chosen from the labels.
        before: The scores of earlier versions, which labels that name a ``version`` are of.

    Returns:
        The figures; the raw rate only without labels, and no true-positive rate or corrected rate where all labels are of
        one verdict, since they then say nothing of the other. ``usable`` is false where, given enough labels, the 5 %
        bound of Youden's J is not above 0.1: the corrected rate then rests on the labels alone.
    """
    labels = _Labels.of(labelled)
    cut = choose_threshold(labels.values, labels.truths) if threshold is None else threshold
    measured = Calibration(
        evaluator=evaluator,
        evaluator_version=version,
        n_labels=len(labelled),
        n_scores=scores.n,
        threshold=cut,
        tpr=None,
        tnr=None,
        kappa=None,
        raw_rate=scores.at_least(cut) / scores.n if scores.n > 0 else None,
        corrected_rate=None,
        ci_low=None,
        ci_high=None,
        computed_at=computed_at,
    )
    if not labelled:
        return measured
    own = labels.versions == ""
    carries = _validity(labels, own, cut)
    if not carries.is_transported:
        return _with_labels(measured, labels.only(own), scores if scores.n > 0 else None)
    both = scores if before is None else scores.copy().plus(before)
    found = _with_labels(measured, labels, both if both.n > 0 else None)
    found = replace(found, is_transported=True, spread=carries.spread, refresh=carries.refresh)
    return _carried(found, labels, own, scores, before) if scores.n > 0 else found


def _validity(labels: _Labels, own: Bools, threshold: float) -> Validity:
    positive = labels.values >= threshold
    versions = []
    for name in np.unique(labels.versions) if not own.all() else ():
        among = labels.versions == name
        versions.append(
            Version(
                *(
                    count(positive[among & of], labels.weights[among & of], labels.design_effect)
                    for of in (labels.truths, ~labels.truths)
                )
            )
        )
    return validity(int((own & positive).sum()), int((own & ~positive).sum()), int((~own).sum()), versions)


def _with_labels(measured: Calibration, labels: _Labels, scores: Rollup | None) -> Calibration:
    positive = labels.values >= measured.threshold
    strata = labels.strata(measured.threshold)
    recent = labels.count(positive & labels.recent)
    verdicts = _verdicts(measured.threshold, scores) or count(positive, labels.weights)
    measured = replace(
        measured,
        precision=strata[0].mean if strata[0].n else None,
        miss_rate=strata[1].mean if strata[1].n else None,
        labelled_positive=(strata[0].yes, strata[0].n),
        labelled_negative=(strata[1].yes, strata[1].n),
        recent_positive=(recent.yes, recent.n),
        verdicts=(verdicts.yes, verdicts.n),
    )
    if _is_one_sided(strata, verdicts):
        return measured
    known = posterior.errors(*strata, verdicts)
    usable = not _is_judgeable(labels.truths) or float(np.quantile(known.informedness, 0.05)) > LEAST_INFORMEDNESS
    measured = replace(
        measured,
        usable=usable,
        tpr=labels.share(positive, labels.truths),
        tnr=labels.share(~positive, ~labels.truths),
        detail=_detail(known, labels, positive),
        kappa=_kappa(labels, positive),
    )
    if not usable:
        alone = of_finite(labels.count(np.ones(len(positive), dtype=np.bool_)), 0 if scores is None else scores.n)
        return _with_rate(measured, alone.mean, interval(alone, LEVEL))
    return _summed(measured, _true_rate(labels, strata, verdicts, scores, measured.threshold))


def _verdicts(threshold: float, scores: Rollup | None) -> Count | None:
    return None if scores is None else Count(float(scores.at_least(threshold)), float(scores.n))


def _true_rate(
    labels: _Labels, strata: tuple[Count, Count], verdicts: Count, scores: Rollup | None, threshold: float
) -> Floats:
    if scores is None:
        return posterior.rates(*strata, verdicts).true_rate
    weights = labels.weights
    return posterior.rate_among(
        strata_of(labels.values, labels.truths, weights, scores, threshold, labels.design_effect)
    )


def _carried(measured: Calibration, labels: _Labels, own: Bools, scores: Rollup, before: Rollup | None) -> Calibration:
    """The rate of what runs now by what is known of other versions, and by its own labels first."""
    raw = scores.at_least(measured.threshold) / scores.n
    measured = replace(measured, n_scores=scores.n, raw_rate=raw)
    theirs, mine = labels.only(~own).strata(measured.threshold), labels.only(own).strata(measured.threshold)
    if not measured.usable or measured.corrected_rate is None or not theirs[0].n or not theirs[1].n:
        return measured
    drawn_from = _verdicts(measured.threshold, before if before is not None and before.n > 0 else None)
    known = posterior.errors(*theirs, drawn_from or Count(theirs[0].n, theirs[0].n + theirs[1].n))
    verdicts = Count(float(scores.at_least(measured.threshold)), float(scores.n))
    found = posterior.transported(known, verdicts, measured.spread)
    if own.any():
        found = posterior.refined(found, *mine, verdicts)
    return _summed(measured, found.true_rate)


def _summed(measured: Calibration, true_rate: Floats) -> Calibration:
    low, high = np.quantile(true_rate, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return _with_rate(measured, float(true_rate.mean()), (float(low), float(high)))


def _with_rate(measured: Calibration, rate: float, span: tuple[float, float]) -> Calibration:
    return replace(
        measured, corrected_rate=rate, ci_low=min(rate, max(0.0, span[0])), ci_high=max(rate, min(1.0, span[1]))
    )


def _detail(known: Errors, labels: _Labels, positive: Bools) -> dict[str, Json]:
    """What a report shows besides; the bounds of the error rates are those of the joint posterior."""
    reliable = reliability_of(labels.values, labels.truths, labels.weights)
    return {
        "tpr": [float(x) for x in np.quantile(known.tpr, [0.5, 0.025, 0.975])],
        "tnr": [float(x) for x in np.quantile(1 - known.fpr, [0.5, 0.025, 0.975])],
        "agreement": agreement_of(positive, labels.truths, labels.weights).to_json(),
        "reliability": None if reliable is None else reliable.to_json(),
    }


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
