"""The figures that calibration is held to, on fewer draws than the benchmark takes, with room for chance."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calibration_cases import scored
from benchmarks.calibration_choices import picking, verification, versions
from benchmarks.calibration_peers import PEERS
from evaluators.calibrate import Labelled, calibrate
from traces.histogram import Rollup


def test_planned_reviews_are_worth_several_at_random_and_find_what_is_rare():
    strong, weak, rare = picking(120, seed=4)
    assert strong.variance_ratio > 3
    assert weak.variance_ratio > 0.8
    assert rare.positives > 28 > 2 * rare.positives_at_random
    assert rare.reviews == pytest.approx(200, rel=0.05)


def test_an_audit_of_a_twentieth_undoes_verification_bias():
    found = verification(60, seed=4)
    assert abs(found.corrected - found.truth) < 0.012
    assert found.naive - found.truth > 0.015
    assert found.covered > 0.85


def test_versions_whose_errors_differ_are_told_and_their_interval_is_honest():
    found = versions(180, seed=4)
    assert found.flagged == 1
    assert found.covered > 0.88 > found.covered_unflagged


def test_labels_on_all_scores_tell_more_than_those_on_two_verdicts():
    people = scored("x", 4_000, 0.2, 2.0, seed=1)
    rng, widths = np.random.default_rng(9), []
    for values in (people.verdicts, (people.verdicts >= 0.5).astype(float)):
        drawn = rng.choice(4_000, 200, replace=False)
        labels = [Labelled(value=float(values[i]), truth=bool(people.truths[i])) for i in drawn]
        found = calibrate("x", "1", labels, Rollup.of(values.tolist()), threshold=0.5)
        widths.append(found.ci_high - found.ci_low)
    assert widths[0] < 0.97 * widths[1]


def test_where_everything_is_labelled_the_rate_is_known():
    people = scored("x", 300, 0.3, 1.5, seed=2)
    labels = [Labelled(value=float(v), truth=bool(t)) for v, t in zip(people.verdicts, people.truths, strict=True)]
    found = calibrate("x", "1", labels, Rollup.of(people.verdicts.tolist()))
    assert found.corrected_rate == pytest.approx(people.truths.mean(), abs=0.003)
    assert found.ci_high - found.ci_low < 0.01


@pytest.mark.parametrize("name", PEERS)
def test_the_others_answer_as_they_do_elsewhere(name):
    """On verdicts without errors all of them say what the verdicts say."""
    truths = np.array([1.0] * 40 + [0.0] * 60)
    low, high = PEERS[name](truths, truths, 0.4, 100_000, np.random.default_rng(1))
    assert low - 1e-9 <= 0.4 <= high + 1e-9
    assert high - low < (0.2 if name == "labels alone" else 0.01)
