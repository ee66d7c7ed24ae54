"""What cannot be detected at a volume is said, by the numbers that theory gives."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from alerts.trying.power import detectable, least, needed, spread_of
from traces.histogram import Rollup
from traces.model import Direction, Kind, Signal

RATE = Signal(name="refusal", kind=Kind.RATE, min_relative=0.0)
FIFTY_WEEKS = 168 * 50.0


def test_twice_a_rate_of_three_percent_takes_some_thousand_conversations():
    assert needed(0.03, 0.06, FIFTY_WEEKS) == pytest.approx(955, rel=0.1)
    assert needed(0.03, 0.045, FIFTY_WEEKS) == pytest.approx(3430, rel=0.1)


def test_at_twenty_conversations_an_hour_twice_the_rate_is_not_seen_in_a_day():
    found = detectable(RATE, 0.03, 20 * 24, FIFTY_WEEKS)
    assert found.to is not None
    assert found.to > 0.06


def test_with_almost_no_traffic_nothing_can_be_said():
    assert detectable(RATE, 0.5, 2, FIFTY_WEEKS).to is None
    assert detectable(RATE, 0.03, 0, FIFTY_WEEKS).to is None


def test_nothing_smaller_than_what_is_worth_an_alert_is_promised():
    signal = Signal(name="refusal", kind=Kind.RATE, min_relative=0.3, min_absolute=0.01)
    assert detectable(signal, 0.03, 1e7, FIFTY_WEEKS).to == pytest.approx(0.04)
    assert least(signal, 0.5) == pytest.approx(0.15)


def test_a_fall_of_a_volume_and_a_rise_of_a_cost_are_told_in_their_own_units():
    volume = Signal(name="volume", kind=Kind.COUNT, bad=Direction.DOWN, min_relative=0.0)
    fall = detectable(volume, 40.0, 960, FIFTY_WEEKS)
    assert fall.to is not None
    assert 20 < fall.to < 40
    costs = Rollup.of([0.01, 0.02, 0.04] * 100)
    rise = detectable(
        Signal(name="cost", kind=Kind.CONTINUOUS), 0.02, 300, FIFTY_WEEKS, spread=spread_of(costs, Kind.CONTINUOUS)
    )
    assert rise.to is not None
    assert 0.02 < rise.to < 0.03


@given(
    st.sampled_from(list(Kind)),
    st.sampled_from(list(Direction)),
    st.floats(0, 1),
    st.floats(0, 1e6),
    st.floats(1, 1e7),
    st.floats(0, 3),
)
def test_more_traffic_never_hides_a_change(kind, bad, usual, a_day, run_length, spread):
    signal = Signal(name="x", kind=kind, bad=bad, min_relative=0.1)
    few = detectable(signal, usual, a_day, run_length, spread=spread)
    many = detectable(signal, usual, 2 * a_day, run_length, spread=spread)
    if few.to is not None and kind is not Kind.COUNT:
        assert many.to is not None
        assert abs(many.to - usual) <= abs(few.to - usual) + 1e-6 * max(1.0, abs(usual), abs(few.to)) + 0.6 / max(
            a_day, 1
        )
