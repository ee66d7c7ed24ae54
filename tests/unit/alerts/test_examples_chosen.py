"""The conversations shown with an alert: ones that carry the change, as different as can be."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import fact

from alerts.explaining.examples import carriers, diverse
from alerts.signals import COST, VOLUME, signal_of_score
from traces.model import EVERYTHING, Direction, Segment

REFUSAL = signal_of_score("refusal")
M1 = Segment.of(model="m1")


def ids(facts):
    return [f.conversation_id for f in facts]


@pytest.mark.parametrize(("direction", "shown"), [(Direction.UP, ["yes"]), (Direction.DOWN, ["no"])])
def test_a_rate_is_shown_by_those_on_the_side_to_which_it_moved(direction, shown):
    facts = [fact("yes", refusal=0.9), fact("no", refusal=0.1), fact("unmeasured", cost=1.0)]
    assert ids(carriers(facts, REFUSAL, EVERYTHING, direction, 0.5)) == shown


def test_only_conversations_of_the_segment_are_shown():
    facts = [fact("in", segments=[M1], refusal=1.0), fact("out", refusal=1.0)]
    assert ids(carriers(facts, REFUSAL, M1, Direction.UP, 0.5)) == ["in"]


def test_of_a_continuous_signal_the_most_extreme_come_first():
    facts = [fact("low", cost=1.0), fact("high", cost=9.0), fact("middle", cost=5.0)]
    assert ids(carriers(facts, COST, EVERYTHING, Direction.UP, 0.5)) == ["high", "middle", "low"]
    assert ids(carriers(facts, COST, EVERYTHING, Direction.DOWN, 0.5)) == ["low", "middle", "high"]


def test_a_count_is_carried_by_all():
    assert len(carriers([fact("a"), fact("b")], VOLUME, EVERYTHING, Direction.DOWN, 0.5)) == 2


def test_one_of_each_scenario_is_shown_before_a_second_of_any():
    facts = [fact(f"r{n}", segments=[Segment.of(scenario="refund")]) for n in range(3)]
    facts += [fact("s0", segments=[Segment.of(scenario="sizes")])]
    assert diverse(facts, 3) == ["r0", "s0", "r1"]


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=12), st.integers(0, 15))
def test_as_many_as_asked_for_are_shown_each_once(scenarios, count):
    facts = [fact(f"c-{n}", segments=[Segment.of(scenario=s)]) for n, s in enumerate(scenarios)]
    shown = diverse(facts, count)
    assert len(shown) == len(set(shown)) == min(count, len(facts))
    kinds = {scenarios[int(c[2:])] for c in shown[: len(set(scenarios))]}
    assert len(kinds) == min(len(set(scenarios)), len(shown))
