"""Thresholds that promise a precision or a recall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.calibration_cases import scored
from evaluators.calibration.promise import Measure, Promise, keep, least_labels, lower_bound, needed_labels

PRECISE = Promise(Measure.PRECISION, 0.9)


def test_the_bound_is_that_of_clopper_and_pearson():
    assert lower_bound(22, 22) == pytest.approx(0.9, abs=0.002)
    assert lower_bound(0, 5) == 0
    assert least_labels(0.9) == 22
    assert least_labels(0.9, 2) == 52


def test_a_promise_is_kept_by_the_lowest_cut_that_the_labels_prove():
    values = np.linspace(0, 1, 200)
    kept = keep(PRECISE, values, values >= 0.4)
    assert 0.35 <= kept.threshold <= 0.5
    assert kept.bound >= 0.9
    assert kept.more_labels == 0


def test_a_recall_is_kept_by_the_highest_cut_that_the_labels_prove():
    values = np.linspace(0, 1, 200)
    kept = keep(Promise(Measure.RECALL, 0.8), values, values >= 0.5)
    assert 0.5 < kept.threshold < 0.6
    assert kept.bound >= 0.8


def test_with_too_few_labels_there_is_no_threshold_but_how_many_are_missing_and_where():
    values = np.linspace(0, 1, 20)
    kept = keep(PRECISE, values, values >= 0.2)
    assert kept.threshold is None
    assert 10 <= kept.more_labels <= 200
    assert kept.where is not None


def test_a_score_that_tells_nothing_gets_no_threshold_and_no_number_of_labels():
    kept = keep(PRECISE, np.tile([0.2, 0.8], 100), np.tile([True, True, False, False], 50))
    assert (kept.threshold, kept.more_labels) == (None, None)


def test_without_labels_it_is_said_how_many_it_takes():
    kept = keep(PRECISE, [], [])
    assert kept.threshold is None
    assert kept.more_labels >= 22


@pytest.mark.parametrize("measure", list(Measure))
def test_a_promise_is_broken_no_more_often_than_one_time_in_ten(measure):
    people = scored("x", 8_000, 0.4, 2.2, seed=1)
    rng, broken = np.random.default_rng(5), 0
    promise = Promise(measure, 0.85)
    for _ in range(150):
        drawn = rng.choice(len(people.truths), 150, replace=False)
        kept = keep(promise, people.verdicts[drawn], people.truths[drawn])
        if kept.threshold is not None:
            flagged = people.verdicts >= kept.threshold
            true = people.truths[flagged].mean() if measure is Measure.PRECISION else flagged[people.truths].mean()
            broken += true < promise.at_least
    assert broken <= 25  # a tenth of 150, and three standard errors


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.floats(0.01, 1)), max_size=80), st.sampled_from(Measure))
@settings(max_examples=80, deadline=None)
def test_whatever_the_labels_a_threshold_proves_its_promise_and_else_there_is_none(labels, measure):
    values, truths, chances = ([one[k] for one in labels] for k in range(3))
    kept = keep(Promise(measure, 0.7), values, truths, [1 / p for p in chances])
    if kept.threshold is None:
        assert kept.more_labels is None or kept.more_labels > 0
    else:
        assert kept.bound >= 0.7
        assert kept.threshold in values


def test_the_labels_needed_prove_it_and_one_less_does_not():
    needed = needed_labels(0.95, 0.9)
    assert 50 < needed < 250
    assert needed_labels(0.9, 0.9) is None
