"""Whether a judge has moved, and what an alert on a judged signal says of it: the agent moved, the judge moved, or both.

Conversations whose truth is known, the anchors, are judged again and again. Verdicts on the same conversations are compared
pair by pair (McNemar 1947, exact). Drift is told where two runs in a row differ from the first by more than chance would, so
that a judge that is asked every day is wrongly accused once in some years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from scipy import special

from traces.model import Direction, Signal
from traces.store import Tx

DRIFT: Final = "judge_drift:"
"""Job under which it is noted, by evaluator, what the anchors say of a judge."""
CHANCE: Final = 0.01
"""Of one run; both of two runs in a row have to be less likely than this."""
RUNS: Final = 2
LEAST_ANCHORS: Final = 10
_HALF: Final = 0.5


class Mover(StrEnum):
    """Who moved, where the rate of a judged signal did."""

    AGENT = "agent"
    JUDGE = "judge"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the verdicts on the anchors differ from what they first were.

    Attributes:
        n: Anchors that were judged both times.
        to_yes: Verdicts that turned from no to yes.
        to_no: Verdicts that turned from yes to no.
        right_before: Share of these anchors that the first run judged as people did.
        right_now: Share that the last run judges so.
        chance: How likely as much is by chance alone, of the less likely of the last runs' turning.
        has_moved: Whether that is too unlikely, in each of the last runs.
    """

    n: int
    to_yes: int
    to_no: int
    right_before: float
    right_now: float
    chance: float
    has_moved: bool


def drift_of(truths: Mapping[str, bool], runs: Sequence[Mapping[str, float]], threshold: float = _HALF) -> Drift | None:
    """How a judge's verdicts on its anchors differ from those of the first run.

    Args:
        truths: What people say, by conversation.
        runs: Values by conversation, the oldest run first; those that it did not answer are left out.
        threshold: At or above it a value is a positive verdict.

    Returns:
        ``None`` while fewer than ten anchors were judged in both the first run and the last.
    """
    if len(runs) < RUNS:
        return None
    first, last = runs[0], runs[-1]
    shared = sorted(truths.keys() & first.keys() & last.keys())
    if len(shared) < LEAST_ANCHORS:
        return None
    turned = [_turned(first, run, truths.keys(), threshold) for run in runs[1:][-RUNS:]]
    chances = [mcnemar(*pair) for pair in turned]
    # All to the same side: a judge that wavers has not moved.
    sides = {to_yes > to_no for to_yes, to_no in turned}
    return Drift(
        n=len(shared),
        to_yes=turned[-1][0],
        to_no=turned[-1][1],
        right_before=sum((first[i] >= threshold) is truths[i] for i in shared) / len(shared),
        right_now=sum((last[i] >= threshold) is truths[i] for i in shared) / len(shared),
        chance=max(chances),
        has_moved=len(chances) == RUNS and len(sides) == 1 and max(chances) < CHANCE,
    )


def mcnemar(one: int, other: int) -> float:
    """How likely pairs turn so unevenly by chance: the exact two-sided test of McNemar (1947)."""
    return min(1.0, 2 * float(special.bdtr(min(one, other), one + other, 0.5))) if one + other else 1.0


def mover_of(drift: Drift | None, *, rises: bool, is_explained: bool) -> Mover:
    """Who moved, where a judged rate has left its baseline.

    Args:
        drift: What the anchors say of the judge; ``None`` where they say nothing.
        rises: Whether the rate rose.
        is_explained: Whether the rate, as far as the judge's change accounts for it, would be within its baseline.
    """
    if drift is None:
        return Mover.UNKNOWN
    if not drift.has_moved or (drift.to_yes > drift.to_no) is not rises:
        return Mover.AGENT
    return Mover.JUDGE if is_explained else Mover.BOTH


def share_turned(drift: Drift) -> float:
    """By how much the share of positive verdicts on the anchors has changed, from -1 to 1."""
    return (drift.to_yes - drift.to_no) / drift.n


def _turned(
    first: Mapping[str, float], run: Mapping[str, float], among: AbstractSet[str], threshold: float
) -> tuple[int, int]:
    shared = first.keys() & run.keys() & among
    to_yes = sum(first[i] < threshold <= run[i] for i in shared)
    return to_yes, sum(run[i] < threshold <= first[i] for i in shared)


def judge_said(
    tx: Tx, signal: Signal, direction: Direction, value: float, expected: tuple[float, float]
) -> dict[str, Any]:
    """``{"judge": {"mover": ..., "text": ...}}`` where the anchors of a signal's judge say anything, else nothing.

    Args:
        tx: Where it was noted.
        signal: The evaluator's rate.
        direction: Where it went.
        value: Its rate.
        expected: Between what it is usual.
    """
    known = None if signal.evaluator is None else drift_told(tx, signal.evaluator)
    if known is None:
        return {}
    low, high = expected
    is_explained = low <= value - share_turned(known) <= high
    mover = mover_of(known, rises=direction is not Direction.DOWN, is_explained=is_explained)
    return {"judge": {"mover": str(mover), "text": _text(mover, known)}}


def drift_told(tx: Tx, evaluator: str) -> Drift | None:
    """What the anchors said last of a judge."""
    told = tx.state.job_outcome(DRIFT + evaluator)
    if not isinstance(told, dict) or set(told) != set(Drift.__slots__):
        return None
    return Drift(**told)


def _text(mover: Mover, known: Drift) -> str:
    if mover is Mover.AGENT:
        same = known.n - known.to_yes - known.to_no
        return f"the agent moved, not the judge: it judges {same} of {known.n} known conversations as before"
    turned = (
        f"of {known.n} known conversations it now says yes to {known.to_yes} more and to {known.to_no} fewer, "
        f"and is right on {known.right_now:.0%}, before on {known.right_before:.0%}"
    )
    if mover is Mover.JUDGE:
        return f"the judge moved, perhaps not the agent: {turned}"
    return f"both moved, the agent and the judge: {turned}"
