"""Whether a classifier is better than the rules by more than chance: cross-validation that keeps groups together.

Users and scenarios come back: a model that has seen one conversation of a user knows something of the next, and a split
through the middle of a group would take that for skill.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from evaluators.learned.logistic import Example, Model, Shape, fit
from evaluators.learned.measures import Bools, Floats, auroc, f1_at, log_losses

FOLDS: Final = 5
LEAST_LABELS: Final = 20
LEAST_PER_CLASS: Final = 5
SHAPES: Final = (
    Shape(penalty=30.0),
    Shape(penalty=30.0, with_terms=True, terms_penalty=0.3),
)
"""Numbers are held back more than words: with few labels, thirty of them fit anything. Of these, the least log loss wins."""

_PRIOR_ONLY: Final = Shape(numbers=("prior",))
_RESAMPLES: Final = 1_000
_SURE: Final = 5.0
"""Percent: the chance that is left that the classifier is no better."""
_NO_PRIOR: Final = 0.5
_EVEN: Final = 0.5
_CUTS: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_WORSE_F1: Final = 0.01
_WORSE: Final = -0.005
"""So much less area is no worse: what a tie between equals loses by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What cross-validation says.

    ``auroc`` and ``log_loss`` are of the classifier, out of fold; ``prior_auroc`` and ``prior_log_loss`` of the rules, their
    scores turned into chances on the same folds. ``takes_over``: it is better by more than chance. ``reason`` is one line.
    ``cut`` is the chance from which on a yes is best said, by F1: for a rare class far below one half. ``held_out`` is the
    chance that each labelled conversation got from a model that had not seen it.
    """

    shape: Shape
    auroc: float
    prior_auroc: float
    log_loss: float
    prior_log_loss: float
    takes_over: bool
    reason: str
    cut: float = 0.5
    held_out: dict[str, float] = field(default_factory=dict)


def enough(examples: Sequence[Example]) -> bool:
    """Whether there are labels enough, by people, to try at all."""
    truths = [e.truth for e in examples if e.weight >= 1]
    return len(truths) >= LEAST_LABELS and LEAST_PER_CLASS <= sum(truths) <= len(truths) - LEAST_PER_CLASS


def cross_validate(examples: Sequence[Example], seed: int = 1) -> Trial:
    """Try every shape against the rules. Only people's labels are held out; judges' verdicts only help to learn.

    Args:
        examples: As many as ``enough`` asks for.
        seed: Of the order of the folds and of the bootstrap.
    """
    chance = np.random.default_rng(seed)
    folds = folds_of(examples, chance)
    held = np.array([e.weight >= 1 for e in examples], dtype=np.bool_)
    truths = np.array([e.truth for e in examples], dtype=np.bool_)[held]
    tried = [(shape, _out_of_fold(examples, folds, shape)[held]) for shape in SHAPES]
    shape, chances = _best(tried, truths)
    prior = np.array([_NO_PRIOR if e.prior is None else e.prior for e in examples], dtype=np.float64)[held]
    calibrated = _out_of_fold(examples, folds, _PRIOR_ONLY)[held]
    groups = [e.group for e, is_held in zip(examples, held, strict=True) if is_held]
    gains = _gains(_Pair(truths, chances, prior, calibrated), groups, chance)
    cut = best_cut(chances, truths)
    trial = Trial(
        shape=shape,
        cut=cut,
        auroc=auroc(chances, truths) or 0.0,
        prior_auroc=auroc(prior, truths) or 0.0,
        log_loss=float(log_losses(chances, truths).mean()),
        prior_log_loss=float(log_losses(calibrated, truths).mean()),
        takes_over=False,
        reason="",
        held_out=dict(zip((e.example_id for e in examples if e.weight >= 1), map(float, chances), strict=True)),
    )
    has_rules = any(e.prior is not None for e in examples)
    keeps = not has_rules or f1_at(cut, chances, truths) >= f1_at(_EVEN, prior, truths) - _WORSE_F1
    return _decided(trial, gains, keeps=keeps)


def best_cut(chances: Floats, truths: Bools) -> float:
    """The round chance, at most one half, from which on saying yes gives the best F1; the highest of equals."""
    return max(_CUTS, key=lambda cut: (f1_at(cut, chances, truths), cut))


def folds_of(examples: Sequence[Example], chance: np.random.Generator) -> list[int]:
    """The fold of each example: a group stays whole, and each fold gets its share of both classes."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        members[example.group or f"\n{place}"].append(place)
    names = list(members)
    chance.shuffle(names)
    names.sort(key=lambda name: -len(members[name]))
    filled = np.zeros((FOLDS, 2))
    folds = [0] * len(examples)
    for name in names:
        of_group = [0, 0]
        for place in members[name]:
            of_group[examples[place].truth] += 1
        rarer = int(of_group[1] >= of_group[0])
        fold = int(np.lexsort((filled.sum(axis=1), filled[:, rarer]))[0])
        filled[fold] += of_group
        for place in members[name]:
            folds[place] = fold
    return folds


