"""Answers about signals: the right numbers of the right time, from the rollups alone."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import DAY, HOUR, MINUTE, NOW, calibration
from made import fact as plain_fact

from alerts.signals import all_signals
from bot.answers.metrics import answer
from bot.slack.queries import MetricsQuery
from traces.errors import BadInput
from traces.model import EVERYTHING, Segment
from traces.store.rollups import Fact

SIGNALS = all_signals(["refusal"], {}, {})


def fact(name, ago, *, model="m1", **values):
    return plain_fact(name, NOW - ago, segments=[Segment.of(model=model)], **values)


def ask(store, signal="refusal", **more):
    with store.read() as tx:
        return answer(tx, MetricsQuery(signal=signal, **more), SIGNALS, NOW)


@pytest.fixture
def filled(store):
    facts = [
        fact("a", 2 * HOUR, refusal=1.0, volume=1.0, cost=0.2, latency=1.0),
        fact("b", 3 * HOUR, refusal=0.0, volume=1.0, cost=0.4, latency=1.0),
        fact("c", 3 * HOUR, refusal=0.0, volume=1.0, model="m2", latency=9.0),
        fact("d", 3 * HOUR, refusal=1.0, volume=1.0, model="m2", latency=1.0),
        fact("week before", 8 * DAY, refusal=1.0, volume=1.0),
        fact("long before", 90 * DAY, refusal=1.0, volume=1.0),
    ]
    with store.begin() as tx:
        tx.rollups.record(facts)
    return store


def test_a_rate_is_the_share_and_a_count_the_number_of_the_period(filled):
    found = ask(filled)
    assert (found.value, found.n, found.previous) == (0.5, 4, 1.0)
    assert ask(filled, "volume").value == 4.0
    assert ask(filled, "cost").value == pytest.approx(0.3)
    assert ask(filled, "latency").value == pytest.approx(1.0, rel=0.02)


def test_the_hour_that_runs_now_is_part_of_it(store):
    with store.begin() as tx:
        tx.rollups.record([fact("now", -10 * MINUTE, refusal=1.0)])
    with store.read() as tx:
        found = answer(tx, MetricsQuery(signal="refusal", period=HOUR), SIGNALS, NOW + 20 * MINUTE)
    assert (found.n, found.since, found.until) == (1, NOW, NOW + HOUR)


def test_nothing_measured_is_not_zero(store):
    found = ask(store)
    assert (found.value, found.n, found.previous) == (None, 0, None)
    assert {p.value for p in found.points} == {None}
    assert ask(store, "volume").value == 0.0


def test_a_cut_is_answered_with_its_parts_the_largest_first(filled):
    found = ask(filled, by="model")
    assert [(g.name, g.value, g.n) for g in found.groups] == [("m1", 0.5, 2), ("m2", 0.5, 2)]
    one = ask(filled, where=(("model", "m2"),))
    assert (one.segment, one.n) == (Segment.of(model="m2"), 2)


def test_a_period_is_compared_with_the_one_before_or_with_the_week_before(filled):
    day = ask(filled, period=DAY)
    assert (day.previous, day.compared_with) == (None, "the period before")
    week = ask(filled, period=DAY, versus="last_week")
    assert week.compared_with == "the same time a week before"


def test_a_calibrated_rate_is_told_with_its_correction(store):
    with store.begin() as tx:
        tx.rollups.record([fact(f"c{i}", 2 * HOUR, refusal=float(i % 2)) for i in range(200)])
        tx.calibrations.put(calibration(raw_rate=0.5, labelled_positive=(10.0, 20.0), labelled_negative=(2.0, 20.0)))
    found = ask(store).corrected
    assert found.rate == pytest.approx(0.5 * 0.5 + 0.5 * 0.1, abs=0.05)
    assert 0.0 <= found.ci_low < found.rate < found.ci_high <= 1.0
    assert found.n_labels == 40


def test_at_most_so_many_points_are_drawn_over_the_whole_period(filled):
    for period in (HOUR, DAY, 7 * DAY, 14 * DAY, 15 * DAY, 366 * DAY):
        found = ask(filled, period=period)
        assert 1 <= len(found.points) <= 20
        assert found.points[0].at == found.since


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40 * 24), st.booleans()), max_size=25),
    st.sampled_from([HOUR, 5 * HOUR, DAY, 7 * DAY, 14 * DAY, 30 * DAY]),
)
def test_an_answer_is_what_a_count_by_hand_says(new_store, happened, period):
    store = new_store()
    facts = [
        Fact(
            conversation_id=f"c-{n}", at=NOW - ago * HOUR, segments=(EVERYTHING,), values={"refusal": [float(refused)]}
        )
        for n, (ago, refused) in enumerate(happened)
    ]
    with store.begin() as tx:
        tx.rollups.record(facts)
    found = ask(store, period=period)
    inside = [f.values["refusal"][0] for f in facts if found.since <= f.at < found.until]
    assert found.n == len(inside)
    assert found.value == (sum(inside) / len(inside) if inside else None)
    drawn = [p for p in found.points if p.value is not None]
    assert bool(drawn) is bool(inside)


def weeks_of(store, share, *, weeks=5, each=20):
    """Every hour of some weeks ``each`` conversations, of which ``share`` are refused; the newest day is left out."""
    with store.begin() as tx:
        tx.rollups.record(
            [
                fact(f"{hour}-{n}", hour * HOUR, refusal=float(n < share * each), volume=1.0)
                for hour in range(24, weeks * 7 * 24)
                for n in range(each)
            ]
        )


def test_what_is_usual_at_the_time_of_the_week_stands_beside_the_course(store):
    weeks_of(store, 0.1)
    with store.begin() as tx:
        tx.rollups.record([fact(f"today {n}", 2 * HOUR, refusal=float(n < 15)) for n in range(20)])
    points = [p for p in ask(store, period=DAY).points if p.value is not None]
    assert points[-1].value == 0.75
    assert points[-1].low < 0.1 < points[-1].high < 0.6
    assert all(p.low <= 0.1 <= p.high for p in points)


def test_without_two_weeks_before_nothing_is_called_usual(store):
    weeks_of(store, 0.1, weeks=2)
    assert {p.low for p in ask(store, period=7 * DAY).points} == {None}


def test_a_bucket_that_still_runs_is_compared_with_as_much_of_it(store):
    weeks_of(store, 0.1)
    with store.begin() as tx:
        tx.rollups.record([fact(f"now {n}", -1 * MINUTE, volume=1.0) for n in range(10)])
    with store.read() as tx:
        found = answer(tx, MetricsQuery(signal="volume", period=2 * HOUR), SIGNALS, NOW + 30 * MINUTE)
    last = found.points[-1]
    assert last.value == 10.0
    assert last.low < 10.0 < last.high < 25.0


def test_how_far_behind_sources_are_is_told_elsewhere_and_the_answer_says_where(store):
    with pytest.raises(BadInput, match="`/hark status` and `hark sources` tell it"):
        ask(store, "source_lag")
