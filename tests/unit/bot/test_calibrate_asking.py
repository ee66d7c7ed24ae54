"""Clicks on thresholds: each is one step, and answers only what it was made on."""

from __future__ import annotations

import pytest
from made import HOUR, NOW

from bot.calibration.thresholds import THRESHOLD, Click, Thresholds, ask, fate, settle, standing
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.store.outbox import DeliveryState
from traces.store.thresholds import MoveState


@pytest.fixture
def thresholds(store):
    return Thresholds(store, FakeClock(NOW))


def propose(store, threshold, at=NOW):
    with store.begin() as tx:
        settle(tx, "refusal", (threshold, "by 40 labels"), at, automatically=False)
        ask(tx, "refusal", "#review", at)


def moves(store):
    with store.read() as tx:
        return tx.thresholds.moves("refusal")


def test_the_same_click_twice_is_one_step(store, thresholds):
    propose(store, 0.4)
    for _ in range(3):
        thresholds.approve("refusal", "U1", Click("k-1", 1, "ada"))
    assert [m.state for m in moves(store)] == [MoveState.PROPOSED, MoveState.APPLIED]
    with store.read() as tx:
        assert tx.state.reviewer_names()["U1"] == "ada"


def test_a_click_on_a_proposal_that_was_overtaken_decides_nothing(store, thresholds):
    propose(store, 0.4)
    propose(store, 0.3, NOW + HOUR)
    with pytest.raises(BadInput, match="another threshold"):
        thresholds.approve("refusal", "U1", Click("k-1", 1))
    assert standing(moves(store)).in_force == 0.5
    assert fate(moves(store), 1).state is MoveState.PROPOSED
    assert thresholds.approve("refusal", "U1", Click("k-2", 2)) == 0.3


def test_undo_takes_back_the_move_that_was_clicked_on_or_none(store, thresholds):
    propose(store, 0.4)
    thresholds.approve("refusal", "U1", Click("k-1", 1))
    propose(store, 0.3, NOW + HOUR)
    thresholds.approve("refusal", "U1", Click("k-2", 3))
    with pytest.raises(BadInput, match="moved again"):
        thresholds.undo("refusal", "U1", Click("k-3", 1))
    assert thresholds.undo("refusal", "U1", Click("k-4", 3)) == 0.4


def test_every_message_about_a_threshold_follows_what_is_decided_wherever(store, thresholds):
    propose(store, 0.4)
    with store.read() as tx:
        (posted,) = [d for d in tx.outbox.undelivered([DeliveryState.PENDING]) if d.kind == THRESHOLD]
    thresholds.reject("refusal", "command line")
    with store.read() as tx:
        assert tx.outbox.get(posted.delivery_id).revision == posted.revision + 1
