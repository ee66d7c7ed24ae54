"""Thresholds in force: moved by what labels prove, at once or when a person approves, and taken back on demand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store, Tx
from traces.store.thresholds import Move, MoveState

CALIBRATE: Final = "calibrate:"
"""Job under which it is noted, by evaluator, what was calibrated last."""
HARK: Final = "hark"
_USUAL: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a threshold stands after its moves.

    Attributes:
        in_force: The cut that verdicts go by.
        proposed: What waits for a person's word.
        declined: Cuts that were rejected or undone: they are not proposed again.
        is_held: Whether a person has taken a move back: then nothing moves by itself any more until one approves.
    """

    in_force: float = _USUAL
    proposed: Move | None = None
    declined: frozenset[float] = frozenset()
    is_held: bool = False


def standing(moves: Sequence[Move]) -> Standing:
    """What all moves of one evaluator come to."""
    now = Standing()
    for move in moves:
        if move.state is MoveState.APPLIED:
            now = Standing(in_force=move.threshold, declined=now.declined)
        elif move.state is MoveState.PROPOSED:
            now = Standing(in_force=now.in_force, proposed=move, declined=now.declined, is_held=now.is_held)
        elif move.state is MoveState.REJECTED:
            declined = now.declined | {move.threshold}
            now = Standing(in_force=now.in_force, declined=declined, is_held=now.is_held)
        else:
            now = Standing(in_force=move.threshold, declined=now.declined | {move.before}, is_held=True)
    return now


def settle(tx: Tx, evaluator: str, wanted: tuple[float, str], at: datetime, *, automatically: bool) -> float:
    """Move a threshold to what labels want, or propose it; returns the one in force then.

    Args:
        tx: A transaction that writes.
        evaluator: Whose threshold it is.
        wanted: The cut, and why, for people.
        at: The time.
        automatically: Whether it moves without a person's word.
    """
    threshold, reason = wanted
    now = standing(tx.thresholds.moves(evaluator))
    if math.isclose(threshold, now.in_force, rel_tol=1e-9):
        return now.in_force
    if automatically and not now.is_held:
        _move(tx, now, evaluator, MoveState.APPLIED, threshold, at, HARK, reason)
        return threshold
    is_known = now.proposed is not None and math.isclose(now.proposed.threshold, threshold, rel_tol=1e-9)
    if not is_known and threshold not in now.declined:
        _move(tx, now, evaluator, MoveState.PROPOSED, threshold, at, HARK, reason)
    return now.in_force


class Thresholds:
    """Takes people's word on thresholds; the next calibration, seconds later, goes by it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def approve(self, evaluator: str, person: str) -> float:
        """Put the proposed threshold in force; returns it.

        Raises:
            BadInput: Nothing is proposed.
        """
        return self._answer(evaluator, person, MoveState.APPLIED, "approved")

    def reject(self, evaluator: str, person: str) -> float:
        """Turn the proposed threshold down; returns the one that stays in force.

        Raises:
            BadInput: Nothing is proposed.
        """
        return self._answer(evaluator, person, MoveState.REJECTED, "rejected")

    def undo(self, evaluator: str, person: str) -> float:
        """Go back to the threshold before the last move, and stay there until a person approves another; returns it.

        Raises:
            BadInput: It was never moved, or the last move is undone already.
        """
        with self._store.begin() as tx:
            moves = tx.thresholds.moves(evaluator)
            now = standing(moves)
            last = next((m for m in reversed(moves) if m.state in (MoveState.APPLIED, MoveState.UNDONE)), None)
            if last is None or last.state is MoveState.UNDONE:
                raise BadInput(f"the threshold of {evaluator} has no move to undo", "evaluator")
            _move(tx, now, evaluator, MoveState.UNDONE, last.before, self._clock.now(), person, "undone")
            tx.state.job_ran(CALIBRATE + evaluator, self._clock.now(), None)
            return last.before

    def _answer(self, evaluator: str, person: str, state: MoveState, reason: str) -> float:
        with self._store.begin() as tx:
            now = standing(tx.thresholds.moves(evaluator))
            if now.proposed is None:
                raise BadInput(f"no threshold of {evaluator} waits for approval", "evaluator")
            at, threshold = self._clock.now(), now.proposed.threshold
            _move(tx, now, evaluator, state, threshold, at, person, f"{reason}: {now.proposed.reason}")
            tx.state.job_ran(CALIBRATE + evaluator, at, None)
            return threshold if state is MoveState.APPLIED else now.in_force


def _move(
    tx: Tx, now: Standing, evaluator: str, state: MoveState, threshold: float, at: datetime, by: str, reason: str
) -> None:
    tx.thresholds.add(
        Move(
            evaluator=evaluator,
            at=at,
            state=state,
            threshold=threshold,
            before=now.in_force,
            by=by,
            reason=reason,
        )
    )
    tx.audit.add(
        AuditEntry(
            at=at,
            actor=by,
            action=f"threshold.{state}",
            subject=f"evaluator:{evaluator}",
            before=now.in_force,
            after=threshold,
        )
    )
