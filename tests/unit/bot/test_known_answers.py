"""Admins say what the known answer is; then it is asked of every reviewer now and then, like any other question."""

from __future__ import annotations

import itertools

import pytest
from made import DAY, HOUR, NOW, ingest, talk

from bot.reviewing.queue import Queue
from bot.reviewing.review import Answer, Review
from bot.reviewing.rules import QueueRules, Votes
from bot.slack.access import Person
from bot.slack.blocks.label_modal import label_modal, parse_label_submission
from bot.slack.blocks.values import Question
from bot.slack.check import check
from bot.slack.render import Renderer
from evaluators.refusal import Refusal
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.model import GOLD
from traces.store.reviews import ReviewItem

ADA, BEN, EVE = (Person(user_id=f"U{name}", name=name, team_id="T1") for name in ("Ada", "Ben", "Eve"))
KEYS = (f"key-{n}" for n in itertools.count())
QUESTION = Question(evaluator="refusal", question="Did the agent refuse?")


@pytest.fixture
def asked(store):
    """Ten questions."""
    ingest(store, *(talk(f"c-{n}", at=NOW - HOUR) for n in range(10)))
    with store.begin() as tx:
        for n in range(10):
            tx.reviews.pick(
                ReviewItem(
                    item_id=f"i-{n}",
                    conversation_id=f"c-{n}",
                    evaluator="refusal",
                    reason="Flagged.",
                    picked_at=NOW - n * HOUR,
                    inclusion_probability=0.5,
                )
            )
    return store


def say(store, item, person, value=1.0, **more):
    return Review(store, FakeClock(NOW)).label(item, Answer(value=value, **more), person, next(KEYS))


def known(store):
    with store.read() as tx:
        return {label.conversation_id: label for label in tx.reviews.labels_named("refusal") if label.reviewer == GOLD}


def served(store, person, known_share=1.0, n=10):
    rules = QueueRules(votes=Votes(double_share=0), known_share=known_share)
    with store.begin() as tx:
        return [i.item_id for i in Queue(store, FakeClock(NOW), rules).next_for(tx, person, n, NOW)]


def test_a_known_answer_is_noted_audited_and_taken_back(asked):
    say(asked, "i-3", ADA, value=0.0, is_known=True)
    [gold] = known(asked).values()
    assert (gold.conversation_id, gold.value, gold.inclusion_probability) == ("c-3", 0.0, 0.5)
    say(asked, "i-3", ADA, value=0.0, is_known=False)
    assert not known(asked)
    with asked.read() as tx:
        actions = [entry.action for entry in tx.audit.entries()]
    assert {"label.known", "label.unknown"} <= set(actions)


def test_who_is_not_sure_knows_nothing(asked):
    with pytest.raises(BadInput, match="not sure"):
        say(asked, "i-3", ADA, value="unsure", is_known=True)
    assert not known(asked)


def test_it_is_asked_of_others_though_one_vote_would_be_enough(asked):
    say(asked, "i-3", ADA, is_known=True)
    assert served(asked, EVE)[0] == "i-3"
    assert "i-3" not in served(asked, ADA)
    say(asked, "i-3", BEN)
    assert "i-3" not in served(asked, BEN)


def test_without_its_turn_nobody_is_asked(asked):
    say(asked, "i-3", ADA, is_known=True)
    assert "i-3" not in served(asked, EVE, known_share=0.0)


def test_about_as_many_are_asked_as_the_rule_says():
    rules = QueueRules()
    turns = sum(rules.is_known_asked(f"U{person}", n) for person in range(40) for n in range(50))
    assert 60 <= turns <= 140


def test_the_card_looks_like_any_other_to_who_has_not_answered(asked):
    say(asked, "i-3", ADA, is_known=True)
    renderer = Renderer([Refusal()], {}, Votes(double_share=0))
    with asked.read() as tx:
        item, other = tx.reviews.item("i-3"), tx.reviews.item("i-4")
        mine, theirs, channel = (renderer.flagged(tx, item, who) for who in (ADA.user_id, EVE.user_id, None))
        plain = renderer.flagged(tx, other, EVE.user_id)
    assert (theirs.votes, theirs.hidden_votes, theirs.wants_votes) == (plain.votes, plain.hidden_votes, True)
    assert [vote.reviewer for vote in mine.votes] == ["Ada"]
    assert [vote.reviewer for vote in channel.votes] == ["Ada"]


@pytest.mark.parametrize("is_known", [None, False, True])
def test_only_who_may_is_asked_in_the_window_whether_it_is_known(is_known):
    view = label_modal("i-3", QUESTION, is_known=is_known).payload()
    assert check(view, "modal") == []
    assert any(block.get("block_id") == "known" for block in view["blocks"]) is (is_known is not None)
    state = {"verdict": {"verdict": {"selected_option": {"value": "yes"}}}}
    if is_known:
        state["known"] = {"known": {"selected_options": [{"value": "known"}]}}
    assert parse_label_submission({**view, "state": {"values": state}}).is_known is is_known


def test_a_known_answer_of_an_old_question_is_still_asked(asked):
    with asked.begin() as tx:
        tx.reviews.pick(
            ReviewItem(item_id="old", conversation_id="c-0", evaluator="other", reason="", picked_at=NOW - 90 * DAY)
        )
    say(asked, "old", ADA, is_known=True)
    assert "old" in served(asked, EVE)
