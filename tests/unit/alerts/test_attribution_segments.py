"""Which segment is named for an anomaly, and when none is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.explaining.attribution import Attribution, Cause, Cell, attribute

USUAL = 0.05


def cell(key: str, value: str, n: float, k: float, usual: float = USUAL, usual_n: float | None = None) -> Cell:
    return Cell(
        key=key,
        value=value,
        n=n,
        total=k,
        expected=n * usual,
        variance=n * usual * (1 - usual),
        usual_n=usual_n,
    )


def whole(*parts: Cell) -> Cell:
    return cell("", "", sum(part.n for part in parts), sum(part.total for part in parts))


def test_the_segment_that_went_bad_is_named_with_its_share() -> None:
    models = [cell("model", "old", 600, 30), cell("model", "new", 400, 60)]
    others = [cell("language", "de", 500, 47), cell("language", "en", 500, 43)]
    found = attribute(whole(*models), [*others, *models])
    assert (found.cause, found.key, found.value) == (Cause.SEGMENT, "model", "new")
    assert found.share == pytest.approx(1.0)
    assert found.z > 4
    assert found.also == ()
    assert found.cell == models[1]


def test_segments_with_the_very_same_conversations_are_named_together_in_the_given_order() -> None:
    parts = [
        cell(key, value, n, k)
        for key, old, new in (("release", "4", "5"), ("model", "a", "b"), ("prompt_version", "x", "y"))
        for value, n, k in ((old, 600, 30), (new, 400, 60))
    ]
    found = attribute(whole(*parts[:2]), parts, keys=("prompt_version", "model"))
    assert (found.key, found.value) == ("prompt_version", "y")
    assert found.also == (("model", "b"), ("release", "5"))


def test_an_improvement_elsewhere_does_not_hide_the_cause() -> None:
    models = [cell("model", "old", 600, 15), cell("model", "new", 400, 60)]
    found = attribute(whole(*models), models)
    assert found.value == "new"
    assert found.share > 1


def test_a_fall_is_attributed_like_a_rise() -> None:
    models = [cell("model", "old", 600, 210, 0.36), cell("model", "new", 400, 60, 0.36)]
    total = cell("", "", 1000, 270, 0.36)
    found = attribute(total, models)
    assert (found.value, found.cause) == ("new", Cause.SEGMENT)
    assert found.z < -4


def test_a_change_of_all_traffic_names_no_segment_however_large_one_is() -> None:
    models = [cell("model", "large", 900, 90), cell("model", "small", 100, 10)]
    everything = cell("application", "only", 1000, 100)
    assert attribute(whole(*models), [*models, everything]).cause is Cause.EVERYWHERE


def test_half_of_the_excess_is_not_enough_when_it_may_be_chance() -> None:
    models = [cell("model", "a", 40, 4), cell("model", "b", 60, 4)]
    assert attribute(whole(*models), models).cause is Cause.EVERYWHERE


def test_a_shift_of_the_mix_is_said_where_every_segment_is_as_usual() -> None:
    scenarios = [
        cell("scenario", "easy", 400, 8, usual=0.02, usual_n=800),
        cell("scenario", "hard", 600, 120, usual=0.20, usual_n=200),
    ]
    total = cell("", "", 1000, 128, usual=0.056)
    found = attribute(total, scenarios)
    assert (found.cause, found.key, found.value) == (Cause.MIX_SHIFT, "scenario", "hard")
    assert found.share == pytest.approx(1.0)


def test_a_shift_of_the_mix_is_said_without_usual_shares_too() -> None:
    scenarios = [cell("scenario", "easy", 400, 8, usual=0.02), cell("scenario", "hard", 600, 120, usual=0.20)]
    found = attribute(cell("", "", 1000, 128, usual=0.056), scenarios)
    assert (found.cause, found.key, found.value) == (Cause.MIX_SHIFT, "scenario", "")


def test_segments_that_cover_only_a_part_do_not_make_a_shift_of_the_mix() -> None:
    scenarios = [cell("scenario", "easy", 40, 1, usual=0.02), cell("scenario", "hard", 60, 12, usual=0.20)]
    assert attribute(cell("", "", 1000, 128, usual=0.056), scenarios).cause is Cause.EVERYWHERE


def test_slower_answers_of_one_model_are_named() -> None:
    means = [
        Cell(key="model", value="a", n=500, total=500 * 0.70, expected=500 * 0.7, variance=500 * 0.4),
        Cell(key="model", value="b", n=300, total=300 * 1.10, expected=300 * 0.7, variance=300 * 0.4),
    ]
    total = Cell(n=800, total=680.0, expected=560.0, variance=320.0)
    assert attribute(total, means).value == "b"


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
CELLS = st.builds(
    Cell,
    key=st.sampled_from("abc"),
    value=st.sampled_from("xyz"),
    n=NUMBERS,
    total=NUMBERS,
    expected=NUMBERS,
    variance=NUMBERS,
)


@given(total=CELLS, cells=st.lists(CELLS, max_size=6))
def test_no_numbers_break_it(total: Cell, cells: list[Cell]) -> None:
    found = attribute(total, cells)
    assert isinstance(found, Attribution)
    if found.cause is Cause.SEGMENT:
        assert found.cell in cells


@given(
    n=st.integers(200, 5000),
    share=st.floats(0.15, 0.85),
    times=st.floats(2.5, 6),
    noise=st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    order=st.permutations(range(5)),
)
def test_a_single_cause_is_named_whatever_the_order_of_the_segments(
    n: int, share: float, times: float, noise: list[float], order: list[int]
) -> None:
    usual = 0.1
    part, rest = n * share, n * (1 - share)
    bad = part * usual * times + noise[0] * math.sqrt(part * usual * (1 - usual))
    good = rest * usual + noise[1] * math.sqrt(rest * usual * (1 - usual))
    cells = [
        cell("model", "new", part, bad, usual),
        cell("model", "old", rest, good, usual),
        cell("language", "de", n / 3, (bad + good) / 3, usual),
        cell("language", "en", n * 2 / 3, (bad + good) * 2 / 3, usual),
        cell("environment", "prod", n, bad + good, usual),
    ]
    found = attribute(cell("", "", n, bad + good, usual), [cells[i] for i in order])
    if cells[0].z >= 8:
        assert (found.cause, found.value) == (Cause.SEGMENT, "new")
    else:
        assert found.value in {"new", ""}


def test_a_new_version_that_breaks_one_scenario_is_named_before_the_scenario() -> None:
    """Of 31 refunds the 18 under the new prompt failed; under the old one and elsewhere all is as usual."""
    scenarios = [cell("scenario", "refund", 31, 18), cell("scenario", "other", 109, 5)]
    prompts = [cell("prompt_version", "13", 84, 20), cell("prompt_version", "12", 56, 3)]
    found = attribute(whole(*scenarios), [*scenarios, *prompts], suspects={("prompt_version", "13")})
    assert (found.key, found.value, found.within) == ("prompt_version", "13", ("scenario", "refund"))


def test_a_new_version_is_not_blamed_for_a_scenario_that_is_broken_under_every_version() -> None:
    scenarios = [cell("scenario", "refund", 31, 18), cell("scenario", "other", 109, 5)]
    prompts = [cell("prompt_version", "13", 84, 14), cell("prompt_version", "12", 56, 9)]
    found = attribute(whole(*scenarios), [*scenarios, *prompts], suspects={("prompt_version", "13")})
    assert (found.key, found.value, found.within) == ("scenario", "refund", None)
