"""The queue gives each reviewer the next best question, and no question to two people at once."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from made import DAY, HOUR, MINUTE, NOW, alert, ingest, label, talk

from bot.reviewing.queue import PROBLEM, RESERVED_FOR, Queue
from bot.reviewing.review import Answer, Review
from bot.reviewing.rules import QueueRules, Votes
from bot.slack.access import Person
from traces.clock import FakeClock
from traces.errors import BadInput
from traces.model import Score
from traces.store.reviews import ReviewItem

ANN, BEN, EVE = (Person(user_id=f"U{name}", name=name, team_id="T1") for name in ("Ann", "Ben", "Eve"))
ONCE = Votes(double_share=0)
KEYS = (f"key-{n}" for n in itertools.count())


def put(store, *names, evaluator="refusal", at=NOW, **fields):
    """Conversations with a question each; an item is called like its conversation."""
    ingest(store, *(talk(f"c-{name}", at=at - HOUR) for name in names))
    with store.begin() as tx:
        for name in names:
            tx.reviews.pick(
                ReviewItem(
                    item_id=name, conversation_id=f"c-{name}", evaluator=evaluator, reason="", picked_at=at, **fields
                )
            )


def queue(store, *, now=NOW, **rules):
    return Queue(store, FakeClock(now), QueueRules(**{"votes": ONCE, **rules}))


def serve(store, person, n=10, *, now=NOW, after=0, **rules):
    with store.begin() as tx:
        return [i.item_id for i in queue(store, **rules).next_for(tx, person, n, now, after=after)]


def answer(store, name, person, value=1.0, at=NOW):
    Review(store, FakeClock(at)).label(name, Answer(value=value), person, next(KEYS))


def reviewing(store, *people):
    """People who have answered something lately."""
    put(store, *(f"earlier-{person.name}" for person in people), at=NOW - 2 * DAY)
    for person in people:
        answer(store, f"earlier-{person.name}", person, at=NOW - 2 * DAY)


def test_two_people_are_never_given_the_same_question(store):
    reviewing(store, ANN, BEN)
    put(store, *"abcde")
    mine, theirs = serve(store, ANN, 3), serve(store, BEN, 3)
    assert len(mine) == 3
    assert len(theirs) == 2
    assert not set(mine) & set(theirs)


def test_who_only_looks_keeps_the_first_question_and_leaves_the_rest_to_others(store):
    reviewing(store, BEN)
    put(store, *"abcde")
    mine = serve(store, ANN, 5)
    assert len(mine) == 5
    assert sorted(serve(store, BEN, 5)) == sorted(mine[1:])


def test_asking_again_gives_the_same_questions(store):
    put(store, *"abcde")
    assert serve(store, ANN, 3) == serve(store, ANN, 3)


def test_a_question_that_is_not_answered_is_free_for_others_after_a_quarter_of_an_hour(store):
    put(store, "a")
    serve(store, ANN)
    assert serve(store, BEN, now=NOW + RESERVED_FOR - MINUTE) == []
    assert serve(store, BEN, now=NOW + RESERVED_FOR) == ["a"]


def test_what_another_took_in_the_meantime_is_passed_over(store):
    reviewing(store, BEN)
    put(store, *"abc")
    with store.begin() as tx:
        ranked = queue(store).ranked(tx, ANN, NOW)
    theirs = serve(store, BEN, 1)
    with store.begin() as tx:
        mine = queue(store).reserve(tx, ranked, ANN, 3, NOW)
    assert {i.item_id for i in mine} == set("abc") - set(theirs)


def test_what_was_asked_today_has_had_its_turn(store):
    put(store, *"abc", evaluator="refusal")
    put(store, "x", evaluator="rephrase", at=NOW - HOUR)
    answer(store, "a", ANN)
    assert serve(store, ANN, 1) == ["x"]


def test_one_conversation_does_not_fill_the_list(store):
    put(store, "a", "b", evaluator="refusal")
    with store.begin() as tx:
        for name in ("rephrase", "csat"):
            tx.reviews.pick(ReviewItem(item_id=name, conversation_id="c-a", evaluator=name, reason="", picked_at=NOW))
    assert serve(store, ANN, 4).index("b") < 3


def test_the_next_ten_give_the_first_ten_back(store):
    reviewing(store, ANN)
    put(store, *"abcd")
    first = serve(store, ANN, 2)
    second = serve(store, ANN, 2, after=2)
    assert sorted(first + second) == list("abcd")
    assert sorted(serve(store, BEN, 4)) == sorted(first)


def test_an_answered_question_does_not_come_again_to_anybody(store):
    put(store, "a", "b")
    answer(store, "a", ANN)
    assert serve(store, ANN) == ["b"]
    assert serve(store, BEN, now=NOW + DAY) == ["b"]


def test_skipping_hides_a_question_from_this_person_only(store):
    put(store, "a")
    serve(store, ANN)
    assert queue(store).skip("a", ANN, "k")
    assert not queue(store).skip("a", ANN, "k")
    assert serve(store, ANN) == []
    assert serve(store, BEN) == ["a"]


def test_an_assigned_question_comes_first_to_that_person_and_to_nobody_else(store):
    put(store, "old", at=NOW - DAY)
    put(store, "new")
    queue(store).assign("old", BEN.user_id, ANN, "k")
    assert serve(store, EVE) == ["new"]
    assert serve(store, BEN, now=NOW + HOUR)[0] == "old"
    assert serve(store, EVE, now=NOW + 20 * DAY) == ["new"]


def test_what_is_assigned_anew_is_the_new_persons(store):
    put(store, "a")
    queue(store).assign("a", BEN.user_id, ANN, "k1")
    queue(store).assign("a", EVE.user_id, ANN, "k2")
    assert serve(store, BEN) == []
    assert serve(store, EVE) == ["a"]


def test_skipping_what_was_assigned_to_me_gives_it_to_the_others(store):
    put(store, "a")
    queue(store).assign("a", BEN.user_id, ANN, "k1")
    queue(store).skip("a", BEN, "k2")
    assert serve(store, ANN) == ["a"]


def test_who_did_what_to_the_queue_is_audited(store):
    put(store, "a")
    queue(store).assign("a", BEN.user_id, ANN, "k1")
    queue(store).skip("a", BEN, "k2")
    with store.read() as tx:
        told = [(e.action, e.actor, e.subject, e.after) for e in tx.audit.entries()]
    assert told == [
        ("review.assign", "UAnn", "conversation:c-a", {"item": "a", "reviewer": "UBen"}),
        ("review.skip", "UBen", "conversation:c-a", {"item": "a", "reviewer": "UBen"}),
    ]


def test_what_is_gone_can_neither_be_skipped_nor_assigned(store):
    with pytest.raises(BadInput, match="no longer open"):
        queue(store).skip("gone", ANN, "k")
    with pytest.raises(BadInput, match="no longer open"):
        queue(store).assign("gone", BEN.user_id, ANN, "k")


# --- the order -------------------------------------------------------------------------------------------


def test_fresh_alerts_come_before_what_people_sent_and_that_before_the_rest(store):
    put(store, "flagged", at=NOW)
    put(store, "sent", evaluator=PROBLEM, at=NOW - 2 * HOUR)
    put(store, "example", at=NOW - 3 * HOUR, alert_id="a-1")
    with store.begin() as tx:
        tx.alerts.add(alert())
    assert serve(store, ANN) == ["example", "sent", "flagged"]


def test_where_the_evaluator_is_least_sure_people_are_asked_first(store):
    put(store, "sure", "unsure", "rather")
    with store.begin() as tx:
        for name, value in (("sure", 1.0), ("unsure", 0.5), ("rather", 0.8)):
            tx.scores.put({f"c-{name}": [Score(name="refusal", value=value)]}, NOW)
    assert serve(store, ANN) == ["unsure", "rather", "sure"]


def test_evaluators_take_turns(store):
    put(store, *"abcd", evaluator="refusal")
    put(store, *"xy", evaluator="rephrase", at=NOW - HOUR)
    assert [name in "xy" for name in serve(store, ANN)] == [False, True, False, True, False, False]


# --- several reviewers -----------------------------------------------------------------------------------


def test_what_is_reviewed_twice_reaches_a_second_person_once_the_first_has_answered(store):
    both = {"votes": Votes(several=2, double_share=1)}
    put(store, "a")
    assert serve(store, ANN, **both) == ["a"]
    answer(store, "a", ANN)
    assert serve(store, ANN, **both) == []
    assert serve(store, BEN, **both) == ["a"]
    answer(store, "a", BEN)
    assert serve(store, EVE, **both) == []


def test_a_third_decides_where_two_contradict_each_other(store):
    both = {"votes": Votes(several=2, double_share=1)}
    put(store, "a")
    answer(store, "a", ANN, 1.0)
    answer(store, "a", BEN, 0.0)
    assert serve(store, EVE, **both) == ["a"]
    answer(store, "a", EVE, 0.0)
    assert serve(store, Person(user_id="UZoe", name="Zoe", team_id="T1"), **both) == []


def test_about_the_set_share_is_reviewed_twice():
    rule = Votes(several=2, double_share=0.1)
    twice = sum(rule.wanted(f"item {n}") == 2 for n in range(5_000))
    assert 400 < twice < 600


# --- how much --------------------------------------------------------------------------------------------


def test_nobody_is_asked_more_in_a_day_than_the_setting_says(store):
    put(store, *"abcdef")
    answer(store, "a", ANN, at=NOW - MINUTE)
    assert len(serve(store, ANN, taps_per_day=3)) == 2
    assert len(serve(store, ANN, now=NOW + DAY, taps_per_day=3)) == 3
    answer(store, "b", ANN, at=NOW)
    answer(store, "c", ANN, at=NOW + MINUTE)
    assert serve(store, ANN, taps_per_day=3) == []
    with store.read() as tx:
        load = queue(store, taps_per_day=3).ranked(tx, ANN, NOW)
    assert (load.taps, load.left, len(load.items)) == (3, 0, 3)


def test_without_a_number_the_day_has_no_end(store):
    put(store, *"abc")
    with store.read() as tx:
        assert queue(store, taps_per_day=0).ranked(tx, ANN, NOW).left is None
    assert len(serve(store, ANN, taps_per_day=0)) == 3


def test_words_given_together_are_one_tap(store):
    put(store, "a")
    with store.begin() as tx:
        for name in ("refusal", "rephrase", "severity_low"):
            tx.reviews.put_label(label("c-a", name=name, reviewer=ANN.user_id, at=NOW))
        assert tx.queue.taps(ANN.user_id, NOW - HOUR) == 1


# --- sharing out -----------------------------------------------------------------------------------------


def test_reviewers_take_turns_and_nobody_gets_more_than_the_others(store):
    put(store, *"abcdef")
    turns = {"assignment": "round_robin", "reviewers": (ANN.user_id, BEN.user_id)}
    mine, theirs = serve(store, ANN, **turns), serve(store, BEN, **turns)
    assert sorted(mine + theirs) == list("abcdef")
    assert len(mine) == len(theirs) == 3
    assert serve(store, EVE, **turns) == []


def test_after_a_day_anybody_may_answer_what_was_anothers(store):
    put(store, "a")
    turns = {"assignment": "round_robin", "reviewers": (ANN.user_id,)}
    assert serve(store, BEN, **turns) == []
    assert serve(store, BEN, now=NOW + timedelta(hours=25), **turns) == ["a"]


def test_those_who_know_a_topic_are_asked_about_it(store):
    put(store, "refused", evaluator="refusal")
    ingest(store, talk("c-bill", at=NOW - HOUR, metadata={"scenario": "billing"}), talk("c-any", at=NOW - HOUR))
    with store.begin() as tx:
        for name in ("bill", "any"):
            tx.reviews.pick(
                ReviewItem(item_id=name, conversation_id=f"c-{name}", evaluator="csat", reason="", picked_at=NOW)
            )
    known = {"assignment": "topic", "topics": {"refusal": (ANN.user_id,), "billing": (BEN.user_id,)}}
    assert set(serve(store, ANN, **known)) == {"refused", "any"}
    assert serve(store, BEN, **known) == ["bill"]
