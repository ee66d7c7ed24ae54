"""The report on an evaluator: every figure with its bounds, and the labels that are missing for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.calibrate import Labelled, calibrate
from evaluators.report import report_of
from traces.histogram import Rollup


def report(flagged_true, flagged_false, missed, cleared):
    labels = [Labelled(value=1.0, truth=True)] * flagged_true + [Labelled(value=1.0, truth=False)] * flagged_false
    labels += [Labelled(value=0.0, truth=True)] * missed + [Labelled(value=0.0, truth=False)] * cleared
    scores = [label.value for label in labels] * 20
    return report_of(calibrate("refusal", "1", labels, Rollup.of(scores)))


def test_a_good_evaluator_is_told_with_bounds_that_hold_its_figures():
    found = report(45, 5, 3, 47)
    middle, low, high = found.informedness
    assert low < middle < high
    assert middle == pytest.approx(45 / 48 - 5 / 52, abs=0.05)
    assert found.precision == pytest.approx((0.89, 0.79, 0.96), abs=0.02)
    assert found.ac1 == pytest.approx(0.84, abs=0.03)


def test_where_the_labels_do_not_carry_a_figure_there_is_none_but_how_many_are_missing():
    none, one = report(0, 0, 0, 0), report(3, 0, 0, 0)
    assert (none.precision, none.informedness, none.ac1) == (None, None, None)
    assert none.more_labels >= 20
    assert one.informedness is None
    assert one.more_labels >= 17


def test_an_interval_twice_as_wide_as_wanted_takes_four_times_the_labels():
    few, many = report(20, 5, 5, 20), report(400, 100, 100, 400)
    assert 100 < few.more_labels < 400
    assert many.more_labels == 0


@given(st.tuples(*[st.integers(0, 40)] * 4))
def test_every_figure_lies_within_its_bounds(labels):
    found = report(*labels)
    assert found.more_labels >= 0
    if found.precision is not None:
        assert 0 <= found.precision[1] <= found.precision[0] <= found.precision[2] <= 1
    if found.informedness is not None:
        assert -1 <= found.informedness[1] <= found.informedness[0] <= found.informedness[2] <= 1
        assert -1 <= found.ac1 <= 1
