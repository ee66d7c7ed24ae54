"""What is decided by labels: thresholds, which conversations to review, whether a version is stale; and how fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from alerts.correction import estimate
from alerts.signals import signal_of_score
from benchmarks.calibration_cases import Bools, Floats, Population, made_up, scored
from evaluators.calibrate import Labelled, calibrate
from evaluators.calibration.next import Plan, plan
from evaluators.calibration.promise import Measure, Promise, keep
from evaluators.calibration.validity import Version, between
from evaluators.report import report_of
from traces.histogram import Rollup
from traces.posterior import Count


class Kept(NamedTuple):
    """How often a promise was broken, by Hark and by taking the labels at their word, and how often there was no cut."""

    name: str
    broken: float
    broken_of_given: float
    abstained: float
    plug_in_broken: float


def thresholds(draws: int, seed: int, labels: int = 100) -> Iterator[Kept]:
    """A promised precision of 0.9, from labels of all scores and of the highest fifth."""
    for apart, prevalence in ((2.0, 0.3), (2.4, 0.3), (2.8, 0.2)):
        people = scored(f"{prevalence:.0%} true, {apart} apart", 20_000, prevalence, apart, seed)
        highest = np.argsort(-people.verdicts)[: len(people.verdicts) // 5]
        for where, among in (("all", np.arange(len(people.verdicts))), ("highest fifth", highest)):
            yield _kept(f"{people.name}, {where}", people, among, draws, labels, np.random.default_rng(1000 + seed))


def _kept(name: str, people: Population, among: Floats, draws: int, labels: int, rng: np.random.Generator) -> Kept:
    promise, broken, plugged, none = Promise(Measure.PRECISION, 0.9), 0, 0, 0
    for _ in range(draws):
        drawn = rng.choice(among, labels, replace=False)
        kept = keep(promise, people.verdicts[drawn], people.truths[drawn])
        if kept.threshold is None:
            none += 1
        else:
            broken += _precision(people, kept.threshold) < promise.at_least
        cut = _plug_in(people.verdicts[drawn], people.truths[drawn], promise.at_least)
        plugged += cut is not None and _precision(people, cut) < promise.at_least
    return Kept(name, broken / draws, broken / max(1, draws - none), none / draws, plugged / draws)


def _precision(people: Population, cut: float) -> float:
    return float(people.truths[people.verdicts >= cut].mean())


def _plug_in(values: Floats, truths: Bools, at_least: float) -> float | None:
    """The lowest cut above which so many of the labels are true."""
    order = np.argsort(-values)
    enough = np.flatnonzero(np.cumsum(truths[order]) / np.arange(1, len(order) + 1) >= at_least)
    return float(values[order[enough[-1]]]) if len(enough) else None


class Picked(NamedTuple):
    """What a plan of reviews gave against as many drawn at random."""

    name: str
    variance_ratio: float
    covered: float
    positives: float
    positives_at_random: float
    reviews: float


def picking(draws: int, seed: int, wanted: int = 200) -> Iterator[Picked]:
    """Label efficiency on a strong and on a weak score, and positives of a rare class, in ``wanted`` reviews of labels."""
    yield _picked(scored("strong score, 30 %", 20_000, 0.3, 2.7, seed), wanted, draws, seed)
    yield _picked(scored("weak score, 30 %", 20_000, 0.3, 0.75, seed), wanted, draws, seed)
    rare = scored("rare class, 4 %", 20_000, 0.04, 2.8, seed)
    rng = np.random.default_rng(2000 + seed)
    # A second evaluator that is right about most, so that they disagree here and there.
    other = np.where(rng.random(len(rare.truths)) < 0.97, rare.truths, ~rare.truths)
    yield _picked(rare, wanted, draws, seed, disagrees=(rare.verdicts >= 0.5) != other)


def _picked(people: Population, wanted: int, draws: int, seed: int, disagrees: Bools | None = None) -> Picked:
    rng, rollup = np.random.default_rng(1000 + seed), Rollup.of(people.verdicts.tolist())
    n_disagreeing = 0.0 if disagrees is None else float(disagrees.sum())
    # As many reviews, of which double reviews are of no other conversation.
    best = plan(rollup, [], wanted / 0.9, n_disagreeing)
    chances = _chances(best, people.verdicts, disagrees)
    found, held, positives, reviews = [], 0, [], []
    for _ in range(draws):
        drawn = np.flatnonzero(rng.random(len(chances)) < chances)
        labelled = [
            Labelled(
                value=float(people.verdicts[i]), truth=bool(people.truths[i]), inclusion_probability=float(chances[i])
            )
            for i in drawn
        ]
        told = calibrate("x", "1", labelled, rollup, threshold=0.5)
        if told.corrected_rate is not None and told.ci_low is not None and told.ci_high is not None:
            found.append(told.corrected_rate)
            held += told.ci_low <= people.truths.mean() <= told.ci_high
        positives.append(people.truths[drawn].sum())
        reviews.append(len(drawn))
    share, n = float(people.truths.mean()), float(np.mean(reviews))
    # The error, not the variance alone: an estimate that is always off by the same is no good either.
    error = float(np.mean((np.array(found) - share) ** 2))
    return Picked(people.name, share * (1 - share) / n / error, held / draws, float(np.mean(positives)), share * n, n)


def _chances(best: Plan, values: Floats, disagrees: Bools | None) -> Floats:
    of = np.searchsorted(np.array(best.edges), values, side="right")
    passed = (1 - best.audit) * (1 - np.array(best.precision)[of])
    return 1 - passed * (1 if disagrees is None else np.where(disagrees, 1 - best.disagreement, 1.0))


class Audited(NamedTuple):
    """The true-positive rate where reviewers see what is flagged, and a random twentieth of the rest."""

    truth: float
    naive: float
    corrected: float
    covered: float


def verification(draws: int, seed: int) -> Audited:
    """Verification bias (Begg and Greenes 1983) with and without the chances of the audit."""
    rng, people = np.random.default_rng(seed), made_up("audited", 4500, 0.338, 0.971, 0.831)
    rollup, truth = Rollup.of(people.verdicts.tolist()), 0.971
    chances = np.where(people.verdicts == 1, 0.25, 0.05)
    naive, corrected, held = [], [], 0
    for _ in range(draws):
        drawn = np.flatnonzero(rng.random(len(chances)) < chances)
        labelled = [
            Labelled(
                value=float(people.verdicts[i]), truth=bool(people.truths[i]), inclusion_probability=float(chances[i])
            )
            for i in drawn
        ]
        told = calibrate("x", "1", labelled, rollup)
        bounds = report_of(told).tpr
        if told.tpr is None or bounds is None:
            continue
        corrected.append(told.tpr)
        held += bounds[1] <= truth <= bounds[2]
        plain = calibrate("x", "1", [replace(one, inclusion_probability=None) for one in labelled], rollup)
        naive.append(plain.tpr or 0.0)
    return Audited(truth, float(np.mean(naive)), float(np.mean(corrected)), held / len(corrected))


class Moved(NamedTuple):
    """Version pairs: how many are told to be of another version, and how often the interval holds the true rate."""

    off: float
    flagged: float
    covered: float
    covered_learned: float
    covered_unflagged: float
    width: float


def versions(draws: int, seed: int) -> Moved:
    """Labels of one version, verdicts of another: ten versions of one judge, true-negative rates from .52 to .95.

    ``covered_learned`` is where labels of four further versions tell how much versions differ; ``covered_unflagged``
    where the change of version is not told.
    """
    rng, pairs = np.random.default_rng(seed), []
    for _ in range(max(1, draws // 90)):
        tprs, tnrs = 1 / (1 + np.exp(-rng.normal(2.6, 0.7, 10))), rng.uniform(0.52, 0.95, 10)
        pairs += [_pair(rng, tprs, tnrs, a, b) for a in range(10) for b in range(10) if a != b]
    found = np.array(pairs)
    off = found[:, 0] > 0.05
    return Moved(
        float(off.mean()), float(found[off, 1].mean()), *(float(found[:, k].mean()) for k in (2, 3, 4)),
        float(found[:, 5].mean()),
    )  # fmt: skip


def _pair(rng: np.random.Generator, tprs: Floats, tnrs: Floats, a: int, b: int) -> tuple[float, ...]:
    signal, truth = signal_of_score("x"), 0.338
    first = _drawn(rng, tprs[a], tnrs[a], 2000, truth)
    rollup = Rollup.of(first.verdicts.tolist())
    labelled = [Labelled(value=float(first.verdicts[i]), truth=bool(first.truths[i])) for i in range(150)]
    then = _drawn(rng, tprs[b], tnrs[b], 1000, truth)
    now = Rollup.of(then.verdicts.tolist())
    told = calibrate("x", "2", [replace(one, version="1") for one in labelled], now, before=rollup)
    same = calibrate("x", "1", labelled, rollup)
    plain = estimate(signal, float(then.verdicts.sum()), 1000, {"x": same})
    others = [k for k in range(10) if k not in {a, b}][:4]
    learned = between([_told(rng, tprs[k], tnrs[k]) for k in others])
    widened = estimate(signal, float(then.verdicts.sum()), 1000, {"x": replace(same, spread=learned)})
    rate = told.corrected_rate
    return (
        1.0 if rate is None else abs(rate - truth),
        float(told.is_transported),
        float(told.ci_low is not None and told.ci_high is not None and told.ci_low <= truth <= told.ci_high),
        float(widened is not None and widened.ci_low <= truth <= widened.ci_high),
        float(plain is not None and plain.ci_low <= truth <= plain.ci_high),
        1.0 if told.ci_low is None or told.ci_high is None else told.ci_high - told.ci_low,
    )


def _drawn(rng: np.random.Generator, tpr: float, tnr: float, size: int, prevalence: float) -> Population:
    truths = rng.random(size) < prevalence
    said = np.where(truths, rng.random(size) < tpr, rng.random(size) >= tnr)
    return Population("version", said.astype(np.float64), truths)


def _told(rng: np.random.Generator, tpr: float, tnr: float) -> Version:
    return Version(Count(float(rng.binomial(34, tpr)), 34.0), Count(float(rng.binomial(66, 1 - tnr)), 66.0))


def speed(evaluators: int = 50, segments: int = 20, scores: int = 100_000, labels: int = 200) -> float:
    """Seconds for calibrating ``evaluators``, each with the rate of every segment, from rollups of its scores."""
    work = []
    for number in range(evaluators):
        people = scored("x", 2_000, 0.2, 2.0, number)
        rollup = Rollup.of(people.verdicts.tolist(), times=scores // 2_000)
        labelled = [Labelled(value=float(people.verdicts[i]), truth=bool(people.truths[i])) for i in range(labels)]
        parts = [Rollup.of(people.verdicts[k::segments].tolist(), times=50) for k in range(segments)]
        work.append((f"x{number}", labelled, rollup, parts))
    began = time.perf_counter()
    for name, labelled, rollup, parts in work:
        told = {name: calibrate(name, "1", labelled, rollup)}
        signal = signal_of_score(name)
        for part in parts:
            estimate(signal, part.at_least(told[name].threshold), part.n, told)
    return time.perf_counter() - began
