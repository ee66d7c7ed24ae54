"""Proposals for judges' criteria: what waits, what is in force, and that two people do not decide twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import HOUR, NOW

from traces.store.proposals import Proposal, ProposalState, ShownExample

FIRST = Proposal(
    proposal_id="p-1",
    evaluator="policy",
    created_at=NOW,
    basis="b",
    before_version="1",
    version="2",
    guidance="Caution is no promise.",
    examples=(
        ShownExample(conversation_id="c-1", text="one", verdict="no", explanation="why"),
        ShownExample(conversation_id="c-2", text="two", verdict="yes"),
    ),
    report={"gain": [0.3, 0.1, 0.5]},
)
SECOND = replace(FIRST, proposal_id="p-2", created_at=NOW + HOUR, replaces="p-1", version="3", examples=())


def decide(store, proposal_id, expecting, state, at=NOW, by="U1"):
    with store.begin() as tx:
        return tx.proposals.decide(proposal_id, expecting, state, by, at)


@pytest.fixture
def filled(store):
    with store.begin() as tx:
        tx.proposals.add(FIRST)
        tx.proposals.add(SECOND)
        tx.proposals.add(replace(SECOND, proposal_id="p-3", evaluator="goal"))
    return store


def test_what_is_stored_comes_back_whole_and_in_order(filled):
    with filled.read() as tx:
        assert tx.proposals.get("p-1") == FIRST
        assert [one.proposal_id for one in tx.proposals.every("policy")] == ["p-1", "p-2"]
        assert [one.proposal_id for one in tx.proposals.waiting()] == ["p-1", "p-2", "p-3"]
        assert tx.proposals.in_force() == {}
        assert tx.proposals.get("p-9") is None


def test_the_last_approved_is_in_force_and_undone_the_one_before(filled):
    waiting, approved = ProposalState.PROPOSED, ProposalState.APPROVED
    assert decide(filled, "p-1", waiting, approved)
    assert decide(filled, "p-2", waiting, approved, at=NOW + HOUR)
    with filled.read() as tx:
        assert tx.proposals.in_force()["policy"].proposal_id == "p-2"
    assert decide(filled, "p-2", approved, ProposalState.UNDONE)
    with filled.read() as tx:
        found = tx.proposals.in_force()
        assert {name: one.proposal_id for name, one in found.items()} == {"policy": "p-1"}
        assert (found["policy"].decided_by, found["policy"].decided_at) == ("U1", NOW)


def test_of_two_people_who_decide_one_does(filled):
    assert decide(filled, "p-1", ProposalState.PROPOSED, ProposalState.REJECTED)
    assert not decide(filled, "p-1", ProposalState.PROPOSED, ProposalState.APPROVED, by="U2")
    with filled.read() as tx:
        assert tx.proposals.get("p-1").state is ProposalState.REJECTED
