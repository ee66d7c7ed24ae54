"""From labels to what is true."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import AT

from evaluators.truth import majority, truth_among, truth_of
from traces.model import Label


@pytest.mark.parametrize("value", [1, 1.0, True, "1", "yes", " Yes ", "TRUE", "correct"])
def test_yes_in_any_form_is_true(value):
    assert truth_of(value) is True


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "no", "No", "false", "incorrect"])
def test_no_in_any_form_is_false(value):
    assert truth_of(value) is False


@pytest.mark.parametrize("value", ["unsure", "", "maybe", 0.5, 2, -1, float("nan"), None, "billing"])
def test_anything_else_decides_nothing(value):
    assert truth_of(value) is None


def test_most_of_those_who_decided_are_right_and_a_tie_is_open():
    assert majority([True, True, False]) is True
    assert majority([False, None, None]) is False
    assert majority([True, False]) is None
    assert majority([]) is None


@given(st.lists(st.sampled_from([True, False, None])))
def test_a_majority_does_not_depend_on_the_order(truths):
    assert majority(truths) == majority(list(reversed(truths)))


def said(reviewer: str, value: float | str, minutes: int = 0) -> Label:
    return Label(
        conversation_id="c", name="refusal", value=value, reviewer=reviewer, at=AT + timedelta(minutes=minutes)
    )


def test_of_each_reviewer_the_last_label_counts():
    assert truth_among([said("U1", 0, 5), said("U1", 1, 1)]) is False
    assert truth_among([said("U1", 1), said("U2", 0), said("U2", 1, 3)]) is True
    assert truth_among([said("U1", 1), said("U2", 0)]) is None
    assert truth_among([said("U1", 1), said("U2", "unsure")]) is True
