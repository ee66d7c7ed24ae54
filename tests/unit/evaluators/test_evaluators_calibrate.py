"""What labels say of an evaluator."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import AT

from benchmarks.calibration import made_up, measure, recorded
from evaluators.calibrate import Labelled, calibrate
from traces.histogram import Rollup
from traces.posterior import Count, interval, rates


def labelled(*groups: tuple[int, float, bool]) -> list[Labelled]:
    """(how many, score, truth) groups."""
    return [Labelled(value=value, truth=truth) for number, value, truth in groups for _ in range(number)]


GOOD = labelled((18, 1.0, True), (2, 0.0, True), (27, 0.0, False), (3, 1.0, False))
SCORES = Rollup.of([1.0] * 400 + [0.0] * 600)


def test_without_labels_there_is_a_raw_rate_and_no_more():
    result = calibrate("refusal", "1", [], SCORES, computed_at=AT)
    assert (result.raw_rate, result.n_scores, result.n_labels, result.threshold) == (0.4, 1000, 0, 0.5)
    assert result.corrected_rate is result.ci_low is result.tpr is result.kappa is result.precision is None
    assert result.usable
    assert result.computed_at == AT


def test_without_scores_and_labels_nothing_is_known():
    result = calibrate("refusal", "1", [], Rollup())
    assert (result.raw_rate, result.corrected_rate) == (None, None)


def test_labels_give_errors_agreement_and_a_corrected_rate_with_its_interval():
    result = calibrate("refusal", "1", GOOD, SCORES)
    assert result.tpr == pytest.approx(0.9)
    assert result.tnr == pytest.approx(0.9)
    assert result.kappa == pytest.approx(0.7934, abs=1e-3)
    assert result.usable
    assert result.ci_low < result.corrected_rate < result.ci_high
    assert result.corrected_rate == pytest.approx(0.4 * 18.5 / 22 + 0.6 * 2.5 / 30, abs=0.002)
    assert result.raw_rate * result.precision + (1 - result.raw_rate) * result.miss_rate == pytest.approx(
        result.corrected_rate, abs=0.002
    )


def test_the_same_labels_always_give_the_same_figures():
    assert calibrate("refusal", "1", GOOD, SCORES) == calibrate("refusal", "1", list(reversed(GOOD)), SCORES)


def test_more_labels_narrow_the_interval():
    few, many = calibrate("r", "1", GOOD, SCORES), calibrate("r", "1", GOOD * 4, SCORES)
    assert many.ci_high - many.ci_low < 0.6 * (few.ci_high - few.ci_low)


def test_verdicts_that_tell_nothing_are_refused_and_the_rate_rests_on_labels_alone():
    noise = labelled((10, 1.0, True), (10, 0.0, True), (10, 1.0, False), (10, 0.0, False))
    result = calibrate("r", "1", noise, Rollup.of([1.0] * 900 + [0.0] * 100))
    assert not result.usable
    assert result.corrected_rate == pytest.approx(0.5)
    assert (result.ci_low, result.ci_high) == pytest.approx(interval(Count(20.0, 40.0)), abs=0.01)


def test_a_handful_of_labels_condemns_nobody():
    assert calibrate("r", "1", labelled((3, 1.0, False), (3, 0.0, True)), SCORES).usable


def test_labels_of_positive_verdicts_only_say_nothing_of_what_was_missed():
    result = calibrate("r", "1", labelled((20, 1.0, True), (5, 1.0, False)), SCORES)
    assert result.corrected_rate is result.tpr is result.tnr is result.miss_rate is None
    assert result.usable
    assert result.precision == pytest.approx(20.5 / 26)


def test_a_clearly_better_cut_moves_the_threshold():
    shifted = labelled((15, 0.4, True), (15, 0.1, False), (2, 0.15, False), (2, 0.35, True))
    result = calibrate("r", "1", shifted, Rollup.of([0.4] * 50 + [0.1] * 50))
    assert 0.15 < result.threshold <= 0.35
    assert result.raw_rate == 0.5
    assert (result.tpr, result.tnr) == (1.0, 1.0)


def test_a_cut_that_is_better_by_chance_does_not_move_it():
    near = labelled((14, 0.9, True), (1, 0.45, True), (15, 0.1, False), (1, 0.4, False))
    assert calibrate("r", "1", near, Rollup.of([0.9, 0.1])).threshold == 0.5


def test_too_few_labels_of_a_class_leave_the_threshold():
    assert calibrate("r", "1", labelled((9, 0.4, True), (40, 0.1, False)), SCORES).threshold == 0.5


def test_verdicts_of_0_and_1_keep_the_threshold():
    assert calibrate("r", "1", GOOD * 3, SCORES).threshold == 0.5


def test_a_random_audit_undoes_the_bias_of_reviewing_only_what_was_flagged():
    rng = np.random.default_rng(4)
    verdicts, truths = made_up("x", 6000, 0.3, 0.8, 0.9)[1:]
    picked = (verdicts == 1) | (rng.random(len(verdicts)) < 0.05)
    sample = [
        Labelled(value=v, truth=bool(t), inclusion_probability=1.0 if v == 1 else 0.05)
        for v, t in zip(verdicts[picked], truths[picked], strict=True)
    ]
    result = calibrate("r", "1", sample, Rollup.of(verdicts))
    naive = calibrate("r", "1", [Labelled(value=i.value, truth=i.truth) for i in sample], Rollup.of(verdicts))
    assert naive.tpr > 0.95
    assert result.tpr == pytest.approx(0.8, abs=0.06)
    assert result.ci_low < 0.3 < result.ci_high


@pytest.mark.parametrize("labels", [25, 50, 100])
def test_the_interval_holds_the_truth_as_often_as_it_says(labels):
    promise = measure(made_up("good", 4500, 0.338, 0.971, 0.831), labels, 120, seed=3)
    assert promise.covered >= 0.88
    assert promise.width <= 0.75 * promise.width_of_labels_alone
    assert promise.usable >= 0.95


def test_a_weak_judge_costs_no_more_than_labels_alone():
    promise = measure(made_up("weak", 4500, 0.23, 0.5, 0.65), 100, 100, seed=3)
    assert promise.width <= 1.05 * promise.width_of_labels_alone
    assert promise.covered >= 0.88


def test_a_useless_judge_is_refused():
    assert measure(made_up("useless", 4500, 0.338, 0.98, 0.09), 60, 100, seed=3).usable <= 0.05


def test_the_interval_holds_on_a_real_judge_s_verdicts():
    path = Path(__file__).parents[4] / "shared/data/judge_verdicts.jsonl"
    if not path.exists():
        pytest.skip("needs ../shared/data/judge_verdicts.jsonl, a judge's verdicts with a human's labels")
    promise = measure(recorded(path), 100, 100, seed=3)
    assert promise.covered >= 0.9
    assert promise.width <= 0.14


def test_the_grid_agrees_with_simulation():
    rng = np.random.default_rng(0)
    grid = rates(Count(18, 21), Count(2, 29), Count(400, 1000)).true_rate
    share, precision, missed = (
        rng.beta(400.5, 600.5, 200_000),
        rng.beta(18.5, 3.5, 200_000),
        rng.beta(2.5, 27.5, 200_000),
    )
    simulated = share * precision + (1 - share) * missed
    assert np.quantile(grid, [0.025, 0.5, 0.975]) == pytest.approx(
        np.quantile(simulated, [0.025, 0.5, 0.975]), abs=0.002
    )


items = st.builds(
    Labelled,
    value=st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    truth=st.booleans(),
    inclusion_probability=st.none() | st.floats(0.001, 1),
)


@given(st.lists(items, max_size=40), st.lists(st.floats(0, 1), max_size=20))
@settings(max_examples=80, deadline=None)
def test_every_figure_is_a_share_and_every_interval_in_order(sample, scores):
    result = calibrate("r", "1", sample, Rollup.of(scores))
    for share in (result.tpr, result.tnr, result.raw_rate, result.precision, result.miss_rate, result.corrected_rate):
        assert share is None or 0 <= share <= 1
    assert result.kappa is None or -1 <= result.kappa <= 1 + 1e-9
    assert math.isfinite(result.threshold)
    if result.ci_low is not None:
        assert 0 <= result.ci_low <= result.ci_high <= 1


def test_a_score_whose_best_cut_is_a_half_seldom_loses_it():
    rng, moved = np.random.default_rng(1), 0
    for _ in range(100):
        truths = rng.random(60) < 0.4
        values = np.clip(np.where(truths, rng.normal(0.65, 0.2, 60), rng.normal(0.35, 0.2, 60)), 0, 1)
        sample = [Labelled(value=v, truth=bool(t)) for v, t in zip(values, truths, strict=True)]
        moved += calibrate("r", "1", sample, SCORES).threshold != 0.5
    assert moved <= 8
