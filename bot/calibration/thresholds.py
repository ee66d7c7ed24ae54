"""Thresholds in force: moved by what labels prove, at once or when a person approves, and taken back on demand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.slack.blocks.tokens import ref_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store, Tx
from traces.store.thresholds import Move, MoveState

CALIBRATE: Final = "calibrate:"
"""Job under which it is noted, by evaluator, what was calibrated last."""
HARK: Final = "hark"
THRESHOLD: Final = "threshold"
"""The kind of the outbox's message that proposes a threshold."""
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


@dataclass(frozen=True, slots=True)
class Click:
    """What makes a click the same one when it is sent again, and which move it is on, from 1."""

    request_key: str
    number: int
    name: str = ""
    """How who clicked is called."""


class Thresholds:
    """Takes people's word on thresholds; the next calibration, seconds later, goes by it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def approve(self, evaluator: str, person: str, click: Click | None = None) -> float:
        """Put the proposed threshold in force; returns it.

        Raises:
            BadInput: Nothing is proposed, or the click is on another proposal.
        """
        return self._answer(evaluator, person, click, MoveState.APPLIED, "approved")

    def reject(self, evaluator: str, person: str, click: Click | None = None) -> float:
        """Turn the proposed threshold down; returns the one that stays in force.

        Raises:
            BadInput: Nothing is proposed, or the click is on another proposal.
        """
        return self._answer(evaluator, person, click, MoveState.REJECTED, "rejected")

    def undo(self, evaluator: str, person: str, click: Click | None = None) -> float:
        """Go back to the threshold before the last move, and stay there until a person approves another; returns it.

        Raises:
            BadInput: It was never moved, or the last move is undone already, or is not the one that was clicked on.
        """
        with self._store.begin() as tx:
            moves = tx.thresholds.moves(evaluator)
            now, at = standing(moves), self._clock.now()
            if click is not None and not _is_new(tx, click, person, at):
                return now.in_force
            last = last_moved(moves)
            if last is None or last.state is MoveState.UNDONE:
                raise BadInput(f"the threshold of {evaluator} has no move to undo", "evaluator")
            if click is not None and fate(moves, click.number) is not last:
                raise BadInput(f"the threshold of {evaluator} has moved again since; undo that move", "evaluator")
            _move(tx, now, evaluator, MoveState.UNDONE, last.before, at, person, "undone")
            _told(tx, evaluator, at)
            return last.before

    def _answer(self, evaluator: str, person: str, click: Click | None, state: MoveState, reason: str) -> float:
        with self._store.begin() as tx:
            moves = tx.thresholds.moves(evaluator)
            now, at = standing(moves), self._clock.now()
            if click is not None and not _is_new(tx, click, person, at):
                return now.in_force
            if now.proposed is None:
                raise BadInput(f"no threshold of {evaluator} waits for approval", "evaluator")
            if click is not None and moves[click.number - 1 : click.number] != [now.proposed]:
                raise BadInput(f"another threshold of {evaluator} is proposed by now", "evaluator")
            threshold = now.proposed.threshold
            _move(tx, now, evaluator, state, threshold, at, person, f"{reason}: {now.proposed.reason}")
            _told(tx, evaluator, at)
            return threshold if state is MoveState.APPLIED else now.in_force


def last_moved(moves: Sequence[Move]) -> Move | None:
    """The last step that changed what is in force."""
    return next((m for m in reversed(moves) if m.state in (MoveState.APPLIED, MoveState.UNDONE)), None)


def fate(moves: Sequence[Move], number: int) -> Move | None:
    """The step that answered the proposal of a number, or overtook it; ``None`` while it waits.

    Args:
        moves: All moves of one evaluator.
        number: Which of them is the proposal, from 1.
    """
    later = (m for m in moves[number:] if m.state is not MoveState.UNDONE)
    return next(later, None)


def ask(tx: Tx, evaluator: str, channel: str, at: datetime) -> None:
    """Have people asked in a channel about the threshold that waits for their word, once; earlier messages follow."""
    moves = tx.thresholds.moves(evaluator)
    proposed = standing(moves).proposed
    if proposed is None:
        return
    subject = subject_of(evaluator, len(moves) - moves[::-1].index(proposed))
    if tx.outbox.get(f"{THRESHOLD}:{subject}") is None:
        _show(tx, evaluator, at)
        tx.outbox.request(kind=THRESHOLD, subject_id=subject, channel=channel, at=at)


def subject_of(evaluator: str, number: int) -> str:
    """What a message about the move of a number is about."""
    return f"{ref_of(evaluator)}.{number}"


def found_by(tx: Tx, ref: str) -> tuple[str, list[Move]]:
    """The evaluator that a reference stands for, and its moves.

    Raises:
        BadInput: There is none.
    """
    by_name: dict[str, list[Move]] = {}
    for move in tx.thresholds.moves():
        by_name.setdefault(move.evaluator, []).append(move)
    for name, moves in by_name.items():
        if ref_of(name) == ref:
            return name, moves
    raise BadInput("this threshold is no longer known", "evaluator")


def _is_new(tx: Tx, click: Click, person: str, at: datetime) -> bool:
    if click.name:
        tx.state.name_reviewer(person, click.name)
    return tx.state.first_time(click.request_key, at)


def _told(tx: Tx, evaluator: str, at: datetime) -> None:
    """Have the next calibration go by it, and what stands in Slack say so."""
    tx.state.job_ran(CALIBRATE + evaluator, at, None)
    _show(tx, evaluator, at)


def _show(tx: Tx, evaluator: str, at: datetime) -> None:
    numbers = [n for n, move in enumerate(tx.thresholds.moves(evaluator), 1) if move.state is MoveState.PROPOSED]
    for subject in (subject_of(evaluator, number) for number in numbers):
        posted = tx.outbox.get(f"{THRESHOLD}:{subject}")
        if posted is not None:
            tx.outbox.request(kind=THRESHOLD, subject_id=subject, channel=posted.channel, at=at)


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
