"""What a card of a flagged conversation shows of it, whoever quoted it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

from alerts.explaining.failed import why_failed
from alerts.signals import EVALUATOR_FAILURE
from bot.calibration.proposed import Proposed
from bot.slack.blocks.surface import Message
from bot.slack.render import Renderer
from evaluators.judge.trial import Bounded, Comparison, Measured
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.ingest import offer, take_conversations
from traces.model import EvaluatorFailure, Label, Score
from traces.store import open_store
from traces.store.proposals import Proposal, ShownExample
from traces.store.reviews import ReviewItem

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIL = "jo.bloggs@example.com"
SENT = {
    "id": "c-1",
    "started_at": "2026-11-20T11:00:00Z",
    "messages": [
        {"role": "user", "content": f"Write to {MAIL}"},
        {"role": "tool", "name": f"mail to {MAIL}", "content": f"Sent to {MAIL}"},
        {"role": "assistant", "content": f"I can't write to {MAIL}."},
    ],
}


def card_of(item: ReviewItem, score: Score, *labels: Label) -> Message:
    store = open_store("sqlite://")
    try:
        with store.begin() as tx:
            take_conversations(tx, [offer(SENT, NOW)], NOW)
            tx.scores.put({"c-1": [score]}, NOW)
            tx.reviews.pick(item)
            for label in labels:
                tx.reviews.put_label(label)
            delivery = tx.outbox.get(tx.outbox.request(kind="review", subject_id=item.item_id, channel="#r", at=NOW))
            assert delivery is not None
            message = Renderer([Refusal()], {}).message(tx, delivery)
            assert message is not None
            return message
    finally:
        store.close()


@pytest.mark.parametrize("field", ["reason", "explanation", "label"])
def test_an_address_quoted_by_an_evaluator_does_not_reach_slack(field: str) -> None:
    quoted = f"It said: write to {MAIL}"
    score = Score(
        name="refusal",
        value=1.0,
        explanation=quoted if field == "explanation" else None,
        label=quoted if field == "label" else None,
    )
    reason = quoted if field == "reason" else "Flagged by refusal."
    item = ReviewItem(item_id="i-1", conversation_id="c-1", evaluator="refusal", reason=reason, picked_at=NOW)
    assert MAIL not in repr(card_of(item, score).payload())
    assert "[email]" in repr(card_of(item, score).payload())


def test_a_note_of_a_reviewer_is_shown_without_the_address_that_it_quotes() -> None:
    item = ReviewItem(item_id="i-1", conversation_id="c-1", evaluator="refusal", reason="Flagged.", picked_at=NOW)
    note = Label(conversation_id="c-1", name="refusal", value=1.0, reviewer="U1", at=NOW, note=f"She meant {MAIL}")
    shown = repr(card_of(item, Score(name="refusal", value=1.0), note).payload())
    assert MAIL not in shown
    assert "She meant [email]" in shown


def test_what_a_failing_evaluator_quotes_is_told_without_the_address() -> None:
    with closing(open_store("sqlite://")) as store, store.begin() as tx:
        take_conversations(tx, [offer(SENT, NOW)], NOW)
        tx.scores.put({"c-1": [EvaluatorFailure(name="polite", reason="bug", message=f"no {MAIL}")]}, NOW)
        told = why_failed(tx, EVALUATOR_FAILURE, ["c-1"])
    assert MAIL not in repr(told)
    assert "[email]" in repr(told)


def test_a_proposal_is_shown_without_the_addresses_in_its_examples_and_in_what_a_model_said_of_them() -> None:
    half = Bounded(0.5, 0.4, 0.6)
    side = Measured(n=20, right=10, tpr=half, tnr=half, informedness=half, kappa=half)
    tried = Comparison(
        current=side, proposed=side, gain=half, surely=0.1, kappa_gain=half, kappa_surely=0.1, mended=1, spoilt=0,
        p=0.5, level=0.05,
    )  # fmt: skip
    proposal = Proposal(
        proposal_id="p-1",
        evaluator="refusal",
        created_at=NOW,
        basis="b",
        before_version="1",
        version="2",
        examples=(ShownExample(conversation_id="c-1", text=f'recorded\n1 user: "Write to {MAIL}"', verdict="no"),),
        report={"comparison": tried.to_json(), "problem": f"it takes {MAIL} for a refusal"},
    )
    with closing(open_store("sqlite://")) as store, store.begin() as tx:
        tx.proposals.add(proposal)
        delivery = tx.outbox.get(tx.outbox.request(kind="revision", subject_id="p-1", channel="#r", at=NOW))
        assert delivery is not None
        proposed = Proposed(store=store, clock=FakeClock(NOW), renderer=Renderer([Refusal()], {}))
        message = proposed.revision(tx, delivery)
    assert message is not None
    shown = repr(message.payload())
    assert MAIL not in shown
    assert shown.count("[email]") == 2
