"""Two criteria side by side on labelled conversations that neither was shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evaluators.calibration.agreement import Bounded, agreement_of
from evaluators.judge.alignment import HELD_OUT, Case, is_held_out, lot_of
from traces.posterior import count, interval

LEAST_OF_EACH: Final = 10
"""Labels of each answer without which two criteria are not compared."""
MOST_OF_EACH: Final = 60
MARGIN: Final = 0.05
"""By how much Youden's J, or kappa, has to be better for a revision to be worth a person's time.

J alone is blind to false alarms among what is rare: one in a hundred of them halves the precision of what is one in a hundred.
"""
_RISK: Final = 0.1
_RESAMPLES: Final = 2_000
_MOST_FAILED: Final = 0.1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Finding(StrEnum):
    """What a trial came to."""

    BETTER = "better"
    NOT_BETTER = "not better"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the judge said of a held-out case under the current and under the proposed criterion.

    1 is yes, 0 no, and ``None`` that the question did not apply, which people deny by answering it. ``has_failed``: one of
    them gave no answer that could be read.
    """

    case: Case
    current: float | None = None
    proposed: float | None = None
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A criterion against people, each rate with its 95 % interval.

    Attributes:
        tpr: Share of what is so that it finds.
        tnr: Share of what is not so that it leaves alone.
        informedness: Youden's J, their sum less one (Youden 1950), from a bootstrap over conversations.
        kappa: Cohen's kappa; ``None`` where chance explains everything.
        right: Of ``n`` conversations, on how many it says what people say.
    """

    n: int
    right: int
    tpr: Bounded
    tnr: Bounded
    informedness: Bounded
    kappa: Bounded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two criteria on the same conversations.

    Attributes:
        gain: By how much Youden's J is better, with its paired 95 % interval; ``kappa_gain`` likewise of kappa.
        surely: What the gain exceeds but for half of ``level``; ``kappa_surely`` likewise.
        mended: Conversations on which only the proposed one is right; ``spoilt`` those on which only the current one is.
        p: The chance of as many mended where neither is better: one side of McNemar's exact test (1947).
        level: The chance of being wrong that this trial may take.
    """

    current: Measured
    proposed: Measured
    gain: Bounded
    surely: float
    kappa_gain: Bounded
    kappa_surely: float
    mended: int
    spoilt: int
    p: float
    level: float
    failed: int = 0

    @property
    def finding(self) -> Finding:
        """Better by the margin, beyond what chance gives, by the bootstrap and by McNemar's test alike, and worse in nothing."""
        if self.failed > _MOST_FAILED * (self.current.n + self.failed):
            return Finding.FAILED
        gains = ((self.gain.value, self.surely), (self.kappa_gain.value, self.kappa_surely))
        is_better = any(gain >= MARGIN and surely > 0 for gain, surely in gains) and all(gain >= 0 for gain, _ in gains)
        return Finding.BETTER if is_better and self.p <= self.level else Finding.NOT_BETTER

    def to_json(self) -> dict[str, Any]:
        """Its fields, bounded figures as ``[value, low, high]``."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def comparison_of(body: dict[str, Any]) -> Comparison:
    """What :meth:`Comparison.to_json` wrote."""
    sides = {side: _measured_of(body[side]) for side in ("current", "proposed")}
    gains = {name: Bounded(*body[name]) for name in ("gain", "kappa_gain")}
    return Comparison(**{**body, **sides, **gains})


def _measured_of(body: dict[str, Any]) -> Measured:
    bounded = {
        name: None if body[name] is None else Bounded(*body[name]) for name in ("tpr", "tnr", "informedness", "kappa")
    }
    return Measured(**{**body, **bounded})


def level_of(attempt: int) -> float:
    """The chance of offering what is no better that the ``attempt``-th trial on the same labels may take.

    All trials together, however many, take a tenth: who tries again and again on the same labels finds something.
    """
    return _RISK / (attempt * (attempt + 1))


def held_out(cases: Sequence[Case], without: Sequence[str] = ()) -> list[Case]:
    """The cases that measure: at most sixty of each answer, in an order that chance has set, once and for all.

    Those that say word for word what one of the texts ``without`` says are left out: what was shown cannot measure.
    """
    measuring = sorted((case for case in cases if is_held_out(case.conversation.conversation_id)), key=lot_of)
    measuring = [case for case in measuring if said_in(case) not in without]
    sides = [[case for case in measuring if case.truth is truth] for truth in (True, False)]
    return [case for side in sides for case in side[:MOST_OF_EACH]]


def said_in(case: Case) -> str:
    """All that is said in a conversation, by which copies of it are known."""
    return "\n".join(m.content for m in case.conversation.messages if m.role != "system")


def missing_labels(cases: Sequence[Case]) -> tuple[int, int]:
    """About how many more labels of yes, and of no, it takes until two criteria can be compared."""
    measuring = [case for case in cases if is_held_out(case.conversation.conversation_id)]
    return _missing(measuring, truth=True), _missing(measuring, truth=False)


def _missing(measuring: Sequence[Case], *, truth: bool) -> int:
    short = LEAST_OF_EACH - sum(case.truth is truth for case in measuring)
    return math.ceil(max(0, short) / HELD_OUT)


def compare(tried: Sequence[Tried], attempt: int, seed: int = 1) -> Comparison | None:
    """How two criteria do on the same held-out labels.

    Args:
        tried: What each said; failures are counted, and left out.
        attempt: Which trial on these labels it is, from 1.
        seed: Of the bootstrap.

    Returns:
        ``None`` where an answer has no label left.
    """
    heard = [one for one in tried if not one.has_failed]
    truths = np.array([one.case.truth for one in heard], dtype=np.bool_)
    if not truths.any() or truths.all():
        return None
    weights = np.array([one.case.weight for one in heard], dtype=np.float64)
    current = np.array([_says(one.current, truth=one.case.truth) for one in heard], dtype=np.bool_)
    proposed = np.array([_says(one.proposed, truth=one.case.truth) for one in heard], dtype=np.bool_)
    now, then = _drawn(current, truths, weights, seed), _drawn(proposed, truths, weights, seed)
    mended = int(((proposed == truths) & (current != truths)).sum())
    spoilt = int(((proposed != truths) & (current == truths)).sum())
    level = level_of(attempt)
    return Comparison(
        current=_measured(current, truths, weights, now[0]),
        proposed=_measured(proposed, truths, weights, then[0]),
        gain=_bounded(then[0] - now[0]),
        surely=_surely(then[0] - now[0], level),
        kappa_gain=_bounded(then[1] - now[1]),
        kappa_surely=_surely(then[1] - now[1], level),
        mended=mended,
        spoilt=spoilt,
        p=_chance_of(mended, mended + spoilt),
        level=level,
        failed=len(tried) - len(heard),
    )


def _says(value: float | None, *, truth: bool) -> bool:
    """The verdict as yes or no; silence where people answered is as wrong as the other answer."""
    return (not truth) if value is None else value >= 0.5  # noqa: PLR2004 - the middle


def _chance_of(mended: int, turned: int) -> float:
    return 1.0 if not turned else float(special.bdtrc(mended - 1, turned, 0.5))


def _drawn(said: Bools, truths: Bools, weights: Floats, seed: int) -> tuple[Floats, Floats]:
    """Youden's J and kappa, first of the conversations, then of as many drawn with replacement within each answer.

    Of two criteria the same ones are drawn, by the same seed.
    """
    rng, right, total = np.random.default_rng(seed), [], []
    for truth in (True, False):
        places = np.flatnonzero(truths == truth)
        drawn = np.vstack([places, rng.choice(places, (_RESAMPLES, len(places)))])
        right.append(((said == truths)[drawn] * weights[drawn]).sum(axis=1))
        total.append(weights[drawn].sum(axis=1))
    found, spared = right
    so, rest = total
    agreed, flagged, share = (found + spared) / (so + rest), (found + rest - spared) / (so + rest), so / (so + rest)
    by_chance = flagged * share + (1 - flagged) * (1 - share)
    return found / so + spared / rest - 1, (agreed - by_chance) / (1 - by_chance)


def _surely(gains: Floats, level: float) -> float:
    return float(np.quantile(gains[1:], level / 2))


def _bounded(figures: Floats) -> Bounded:
    low, high = np.quantile(figures[1:], [0.025, 0.975])
    return Bounded(float(figures[0]), float(min(low, figures[0])), float(max(high, figures[0])))


def _measured(said: Bools, truths: Bools, weights: Floats, informedness: Floats) -> Measured:
    return Measured(
        n=len(said),
        right=int((said == truths).sum()),
        tpr=_share(said[truths], weights[truths]),
        tnr=_share(~said[~truths], weights[~truths]),
        informedness=_bounded(informedness),
        kappa=agreement_of(said, truths, weights).kappa,
    )


def _share(right: Bools, weights: Floats) -> Bounded:
    found = count(right, weights)
    low, high = interval(found)
    value = found.yes / found.n
    return Bounded(value, min(low, value), max(high, value))
