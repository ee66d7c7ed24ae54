"""Folding in portions, growing, saving: whatever the way, the result is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detector import Anomaly, Detector, Panel, Terms, run_length
from traces.errors import BadInput
from traces.model import Direction, Kind, Signal

COUNTED = [kind for kind in Kind if kind is not Kind.VALUE]
"""What the detector tells of; a value without a count has a test of its own."""

START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 160
SERIES = 4


def arrays(kind: Kind, seed: int, series: int = SERIES, hours: int = HOURS) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n = rng.poisson(40 * (1.2 + np.sin(np.arange(hours) * np.pi / 12))[:, None], (hours, series))
    given: dict[str, Any] = {"n": n, "observed": rng.random((hours, series)) > 0.03}
    bad = np.where(np.arange(hours) > hours * 2 // 3, 0.3, 0.05)[:, None] * np.ones(series)
    if kind is Kind.RATE:
        given["k"] = rng.binomial(n, bad)
    if kind is Kind.CONTINUOUS:
        mean = rng.normal(5 * bad, 0.5 / np.sqrt(np.maximum(n, 1)))
        given |= {"log_total": n * mean, "log_square_total": n * mean**2 + 0.25 * n}
    if kind is Kind.SCORE:
        mean = rng.normal(0.9 - bad, 0.2 / np.sqrt(np.maximum(n, 1)))
        given |= {"total": n * mean, "square_total": n * mean**2 + 0.04 * n}
    return given


def panel(kind: Kind, given: dict[str, Any], rows: slice = slice(None)) -> Panel:
    starts = [START + timedelta(hours=hour) for hour in range(len(given["n"]))]
    return Panel(kind=kind, starts=starts[rows], **{name: array[rows] for name, array in given.items()})


def terms_for(kind: Kind, series: int = SERIES, bad: Direction = Direction.BOTH) -> Terms:
    return Terms.of([Signal(name="s", kind=kind, bad=bad)] * series, run_length=run_length(20))


def outcome(detector: Detector, ended: list[Anomaly], terms: Terms) -> object:
    verdicts = [detector.verdict(series, terms) for series in range(detector.series)]
    return [*map(repr, ended)], [*map(repr, detector.open_anomalies(terms))], [*map(repr, verdicts)]


@settings(max_examples=6, deadline=None)
@given(
    kind=st.sampled_from(COUNTED),
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(1, HOURS - 1), max_size=6, unique=True),
    between=st.sampled_from(["kept in memory", "saved and read back"]),
)
def test_portions_of_buckets_give_the_same_as_all_at_once(kind: Kind, seed: int, cuts: list[int], between: str) -> None:
    given, terms = arrays(kind, seed), terms_for(kind)
    at_once = Detector.start(kind)
    ended = at_once.step(panel(kind, given), terms)
    bit_by_bit, ended_bit_by_bit = Detector.start(kind), list[Anomaly]()
    edges = [0, *sorted(cuts), HOURS]
    for first, last in pairwise(edges):
        if between == "saved and read back":
            bit_by_bit = Detector.from_bytes(bit_by_bit.to_bytes())
        ended_bit_by_bit += bit_by_bit.step(panel(kind, given, slice(first, last)), terms)
    assert outcome(bit_by_bit, ended_bit_by_bit, terms) == outcome(at_once, ended, terms)
    for name in at_once.state.__slots__:
        assert np.array_equal(getattr(at_once.state, name), getattr(bit_by_bit.state, name)), name


def test_a_series_added_later_leaves_the_others_as_they_were() -> None:
    given = arrays(Kind.RATE, 5)
    grown, alone = Detector.start(Kind.RATE), Detector.start(Kind.RATE)
    few = {name: array[:, :3] for name, array in given.items()}
    grown.step(panel(Kind.RATE, few, slice(0, 80)), terms_for(Kind.RATE, 3))
    grown.step(panel(Kind.RATE, given, slice(80, HOURS)), terms_for(Kind.RATE))
    alone.step(panel(Kind.RATE, few), terms_for(Kind.RATE, 3))
    assert grown.series == SERIES
    for series in range(3):
        assert repr(grown.verdict(series, terms_for(Kind.RATE))) == repr(alone.verdict(series, terms_for(Kind.RATE, 3)))


def test_a_series_that_is_taken_away_is_refused() -> None:
    detector = Detector.start(Kind.COUNT)
    detector.step(panel(Kind.COUNT, arrays(Kind.COUNT, 1)), terms_for(Kind.COUNT))
    with pytest.raises(BadInput, match="not taken away"):
        detector.step(panel(Kind.COUNT, arrays(Kind.COUNT, 1, series=2)), terms_for(Kind.COUNT, 2))


@pytest.mark.parametrize("kind", COUNTED)
def test_a_buckets_second_arrival_and_a_clock_set_back_change_nothing(kind: Kind) -> None:
    given, terms = arrays(kind, 2), terms_for(kind)
    once, twice = Detector.start(kind), Detector.start(kind)
    once.step(panel(kind, given), terms)
    twice.step(panel(kind, given), terms)
    before = twice.to_bytes()
    assert twice.step(panel(kind, given, slice(100, HOURS)), terms) == []
    assert twice.to_bytes() == before == once.to_bytes()


@pytest.mark.parametrize("kind", COUNTED)
def test_a_state_of_many_series_stays_below_ten_kilobytes_each(kind: Kind) -> None:
    detector = Detector.start(kind)
    detector.step(panel(kind, arrays(kind, 3, series=40)), terms_for(kind, 40))
    assert len(detector.to_bytes()) / 40 < 10_000


@pytest.mark.parametrize(
    "saved", [b"", b"PK\x03\x04", b"not an archive" * 40, Detector.start(Kind.RATE).to_bytes()[:-40]]
)
def test_a_broken_saved_state_is_refused_in_one_line(saved: bytes) -> None:
    with pytest.raises(BadInput, match="fold the history again"):
        Detector.from_bytes(saved)


def test_the_start_of_the_last_bucket_is_known() -> None:
    detector = Detector.start(Kind.COUNT)
    assert detector.last_start is None
    detector.step(panel(Kind.COUNT, arrays(Kind.COUNT, 1)), terms_for(Kind.COUNT))
    assert detector.last_start == START + timedelta(hours=HOURS - 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"n": np.ones(3)}, "panel.n"),
        ({"n": np.ones((2, 1))}, "panel.n"),
        ({"n": np.ones((3, 1))}, "panel.k"),
        ({"n": np.ones((3, 1)), "k": np.ones((3, 2))}, "panel.k"),
        ({"n": np.ones((3, 1)), "k": np.ones((3, 1)), "observed": np.ones(2)}, "panel.observed"),
    ],
)
def test_arrays_that_do_not_fit_are_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as raised:
        Panel(kind=Kind.RATE, starts=[START + timedelta(hours=i) for i in range(3)], **wrong)
    assert raised.value.field == field


def test_terms_and_settings_that_cannot_be_are_named() -> None:
    signal = Signal(name="s", kind=Kind.COUNT)
    with pytest.raises(BadInput, match="parent"):
        Terms.of([signal], run_length=100, parent=[1])
    with pytest.raises(BadInput, match="one entry for each"):
        Terms.of([signal], run_length=100, corrections=[None, None])
    with pytest.raises(BadInput, match="run_length"):
        Terms.of([signal], run_length=float("nan"))
    with pytest.raises(BadInput, match="unknown time zone"):
        Detector.start(Kind.COUNT, zone="Mars/Olympus")
    with pytest.raises(BadInput, match="bucket_s"):
        Detector.start(Kind.COUNT, bucket_s=1)
    with pytest.raises(BadInput, match="expected rate"):
        Detector.start(Kind.RATE).step(panel(Kind.COUNT, arrays(Kind.COUNT, 1)), terms_for(Kind.COUNT))
    with pytest.raises(BadInput, match="2 terms for 4 series"):
        Detector.start(Kind.COUNT).step(panel(Kind.COUNT, arrays(Kind.COUNT, 1)), terms_for(Kind.COUNT, 2))


SOUND = st.just("sound")
DAMAGE = st.one_of(
    SOUND, st.sampled_from(["nan", "inf", "negative", "too many", "missing", "twice", "late", "set back"])
)


def damaged(kind: Kind, given: dict[str, Any], row: int, damage: str) -> dict[str, Any]:
    """One row of readings as a broken sender might report it; series 0 only, the rest of the row is sound."""
    rows = {
        name: np.array(array[row : row + 1], dtype=bool if name == "observed" else float)
        for name, array in given.items()
    }
    wrong = {"nan": np.nan, "inf": np.inf, "negative": -3.0, "too many": 1e18}.get(damage)
    if wrong is not None:
        rows["k" if kind is Kind.RATE else "n"][:, 0] = wrong
    return rows


@settings(max_examples=12, deadline=None)
@given(kind=st.sampled_from(COUNTED), seed=st.integers(0, 50), damage=st.lists(DAMAGE, min_size=240, max_size=240))
def test_damaged_quiet_readings_never_alert(kind: Kind, seed: int, damage: list[str]) -> None:
    quiet = arrays(kind, seed, hours=10 * 24)
    rate = 0.05
    n = quiet["n"]
    rng = np.random.default_rng(seed)
    if kind is Kind.RATE:
        quiet["k"] = rng.binomial(n, rate)
    elif kind is not Kind.COUNT:
        names = ("log_total", "log_square_total") if kind is Kind.CONTINUOUS else ("total", "square_total")
        mean = 0.7 + rng.normal(0, 0.3, n.shape) / np.sqrt(np.maximum(n, 1))
        quiet |= dict(zip(names, (n * mean, n * mean**2 + 0.09 * n), strict=True))
    detector, terms, ended = Detector.start(kind), terms_for(kind), list[Anomaly]()
    for row, how in enumerate(damage):
        at = START + timedelta(hours=row)
        moments = {
            "missing": [],
            "twice": [at, at],
            "late": [at - timedelta(hours=3), at],
            "set back": [at - timedelta(days=30)],
        }
        for moment in moments.get(how, [at]):
            one = damaged(kind, quiet, row, how)
            ended += detector.step(Panel(kind=kind, starts=[moment], **one), terms)
    assert ended == detector.open_anomalies(terms) == []
