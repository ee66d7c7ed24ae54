"""People decide on what is proposed for judges: approve, reject, undo. The running judges follow within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.jobs.calibrate import outdate
from bot.slack.access import Person
from evaluators.judge.alignment import basis_of
from evaluators.judge.criterion import Criterion
from traces.clock import Clock
from traces.errors import BadInput
from traces.model import AuditEntry
from traces.store import Store, Tx
from traces.store.proposals import Proposal, ProposalState

REVISION: Final = "judge_revision"
"""The kind of the outbox's message that proposes a revision."""
_ACTIONS: Final = {
    ProposalState.APPROVED: "judge.approve",
    ProposalState.REJECTED: "judge.reject",
    ProposalState.UNDONE: "judge.undo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """Takes people's word on proposals.

    Attributes:
        criteria: What the judges are asked, as the team wrote it.
    """

    store: Store
    clock: Clock
    criteria: Sequence[Criterion]

    def approve(self, proposal_id: str, person: Person, request_key: str | None = None) -> bool:
        """Have the judge asked in the proposed way from now on; whether this very request did that.

        Raises:
            BadInput: It is not known, decided already, or was tried against something else than what holds now.
        """
        return self._decide(proposal_id, person, request_key, ProposalState.APPROVED)

    def reject(self, proposal_id: str, person: Person, request_key: str | None = None) -> bool:
        """Turn it down; whether this very request did that.

        Raises:
            BadInput: It is not known, or decided already.
        """
        return self._decide(proposal_id, person, request_key, ProposalState.REJECTED)

    def undo(self, proposal_id: str, person: Person, request_key: str | None = None) -> bool:
        """Go back to what the judge was asked before it was approved; whether this very request did that.

        Raises:
            BadInput: It is not known, not in force, or a later one is.
        """
        return self._decide(proposal_id, person, request_key, ProposalState.UNDONE)

    def _decide(self, proposal_id: str, person: Person, request_key: str | None, state: ProposalState) -> bool:
        with self.store.begin() as tx:
            now = self.clock.now()
            if request_key is not None and not tx.state.first_time(request_key, now):
                return False
            proposal = tx.proposals.get(proposal_id)
            if proposal is None:
                raise BadInput("this proposal is no longer known", "proposal")
            tx.proposals.one_at_a_time(proposal.evaluator)
            in_force = tx.proposals.in_force().get(proposal.evaluator)
            expecting = self._expected(proposal, in_force, state)
            if not tx.proposals.decide(proposal_id, expecting, state, person.user_id, now):
                raise BadInput(_already(tx.proposals.get(proposal_id) or proposal), "proposal")
            tx.state.name_reviewer(person.user_id, person.name)
            tx.audit.add(_entry(proposal, state, person, now, request_key))
            if state is not ProposalState.REJECTED:
                _begin_anew(tx, proposal.evaluator, now)
            show(tx, proposal.evaluator, now)
            return True

    def _expected(self, proposal: Proposal, in_force: Proposal | None, state: ProposalState) -> ProposalState:
        """The state from which it may go to ``state``."""
        if state is ProposalState.UNDONE:
            if proposal.state is ProposalState.APPROVED and (in_force or proposal).proposal_id != proposal.proposal_id:
                raise BadInput(f"a later revision of {proposal.evaluator} is in force; undo that one first", "proposal")
            return ProposalState.APPROVED
        if state is ProposalState.APPROVED and proposal.state is ProposalState.PROPOSED:
            own = next((c for c in self.criteria if c.name == proposal.evaluator), None)
            if own is None:
                raise BadInput(f"there is no judge {proposal.evaluator} any more", "proposal")
            standing = in_force.proposal_id if in_force is not None and in_force.basis == basis_of(own) else ""
            if (basis_of(own), standing) != (proposal.basis, proposal.replaces):
                raise BadInput(
                    f"the criterion of {proposal.evaluator} has changed since this was tried; reject it, and what helps now "
                    "is proposed anew",
                    "proposal",
                )
        return ProposalState.PROPOSED


def added_to(tx: Tx, criterion: Criterion) -> Proposal | None:
    """The approved revision of a criterion; ``None`` where there is none, or it was made for other words of the team."""
    found = tx.proposals.in_force().get(criterion.name)
    return found if found is not None and found.basis == basis_of(criterion) else None


def show(tx: Tx, evaluator: str, at: datetime) -> None:
    """Have the messages about an evaluator's proposals drawn anew, where they stand."""
    for one in tx.proposals.every(evaluator):
        posted = tx.outbox.get(f"{REVISION}:{one.proposal_id}")
        if posted is not None:
            tx.outbox.request(kind=REVISION, subject_id=one.proposal_id, channel=posted.channel, at=at)


def _begin_anew(tx: Tx, evaluator: str, now: datetime) -> None:
    """Another judge speaks: its calibration is looked at again, and that it says something else is no drift."""
    outdate(tx, evaluator, now)
    if anchors := tx.anchors.of(evaluator):
        tx.anchors.freeze(evaluator, anchors)


def _already(proposal: Proposal) -> str:
    if proposal.state is ProposalState.PROPOSED:
        return "this proposal was not approved, so there is nothing to undo"
    return f"this proposal was {proposal.state} already"


def _entry(
    proposal: Proposal, state: ProposalState, person: Person, now: datetime, request_key: str | None
) -> AuditEntry:
    before, after = proposal.before_version, proposal.version
    if state is ProposalState.UNDONE:
        before, after = after, before
    if state is ProposalState.REJECTED:
        after = before
    return AuditEntry(
        at=now,
        actor=person.user_id,
        action=_ACTIONS[state],
        subject=f"evaluator:{proposal.evaluator}",
        before={"version": before, "proposal": proposal.proposal_id},
        after={"version": after, "state": state.value},
        request_key=request_key,
    )
