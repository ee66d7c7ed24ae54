"""Reviewers are asked varied questions, and rates that are made of their answers stay true."""

from __future__ import annotations

import numpy as np
import pytest
from asked_streams import Population, stream
from made import DAY, HOUR, NOW, conversation

from bot.jobs.asked import ALIKE, MOST_ALIKE, Asked
from bot.jobs.choice import Candidate, Chooser, Look
from bot.jobs.unusual import ENOUGH, Extremes
from evaluators.calibration.companions import Companions
from evaluators.calibration.next import MOST_WORTH, Plan, Why
from traces.histogram import Rollup

PEOPLE = Population.of(seed=5)


def test_what_was_picked_tells_the_true_rate_whatever_made_it_likelier():
    """Horvitz and Thompson's estimate, over many streams of the same conversations with other lots."""
    estimates = np.array([stream(PEOPLE, seed).estimate for seed in range(60)])
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert estimates.mean() == pytest.approx(PEOPLE.rate, abs=3 * error)
    assert error < 0.025


def test_a_flood_of_one_question_takes_few_of_the_places():
    streams = [stream(PEOPLE, seed) for seed in range(10)]
    flood = np.mean([s.share_of_flood for s in streams])
    assert PEOPLE.share_of_flood > 0.5
    assert flood < PEOPLE.share_of_flood / 2
    assert all(s.most_alike <= MOST_ALIKE + s.audited_alike for s in streams)


def test_an_audit_of_a_twentieth_at_least_falls_on_all_alike():
    streams = [stream(PEOPLE, seed) for seed in range(10)]
    assert sum(s.whys[Why.AUDIT] for s in streams) >= 0.05 * sum(s.n for s in streams)
    assert all(min(s.chances) >= PEOPLE.plan.audit * s.least_room for s in streams)


def test_what_is_unusual_and_what_is_disputed_are_told_apart():
    whys = sum((stream(PEOPLE, seed).whys for seed in range(10)), start=stream(PEOPLE, 99).whys)
    assert min(whys[why] for why in Why) >= 5


def test_the_like_of_what_was_asked_is_worth_less_each_time_and_in_the_end_nothing():
    asked = Asked()
    same = asked.vector(conversation("c-1", "Where is my parcel? It should have come yesterday."))
    worths = []
    for _ in range(MOST_ALIKE + 1):
        worths.append(asked.worth("refusal", same, NOW))
        asked.note("refusal", same, NOW)
    assert worths == sorted(worths, reverse=True)
    assert worths[-1] == 0.0
    assert asked.worth("frustration", same, NOW) == pytest.approx(1.0)
    assert asked.worth("refusal", same, NOW + DAY + HOUR) > 0


def test_of_two_conversations_the_one_unlike_all_that_was_asked_is_worth_more():
    asked = Asked()
    vectors = {
        text: asked.vector(conversation("c-1", text))
        for text in ("Where is my parcel today?", "Where is my parcel now?", "Please translate a poem by Rilke")
    }
    first, near, far = vectors.values()
    asked.note("refusal", first, NOW)
    worth_near, worth_far = asked.worth("refusal", near, NOW), asked.worth("refusal", far, NOW)
    assert worth_near < worth_far <= MOST_WORTH


def test_silent_conversations_are_alike_too():
    asked = Asked()
    silent = asked.vector(conversation("c-1", ""))
    for _ in range(MOST_ALIKE):
        asked.note("refusal", silent, NOW)
    assert ALIKE <= 1
    assert asked.worth("refusal", asked.vector(conversation("c-2", "42")), NOW) == 0.0


def test_a_lot_that_only_the_day_s_limit_stands_against_is_held_back():
    chooser = Chooser(Asked())
    always = Plan(edges=(), precision=(1.0,), audit=0.5)
    look = Look(conversation("c-1", "Hello"), chooser.asked, lambda _: None)
    one = Candidate(evaluator="refusal", value=1.0, plan=always, lot=0.4)
    assert chooser.draw(one, look, NOW, lambda: 0.2).is_held_back
    drawn = chooser.draw(one, look, NOW, lambda: 0.6)
    assert (drawn.probability, drawn.is_held_back) == (0.6, False)


# --- unusual ---


def test_longer_than_99_of_100_is_unusual_once_enough_is_known():
    few, many = Rollup.of([1.0] * (ENOUGH - 1)), Rollup.of([1.0] * 99 + [2.0] * 300)
    long = conversation("c-1", *(["Why?", "Because."] * 20))
    assert Extremes({"turns": [(NOW, few)]}).of(long) is None
    assert "more turns than 99 %" in (Extremes({"turns": [(NOW, many)]}).of(long) or "")
    assert Extremes({"turns": [(NOW, many)]}).of(conversation("c-2", "Why?")) is None


def test_what_is_unlike_the_weeks_before_is_unusual():
    found = Extremes({}, lambda _: {"input_drift": 1.0}).of(conversation())
    assert found == "what the user says is unlike the weeks before"


# --- companions ---


def companions(n: int, rng: np.random.Generator) -> Companions:
    found = Companions(["refusal", "escalation", "toxicity"])
    for yes, noise, other in zip(rng.random(n) < 0.3, rng.random(n) < 0.05, rng.random(n) < 0.3, strict=True):
        verdicts = {"refusal": bool(yes), "escalation": bool(yes ^ noise), "toxicity": bool(other)}
        found.note(verdicts, verdicts)
    return found


def test_an_evaluator_that_usually_says_the_same_and_here_does_not_contradicts():
    found = companions(600, np.random.default_rng(1))
    assert found.against("refusal", {"refusal": True, "escalation": False, "toxicity": True}) == "escalation"
    assert found.against("refusal", {"refusal": True, "escalation": True, "toxicity": False}) is None
    assert found.against("toxicity", {"refusal": True, "escalation": True, "toxicity": False}) is None


def test_before_enough_is_known_nothing_contradicts():
    found = companions(100, np.random.default_rng(1))
    assert found.against("refusal", {"refusal": True, "escalation": False}) is None
    assert found.against("unheard_of", {"refusal": True}) is None


def test_verdicts_that_come_later_are_paired_with_those_that_stand_and_counted_once():
    found = Companions(["code", "judge"])
    for n in range(400):
        yes = n % 3 == 0
        found.note({"code": yes}, {"code": yes})
        found.note({"judge": not yes}, {"code": yes, "judge": not yes})
    assert found.against("judge", {"code": True, "judge": True}) == "code"
    assert found.against("judge", {"code": True, "judge": False}) is None
