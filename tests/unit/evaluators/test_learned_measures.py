"""Figures of quality: right where they can be checked by hand, and honest about what few labels leave open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluators.learned.measures import auroc, auroc_interval, quality, wilson
from evaluators.learned.naming import truth_for
from traces.model import Label

rows = st.lists(st.tuples(st.integers(0, 5).map(lambda n: n / 5), st.booleans()), min_size=1, max_size=40)


def label(name, value):
    return Label(conversation_id="c", name=name, value=value, reviewer="ann")


@given(rows)
def test_the_area_is_the_share_of_pairs_in_the_right_order(given_rows):
    values = np.array([value for value, _ in given_rows])
    truths = np.array([truth for _, truth in given_rows])
    pairs = [(t > f) + (t == f) / 2 for t in values[truths] for f in values[~truths]]
    assert auroc(values, truths) == (pytest.approx(np.mean(pairs)) if pairs else None)


@given(rows)
@example([(0.0, True), (0.0, True), (0.2, False), (0.2, False)])
def test_every_figure_lies_within_its_interval_and_between_0_and_1(given_rows):
    found = quality([value for value, _ in given_rows], [truth for _, truth in given_rows])
    for estimate in (found.precision, found.recall, found.f1, found.auroc):
        if estimate.value is not None:
            assert -1e-9 <= estimate.low <= estimate.value + 1e-9
            assert estimate.value - 1e-9 <= estimate.high <= 1 + 1e-9


def test_the_same_scores_give_the_same_intervals():
    assert quality([0.1, 0.9, 0.6], [False, True, False]) == quality([0.1, 0.9, 0.6], [False, True, False])


def test_a_perfect_area_of_few_labels_leaves_room_below():
    few = auroc_interval(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    assert few.value == 1.0
    assert few.low < 0.9


def test_the_interval_of_a_share_agrees_with_the_textbook():
    assert wilson(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_intervals_of_the_area_cover_the_truth_nineteen_times_in_twenty():
    chance = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        truths = chance.random(80) < 0.4
        estimate = auroc_interval(chance.normal(truths.astype(float)), truths)
        covered += estimate.low <= 0.7602 <= estimate.high
    assert covered / 400 > 0.92


def test_a_label_of_the_evaluators_own_name_goes_before_others():
    assert truth_for("groundedness", [label("groundedness", 1), label("hallucination", 1)]) is True


def test_a_label_that_says_the_contrary_counts_the_other_way_round():
    assert truth_for("groundedness", [label("hallucination", 1)]) is False


@pytest.mark.parametrize(
    ("spans", "truth"),
    [
        ('[[0, 5, "EMAIL_ADDRESS"]]', True),
        ('[[0, 5, "PERSON"]]', False),
        ("[]", False),
        ("[[0, 5]]", True),
        ("[nonsense", None),
    ],
)
def test_marked_spans_say_yes_where_one_is_of_a_kind_that_code_can_see(spans, truth):
    assert truth_for("pii_leak", [label("pii_spans", spans)]) is truth


def test_labels_of_other_things_say_nothing():
    assert truth_for("refusal", [label("toxicity", 1)]) is None
