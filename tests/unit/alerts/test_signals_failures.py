"""Failing evaluators are a signal of their own."""

from datetime import UTC, datetime

from alerts.signals import all_signals, measure, signal_of_score
from traces.model import Conversation, Direction, EvaluatorFailure, Kind, Score

AT = datetime(2026, 11, 2, tzinfo=UTC)
TALK = Conversation(conversation_id="c", started_at=AT, ended_at=AT)
FAILED = EvaluatorFailure(name="promised", reason="timeout", message="late")
JUDGED = Score(name="promised", value=0.0, source="judge")
REFUSED = Score(name="refusal", value=1.0)


def values(*outcomes):
    return measure(TALK, outcomes, (), {}, 10).values


def test_a_judge_that_fails_counts_against_its_tries_and_is_no_score():
    assert values(FAILED, REFUSED)["evaluator_failure.promised"] == [1.0]
    assert "promised" not in values(FAILED)
    assert values(JUDGED, REFUSED)["evaluator_failure.promised"] == [0.0]


def test_any_failure_counts_for_the_conversation_once():
    assert values(FAILED, FAILED, REFUSED)["evaluator_failure"] == [1.0]
    assert values(REFUSED)["evaluator_failure"] == [0.0]


def test_a_conversation_that_nobody_judged_is_no_try():
    assert "evaluator_failure.promised" not in values(REFUSED)
    assert "evaluator_failure" not in values(Score(name="csat", value=1.0, source="human"))


def test_rules_have_no_failure_signal_of_their_own():
    part = EvaluatorFailure(name="rule_adherence.0a1b", reason="judge_error", message="x")
    assert "evaluator_failure.rule_adherence.0a1b" not in values(part)


def test_a_rise_of_failures_is_bad_and_is_watched_over_all_traffic():
    signal = all_signals(["evaluator_failure.promised"], {}, {})["evaluator_failure.promised"]
    assert (signal.kind, signal.bad, signal.by_segment, signal.evaluator) == (Kind.RATE, Direction.UP, False, None)


def test_a_rule_is_bad_the_way_that_rule_adherence_is():
    assert signal_of_score("rule_adherence.0a1b").bad is Direction.DOWN
    assert all_signals(["kept.0a1b"], {"kept": Direction.DOWN}, {})["kept.0a1b"].bad is Direction.DOWN
