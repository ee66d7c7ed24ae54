"""The corrected rate of an alert: labels of other times carried over, labels of its own conversations first."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from made import calibration

from alerts.correction import Basis, Labels, Reviewed, corrected, estimate, labels_among, line_of, uncorrected
from alerts.signals import signal_of_score
from traces.posterior import Count

REFUSAL = signal_of_score("refusal")


def judge(tpr: float, tnr: float, prevalence: float = 0.05, labels: float = 120.0, **changed):
    """What half the labels on positive verdicts and half on negative ones tell of an evaluator."""
    share = prevalence * tpr + (1 - prevalence) * (1 - tnr)
    precision, missed = prevalence * tpr / share, prevalence * (1 - tpr) / (1 - share)
    half = labels / 2
    known = {
        "raw_rate": share,
        "n_scores": 5_000,
        "n_labels": round(labels),
        "precision": precision,
        "miss_rate": missed,
        "labelled_positive": (half * precision, half),
        "labelled_negative": (half * missed, half),
    }
    return {"refusal": calibration(**(known | changed))}


def test_a_window_in_which_everything_is_flagged_is_true_throughout_and_not_as_seldom_as_before():
    known = judge(0.9, 0.97)
    found = estimate(REFUSAL, 19, 19, known)
    assert known["refusal"].precision < 0.65
    assert found.rate > 0.95
    assert found.ci_low > 0.8
    assert found.basis is Basis.TRANSPORTED
    assert corrected(REFUSAL, 1.0, known) == pytest.approx(1.0)


def test_where_nothing_has_changed_the_corrected_rate_is_what_the_labels_say_of_all():
    known = judge(0.9, 0.95, labels=400)
    q = known["refusal"].raw_rate
    assert corrected(REFUSAL, q, known) == pytest.approx(0.05, abs=0.01)
    assert estimate(REFUSAL, q * 5_000, 5_000, known).rate == pytest.approx(0.05, abs=0.01)


GOOD = st.builds(
    judge,
    st.floats(0.75, 0.99),
    st.floats(0.85, 0.995),
    st.floats(0.03, 0.4),
    st.floats(100, 1_000),
)


@given(GOOD, st.integers(5, 300), st.data())
def test_the_more_is_flagged_the_higher_the_corrected_rate(known, n, data):
    one, other = sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))
    few, many = estimate(REFUSAL, one, n, known), estimate(REFUSAL, other, n, known)
    assert few.rate <= many.rate + 1e-9
    assert few.ci_low <= many.ci_low + 1e-9
    assert few.ci_high <= many.ci_high + 1e-9
    assert corrected(REFUSAL, one / n, known) <= corrected(REFUSAL, other / n, known) + 1e-9


@given(GOOD, st.integers(5, 300))
def test_with_a_judge_far_better_than_chance_all_flagged_is_nearly_all_true(known, n):
    found = estimate(REFUSAL, n, n, known)
    assert found.rate > 0.8
    assert found.ci_high > 0.97


@given(
    st.tuples(st.floats(0, 60), st.floats(0, 60)),
    st.tuples(st.floats(0, 60), st.floats(0, 60)),
    st.floats(0, 1),
    st.integers(1, 400),
    st.data(),
)
def test_whatever_the_labels_every_figure_is_a_share_and_the_interval_holds_the_rate(pos, neg, share, n, data):
    positive, negative = (tuple(sorted(pair)) for pair in (pos, neg))
    known = {
        "refusal": calibration(
            raw_rate=share, labelled_positive=positive, labelled_negative=negative, usable=data.draw(st.booleans())
        )
    }
    k = data.draw(st.integers(0, n))
    here = Labels(Count(min(2.0, k), float(min(3, k))), Count(0.0, float(min(2, n - k))), min(3, k) + min(2, n - k))
    for labels in (None, here):
        found = estimate(REFUSAL, k, n, known, labels)
        if found is not None:
            assert 0 <= found.ci_low <= found.rate <= found.ci_high <= 1
    assert 0 <= corrected(REFUSAL, k / n, known) <= 1
    assert 0 <= uncorrected(REFUSAL, k / n, known) <= 1


def test_labels_of_these_very_conversations_overrule_what_is_known_of_others():
    known = judge(0.9, 0.97)
    values = {f"c-{i}": 1.0 for i in range(19)}
    no = labels_among(values, 0.5, {f"c-{i}": Reviewed(truth=False) for i in range(5)})
    yes = labels_among(values, 0.5, {f"c-{i}": Reviewed(truth=True) for i in range(5)})
    assert estimate(REFUSAL, 19, 19, known, no).rate < 0.2
    assert estimate(REFUSAL, 19, 19, known, yes).rate > 0.9
    assert (estimate(REFUSAL, 19, 19, known, yes).basis, estimate(REFUSAL, 19, 19, known, yes).n_here) == (
        Basis.HERE,
        5,
    )


def test_labels_of_other_conversations_are_not_counted_as_of_these():
    assert labels_among({"c-1": 1.0}, 0.5, {"c-2": Reviewed(truth=True)}).n == 0
    both = labels_among({"c-1": 0.9, "c-2": 0.2}, 0.5, {"c-1": Reviewed(truth=True), "c-2": Reviewed(truth=False)})
    assert both == Labels(Count(1.0, 1.0), Count(0.0, 1.0), 2)


def test_a_judge_that_labels_call_unusable_is_shown_as_it_flags_and_says_so():
    known = judge(0.5, 0.5, prevalence=0.4, usable=False)
    found = estimate(REFUSAL, 20, 65, known)
    assert (found.basis, found.rate) == (Basis.RAW, pytest.approx(20 / 65))


def test_a_rise_in_what_such_a_judge_flags_is_no_rise_in_what_is_true():
    at_one, at_zero = line_of(REFUSAL, judge(0.5, 0.5, prevalence=0.4, usable=False))
    assert at_one - at_zero == pytest.approx(0.0, abs=0.02)


def test_labels_of_the_last_days_that_say_not_real_explain_a_rise_away():
    agreeing = judge(0.9, 0.97, recent_positive=(9.0, 10.0))
    contradicting = judge(0.9, 0.97, recent_positive=(0.0, 10.0))
    assert corrected(REFUSAL, 0.3, agreeing) - corrected(REFUSAL, 0.05, agreeing) > 0.2
    assert corrected(REFUSAL, 0.3, contradicting) - corrected(REFUSAL, 0.05, contradicting) < 0.02


def test_while_labels_are_too_few_the_rate_stays_as_it_is():
    known = judge(0.9, 0.95, labels=8)
    assert line_of(REFUSAL, known) is None
    assert corrected(REFUSAL, 0.3, known) == uncorrected(REFUSAL, 0.3, known) == 0.3


@pytest.mark.parametrize(("tpr", "tnr"), [(0.95, 0.97), (0.88, 0.95), (0.8, 0.9)])
def test_the_interval_holds_the_truth_after_prevalence_has_changed(tpr, tnr):
    """120 labels from when 10 % were true; then anything from 2 % to all are."""
    rng = np.random.default_rng(7)
    held = []
    for now in (0.02, 0.1, 0.3, 0.6, 0.9):
        for _ in range(60):
            share = 0.1 * tpr + 0.9 * (1 - tnr)
            flagged, cleared = (60, 0.1 * tpr / share), (60, 0.1 * (1 - tpr) / (1 - share))
            known = judge(
                tpr,
                tnr,
                0.1,
                labelled_positive=(float(rng.binomial(*flagged)), 60.0),
                labelled_negative=(float(rng.binomial(*cleared)), 60.0),
                raw_rate=rng.binomial(5_000, share) / 5_000,
            )
            positive = rng.binomial(100, now * tpr + (1 - now) * (1 - tnr))
            found = estimate(REFUSAL, positive, 100, known)
            held.append(found.ci_low <= now <= found.ci_high)
    assert np.mean(held) >= 0.93
