"""Which conversations reviewers are asked about next, and how far a calibration carries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.calibration_cases import scored
from evaluators.calibrate import Labelled, calibrate
from evaluators.calibration.clusters import design_effect
from evaluators.calibration.next import ANYTHING, MOST_WORTH, About, Known, Plan, Why, edges_of, neyman, plan
from evaluators.calibration.validity import UNKNOWN_SPREAD, Version, between, validity
from traces.histogram import Rollup
from traces.posterior import SPREAD, Count

PEOPLE = scored("x", 20_000, 0.04, 2.8, seed=3)
DISPUTED = About(disagrees=True)
SCORES = Rollup.of(PEOPLE.verdicts.tolist())


def expected(best: Plan, values) -> float:
    return float(sum(best.inclusion_probability(v) for v in values))


def test_as_many_are_picked_as_are_wanted_without_those_that_are_asked_twice():
    assert expected(plan(SCORES, [], 200), PEOPLE.verdicts) == pytest.approx(180, rel=0.03)


def test_most_go_where_the_score_is_unsure_and_the_audit_falls_on_all():
    best = plan(SCORES, [], 200)
    assert best.audit == pytest.approx(200 * 0.15 / 20_000)
    assert best.inclusion_probability(0.5) > 8 * best.inclusion_probability(0.0005)
    assert best.inclusion_probability(0.0005) >= best.audit


def test_labels_overrule_the_score_where_they_say_otherwise():
    unsure = [Known(v, bool(k % 2)) for k, v in enumerate(np.repeat(0.0005, 40))]
    assert plan(SCORES, unsure, 200).inclusion_probability(0.0005) > plan(SCORES, [], 200).inclusion_probability(0.0005)


def test_where_another_evaluator_disagrees_the_chance_is_higher_and_told_apart():
    best = plan(SCORES, [], 200, disagreeing=400)
    assert best.disagreement == pytest.approx(200 * 0.2 / 400)
    sure = best.inclusion_probability(0.0005, DISPUTED)
    assert sure > best.inclusion_probability(0.0005) + 0.05
    assert best.why(best.audit + 0.01, 0.0005, DISPUTED) is Why.DISAGREEMENT


def test_the_same_question_again_is_worth_less_but_for_the_audit():
    best = plan(SCORES, [], 200)
    assert best.inclusion_probability(0.5, About(worth=0.1)) < best.inclusion_probability(0.5) / 5
    assert best.inclusion_probability(0.5, About(worth=0.0)) == pytest.approx(best.audit)


def test_a_share_goes_to_what_is_unlike_the_others_and_is_told_apart():
    best = plan(SCORES, [], 200, unusual=800)
    assert best.unusual == pytest.approx(200 * 0.1 / 800)
    assert best.why(best.audit + 0.01, 0.0005, About(is_unusual=True)) is Why.UNUSUAL
    usual = [best.inclusion_probability(v, About(is_unusual=n % 25 == 0)) for n, v in enumerate(PEOPLE.verdicts)]
    assert sum(usual) == pytest.approx(180, rel=0.03)


@given(
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1),
    st.builds(About, st.booleans(), st.booleans(), st.floats(0, MOST_WORTH)),
)
def test_a_lot_picks_with_just_the_chance_that_is_stored(lot, value, about):
    best = plan(SCORES, [], 3_000, disagreeing=5_000, unusual=500)
    chance = best.inclusion_probability(value, about)
    assert 0 < chance <= best.inclusion_probability(value, ANYTHING) <= 1
    assert (best.why(lot, value, about) is not None) is (lot < chance)


def test_verdicts_of_0_and_1_are_two_strata_on_the_right_sides():
    verdicts = Rollup.of([1.0] * 30 + [0.0] * 970)
    [edge] = edges_of(verdicts)
    assert 0 < edge <= 1
    best = plan(verdicts, [Known(1.0, True), Known(1.0, False)] * 10, 50)
    assert best.inclusion_probability(1.0) > best.inclusion_probability(0.0)


def test_nothing_was_seen_yet_then_everything_is_looked_at():
    assert plan(Rollup(), [], 10).inclusion_probability(0.3) == 1.0


@given(
    st.lists(st.tuples(st.floats(1, 1e5), st.floats(0.04, 0.5)), min_size=1, max_size=9),
    st.floats(1, 1e4),
    st.floats(0, 0.01),
)
def test_neyman_s_chances_are_chances_and_spend_what_is_wanted(strata, wanted, least):
    sizes, deviations = (np.array([s[k] for s in strata]) for k in (0, 1))
    chances = neyman(sizes, deviations, wanted, least)
    assert ((chances >= least) & (chances <= 1)).all()
    if least * sizes.sum() <= wanted <= sizes.sum():
        assert (chances * sizes).sum() == pytest.approx(wanted, rel=1e-3)


# --- how far a calibration carries -------------------------------------------------------------------------


def test_labels_of_the_version_that_runs_need_nothing():
    assert not validity(12, 30, 0, []).is_transported
    assert not validity(20, 20, 500, []).is_transported


def test_after_a_change_it_says_how_many_labels_of_each_verdict_would_refresh_it():
    told = validity(3, 12, 200, [])
    assert told.is_transported
    assert told.refresh == (17, 8)
    assert told.spread == pytest.approx(UNKNOWN_SPREAD)


def test_versions_that_were_alike_widen_less_and_those_that_were_not_widen_more():
    alike = [Version(Count(45, 50), Count(5, 50))] * 5
    unlike = [Version(Count(45, 50), Count(k, 50)) for k in (1, 5, 12, 20, 30)]
    assert SPREAD <= between(alike) < UNKNOWN_SPREAD < between(unlike)


def labelled(version: str, *groups: tuple[int, float, bool]) -> list[Labelled]:
    return [Labelled(value=v, truth=t, version=version) for n, v, t in groups for _ in range(n)]


OLD = labelled("1", (40, 1.0, True), (10, 1.0, False), (5, 0.0, True), (95, 0.0, False))
BEFORE, NOW = Rollup.of([1.0] * 500 + [0.0] * 1_000), Rollup.of([1.0] * 200 + [0.0] * 300)


def test_a_new_version_has_a_wider_interval_and_its_own_rate():
    carried = calibrate("r", "2", OLD, NOW, before=BEFORE)
    same = calibrate("r", "1", [Labelled(value=o.value, truth=o.truth) for o in OLD], NOW)
    assert carried.is_transported
    assert carried.refresh == (20, 20)
    assert (carried.n_scores, carried.raw_rate) == (500, 0.4)
    assert carried.ci_high - carried.ci_low > 2 * (same.ci_high - same.ci_low)
    assert carried.ci_low < same.corrected_rate < carried.ci_high


def test_labels_of_the_new_version_narrow_it_and_enough_of_them_stand_alone():
    few = labelled("", (8, 1.0, True), (2, 1.0, False), (10, 0.0, False))
    enough = labelled("", (16, 1.0, True), (4, 1.0, False), (1, 0.0, True), (19, 0.0, False))
    carried, refined, own = (calibrate("r", "2", OLD + new, NOW, before=BEFORE) for new in ([], few, enough))
    assert refined.is_transported
    assert refined.ci_high - refined.ci_low < carried.ci_high - carried.ci_low
    assert not own.is_transported
    assert own.labelled_positive == (16, 20)


# --- users -------------------------------------------------------------------------------------------------


def test_labels_of_few_users_who_are_all_alike_tell_less():
    rng = np.random.default_rng(2)
    users = [f"u-{k // 6}" for k in range(120)]
    alike = np.repeat(rng.random(20) < 0.5, 6)
    verdicts = np.ones(120, dtype=bool)
    assert design_effect(verdicts, alike, users) > 4
    assert design_effect(verdicts, rng.random(120) < 0.5, users) < 1.8
    assert design_effect(verdicts, alike, [None] * 120) == 1
    assert design_effect(verdicts, alike, [f"u-{k}" for k in range(120)]) == 1
