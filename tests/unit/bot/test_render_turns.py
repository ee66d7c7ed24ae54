"""A card counts turns as evaluators and the full conversation do: a system prompt is the first."""

from __future__ import annotations

from contextlib import closing

from made import NOW, ingest, talk

from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.model import Score
from traces.store import open_store
from traces.store.reviews import ReviewItem


def test_the_turn_that_an_evaluator_names_is_among_those_that_the_card_counts():
    sent = talk("c-1", "I want my money back.", "I cannot help with that.")
    sent["messages"].insert(0, {"role": "system", "content": "You are the agent of a shop."})
    item = ReviewItem(item_id="i-1", conversation_id="c-1", evaluator="refusal", reason="Turn 3.", picked_at=NOW)
    with closing(open_store("sqlite://")) as store:
        ingest(store, sent)
        with store.begin() as tx:
            tx.scores.put({"c-1": [Score(name="refusal", value=1.0, turn=2, explanation="Turn 3 refuses.")]}, NOW)
            tx.reviews.pick(item)
            card = Renderer([Refusal()], {}).flagged(tx, item)
    assert card is not None
    assert card.turns_total == 3
    assert card.telling is not None
    assert "cannot" in card.turns[card.telling].text
