"""Two criteria on held-out labels: what is offered, what is not, and how many labels are missing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import conversation

from evaluators.judge.alignment import Case, is_held_out
from evaluators.judge.trial import (
    LEAST_OF_EACH,
    MOST_OF_EACH,
    Finding,
    Tried,
    compare,
    comparison_of,
    held_out,
    level_of,
    missing_labels,
    said_in,
)

TALK = conversation("c-1")


def tried(truth, current, proposed, times=1, **more):
    return [Tried(case=Case(conversation=TALK, truth=truth), current=current, proposed=proposed, **more)] * times


def cases(n_yes, n_no):
    truths = [True] * n_yes + [False] * n_no
    return [Case(conversation=conversation(f"c-{n}", f"words {n}"), truth=truth) for n, truth in enumerate(truths)]


def test_a_criterion_that_mends_false_alarms_is_offered_with_both_reports():
    found = compare([*tried(True, 1, 1, 20), *tried(False, 0, 0, 20), *tried(False, 1, 0, 20)], attempt=1)
    assert found.finding is Finding.BETTER
    assert (found.mended, found.spoilt, found.current.right, found.proposed.right) == (20, 0, 40, 60)
    assert found.current.tnr.value == pytest.approx(0.5)
    assert found.proposed.tnr.value == 1.0
    assert found.gain.value == pytest.approx(0.5)
    assert found.gain.low > 0.3
    assert comparison_of(json.loads(json.dumps(found.to_json()))) == found


def test_a_few_lucky_conversations_are_not_enough():
    found = compare([*tried(True, 1, 1, 20), *tried(False, 0, 0, 17), *tried(False, 1, 0, 3)], attempt=1)
    assert found.gain.value == pytest.approx(0.15)
    assert found.finding is Finding.NOT_BETTER


def test_one_answer_is_not_bought_with_the_other():
    found = compare([*tried(True, 1, 0, 12), *tried(False, 1, 0, 40), *tried(True, 1, 1, 8)], attempt=1)
    assert found.mended > found.spoilt
    assert found.current.informedness.value == pytest.approx(0.0)
    assert found.proposed.tpr.value == pytest.approx(0.4)
    assert compare([*tried(True, 1, 0, 20), *tried(False, 1, 0, 20)], attempt=1).finding is Finding.NOT_BETTER


def test_whoever_says_that_a_question_does_not_apply_is_wrong_where_people_answered_it():
    found = compare([*tried(True, 1, None, 20), *tried(False, 1, None, 20)], attempt=1)
    assert found.proposed.right == 0


def test_failures_are_left_out_and_many_of_them_decide_nothing():
    good = [*tried(True, 1, 1, 20), *tried(False, 1, 0, 20)]
    assert compare([*good, *tried(False, None, None, 2, has_failed=True)], attempt=1).finding is Finding.BETTER
    many = compare([*good, *tried(False, None, None, 9, has_failed=True)], attempt=1)
    assert (many.failed, many.finding) == (9, Finding.FAILED)
    assert compare(tried(True, 1, 1, 20), attempt=1) is None
    assert compare([], attempt=1) is None


def test_who_tries_again_on_the_same_labels_has_to_be_surer():
    six = [*tried(True, 1, 1, 20), *tried(False, 0, 0, 14), *tried(False, 1, 0, 6)]
    assert compare(six, attempt=1).finding is Finding.BETTER
    assert compare(six, attempt=3).finding is Finding.NOT_BETTER
    assert sum(level_of(attempt) for attempt in range(1, 10_000)) <= 0.1


def test_what_was_picked_seldom_counts_for_as_many_as_it_stands_for():
    seldom = Tried(case=Case(conversation=TALK, truth=True, weight=60.0), current=0, proposed=1)
    found = compare([*tried(True, 1, 1, 20), seldom, *tried(False, 0, 0, 20)], attempt=1)
    assert found.current.tpr.value == pytest.approx(20 / 80)
    assert found.proposed.tpr.value == 1.0


def test_false_alarms_among_what_is_rare_are_mended_though_j_hardly_sees_them():
    seldom = [replace(one, case=replace(one.case, weight=60.0)) for one in tried(False, 0, 0, 20)]
    found = compare([*tried(True, 1, 1, 20), *tried(False, 1, 0, 20), *seldom], attempt=1)
    assert found.gain.value < 0.02
    assert found.kappa_gain.value > 0.3
    assert found.finding is Finding.BETTER


def test_only_held_out_labels_measure_and_copies_of_what_was_shown_do_not():
    every = cases(200, 200)
    measuring = held_out(every)
    assert all(is_held_out(case.conversation.conversation_id) for case in measuring)
    assert sum(case.truth for case in measuring) == MOST_OF_EACH
    copied = said_in(measuring[0])
    assert measuring[0] not in held_out(every, [copied])
    assert held_out(every) == held_out(list(reversed(every)))


def test_it_says_how_many_labels_are_missing():
    assert missing_labels([]) == (17, 17)
    assert missing_labels(cases(200, 0)) == (0, 17)
    few = next(case for case in cases(200, 0) if is_held_out(case.conversation.conversation_id))
    assert missing_labels([few] * LEAST_OF_EACH) == (0, 17)


def test_a_criterion_that_is_no_better_is_seldom_offered():
    rng, offered = np.random.default_rng(7), 0
    for _ in range(200):
        rows = []
        for truth in (True, False):
            wrong = rng.random((30, 2)) < 0.2
            rows += [t for one, other in wrong for t in tried(truth, float(truth ^ one), float(truth ^ other))]
        offered += compare(rows, attempt=1).finding is Finding.BETTER
    assert offered <= 0.05 * 200


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([None, 0.0, 1.0]), st.sampled_from([None, 0.0, 1.0])), max_size=25
    )
)
def test_every_figure_lies_within_its_interval(rows):
    found = compare([one for row in rows for one in tried(*row)], attempt=1)
    if found is None:
        return
    for side in (found.current, found.proposed):
        for figure in (side.tpr, side.tnr, side.informedness):
            assert figure.low - 1e-9 <= figure.value <= figure.high + 1e-9
    assert found.gain.low <= found.gain.value <= found.gain.high
    assert 0 <= found.p <= 1
