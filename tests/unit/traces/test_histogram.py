"""The summary of numbers: mergeable, subtractable, and accurate to one percent."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from traces.histogram import RELATIVE_ACCURACY, Rollup, bin_of, value_of

values = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-12]), st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6))
)
many = st.lists(values, max_size=30)
verdicts = st.lists(st.sampled_from([0.0, 1.0]), max_size=40)


def same(one: Rollup, other: Rollup) -> bool:
    close = all(
        math.isclose(getattr(one, name), getattr(other, name), rel_tol=1e-9, abs_tol=1e-4)
        for name in ("total", "log_total", "log_square_total")
    )
    return close and one.n == other.n and one.bins == other.bins


@given(many, many)
def test_the_rollups_of_two_parts_add_up_to_the_rollup_of_the_whole(some, others):
    merged = Rollup.of(some)
    merged.add(Rollup.of(others))
    assert same(merged, Rollup.of(some + others))


@given(many, many)
def test_a_part_that_is_taken_away_again_leaves_the_rest(some, others):
    whole = Rollup.of(some + others)
    whole.add(Rollup.of(others), times=-1)
    assert same(whole, Rollup.of(some))


@given(many)
def test_a_rollup_less_itself_is_empty(some):
    rollup = Rollup.of(some)
    rollup.add(Rollup.of(some), times=-1)
    assert same(rollup, Rollup())
    assert (rollup.mean, rollup.quantile(0.5)) == (None, None)


@given(many)
def test_a_value_that_is_taken_away_one_by_one_leaves_nothing(some):
    rollup = Rollup.of(some)
    for value in some:
        rollup.observe(value, times=-1)
    assert same(rollup, Rollup())


@given(many, st.floats(0, 1))
def test_a_quantile_is_within_one_percent_of_the_true_one(some, q):
    assume(some)
    exact = sorted(some)[math.floor(q * (len(some) - 1))]
    assert Rollup.of(some).quantile(q) == pytest.approx(exact, rel=RELATIVE_ACCURACY * 1.001, abs=1e-9)


@given(values, values)
def test_bins_rise_with_the_values_they_hold(one, other):
    assert (bin_of(one) <= bin_of(other)) is (one <= other) or bin_of(one) == bin_of(other)
    assert bin_of(value_of(bin_of(one))) == bin_of(one)


@given(many, values, values)
def test_fewer_values_are_at_least_a_higher_threshold(some, one, other):
    rollup, low, high = Rollup.of(some), min(one, other), max(one, other)
    assert 0 <= rollup.at_least(high) <= rollup.at_least(low) <= rollup.n


@given(verdicts, st.floats(0.01, 0.99))
def test_verdicts_of_yes_and_no_are_counted_exactly(some, threshold):
    assert Rollup.of(some).at_least(threshold) == sum(some)


@given(st.lists(st.integers(0, 100).map(lambda percent: percent / 100), max_size=30), st.integers(1, 20))
def test_scores_in_whole_percents_are_counted_exactly_at_every_twentieth(some, twentieth):
    threshold = twentieth / 20
    counted = Rollup.of(some).at_least(threshold)
    assert (
        counted == sum(value >= threshold for value in some)
        or min(abs(value - threshold) / threshold for value in some if value != threshold) <= 2 * RELATIVE_ACCURACY
    )


@given(many)
def test_the_bins_survive_json(some):
    rollup = Rollup.of(some)
    written = Rollup(
        rollup.n, rollup.total, rollup.log_total, rollup.log_square_total, written=rollup.to_json()
    )  # fmt: skip
    assert written.at_least(0.5) == rollup.at_least(0.5)
    assert written == rollup
    assert written.bins == rollup.bins
