"""The scoring of the Numenta Anomaly Benchmark, against the numbers that its authors publish."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.nab import SERIES, hark, read
from benchmarks.nab_scoring import PROFILES, Labelled, best, place_value

FILE = Labelled(1000, [(500, 599)])


def scored(*rows, labelled=FILE, low=0.0):
    scores = [low] * labelled.rows
    for row in rows:
        scores[row] = 1.0
    return {name: outcome.score for name, outcome in best({"f": scores}, {"f": labelled}).items()}


@pytest.mark.parametrize(
    ("place", "value"), [(-1.0, 0.98661), (-0.5, 0.84828), (0.0, 0.0), (1.0, -0.98661), (3.0, -1.0)]
)
def test_a_detection_is_worth_what_the_paper_says(place, value):
    assert place_value(place) == pytest.approx(value, abs=1e-5)


def test_saying_nothing_is_zero_and_the_first_row_of_every_window_is_a_hundred():
    assert scored() == dict.fromkeys(PROFILES, 0.0)
    assert scored(500) == pytest.approx(dict.fromkeys(PROFILES, 100.0))


def test_a_second_detection_in_a_window_adds_nothing():
    assert scored(500, 520, 590) == scored(500)


def test_a_later_detection_earns_less():
    assert scored(500)["standard"] > scored(550)["standard"] > scored(590)["standard"] > 50


def test_a_false_alarm_far_from_any_window_costs_its_weight():
    assert scored(300, 500) == pytest.approx({"standard": 94.5, "low-FP": 89.0, "low-FN": 100 * (3 - 0.11) / 3})


def test_a_false_alarm_just_behind_a_window_costs_little():
    assert scored(500, 601)["standard"] > 99
    assert scored(500, 990)["standard"] == pytest.approx(94.5, abs=0.01)


def test_what_happens_on_probation_costs_nothing():
    assert scored(3, 149, 500) == scored(500)


def test_rows_of_the_same_score_are_admitted_together():
    everywhere = scored(*range(1000))
    assert everywhere == dict.fromkeys(PROFILES, 0.0)


@given(st.lists(st.floats(0, 1), min_size=200, max_size=200))
def test_no_detector_scores_below_silence_or_above_perfection(scores):
    for outcome in best({"f": scores}, {"f": Labelled(200, [(80, 99), (150, 159)])}).values():
        assert 0 <= outcome.score <= 100 + 1e-9


@pytest.mark.skipif(not SERIES.exists(), reason="the sample data is not here")
def test_on_the_series_at_hand_hark_is_above_what_is_published_of_streaming_detectors():
    files = read(SERIES)
    scores = {name: hark(file.times, file.values) for name, file in files.items()}
    reached = best(scores, {name: file.labelled for name, file in files.items()})
    assert reached["standard"].score >= 75
    assert reached["low-FP"].score >= 67
    assert reached["low-FN"].score >= 80


@pytest.mark.skipif(not SERIES.exists(), reason="the sample data is not here")
def test_every_window_of_the_series_at_hand_is_read():
    files = read(Path(SERIES))
    named = json.loads((SERIES / "windows.json").read_text())
    assert sum(len(file.labelled.windows) for file in files.values()) == sum(map(len, named.values()))
    assert all(math.isfinite(value) for file in files.values() for value in file.values)
