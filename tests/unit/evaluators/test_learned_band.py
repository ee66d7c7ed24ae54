"""Between which scores a classifier is unsure, and that outside of them it is as right as is promised."""

from __future__ import annotations

import numpy as np
import pytest

from evaluators.learned.head import SURE, Head, band_of, head_of


def drawn(n, sharp, seed):
    """Scores of a classifier that knows its chances, with what is true; the sharper, the surer."""
    chance = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(-chance.normal(0, sharp, n)))
    truths = chance.random(n) < scores
    return {str(i): float(s) for i, s in enumerate(scores)}, {str(i): bool(t) for i, t in enumerate(truths)}


def test_few_labels_promise_nothing():
    assert band_of(*drawn(40, 4.0, 1)) is None


def test_a_useless_classifier_is_never_sure():
    scores, truths = drawn(400, 0.2, 2)
    assert band_of(scores, truths) is None


def test_a_good_classifier_is_unsure_in_the_middle_only():
    low, high = band_of(*drawn(600, 6.0, 3))
    assert 0 < low < 0.5 < high < 1


def test_outside_of_the_band_it_is_right_nineteen_times_in_twenty():
    broken, tried = 0, 0
    for seed in range(200):
        band = band_of(*drawn(300, 7.0, seed))
        if band is None:
            continue
        head = Head(
            evaluator="a", prior_version="1", model=None, n_labels=300, n_weak=0, takes_over=True, reason="", band=band
        )
        scores, truths = drawn(20_000, 7.0, 10_000 + seed)
        for is_yes in (True, False):
            sure = [truths[i] == is_yes for i, s in scores.items() if head.is_sure(s) and (s >= 0.5) == is_yes]
            if sure:
                tried += 1
                broken += float(np.mean(sure)) < SURE
    assert tried > 100
    assert broken / tried <= 0.1


def test_a_side_without_a_promise_is_the_judges():
    scores = {str(i): 0.02 if i % 3 else 0.6 for i in range(300)}
    truths = {str(i): i % 3 == 0 and i % 2 == 0 for i in range(300)}
    band = band_of(scores, truths)
    assert band is not None
    assert band[1] == 1.0
    head = Head(
        evaluator="a", prior_version="1", model=None, n_labels=300, n_weak=0, takes_over=True, reason="", band=band
    )
    assert head.is_sure(0.01)
    assert not head.is_sure(0.999_999)
    assert not head.is_sure(1.0)


@pytest.mark.parametrize("band", [None, (0.1, 0.9), (0.0, 0.7)])
def test_a_stored_classifier_keeps_its_band(band):
    head = Head(
        evaluator="a", prior_version="1", model=None, n_labels=1, n_weak=0, takes_over=False, reason="", band=band
    )
    assert head_of(head.to_json()) == head
