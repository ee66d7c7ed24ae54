"""Answers about cuts of which no sums are kept: the same numbers as a count by hand, of so many conversations at most."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import DAY, HOUR, NOW, calibration, label
from made import fact as plain_fact

from alerts.signals import all_signals
from bot.answers.counting import counted
from bot.answers.metrics import answer
from bot.cli.query import _metric_json, _metric_text
from bot.slack.blocks.metrics import metrics_message
from bot.slack.check import check
from bot.slack.queries import MetricsQuery
from traces.errors import BadInput
from traces.model import Segment

SIGNALS = all_signals(["refusal"], {}, {})
WHERE = (("model", "m1"), ("release", "r1"))


def fact(name, ago, model="m1", release="r1", **values):
    return plain_fact(name, NOW - ago, segments=[Segment.of(model=model), Segment.of(release=release)], **values)


def ask(store, signal="refusal", **more):
    with store.read() as tx:
        return answer(tx, MetricsQuery(signal=signal, **more), SIGNALS, NOW)


def record(store, *facts):
    with store.begin() as tx:
        tx.rollups.record(facts)


@pytest.fixture
def filled(store):
    record(
        store,
        fact("a", HOUR, refusal=1.0, volume=1.0),
        fact("b", 2 * HOUR, refusal=0.0, volume=1.0),
        fact("c", 2 * HOUR, release="r2", refusal=1.0, volume=1.0),
        fact("d", 2 * HOUR, model="M1", refusal=1.0, volume=1.0),
        fact("a week ago", 8 * DAY, refusal=1.0, volume=1.0),
        fact("long ago", 90 * DAY, refusal=1.0, volume=1.0),
    )
    return store


def test_several_conditions_are_counted_and_the_answer_says_from_how_many(filled):
    found = ask(filled, where=WHERE)
    assert (found.value, found.n, found.previous, found.counted) == (0.5, 2, 1.0, 2)
    assert ask(filled, "volume", where=WHERE).value == 2.0


def test_a_condition_and_a_key_give_the_parts_within_the_condition(filled):
    found = ask(filled, where=(("model", "m1"),), by="release")
    assert [(g.name, g.value, g.n, g.previous) for g in found.groups] == [("r1", 0.5, 2, 1.0), ("r2", 1.0, 1, None)]
    assert (found.n, found.counted) == (3, 3)


def test_a_condition_that_nobody_meets_is_nothing_measured_and_not_zero(filled):
    found = ask(filled, where=(("model", "m1"), ("release", "r9")))
    assert (found.value, found.n, found.counted) == (None, 0, 0)


def test_a_single_cut_is_answered_from_sums_as_before(filled):
    assert ask(filled, where=(("model", "m1"),)).counted is None
    assert ask(filled, by="model").counted is None


def test_only_labels_from_within_the_cut_correct_its_rate(store):
    record(store, *(fact(f"c{i}", HOUR, release=f"r{i % 2}", refusal=float(i % 3 == 0)) for i in range(60)))
    with store.begin() as tx:
        tx.calibrations.put(calibration(raw_rate=0.3, labelled_positive=(10.0, 20.0), labelled_negative=(2.0, 20.0)))
        for i in range(0, 60, 2):
            tx.reviews.put_label(label(f"c{i}", float(i % 3 == 0)))
    within, other = (ask(store, where=(("model", "m1"), ("release", r))).corrected for r in ("r0", "r1"))
    assert within.rate == pytest.approx(1 / 3, abs=0.03)
    assert (within.n_here, other.n_here) == (30, 0)


def test_a_tail_is_refused_with_the_way_out(filled):
    with pytest.raises(BadInput, match="ask it with one"):
        ask(filled, "latency_tail", where=WHERE)


def test_too_many_are_refused_with_a_period_that_can_be_counted(store):
    record(store, *(fact(f"c{i}", i * HOUR, refusal=0.0) for i in range(1, 101)))
    query = MetricsQuery(signal="refusal", where=WHERE)
    with store.read() as tx, pytest.raises(BadInput) as refused:
        counted(tx, query, NOW - 7 * DAY, NOW, NOW - 14 * DAY, most=50)
    assert "more than 50 conversations" in refused.value.message
    assert "such as `metrics refusal 25h where model=m1 release=r1`" in refused.value.message
    with store.read() as tx:
        assert counted(tx, query, NOW - 25 * HOUR, NOW, NOW - 50 * HOUR, most=50).n == 25


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20 * 24), st.sampled_from("abAB%_"), st.sampled_from("ab"), st.booleans())),
    st.sampled_from("abAB%_"),
    st.sampled_from("ab"),
    st.sampled_from([DAY, 7 * DAY, 15 * DAY]),
    st.sampled_from(["before", "last_week"]),
)
def test_an_answer_is_what_a_count_by_hand_says(new_store, happened, model, release, period, versus):
    store = new_store()
    facts = [
        fact(f"c-{n}", ago * HOUR, of_model, of_release, refusal=float(refused))
        for n, (ago, of_model, of_release, refused) in enumerate(happened)
    ]
    record(store, *facts)
    found = ask(store, where=(("model", model), ("release", release)), period=period, versus=versus)
    wanted = {Segment.of(model=model), Segment.of(release=release)}
    inside = [f.values["refusal"][0] for f in facts if found.since <= f.at < found.until and wanted <= {*f.segments}]
    assert found.n == found.counted == len(inside)
    assert found.value == (sum(inside) / len(inside) if inside else None)
    assert sum(p.value is not None for p in found.points) <= len(inside)


def test_slack_and_the_command_line_say_how_it_was_counted(filled):
    found = ask(filled, where=WHERE)
    payload = metrics_message(found).payload()
    assert check(payload, "message") == []
    assert "Counted one by one from 2 conversations" in str(payload)
    assert "Counted one by one from 2 conversations" in _metric_text(found)
    assert json.loads(json.dumps(_metric_json(found)))["counted_from"] == 2
