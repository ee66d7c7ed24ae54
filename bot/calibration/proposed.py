"""Draws what waits for an admin's word, and what became of it, from what the store holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.calibration.thresholds import fate, found_by, last_moved, standing
from bot.jobs.align import last_told
from bot.slack.blocks.proposals import (
    Decided,
    RevisionCard,
    Standing,
    ThresholdCard,
    Waiting,
    disagreements_modal,
    revision_message,
    said_text,
    state_lines,
    threshold_message,
)
from bot.slack.blocks.surface import Message, View
from bot.slack.blocks.tokens import Token, ref_of
from bot.slack.blocks.values import ConversationLine, Turn
from bot.slack.render import Renderer, excerpt
from bot.slack.text import Block
from evaluators.judge.trial import comparison_of
from traces.clock import Clock
from traces.errors import BadInput
from traces.histogram import Rollup
from traces.model import EVERYTHING, Score
from traces.redact import redact
from traces.store import Store, Tx
from traces.store.outbox import Delivery
from traces.store.proposals import Proposal, ProposalState
from traces.store.rollups import DAY_S, bucket_start
from traces.store.scores import Outcome
from traces.store.thresholds import Move, MoveState

_WEEK: Final = timedelta(days=7)
_LISTED: Final = 10
_EXCERPT: Final = 200
_TELLING: Final = 3
_GONE: Final = "this proposal is no longer known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Cards of proposals."""

    store: Store
    clock: Clock
    renderer: Renderer

    # --- judges ---

    def revision(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message about a revision; ``None`` when it is gone."""
        proposal = tx.proposals.get(delivery.subject_id)
        if proposal is None:
            return None
        return revision_message(self.revision_card(tx, proposal), delivery_id=delivery.delivery_id)

    def revision_card(self, tx: Tx, proposal: Proposal) -> RevisionCard:
        """A proposal as people see it."""
        report: dict[str, Any] = dict(proposal.report)
        in_force = tx.proposals.in_force().get(proposal.evaluator)
        names = tx.state.reviewer_names()
        return RevisionCard(
            proposal_id=proposal.proposal_id,
            evaluator=proposal.evaluator,
            question=self.renderer.question(proposal.evaluator).question,
            comparison=comparison_of(report["comparison"]),
            guidance=proposal.guidance,
            before=str(report.get("before") or ""),
            problem=redact(str(report.get("problem") or "")).text,
            examples=tuple((example.verdict, redact(_spoken(example.text)).text) for example in proposal.examples),
            decided=Decided(
                standing=_STANDING[proposal.state],
                by=names.get(proposal.decided_by, proposal.decided_by),
                at=proposal.decided_at,
            ),
            can_undo=in_force is not None and in_force.proposal_id == proposal.proposal_id,
            wrong=int(report.get("wrong_total") or 0),
            cost_usd=float(report.get("cost_usd") or 0.0),
        )

    def disagreements_of(self, proposal_id: str) -> View:
        """The window with the held-out conversations on which somebody was wrong.

        Raises:
            BadInput: The proposal is gone.
        """
        with self.store.read() as tx:
            proposal = tx.proposals.get(proposal_id)
            if proposal is None:
                raise BadInput(_GONE)
            report: dict[str, Any] = dict(proposal.report)
            wrong = {one["conversation_id"]: one for one in report.get("wrong", ())}
            found = tx.conversations.many(list(wrong)[:_LISTED])
            said = tx.scores.current(found)
            items = {item.conversation_id: item.item_id for item in tx.reviews.items_of(found)}
            lines = [
                ConversationLine(
                    why=said_text(truth=one["truth"], current=one["current"], proposed=one["proposed"]),
                    excerpt=_gist(excerpt(found[i], _score_of(said.get(i, ()), proposal.evaluator))),
                    at=found[i].started_at,
                    token=Token(items[i]) if i in items else None,
                )
                for i, one in wrong.items()
                if i in found
            ]
        return disagreements_modal(lines, int(report.get("wrong_total") or len(wrong)))

    # --- thresholds ---

    def threshold(self, tx: Tx, delivery: Delivery) -> Message | None:
        """The message about a threshold; ``None`` when it is gone."""
        ref, _, number = delivery.subject_id.partition(".")
        try:
            name, moves = found_by(tx, ref)
        except BadInput:
            return None
        card = self.threshold_card(tx, name, moves, int(number))
        return threshold_message(card, delivery_id=delivery.delivery_id)

    def threshold_card(self, tx: Tx, name: str, moves: Sequence[Move], number: int) -> ThresholdCard:
        """The move of a number, from 1, as people see it."""
        move = moves[number - 1]
        answer = fate(moves, number)
        undone = _undone(moves, number, answer)
        scores = _week_of(tx, name, self.clock.now())
        decided = undone or answer
        names = tx.state.reviewer_names()
        return ThresholdCard(
            token=Token(ref_of(name), str(number)),
            evaluator=name,
            before=move.before,
            threshold=move.threshold,
            reason=move.reason,
            decided=Decided()
            if decided is None
            else Decided(standing=_fate(move, answer, undone), by=names.get(decided.by, decided.by), at=decided.at),
            flags=(scores.at_least(move.before), scores.at_least(move.threshold)),
            n=scores.n,
            can_undo=answer is not None and answer is last_moved(moves) and answer.threshold == move.threshold,
        )

    # --- everything that waits ---

    def waiting(self, tx: Tx, *, may_decide: bool = False) -> Waiting:
        """What waits for somebody's word, for a reader who is an admin or not."""
        revisions = [self.revision_card(tx, proposal) for proposal in tx.proposals.waiting()]
        by_name: dict[str, list[Move]] = {}
        for move in tx.thresholds.moves():
            by_name.setdefault(move.evaluator, []).append(move)
        thresholds = []
        for name, moves in by_name.items():
            proposed = standing(moves).proposed
            if proposed is not None:
                number = len(moves) - moves[::-1].index(proposed)
                thresholds.append(self.threshold_card(tx, name, moves, number))
        return Waiting(revisions=tuple(revisions), thresholds=tuple(thresholds), may_decide=may_decide)

    def state_of(self, tx: Tx, evaluator: str) -> list[Block]:
        """What is proposed for one evaluator, and what became of it."""
        every, found = self.waiting(tx), tx.proposals.in_force().get(evaluator)
        waits = Waiting(
            revisions=tuple(card for card in every.revisions if card.evaluator == evaluator),
            thresholds=tuple(card for card in every.thresholds if card.evaluator == evaluator),
        )
        in_force = None if found is None else self.revision_card(tx, found).decided
        return list(state_lines(waits, in_force, last_told(tx, evaluator).told))


_STANDING: Final[dict[ProposalState, Standing]] = {
    ProposalState.PROPOSED: "proposed",
    ProposalState.APPROVED: "approved",
    ProposalState.REJECTED: "rejected",
    ProposalState.UNDONE: "undone",
}


def _fate(move: Move, answer: Move | None, undone: Move | None) -> Standing:
    if undone is not None:
        return "undone"
    if answer is None:
        return "proposed"
    if answer.threshold != move.threshold or answer.state is MoveState.PROPOSED:
        return "overtaken"
    return "approved" if answer.state is MoveState.APPLIED else "rejected"


def _undone(moves: Sequence[Move], number: int, answer: Move | None) -> Move | None:
    """The step that took an approved proposal back, if it was the next step that moved anything."""
    if answer is None or answer.state is not MoveState.APPLIED or answer.threshold != moves[number - 1].threshold:
        return None
    after = moves[moves.index(answer, number) + 1 :]
    moved = next((m for m in after if m.state in (MoveState.APPLIED, MoveState.UNDONE)), None)
    return moved if moved is not None and moved.state is MoveState.UNDONE else None


def _week_of(tx: Tx, name: str, now: datetime) -> Rollup:
    days = tx.rollups.series(
        name, EVERYTHING, since=bucket_start(now - _WEEK, DAY_S), until=now + timedelta(days=1), resolution_s=DAY_S
    )
    total = Rollup.of(())
    for _, rollup in days:
        total.add(rollup)
    return total


def _spoken(text: str) -> str:
    """An example without the line of ours that precedes it."""
    return text.partition("\n")[2] or text


def _score_of(outcomes: Sequence[Outcome], evaluator: str) -> Score | None:
    return next((one for one in outcomes if isinstance(one, Score) and one.name == evaluator), None)


def _gist(turns: Sequence[Turn]) -> str:
    """The turn that the verdict goes by is the third of an excerpt, or an earlier one where fewer precede it."""
    return " / ".join(turn.text for turn in turns[:_TELLING][-2:])[:_EXCERPT]
