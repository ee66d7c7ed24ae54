"""A classifier as it is stored: JSON, checked when it is read; what it says of a conversation, and why."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson

from evaluators.calibration.promise import Measure, Promise, keep
from evaluators.learned.features import FEATURES_VERSION, Seen, in_words
from evaluators.learned.logistic import NUMBERS, Example, Model, fit, moved
from evaluators.learned.validate import Trial, cross_validate, enough
from traces.errors import BadInput
from traces.model import JsonMap

SURE: Final = 0.95
"""How often a classifier has to be right where it answers in place of a judge."""
_HALF: Final = 0.5
_SHOWN: Final = 3
_WORDS_SHOWN: Final = 2
_LEAST_SHOWN: Final = 0.05
_PAIR: Final = 2
_TRIPLE: Final = 3


@dataclass(frozen=True, kw_only=True)  # no slots: the digest is kept, for every score asks for it
class Head:
    """A classifier of one evaluator.

    Attributes:
        evaluator: Its name.
        prior_version: The version of the rules whose score is one of its features; with other rules it is void.
        model: What was learned; ``None`` where there were too few labels.
        n_labels: People's labels that it was learned from.
        n_weak: Judges' verdicts that it was learned from besides, at less weight.
        takes_over: Whether it speaks in place of the rules.
        reason: Why, or why not, in one line.
        auroc: Area under the ROC curve in cross-validation.
        prior_auroc: That of the rules on the same labels.
        cut: The chance from which on a yes is best said.
        band: The scores between which it is unsure: at and outside of them it is right nineteen times in twenty, as far as
            its labels promise (delta 0.1 on each side). 0 and 1 stand for a side without a promise; ``None`` for neither.
        held_out: The score of each labelled conversation by a model that had not seen it; not part of its JSON.
    """

    evaluator: str
    prior_version: str
    model: Model | None
    n_labels: int
    n_weak: int
    takes_over: bool
    reason: str
    auroc: float | None = None
    prior_auroc: float | None = None
    cut: float = 0.5
    band: tuple[float, float] | None = None
    held_out: dict[str, float] = field(default_factory=dict, compare=False)

    @cached_property
    def version(self) -> str:
        """A short digest of what it says; the same labels give the same."""
        return hashlib.sha256(orjson.dumps(self.to_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]

    def score(self, seen: Seen, prior: float | None) -> float:
        """The chance that it is so, moved so that one half is the cut, as everywhere: from 0 to 1."""
        assert self.model is not None
        return self.score_of(self.model.chance(seen.numbers, seen.terms, prior))

    def score_of(self, chance: float) -> float:
        """The chance moved so that one half is the cut."""
        return moved(chance, self.cut)

    def is_sure(self, score: float) -> bool:
        """Whether a score is outside of the band."""
        if self.band is None:
            return False
        low, high = self.band
        return (low > 0 and score <= low) or (high < 1 and score >= high)

    def why(self, seen: Seen, prior: float | None) -> str:
        """The features that told most of this conversation, with what they add to the log-odds; words count together."""
        assert self.model is not None
        found = self.model.contributions(seen.numbers, seen.terms, prior)
        words = {term: found.pop(term) for term in seen.terms if term in found}
        told = [(in_words(name), weight) for name, weight in found.items()]
        if words:
            told.append((_words_of(words), sum(words.values())))
        told.sort(key=lambda pair: (-abs(pair[1]), pair[0]))
        shown = [f"{text} ({weight:+.1f})" for text, weight in told[:_SHOWN] if abs(weight) >= _LEAST_SHOWN]
        return "; ".join(shown) or "nothing that stands out"

    def to_json(self) -> dict[str, Any]:
        """As ``head_of`` reads it back to an equal one."""
        model = self.model
        return {
            "features": FEATURES_VERSION,
            **{name: getattr(self, name) for name in _FIELDS},
            **({} if self.band is None else {"band": list(self.band)}),
            "model": None
            if model is None
            else {
                "bias": model.bias,
                "numbers": {name: list(parts) for name, parts in model.numbers.items()},
                "terms": {term: list(parts) for term, parts in model.terms.items()},
            },
        }


_FIELDS: Final = (
    "evaluator", "prior_version", "n_labels", "n_weak", "takes_over", "reason", "auroc", "prior_auroc", "cut"
)  # fmt: skip


def head_of(body: JsonMap) -> Head | None:
    """A stored classifier; ``None`` where it was learned from features that are computed otherwise by now.

    Raises:
        BadInput: It is not what ``Head.to_json`` writes.
    """
    if body.get("features") != FEATURES_VERSION:
        return None
    try:
        model = body["model"]
        fields = {name: body[name] for name in _FIELDS} | {"cut": _cut(body["cut"])}
        return Head(**fields, band=_band(body.get("band")), model=None if model is None else _model(model))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"not a stored classifier: {type(error).__name__}") from error


def _words_of(weights: Mapping[str, float]) -> str:
    """Words that pull one way, those that pull most of all named."""
    sign = 1 if sum(weights.values()) >= 0 else -1
    most = sorted(weights, key=lambda term: (-sign * weights[term], term))[:_WORDS_SHOWN]
    return f"words, as {' and '.join(map(in_words, most))}"


def _cut(part: Any) -> float:
    cut = float(part)
    if not 0 < cut < 1:
        raise ValueError("not a chance to cut at")
    return cut


def _band(part: Any) -> tuple[float, float] | None:
    if part is None:
        return None
    low, high = _numbers(part, _PAIR)
    if not low < high:
        raise ValueError("not a band")
    return low, high


def _model(body: Mapping[str, Any]) -> Model:
    numbers = {str(name): _numbers(parts, _TRIPLE) for name, parts in body["numbers"].items()}
    terms = {str(term): _numbers(parts, _PAIR) for term, parts in body["terms"].items()}
    if unknown := set(numbers) - set(NUMBERS):
        raise ValueError(f"unknown features {sorted(unknown)}")
    return Model(
        bias=_numbers([body["bias"]], 1)[0],
        numbers={name: (a, b, c) for name, (a, b, c) in numbers.items()},
        terms={term: (a, b) for term, (a, b) in terms.items()},
    )


def _numbers(parts: Sequence[Any], count: int) -> tuple[float, ...]:
    found = tuple(float(part) for part in parts)
    if len(found) != count or not all(map(math.isfinite, found)):
        raise ValueError("not the right numbers")
    return found


def learn(evaluator: str, prior_version: str, examples: Sequence[Example], seed: int = 1) -> Head:
    """Learn a classifier, and find out whether it takes over from the rules.

    Args:
        evaluator: Its name.
        prior_version: The version of the rules that made the priors.
        examples: Labelled conversations, people's at weight 1 and judges' at less.
        seed: Of the folds.
    """
    n_labels = sum(e.weight >= 1 for e in examples)
    if not enough(examples):
        return Head(
            evaluator=evaluator,
            prior_version=prior_version,
            model=None,
            n_labels=n_labels,
            n_weak=len(examples) - n_labels,
            takes_over=False,
            reason=f"{n_labels} labels are too few: 20 are needed, 5 of each answer",
        )
    trial = cross_validate(examples, seed)
    return _learned(evaluator, prior_version, examples, trial)


def _learned(evaluator: str, prior_version: str, examples: Sequence[Example], trial: Trial) -> Head:
    n_labels = sum(e.weight >= 1 for e in examples)
    held_out = {example_id: moved(chance, trial.cut) for example_id, chance in trial.held_out.items()}
    return Head(
        evaluator=evaluator,
        prior_version=prior_version,
        model=fit(examples, trial.shape),
        n_labels=n_labels,
        n_weak=len(examples) - n_labels,
        takes_over=trial.takes_over,
        reason=trial.reason,
        auroc=trial.auroc,
        prior_auroc=trial.prior_auroc,
        cut=trial.cut,
        band=band_of(held_out, {e.example_id: e.truth for e in examples if e.weight >= 1}),
        held_out=held_out,
    )


def band_of(
    scores: Mapping[str, float], truths: Mapping[str, bool], at_least: float = SURE
) -> tuple[float, float] | None:
    """The scores between which a classifier is unsure, by labels that it had not seen.

    Each side is a precision that Learn then Test promises (``evaluators.calibration.promise``): of what is at or above the
    upper score, ``at_least`` is true; of what is at or below the lower one, ``at_least`` is not.

    Returns:
        The lower and the upper score; 0 or 1 on the side where labels promise nothing, ``None`` where neither does.
    """
    yes = _sure_from([(scores[i], truth) for i, truth in truths.items()], at_least)
    no = _sure_from([(1 - scores[i], not truth) for i, truth in truths.items()], at_least)
    if yes is None and no is None:
        return None
    return (0.0 if no is None else 1 - no), (1.0 if yes is None else yes)


def _sure_from(said: Sequence[tuple[float, bool]], at_least: float) -> float | None:
    """The score from which on a yes keeps the promise, by the labels on that side alone: a no is never said above it."""
    side = [(score, truth) for score, truth in said if score > _HALF]
    promise = Promise(Measure.PRECISION, at_least)
    return keep(promise, [score for score, _ in side], [truth for _, truth in side]).threshold
