"""Judges as `hark tick` runs them: from the settings file over a real HTTP request to scores, failures and spending."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import contextmanager

import pytest
from judge_provider import serving_provider
from made import HOUR, NOW, talk

from bot.app import build_hark
from bot.cli import main
from bot.config.settings import load
from bot.slack.blocks.evaluators import catalogue_message
from bot.wiring.evaluators import catalogue_of
from traces.clock import FakeClock, format_time
from traces.model import EVERYTHING, EvaluatorFailure, Score
from traces.store.rollups import HOUR_S

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm")
LATER = NOW + HOUR
SYSTEM = "You are the agent of a shop.\n- Never promise a refund.\n- Be friendly to children.\n"
YES = json.dumps({"explanation": "It was.", "evidence": "Here you are", "verdict": "yes"})
CLAIMS = json.dumps({"claims": [{"claim": "The fee is 3.", "evidence": "the fee is 3", "verdict": "yes"}]})


def verdicts(count):
    entry = {"applies": True, "explanation": "Kept.", "evidence": "", "verdict": "yes"}
    return json.dumps({"rules": [{"rule": number, **entry} for number in range(1, count + 1)]})


def sensible(asked):
    """What a model that understands would answer."""
    prompt = asked["messages"][-1]["content"]
    if "List the assistant's claims" in prompt:
        return CLAIMS
    return verdicts(prompt.split("<<<end of rules")[0].count("\n") - 1) if "<<<rules" in prompt else YES


@pytest.fixture
def provider():
    with serving_provider() as fake:
        yield fake


@pytest.fixture
def house(tmp_path, monkeypatch, capsys, provider):
    """A directory with a settings file and a database, and the commands in it."""
    for name in list(os.environ):
        if name.startswith(("HARK_", "SLACK_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    return House(tmp_path, monkeypatch, capsys, provider)


class House:
    def __init__(self, path, monkeypatch, capsys, provider):
        self.path, self.provider, self._monkeypatch, self._capsys = path, provider, monkeypatch, capsys

    def settings(self, *judges, **judging):
        """One table for each judge; all are asked at the provider unless they say otherwise."""
        judging = {"calls_per_minute": 60_000, **judging}
        lines = ["[judge]", *(f"{key} = {json.dumps(value)}" for key, value in judging.items())]
        for judge in judges:
            asked = {"model": "openai/gpt-5-mini", "api_base": self.provider.url, **judge}
            lines += ["[[judges]]", *(f"{k} = {json.dumps(v)}" for k, v in asked.items() if v is not None)]
        (self.path / "hark.toml").write_text("\n".join(lines))

    def hark(self, *arguments):
        self._monkeypatch.setattr(sys, "argv", ["hark", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    def ingest(self, *sent):
        (self.path / "talks.jsonl").write_text("\n".join(json.dumps(one) for one in sent))
        code, _, said = self.hark("ingest", "talks.jsonl")
        assert code == 0, said

    def tick(self):
        code, _, said = self.hark("tick", "--at", format_time(LATER))
        assert code == 0, said

    def evaluators(self):
        return {row["name"]: row for row in json.loads(self.hark("evaluators", "--json")[1])}

    @contextmanager
    def reading(self):
        hark = build_hark(load(os.environ), FakeClock(LATER), {})
        try:
            with hark.store.read() as tx:
                yield tx, hark
        finally:
            hark.store.close()

    def outcomes(self, *names):
        with self.reading() as (tx, _):
            ids = [c.conversation_id for batch in tx.conversations.in_order() for c in batch]
            return [o for of in tx.scores.current(ids).values() for o in of if o.name in names]


def one(conversation_id="c-1", *said, **more):
    sent = talk(conversation_id, *(said or ("May I have it?", "Here you are")), **more)
    sent["messages"] = [{"role": "system", "content": SYSTEM}, *sent["messages"]]
    return sent


def test_every_template_is_asked_and_its_verdict_is_a_score_with_reason_evidence_and_price(house):
    templates = ("task_success", "groundedness", "relevance", "policy", "tool_correctness", "goal", "rule_adherence")
    more = {"policy": {"policy": "No refunds."}, "goal": {"goal": "Sell."}}
    house.settings(*({"name": name, "template": name, **more.get(name, {})} for name in templates))
    house.provider.always = sensible
    document = [{"content": "the fee is 3"}]
    sent = one()
    sent["messages"][-1]["documents"] = document
    house.ingest(sent)
    house.tick()
    found = {o.name: o for o in house.outcomes(*templates)}
    assert set(found) == set(templates)
    assert all(isinstance(o, Score) and o.value == 1.0 and o.source == "judge" for o in found.values()), found
    assert all(o.cost_usd > 0 for o in found.values())
    assert (found["task_success"].evidence, found["task_success"].turn) == ("Here you are", 2)
    assert found["task_success"].explanation == "It was."
    listed = house.evaluators()
    assert {listed[name]["layer"] for name in templates} == {2}
    assert all(listed[name]["on"] for name in templates)


@pytest.mark.parametrize(
    ("answer", "calls", "reason"),
    [
        ("What a lovely day it is.", 2, "judge_error"),
        ('{"verdict": "perhaps"}', 2, "judge_error"),
        (("{", "length"), 2, "judge_error"),
        ("", 2, "judge_error"),
        (500, 2, "judge_error"),
        (401, 1, "judge_error"),
        (404, 1, "judge_error"),
    ],
)
def test_a_model_that_answers_nonsense_or_not_at_all_is_a_counted_failure_and_never_a_pass(
    house, answer, calls, reason
):
    house.settings({"name": "goal", "template": "goal", "goal": "Sell."})
    house.provider.always = lambda _asked: answer
    house.ingest(one())
    house.tick()
    [failure] = house.outcomes("goal")
    assert isinstance(failure, EvaluatorFailure)
    assert failure.reason == reason
    assert "secret words" not in failure.message
    assert len(house.provider.asked) == calls
    with house.reading() as (tx, _):
        series = tx.rollups.every_series(EVERYTHING, since=NOW - HOUR, until=LATER, resolution_s=HOUR_S)
    assert sum(rollup.total for _, rollup in series["evaluator_failure.goal"]) == 1
    assert sum(rollup.total for _, rollup in series["evaluator_failure"]) == 1
    assert "goal" not in series


def test_a_missing_key_is_named(house):
    house.settings({"name": "goal", "template": "goal", "goal": "Sell.", "api_base": None})
    house.ingest(one())
    house.tick()
    [failure] = house.outcomes("goal")
    assert failure.message == "the judge has no key: set OPENAI_API_KEY"


def test_a_fallback_answers_where_the_model_does_not_and_the_score_names_it(house):
    house._monkeypatch.setenv("OPENAI_API_BASE", house.provider.url)
    house._monkeypatch.setenv("OPENAI_API_KEY", "none")
    fallback = ["openai/gpt-4.1-mini"]
    house.settings({"name": "goal", "template": "goal", "goal": "Sell.", "fallback": fallback})
    house.provider.always = lambda asked: YES if asked["model"] == "gpt-4.1-mini" else 500
    house.ingest(one())
    house.tick()
    [score] = house.outcomes("goal")
    assert (score.value, score.model) == (1.0, "openai/gpt-4.1-mini")


def test_the_budget_holds_with_several_judges_at_once_and_after_a_restart(house):
    judges = [{"name": f"goal_{n}", "template": "goal", "goal": "Sell."} for n in range(3)]
    price = {"usd_per_million": [1_000.0, 1_000.0], "max_tokens": 100}
    house.settings(*({**judge, **price} for judge in judges), daily_usd=2.5, at_once=4)
    house.provider.always = lambda _asked: YES
    for number in range(3):
        house.ingest(*(one(f"c-{number}-{place}", f"May I have {number}-{place}?") for place in range(8)))
        house.tick()
    names = [judge["name"] for judge in judges]
    scores = house.outcomes(*names)
    with house.reading() as (tx, hark):
        spent = tx.judge_spending.of_day(LATER)
        problems = hark.desk.status(tx, LATER).problems
        report = catalogue_of(hark.settings, hark.evaluators).report(tx, LATER)
        assert tx.conversations.awaiting() == 0
    assert 0 < sum(said.usd for said in spent.values()) <= 2.5
    assert 0 < len(scores) == len(house.provider.asked) < 72
    assert any("the daily budget is spent" in problem for problem in problems)
    assert {card.name: card.unjudged for card in report.cards if card.unjudged} == {
        n: s.refused for n, s in spent.items()
    }
    assert "not judged today, the daily budget is spent; it goes on at midnight (UTC)" in str(
        catalogue_message(report).blocks
    )
    assert all(isinstance(score, Score) for score in scores)


def test_a_budget_of_one_s_own_holds_beside_the_common_one(house):
    price = {"usd_per_million": [1_000.0, 1_000.0], "max_tokens": 100, "template": "goal", "goal": "Sell."}
    house.settings({"name": "tight", "daily_usd": 1.0, **price}, {"name": "loose", **price}, daily_usd=1_000.0)
    house.provider.always = lambda _asked: YES
    house.ingest(*(one(f"c-{place}", f"May I have {place}?") for place in range(12)))
    house.tick()
    count = Counter(o.name for o in house.outcomes("tight", "loose"))
    assert 0 < count["tight"] < count["loose"] == 12


def test_what_code_flagged_is_judged_more_often_and_every_score_keeps_its_chance(house):
    strata = {"sample_rate": 0.2, "stratify_by": "refusal", "flagged_sample_rate": 1.0}
    house.settings({"name": "goal", "template": "goal", "goal": "Sell.", **strata}, daily_usd=1_000.0)
    house.provider.always = lambda _asked: YES
    refused = "I'm sorry, but I can't help with that."
    house.ingest(*(one(f"c-{n}", "May I?", refused if n % 2 else "Here you are") for n in range(60)))
    house.tick()
    chances = Counter(o.inclusion_probability for o in house.outcomes("goal"))
    assert chances[1.0] == 30
    assert 1 <= chances[0.2] <= 14
    assert set(chances) == {0.2, 1.0}


def test_the_same_content_is_judged_once_and_paid_once(house):
    house.settings({"name": "goal", "template": "goal", "goal": "Sell."})
    house.provider.always = lambda _asked: YES
    for conversation_id in ("c-1", "c-2"):
        house.ingest(one(conversation_id))
        house.tick()
    scores = house.outcomes("goal")
    assert [score.value for score in scores] == [1.0, 1.0]
    assert len(house.provider.asked) == 1
    assert sorted(bool(score.is_cached) for score in scores) == [False, True]


def test_a_message_of_two_megabytes_is_evaluated_and_shown_to_the_judge_in_part(house):
    house.settings({"name": "goal", "template": "goal", "goal": "Sell."})
    house.provider.always = lambda _asked: YES
    house.ingest(one("c-1", "word " * 400_000, "Here you are"))
    house.tick()
    assert [o.value for o in house.outcomes("goal", "refusal")] == [1.0, 0.0]
    assert len(house.provider.asked[0]["messages"][-1]["content"]) < 40_000
    with house.reading() as (tx, _):
        assert not [o for o in tx.scores.current(["c-1"])["c-1"] if isinstance(o, EvaluatorFailure)]


def test_a_conversation_without_a_word_costs_nothing_and_fails_nobody(house):
    house.settings({"name": "goal", "template": "goal", "goal": "Sell."})
    house.ingest({"id": "c-1", "started_at": format_time(NOW), "messages": [{"role": "user", "content": ""}]})
    house.provider.always = lambda _asked: json.dumps({"explanation": "", "evidence": "", "verdict": "not_applicable"})
    house.tick()
    assert [o.value for o in house.outcomes("goal")] == [None]
    with house.reading() as (tx, _):
        assert not [o for o in tx.scores.current(["c-1"])["c-1"] if isinstance(o, EvaluatorFailure)]


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ({"template": "policy"}, "set policy"),
        ({"template": "nonsense"}, "template"),
        ({"question": "Is it?", "stratify_by": "no_such"}, "stratify_by"),
        ({"question": "Is it?", "daily_usd": 1.0, "model": "openai/our-own"}, "usd_per_million"),
        ({"question": "Is it?", "sample_rate": 2}, "sample_rate"),
        ({"question": "Is it?", "flagged_sample_rate": 0}, "flagged_sample_rate"),
        ({"question": "Is it?", "model": ""}, "model"),
        ({}, "no question"),
    ],
)
def test_a_wrong_judge_is_told_in_clear_lines_before_anything_runs(house, judge, told):
    house.settings({"name": "own", **judge})
    code, _, said = house.hark("tick")
    assert code == 2
    assert told in said
    assert "Traceback" not in said
    assert house.provider.asked == []
