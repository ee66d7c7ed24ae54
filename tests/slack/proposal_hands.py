"""Clicks on what is proposed: a revision of a judge's criterion, and a threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_house import NOON, House, conversation
from slack_people import Request, Someone, controls
from web_double import REVIEW

from bot.calibration.proposals import REVISION
from bot.calibration.thresholds import ask
from bot.config.judges import JudgeSettings
from bot.config.settings import Settings
from bot.wiring.evaluators import criteria_of
from evaluators.judge.alignment import Case, basis_of
from evaluators.judge.trial import Tried, compare
from traces.conversation_format import parse_conversation
from traces.store.proposals import Proposal, ProposalState
from traces.store.thresholds import Move, MoveState

JUDGE = JudgeSettings(name="promise", question="A promise?", model="scripted", sample_rate=0)


def a_revision(judge: JudgeSettings, talk: Mapping[str, Any], *, labels: int) -> Proposal:
    """A revision of a judge's criterion that is right on every one of so many labels, all of them on one conversation."""
    (criterion,) = criteria_of(Settings(judges=(judge,)))
    read = parse_conversation(talk, received_at=NOON)
    cases = [
        Tried(case=Case(conversation=read, truth=n < labels // 2), current=1.0, proposed=float(n < labels // 2))
        for n in range(labels)
    ]
    found = compare(cases, attempt=1)
    assert found is not None
    wrong = [{"conversation_id": talk["id"], "truth": False, "current": 1.0, "proposed": 0.0}]
    return Proposal(
        proposal_id="p1",
        evaluator=judge.name,
        created_at=NOON,
        basis=basis_of(criterion),
        before_version="1",
        version="2",
        guidance="Caution is no promise.",
        report={"comparison": found.to_json(), "wrong": wrong, "wrong_total": 1},
    )


def on_proposal(action_id: str, *, approved: bool = False) -> Callable[[House, Someone], Request]:
    """A click on a revision of a judge's criterion, which waits or is in force."""

    def make(hark: House, who: Someone) -> Request:
        state = ProposalState.APPROVED if approved else ProposalState.PROPOSED
        proposal = replace(a_revision(JUDGE, conversation("c-9", NOON), labels=19), state=state)
        with hark.store.begin() as tx:
            if tx.proposals.get("p1") is None:
                tx.proposals.add(proposal)
            tx.outbox.request(kind=REVISION, subject_id="p1", channel=REVIEW, at=NOON)
        return _pressed(hark, action_id, who)

    return make


def on_threshold(action_id: str, *, approved: bool = False) -> Callable[[House, Someone], Request]:
    """A click on a threshold, which waits or was approved."""

    def make(hark: House, who: Someone) -> Request:
        move = Move(
            evaluator="refusal", at=NOON, state=MoveState.PROPOSED, threshold=0.4, before=0.5, by="hark", reason="so"
        )
        with hark.store.begin() as tx:
            is_new = not tx.thresholds.moves("refusal")
            if is_new:
                tx.thresholds.add(move)
            ask(tx, "refusal", REVIEW, NOON)
            if is_new and approved:
                tx.thresholds.add(replace(move, state=MoveState.APPLIED, by="U0ADMIN"))
        return _pressed(hark, action_id, who)

    return make


def _pressed(hark: House, action_id: str, who: Someone) -> Request:
    hark.deliver()
    card = next(m for m in hark.slack.roots(REVIEW) if action_id in controls(m))
    return hark.hands.press(REVIEW, card["ts"], action_id, who)
