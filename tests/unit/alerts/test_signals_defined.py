"""A team's own signals: three lines of settings, and what a conversation contributes to them."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import conversation

from alerts.defined import Definition, measured, signal_defined
from alerts.signals import SignalOverride, all_signals, measure
from bot.config.settings import load
from bot.config.signals import overrides_of
from traces.errors import BadConfig
from traces.model import Direction, Kind, Score


def own(tmp_path, text: str):
    (tmp_path / "hark.toml").write_text(text, encoding="utf-8")
    return overrides_of(load({}, tmp_path).signals)


def test_a_number_of_the_metadata_is_watched_with_three_lines(tmp_path):
    overrides = own(tmp_path, '[signals.discount]\nmeasure = "metadata.discount_given"\nbad = "up"\n')
    signal = all_signals([], {}, overrides)["discount"]
    assert (signal.kind, signal.bad, signal.by_segment) == (Kind.CONTINUOUS, Direction.UP, True)
    fact = measure(
        conversation(metadata={"discount_given": 12.5}), [], (), {}, 9, {"discount": overrides["discount"].definition}
    )
    assert fact.values["discount"] == [12.5]


def test_a_tools_outcome_counts_among_the_conversations_that_called_it():
    definition = Definition(tool="search")
    called = [
        {"role": "assistant", "content": "", "tool_calls": [{"id": "t1", "function": {"name": "search"}}]},
        {"role": "tool", "content": "", "tool_call_id": "t1", "error": "timeout"},
    ]
    assert measured(definition, conversation(messages=called), []) == [1.0]
    called[1].pop("error")
    assert measured(definition, conversation(messages=called), []) == [0.0]
    assert measured(definition, conversation(), []) == []
    assert measured(Definition(tool="search", outcome="called"), conversation(), []) == [0.0]
    assert signal_defined("search_failed", definition).bad is Direction.UP


def test_a_scores_rate_in_a_part_of_the_traffic_uses_the_scores_own_threshold():
    definition = Definition(score="refusal", where=(("scenario", "refund"),))
    scores = [Score(name="refusal", value=0.7)]
    assert measured(definition, conversation(metadata={"scenario": "refund"}), scores) == [0.7]
    assert measured(definition, conversation(metadata={"scenario": "other"}), scores) == []
    assert signal_defined("refund_refusals", definition).evaluator == "refusal"


def test_a_part_of_the_traffic_alone_is_counted():
    definition = Definition(where=(("customer.tier", "gold"),))
    assert signal_defined("gold", definition).kind is Kind.COUNT
    assert measured(definition, conversation(metadata={"customer": {"tier": "gold"}}), []) == [1.0]


def test_a_bound_makes_a_rate_of_a_number():
    definition = Definition(field="refund", at_least=100)
    signal = signal_defined("large_refunds", definition)
    assert (signal.kind, signal.evaluator, signal.unit) == (Kind.RATE, None, "%")
    assert [measured(definition, conversation(metadata={"refund": n}), []) for n in (99, "100", None)] == [
        [0.0],
        [1.0],
        [],
    ]


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=9), st.lists(st.integers())))
def test_whatever_the_metadata_hold_a_contribution_is_finite(value):
    c = conversation()
    held = type(c)(conversation_id="c", started_at=c.started_at, ended_at=c.ended_at, metadata={"x": value})
    for definition in (Definition(field="x"), Definition(field="x", at_least=1), Definition(field="x.y")):
        assert all(math.isfinite(number) for number in measured(definition, held, []))


def test_a_score_cannot_pose_as_a_signal_of_the_team():
    defined = {"refusal": Definition(field="refused")}
    assert "refusal" not in measure(conversation(), [Score(name="refusal", value=1.0)], (), {}, 9, defined).values


def test_built_in_signals_are_tuned_and_switched_off(tmp_path):
    overrides = own(tmp_path, "[signals.cost]\nenabled = false\n[signals.latency]\nmin_relative = 0.5\n")
    signals = all_signals([], {}, overrides)
    assert "cost" not in signals
    assert signals["latency"].min_relative == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[signals.volume]\nmeasure = "metadata.x"', "signals.volume: volume is built in"),
        ('[signals.x]\nmeasure = "x"', "signals.x.measure: not understood; write metadata.KEY"),
        ('[signals.x]\nmeasure = "tool.search.broken"', "signals.x.measure: not understood"),
        ("[signals.x]\nat_least = 3", "signals.x: where, at_least, kind, unit and summary describe"),
        (
            '[signals.x]\nmeasure = "tool.y.failed"\nkind = "continuous"',
            "only metadata and scores are of kind continuous",
        ),
        ('[signals.x]\nmeasure = "metadata.y"\nkind = "count"', "a count counts conversations"),
        ('[signals.x]\nmeasure = "conversations"\nat_least = 2', "at_least compares metadata or a score"),
        ('[signals.x]\nmeasur = "y"', "signals.x.measur: unknown setting (did you mean 'measure'?)"),
    ],
)
def test_a_definition_that_cannot_be_measured_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(BadConfig) as error:
        own(tmp_path, text)
    assert said in str(error.value)


def test_an_override_without_a_definition_is_no_signal_of_its_own():
    assert "x" not in all_signals([], {}, {"x": SignalOverride(min_relative=0.5)})
