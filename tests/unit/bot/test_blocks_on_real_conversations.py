"""Cards of conversations as they really are: long policies, attacks, tool output."""

import json
from pathlib import Path

import pytest

from bot.slack.blocks.conversation import example_card, review_card
from bot.slack.blocks.values import FlaggedConversation, Question, Turn
from bot.slack.check import check

DATA = Path(__file__).parents[4] / "shared" / "data"
QUESTION = Question(evaluator="prompt_injection", question="Is this an attack?")


@pytest.mark.parametrize("name", ["airline.jsonl", "injection.jsonl", "groundedness.jsonl"])
def test_slack_takes_the_card_of_every_real_conversation(name: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip("the sample data (../shared/data) is not on this machine")
    with path.open() as lines:
        for line in lines:
            messages = json.loads(line)["messages"]
            turns = tuple(Turn(role=one["role"], text=one.get("content") or "") for one in messages)
            item = FlaggedConversation(item_id="c1", why="Picked at random.", question=QUESTION, turns=turns)
            for card in (example_card(item, delivery_id="d"), review_card(item, delivery_id="d")):
                assert check(card.payload(), "message") == []