def _out_of_fold(examples: Sequence[Example], folds: Sequence[int], shape: Shape) -> Floats:
    """The chance that each example gets from a model that has not seen its fold."""
    chances = np.zeros(len(examples))
    for fold in range(FOLDS):
        learned_from = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        if not learned_from:
            continue
        model = fit(learned_from, shape)
        for place, (example, f) in enumerate(zip(examples, folds, strict=True)):
            if f == fold:
                chances[place] = _chance(model, example)
    return chances


def _chance(model: Model, example: Example) -> float:
    return model.chance(example.numbers, example.terms, example.prior)


def _best(tried: Sequence[tuple[Shape, Floats]], truths: Bools) -> tuple[Shape, Floats]:
    return min(tried, key=lambda one: float(log_losses(one[1], truths).mean()))


@dataclass(frozen=True, slots=True)
class _Pair:
    """The classifier's chances, the rules' scores, and the rules' scores as chances, of the same conversations."""

    truths: Bools
    chances: Floats
    prior: Floats
    calibrated: Floats

    def gain(self, drawn: Floats | None = None) -> tuple[float, float]:
        """By how much the area is larger, and the log loss smaller."""
        at = np.arange(len(self.truths)) if drawn is None else drawn
        truths = self.truths[at]
        ours, theirs = auroc(self.chances[at], truths), auroc(self.prior[at], truths)
        saved = log_losses(self.calibrated[at], truths) - log_losses(self.chances[at], truths)
        return (math.nan if ours is None or theirs is None else ours - theirs), float(saved.mean())


@dataclass(frozen=True, slots=True)
class _Gains:
    area: float
    area_low: float
    loss_low: float


def _gains(pair: _Pair, groups: Sequence[str], chance: np.random.Generator) -> _Gains:
    """The gains with their lower bounds, by a bootstrap over groups."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group or f"\n{place}"].append(place)
    places = [np.array(of_group) for of_group in members.values()]
    drawn = [
        pair.gain(np.concatenate([places[i] for i in chance.integers(0, len(places), len(places))]))
        for _ in range(_RESAMPLES)
    ]
    area, loss = np.array(drawn).T
    return _Gains(pair.gain()[0], float(np.nanpercentile(area, _SURE)), float(np.percentile(loss, _SURE)))


def _decided(trial: Trial, gains: _Gains, *, keeps: bool) -> Trial:
    better = gains.area_low > 0 or (gains.loss_low > 0 and gains.area > _WORSE)
    said = f"area {trial.auroc:.3f} against {trial.prior_auroc:.3f} of the rules"
    said += f", log loss {trial.log_loss:.3f} against {trial.prior_log_loss:.3f}"
    verdict = "better by more than chance" if better else "not better by more than chance"
    if better and not keeps:
        verdict = "better by more than chance, but its verdicts are worse (F1)"
    return replace(trial, takes_over=better and keeps, reason=f"{said}: {verdict}")
