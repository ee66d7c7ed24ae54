"""The simulated traffic: repeatable, valid, varied, marked, and broken where it says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.live import Live
from bot.demo.simulate import NEW_PROMPT, REFUND, Rollout, Simulated, Traffic, rhythm
from evaluators.registry import build
from evaluators.run import run
from traces.conversation_format import parse_conversation, to_json
from traces.model import Conversation, Score

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def traffic(seed: int = 1, **more: object) -> Traffic:
    return Traffic(seed=seed, since=NOW - 21 * DAY, **more)


@pytest.fixture(scope="module")
def days() -> list[Simulated]:
    return list(traffic(labelled_until=NOW).between(NOW - 3 * DAY, NOW))


@pytest.fixture(scope="module")
def rolled_out() -> list[Simulated]:
    return list(traffic(rollout=Rollout(at=NOW)).between(NOW, NOW + 4 * DAY))


def parsed(one: Simulated) -> Conversation:
    return parse_conversation(one.sent, received_at=NOW)


def said(one: Simulated) -> str:
    return "\n".join(
        m["content"] for m in one.sent["messages"] if m["role"] in {"user", "assistant"} and "content" in m
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), hours=st.floats(0.5, 6))
def test_one_seed_always_gives_the_same_bytes(seed: int, hours: float) -> None:
    end = NOW + timedelta(hours=hours)
    first, second = ([orjson.dumps(one.sent) for one in traffic(seed).between(NOW, end)] for _ in range(2))
    assert first == second


def test_another_seed_gives_other_conversations(days: list[Simulated]) -> None:
    others = {said(one) for one in traffic(seed=2).between(NOW - 3 * DAY, NOW)}
    assert not others & {said(one) for one in days}


def test_every_conversation_is_in_the_format_and_marked_as_simulated(days: list[Simulated]) -> None:
    for one in days:
        conversation = parsed(one)
        assert conversation.metadata["simulated"] is True
        assert parse_conversation(to_json(conversation), received_at=NOW) == conversation
        assert one.began_at <= conversation.ended_at == one.ended_at


def test_no_two_conversations_of_three_weeks_read_the_same() -> None:
    weeks = list(traffic().between(NOW - 21 * DAY, NOW))
    assert len(weeks) > 6_000
    assert len({said(one) for one in weeks}) == len(weeks)
    assert len({one.conversation_id for one in weeks}) == len(weeks)


def test_there_are_several_languages_models_scenarios_tools_and_users(days: list[Simulated]) -> None:
    cuts = {key: {one.sent["metadata"][key] for one in days} for key in ("language", "model", "scenario")}
    assert {key: len(values) for key, values in cuts.items()} == {"language": 4, "model": 2, "scenario": 8}
    assert len({m["name"] for one in days for m in one.sent["messages"] if m["role"] == "tool"}) == 9
    assert len({one.sent["user_id"] for one in days}) > len(days) / 2


def test_the_rhythm_is_mild_so_that_any_hour_is_good_for_a_demo() -> None:
    week = [rhythm(NOW + timedelta(hours=hour)) for hour in range(168)]
    assert max(week) < 2 * min(week)


def test_before_the_new_prompt_version_hardly_any_refund_is_refused(days: list[Simulated]) -> None:
    refunds = [one for one in days if one.sent["metadata"]["scenario"] == REFUND]
    assert len(refunds) > 100
    assert sum("refusal" in one.truth for one in refunds) < 0.1 * len(refunds)


def test_the_new_prompt_version_takes_most_of_the_traffic_and_refuses_every_refund(rolled_out: list[Simulated]) -> None:
    new = [one for one in rolled_out if one.sent["metadata"]["prompt_version"] == NEW_PROMPT]
    refunds = [one for one in new if one.sent["metadata"]["scenario"] == REFUND]
    assert 0.5 < len(new) / len(rolled_out) < 0.7
    assert all("refusal" in one.truth for one in refunds)
    assert sum("refusal" in one.truth for one in new) - len(refunds) < 0.1 * len(new)


def test_a_new_prompt_version_that_breaks_nothing_serves_refunds() -> None:
    rollout = Rollout(at=NOW, share=1.0, breaks_refunds=False)
    refused = [("refusal" in one.truth) for one in traffic(rollout=rollout).between(NOW, NOW + 4 * DAY)]
    assert sum(refused) < 0.1 * len(refused)


@pytest.mark.parametrize("name", ["refusal", "tool_error", "rephrase"])
def test_evaluators_see_most_of_what_is_true_and_are_wrong_at_times(rolled_out: list[Simulated], name: str) -> None:
    evaluator = next(e for e in build({}, [], None) if e.name == name)
    pairs = []
    for one in rolled_out:
        score = run(evaluator, parsed(one))
        if isinstance(score, Score) and score.value is not None:
            pairs.append((name in one.truth, score.value >= 0.5))
    assert sum(true and seen for true, seen in pairs) > 0.8 * sum(true for true, _ in pairs)
    assert sum(true is not seen for true, seen in pairs) < 0.05 * len(pairs)


def test_reviewers_have_labelled_a_few_with_the_chance_of_their_choice_noted(days: list[Simulated]) -> None:
    labelled = [one for one in days if "labels" in one.sent]
    assert 0 < len(labelled) < 0.1 * len(days)
    for one in labelled:
        for label in parsed(one).labels:
            assert label.inclusion_probability is not None
            assert label.value == (label.name in one.truth)


def test_live_traffic_is_told_once_and_only_when_it_has_ended() -> None:
    live, end = Live(traffic(), NOW), NOW + timedelta(hours=6)
    told, at = [], NOW
    while at < end:
        at += timedelta(minutes=7)
        ended = live.ended_by(at)
        assert all(one.ended_at <= at for one in ended)
        told += ended
    ids = [one.conversation_id for one in told]
    expected = {one.conversation_id for one in traffic().between(NOW, at) if one.ended_at <= at}
    assert len(ids) == len(set(ids))
    assert set(ids) == expected
