"""What a card of a flagged conversation shows of it, whoever quoted it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.slack.blocks.surface import Message
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.ingest import offer, take_conversations
from traces.model import Score
from traces.store import open_store
from traces.store.reviews import ReviewItem

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIL = "jo.bloggs@example.com"
SENT = {
    "id": "c-1",
    "started_at": "2026-11-20T11:00:00Z",
    "messages": [
        {"role": "user", "content": f"Write to {MAIL}"},
        {"role": "assistant", "content": f"I can't write to {MAIL}."},
    ],
}


def card_of(item: ReviewItem, score: Score) -> Message:
    store = open_store("sqlite://")
    try:
        with store.begin() as tx:
            take_conversations(tx, [offer(SENT, NOW)], NOW)
            tx.scores.put({"c-1": [score]}, NOW)
            tx.reviews.pick(item)
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
