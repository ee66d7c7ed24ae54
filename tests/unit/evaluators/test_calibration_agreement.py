"""Agreement beyond chance, reliability of probabilities, and the reviewers themselves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import AT

from evaluators.calibration.agreement import agreement_of, alpha_of, reliability_of
from evaluators.calibration.reviewers import Answer, dawid_skene, question_report
from traces.model import GOLD


def pairs(both: int, first: int, second: int, neither: int):
    one = np.array([True] * (both + first) + [False] * (second + neither))
    other = np.array([True] * both + [False] * first + [True] * second + [False] * neither)
    return one, other, np.ones(len(one))


def test_kappa_ac1_and_alpha_are_those_of_the_textbooks():
    found = agreement_of(*pairs(20, 5, 10, 15))
    assert found.kappa.value == pytest.approx(0.4)  # Cohen's example of 50 grant proposals
    assert found.ac1.value == pytest.approx(1 - 0.3 / (1 - 2 * 0.55 * 0.45), abs=1e-9)
    assert found.alpha.value == pytest.approx(1 - 0.3 / (2 * 0.55 * 0.45 * 100 / 99), abs=1e-9)
    for figure in (found.kappa, found.ac1, found.alpha):
        assert figure.low < figure.value < figure.high


def test_where_almost_nothing_is_true_ac1_is_not_fooled_as_kappa_is():
    found = agreement_of(*pairs(0, 1, 1, 98))
    assert found.kappa.value < 0
    assert found.ac1.value > 0.95


def test_raters_who_always_say_the_same_one_thing_agree_by_chance_or_not_nobody_knows():
    found = agreement_of(*pairs(30, 0, 0, 0))
    assert (found.kappa, found.alpha) == (None, None)
    assert agreement_of(*pairs(1, 0, 0, 0)).kappa is None


def test_alpha_takes_any_number_of_raters_and_passes_over_what_one_answered():
    answers = [{"a": True, "b": True, "c": True}, {"a": False, "b": False}, {"a": True, "c": False}, {"b": True}]
    # By hand: 7 answers, 4 of them yes; one conversation of two is split.
    assert alpha_of(answers).value == pytest.approx(1 - (2 / 7) / (2 * 4 * 3 / (7 * 6)))
    assert alpha_of([{"a": True}]) is None


def test_two_raters_get_the_same_alpha_by_either_way():
    one, other, weights = pairs(12, 3, 4, 30)
    answers = [{"a": bool(x), "b": bool(y)} for x, y in zip(one, other, strict=True)]
    assert alpha_of(answers).value == pytest.approx(agreement_of(one, other, weights).alpha.value)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.1, 50)), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_figure_exceeds_one_and_every_interval_holds_it(rows):
    found = agreement_of(np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), np.array([r[2] for r in rows]))
    for figure in (found.kappa, found.ac1, found.alpha):
        assert figure is None or figure.low <= figure.value <= figure.high <= 1 + 1e-9


def test_probabilities_that_mean_what_they_say_have_no_calibration_error():
    rng = np.random.default_rng(3)
    values = rng.random(20_000)
    truths = rng.random(20_000) < values
    honest = reliability_of(values, truths, np.ones(20_000))
    boastful = reliability_of(values**0.3, truths, np.ones(20_000))
    assert honest.error < 0.02
    assert boastful.error > 0.15
    assert [one.n > 1_500 for one in honest.bins] == [True] * 10


def test_verdicts_are_no_probabilities():
    assert reliability_of(np.array([0.0, 1.0, 1.0]), np.array([True, True, False]), np.ones(3)) is None
    assert reliability_of(np.array([]), np.array([], dtype=bool), np.array([])) is None


# --- reviewers ---------------------------------------------------------------------------------------------


def answered(reviewer: str, truths, start: int = 0) -> list[Answer]:
    return [
        Answer(conversation_id=f"c-{start + k:04}", reviewer=reviewer, truth=bool(t), at=AT + timedelta(minutes=k))
        for k, t in enumerate(truths)
    ]


def wrong_by(truths, share: float, seed: int):
    return truths ^ (np.random.default_rng(seed).random(len(truths)) < share)


TRUTHS = np.random.default_rng(1).random(120) < 0.4


def test_each_reviewer_is_measured_by_the_others_and_by_what_is_known():
    answers = [
        *answered("ann", TRUTHS),
        *answered("bob", wrong_by(TRUTHS, 0.3, 2)),
        *answered("cem", wrong_by(TRUTHS, 0.05, 3)),
        *answered(GOLD, TRUTHS[:40]),
    ]
    report = question_report(answers)
    by_name = {one.reviewer: one for one in report.reviewers}
    assert set(by_name) == {"ann", "bob", "cem"}
    assert by_name["bob"].agreement < by_name["cem"].agreement
    assert by_name["bob"].kappa.value < by_name["cem"].kappa.value
    assert (by_name["ann"].n_gold, by_name["ann"].right) == (40, 1.0)
    assert by_name["bob"].right < 0.9
    assert not report.is_vague


def test_a_question_on_which_people_hardly_agree_is_too_vague_once_enough_was_asked_twice():
    noise = np.random.default_rng(4).random(60) < 0.5
    report = question_report([*answered("ann", TRUTHS[:60]), *answered("bob", noise)])
    assert report.is_vague
    assert report.alpha.value < 0.4
    few = question_report([*answered("ann", TRUTHS[:15]), *answered("bob", noise[:15])])
    assert not few.is_vague


def test_a_reviewer_who_no_longer_agrees_has_drifted():
    drifted = np.concatenate([TRUTHS[:90], ~TRUTHS[90:]])
    report = question_report([*answered("ann", TRUTHS), *answered("bob", TRUTHS), *answered("cem", drifted)])
    assert {one.reviewer: one.has_drifted for one in report.reviewers} == {"ann": False, "bob": False, "cem": True}


def test_a_reviewer_alone_has_nothing_to_agree_with():
    [ann] = question_report(answered("ann", TRUTHS)).reviewers
    assert (ann.n, ann.n_shared, ann.agreement, ann.kappa, ann.right) == (120, 0, None, None, None)


def test_of_three_raters_each_counts_for_as_much_as_it_is_right():
    answers = [
        *answered("good", wrong_by(TRUTHS, 0.03, 5)),
        *answered("poor", wrong_by(TRUTHS, 0.4, 6)),
        *answered("other", wrong_by(TRUTHS, 0.35, 7)),
        *answered("fair", wrong_by(TRUTHS, 0.1, 8)),
    ]
    found = dawid_skene(answers)
    told = np.array([found.chances[f"c-{k:04}"] >= 0.5 for k in range(120)])
    votes = np.array([a.truth for a in answers]).reshape(4, 120).sum(axis=0) >= 2
    assert (told == TRUTHS).mean() > (votes == TRUTHS).mean()
    assert (told == TRUTHS).mean() > 0.9
    assert found.tpr["good"] > 0.85 > found.tpr["poor"]


def test_two_raters_or_few_conversations_are_not_enough_for_that():
    assert dawid_skene([*answered("a", TRUTHS), *answered("b", TRUTHS)]) is None
    assert dawid_skene([a for r in "abc" for a in answered(r, TRUTHS[:49])]) is None
