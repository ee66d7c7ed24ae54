"""By how much one more label narrows a rate is told beforehand, and comes true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.calibration_cases import scored
from evaluators.calibrate import Labelled, calibrate
from evaluators.calibration.lessons import Lesson, gain_at, lessons, lessons_in, to_detail
from traces.histogram import Rollup

PEOPLE = scored("x", 4_000, 0.3, 2.0, seed=3)
SCORES = Rollup.of(PEOPLE.verdicts.tolist())


def labelled(places) -> list[Labelled]:
    return [Labelled(value=float(PEOPLE.verdicts[i]), truth=bool(PEOPLE.truths[i])) for i in places]


def measured(labels, scores=SCORES, **more):
    found = calibrate("x", "1", labels, scores, threshold=0.5, **more)
    values = np.array([one.value for one in labels], dtype=np.float64)
    truths = np.array([one.truth for one in labels], dtype=np.bool_)
    return found, lessons(values, truths, np.ones(len(labels)), scores, found)


def width(found) -> float:
    return found.ci_high - found.ci_low


@pytest.mark.parametrize("n", [40, 120])
def test_so_many_more_labels_of_a_stratum_narrow_the_rate_by_about_what_was_told(n):
    rng = np.random.default_rng(n)
    told, came = [], []
    for _ in range(12):
        places = rng.permutation(len(PEOPLE.verdicts))
        before, found = measured(labelled(places[:n]))
        best = found[0]
        more = [i for i in places[n:] if best.holds(PEOPLE.verdicts[i])][:10]
        after, _ = measured(labelled([*places[:n], *more]))
        told.append(10 * best.gain)
        came.append(width(before) - width(after))
    # Ten labels teach a little less than ten times one, and strata are cut anew.
    assert np.mean(came) == pytest.approx(np.mean(told), rel=0.6)


def test_the_stratum_that_nobody_is_sure_of_comes_first():
    rng = np.random.default_rng(1)
    _, found = measured(labelled(rng.permutation(len(PEOPLE.verdicts))[:200]))
    assert [one.gain for one in found] == sorted((one.gain for one in found), reverse=True)
    assert found[0].gain > 2 * found[-1].gain
    assert sum(one.size for one in found) == pytest.approx(SCORES.n, rel=0.02)


def test_without_labels_the_first_ones_teach_most():
    _, none = measured([])
    _, few = measured(labelled(range(30)))
    assert none[0].gain > few[0].gain > 0


def test_labels_of_what_runs_now_teach_more_where_the_rate_is_carried_over_from_before():
    old = [Labelled(value=one.value, truth=one.truth, version="1") for one in labelled(range(400))]
    carried = calibrate("x", "2", old, SCORES, threshold=0.5, before=SCORES)
    same = calibrate("x", "2", [replace(one, version="") for one in old], SCORES, threshold=0.5)
    nothing = np.zeros(0)
    first = lessons(nothing, nothing.astype(bool), nothing, SCORES, carried)
    arrays = np.array([one.value for one in old]), np.array([one.truth for one in old]), np.ones(len(old))
    assert first[0].gain > lessons(*arrays, SCORES, same)[0].gain


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(0, 50))
def test_a_label_never_widens_a_rate_nor_narrows_it_below_nothing(given_labels, further):
    labels = [Labelled(value=v, truth=t) for v, t in given_labels]
    found, told = measured(labels, Rollup.of([*(v for v, _ in given_labels), *np.linspace(0, 1, further)]))
    assert all(0 <= one.gain <= 1 for one in told)
    assert lessons_in({"lessons": to_detail(told)}) == told
    for value in (0.0, 0.25, 0.5, 1.0):
        kept = replace(found, detail={"lessons": to_detail(told)})
        assert gain_at(kept, value) in {None, *(one.gain for one in told)}


def test_a_stratum_holds_its_least_score_and_not_the_next_one_s():
    one = Lesson(low=0.2, high=0.5, labels=1, size=10, gain=0.1)
    assert (one.holds(0.2), one.holds(0.5), one.holds(0.1)) == (True, False, False)
    assert gain_at(None, 0.5) is None
