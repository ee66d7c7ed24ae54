"""The heart of the store: every rollup equals the sum over the conversations as they are now."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import reduce

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given, settings
from made import DAY, HOUR, MINUTE, NOW, fact

from traces.histogram import Rollup
from traces.model import EVERYTHING, Segment
from traces.store.bodies import body_json, body_of, contribution, reader_of
from traces.store.rollups import HOUR_S, RESOLUTIONS_S, Fact, bucket_start, segment_key

IDS = ("c-1", "c-2", "c-3", "c-4")
SEGMENTS = (Segment.of(model="m1"), Segment.of(model="m 2&="), Segment.of(release="ü"), Segment.of(model="m1", x="1"))
TIMES = (NOW, NOW + MINUTE, NOW - HOUR, NOW + 15 * HOUR, NOW - DAY)

values = st.one_of(
    st.sampled_from([0.0, 1.0, 0.5, -1.0]), st.floats(-1e4, 1e4, allow_nan=False).map(lambda x: round(x, 3))
)
facts = st.builds(
    lambda who, at, segments, signals: Fact(
        conversation_id=who, at=at, segments=(EVERYTHING, *segments), values=signals
    ),
    st.sampled_from(IDS),
    st.sampled_from(TIMES),
    st.lists(st.sampled_from(SEGMENTS), unique=True, max_size=3),
    st.dictionaries(st.sampled_from(["volume", "refusal", "latency"]), st.lists(values, max_size=3), max_size=3),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.lists(facts, max_size=4)),
        st.tuples(st.just("withdraw"), st.lists(st.sampled_from(IDS), unique=True, max_size=3)),
    ),
    min_size=1,
    max_size=8,
)


def expected_of(current):
    """What the rollups have to hold, counted anew from the conversations as they are."""
    found = defaultdict(Rollup)
    for one in current.values():
        for resolution_s in RESOLUTIONS_S:
            for segment in one.segments:
                for signal, numbers in one.values.items():
                    key = resolution_s, bucket_start(one.at, resolution_s), segment, signal
                    found[key].add(Rollup.of(numbers))
    return {key: rollup for key, rollup in found.items() if rollup.n}


def stored_in(tx):
    return {
        (resolution_s, at, segment, signal): rollup
        for resolution_s in RESOLUTIONS_S
        for at, segment, body in tx.rollups.buckets(since=NOW - 9 * DAY, until=NOW + 9 * DAY, resolution_s=resolution_s)
        for signal, rollup in body.items()
    }


def assert_same(stored, expected):
    assert stored.keys() == expected.keys()
    for key, rollup in expected.items():
        assert (stored[key].n, stored[key].bins) == (rollup.n, rollup.bins), key
        for total in ("total", "log_total", "log_square_total"):
            assert getattr(stored[key], total) == pytest.approx(getattr(rollup, total), abs=1e-6), key


def test_every_rollup_is_the_sum_over_the_conversations_as_they_are_now(new_store, database):
    @settings(max_examples=15 if database.dialect == "postgresql" else 60, deadline=None)
    @given(steps)
    def holds(history):
        store, current = new_store(), {}
        for what, given_ in history:
            with store.begin() as tx:
                if what == "record":
                    tx.rollups.record(given_)
                    current |= {one.conversation_id: one for one in given_}
                else:
                    tx.rollups.withdraw(given_)
                    current = {who: one for who, one in current.items() if who not in given_}
                assert_same(stored_in(tx), expected_of(current))

    holds()


def test_a_conversation_that_moves_in_time_leaves_nothing_behind(store):
    with store.begin() as tx:
        tx.rollups.record([fact(at=NOW, segments=[SEGMENTS[0]], refusal=1.0)])
        oldest = tx.rollups.record([fact(at=NOW + 2 * DAY, refusal=1.0)])
        assert oldest == NOW
        assert (
            tx.rollups.series("refusal", SEGMENTS[0], since=NOW - DAY, until=NOW + 9 * DAY, resolution_s=HOUR_S) == []
        )
        [(at, rollup)] = tx.rollups.series(
            "refusal", EVERYTHING, since=NOW - DAY, until=NOW + 9 * DAY, resolution_s=HOUR_S
        )
        assert (at, rollup.n) == (NOW + 2 * DAY, 1)


def test_whoever_changes_the_past_is_told_the_oldest_hour_that_changed(store):
    with store.begin() as tx:
        assert tx.rollups.record([]) is None
        assert tx.rollups.record([fact("c-1", at=NOW + MINUTE), fact("c-2", at=NOW + HOUR)]) == NOW
        assert tx.rollups.withdraw(["c-2", "c-9"]) == NOW + HOUR
        assert tx.rollups.withdraw(["c-2"]) is None


def test_the_same_conversation_twice_in_one_batch_counts_once(store):
    with store.begin() as tx:
        tx.rollups.record([fact("c-1", refusal=0.0), fact("c-1", refusal=1.0)])
        [(_, rollup)] = tx.rollups.series("refusal", EVERYTHING, since=NOW, until=NOW + HOUR, resolution_s=HOUR_S)
    assert (rollup.n, rollup.total) == (1, 1.0)


def test_the_newest_facts_of_a_time_come_first(store):
    with store.begin() as tx:
        tx.rollups.record([fact(f"c-{n}", at=NOW + n * HOUR) for n in range(4)])
        found = tx.rollups.facts_between(NOW, NOW + 3 * HOUR, 2)
    assert [one.conversation_id for one in found] == ["c-2", "c-1"]
    assert found[0] == fact("c-2", at=NOW + 2 * HOUR)


def test_signals_and_segments_are_known_by_the_day(store):
    with store.begin() as tx:
        tx.rollups.record([fact("c-1", segments=SEGMENTS[:3], refusal=1.0), fact("c-2", at=NOW - 9 * DAY, cost=1.0)])
        day = {"since": NOW + HOUR, "until": NOW + DAY}
        assert tx.rollups.signals(**day) == {"refusal"}
        assert tx.rollups.segments_with("model", **day) == sorted(SEGMENTS[:2], key=segment_key)
        assert tx.rollups.segments_with("mod", **day) == []
        assert tx.rollups.segments_with("mo%", **day) == []
        assert tx.rollups.first_bucket(HOUR_S) == NOW - 9 * DAY


def test_a_bucket_begins_on_its_own_boundary_before_1970_too():
    early = NOW.replace(year=1969, hour=13, minute=59, second=59, microsecond=999_999)
    assert bucket_start(early, HOUR_S) == early.replace(minute=0, second=0, microsecond=0)


NAMES = st.text(max_size=6) | st.sampled_from(["a", '"a', 'a"', '"a"', "a\\", '{"a":', ',"a":{', "b", "n", "t"])


@given(st.dictionaries(NAMES, st.lists(st.floats(-9, 9), max_size=4), max_size=5), NAMES)
def test_one_signal_is_read_as_if_all_were(values, name):
    body = {signal: contribution(found) for signal, found in values.items()}
    text = orjson.dumps(body_json(body)).decode()
    assert reader_of(name)(text) == body_of(orjson.loads(text)).get(name)


def test_facts_are_found_by_all_the_segments_that_they_are_in_letter_by_letter(store):
    both = [Segment.of(model="a%"), Segment.of(release="1")]
    facts = [
        fact("both", NOW, segments=both, volume=1.0),
        fact("newer", NOW + HOUR, segments=both, volume=1.0),
        fact("one", NOW, segments=both[:1], volume=1.0),
        fact("otherwise", NOW, segments=[Segment.of(model="A%"), both[1]], volume=1.0),
        fact("other", NOW, segments=[Segment.of(model="ab"), both[1]], volume=1.0),
    ]
    with store.begin() as tx:
        tx.rollups.record(facts)
        found = [
            [f.conversation_id for f in tx.rollups.facts_among(both, NOW, NOW + 2 * HOUR, limit)] for limit in (9, 1)
        ]
    assert found == [["newer", "both"], ["newer"]]


def test_the_totals_of_parts_are_the_sums_of_their_hours_wherever_days_are_cut(store):
    chance = random.Random(5)
    with store.begin() as tx:
        tx.rollups.record(
            [
                fact(
                    f"c-{n}",
                    at=NOW + MINUTE * chance.randrange(-6 * 1_440, 6 * 1_440),
                    segments=[chance.choice(SEGMENTS)],
                    latency=chance.choice([0.0, 1.0, 2.5]),
                )
                for n in range(300)
            ]
        )
        for _ in range(30):
            since = bucket_start(NOW, HOUR_S) + HOUR * chance.randrange(-150, 150)
            until = since + HOUR * chance.randrange(100)
            hours = tx.rollups.parts("model", ["latency"], since=since, until=until, resolution_s=HOUR_S)
            summed = {
                (HOUR_S, since, segment, "latency"): reduce(Rollup.plus, (r for _, r in of["latency"]), Rollup())
                for segment, of in hours.items()
            }
            found = tx.rollups.totals("model", "latency", since=since, until=until)
            assert_same({(HOUR_S, since, segment, "latency"): total for segment, total in found.items()}, summed)
