"""What a conversation contributes to the signals, and which signals there are."""

from __future__ import annotations

import pytest
from made import NOW, calibration, conversation

from alerts.signals import OTHER, SignalOverride, all_signals, measure, segment_value, signal_of_score, threshold_of
from traces.model import EVERYTHING, Direction, EvaluatorFailure, Kind, Score, Segment

KEYS = ("application", "model", "language")


def measured(c, *outcomes, known=None, max_values=100):
    return measure(c, outcomes, KEYS, known or {}, max_values)


def test_a_plain_conversation_counts_once_without_an_error():
    fact = measured(conversation("c-1", "Hello?", "Hello!"))
    assert fact.at > NOW
    assert fact.segments == (EVERYTHING,)
    assert fact.values == {"volume": [1.0], "error_rate": [0.0], "turns": [1.0], "answer_length": [6.0]}


def test_latencies_costs_errors_and_scores_are_measured():
    messages = [
        {"role": "assistant", "content": "", "latency_s": 1.5, "cost_usd": 0.01},
        {"role": "tool", "content": "", "error": "a tool is not a model"},
        {"role": "assistant", "content": "", "latency_s": 2.5, "cost_usd": 0.02, "error": "timeout"},
    ]
    c = conversation(messages=messages)
    fact = measured(c, Score(name="refusal", value=0.25))
    assert fact.values["latency"] == [1.5, 2.5]
    assert fact.values["cost"] == [pytest.approx(0.03)]
    assert fact.values["error_rate"] == [1.0]
    assert fact.values["refusal"] == [0.25]


def test_a_failure_and_a_score_without_a_value_contribute_nothing():
    fact = measured(
        conversation(),
        EvaluatorFailure(name="judge", reason="timeout", message="30 s"),
        Score(name="topic", label="refunds"),
    )
    assert {"refusal", "tone", "judge"}.isdisjoint(fact.values)
    assert fact.values["evaluator_failure"] == [1.0]


def test_our_own_evaluator_counts_before_an_imported_score_of_the_same_name():
    ours, theirs = Score(name="refusal", value=0.0), Score(name="refusal", value=1.0, source="external")
    for order in ((ours, theirs), (theirs, ours)):
        assert measured(conversation(), *order).values["refusal"] == [0.0]


def test_of_an_imported_score_for_each_turn_the_last_one_counts():
    turns = [Score(name="csat", value=value, source="external") for value in (1.0, 0.0)]
    assert measured(conversation(), *turns).values["csat"] == [0.0]


def test_a_score_cannot_pose_as_a_built_in_signal():
    fact = measured(conversation(), Score(name="volume", value=99.0), Score(name="error_rate", value=1.0))
    assert (fact.values["volume"], fact.values["error_rate"]) == ([1.0], [0.0])


def test_traffic_is_cut_by_the_keys_that_a_conversation_has():
    c = conversation(metadata={"application": "shop", "model": "m1", "unwatched": "x"})
    assert measured(c).segments == (EVERYTHING, Segment.of(application="shop"), Segment.of(model="m1"))


def test_the_model_is_taken_from_the_last_answer_where_the_metadata_has_none():
    c = conversation(
        messages=[
            {"role": "assistant", "content": "", "model": "m1"},
            {"role": "assistant", "content": "", "model": "m2"},
        ]
    )
    assert segment_value(c, "model") == "m2"


def test_values_beyond_the_limit_count_as_other_and_known_ones_stay():
    known = {"model": {"m1": NOW, "m2": NOW}}
    for model, cut in (("m1", "m1"), ("m3", OTHER)):
        fact = measured(conversation(metadata={"model": model}), known=known, max_values=2)
        assert fact.segments[1:] == (Segment.of(model=cut),)


@pytest.mark.parametrize("value", [None, "", [], {}, ["x"]])
def test_what_is_no_single_value_cuts_nothing(value):
    assert segment_value(conversation(metadata={"plan": value}), "plan") is None


def test_a_long_value_is_shortened():
    assert segment_value(conversation(metadata={"plan": "x" * 5_000}), "plan") == "x" * 100


def test_every_score_is_a_signal_that_knows_which_way_is_bad():
    signals = all_signals(["refusal", "task_success", "my_judge"], {"my_judge": Direction.DOWN}, {})
    assert {name: s.bad for name, s in signals.items() if s.evaluator} == {
        "refusal": Direction.UP,
        "task_success": Direction.DOWN,
        "my_judge": Direction.DOWN,
    }
    assert signal_of_score("unheard_of").bad is Direction.BOTH
    assert {s.kind for s in signals.values()} >= {Kind.COUNT, Kind.RATE, Kind.CONTINUOUS}


def test_a_team_switches_signals_off_and_changes_them():
    signals = all_signals(
        ["refusal"], {}, {"cost": SignalOverride(enabled=False), "refusal": SignalOverride(min_absolute=0.2)}
    )
    assert "cost" not in signals
    assert (signals["refusal"].min_absolute, signals["refusal"].min_relative) == (0.2, 0.3)


def test_a_calibrated_evaluator_has_its_own_threshold():
    signal = signal_of_score("refusal")
    assert threshold_of(signal, {}) == 0.5
    assert threshold_of(signal, {"refusal": calibration(threshold=0.7)}) == 0.7
