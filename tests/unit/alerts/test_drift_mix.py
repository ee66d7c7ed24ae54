"""What conversations are about, by topics that keep their names, and shares that are no more what they were."""

from __future__ import annotations

import random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from made import DAY, HOUR, NOW, conversation
from test_drift_topics import talks

from alerts.drift import Reference
from alerts.drift.grouping import MOST
from alerts.drift.mix import LEAST_DAYS, shifted
from bot.jobs.drift import MIX, Drifting, Likeness, NewTopics
from traces.model import EVERYTHING, Segment
from traces.store import open_store
from traces.store.rollups import Fact

DAYS = [(180, 1_000), (195, 1_010), (170, 990)] * 5


@pytest.fixture(scope="module")
def reference():
    return Reference.learned(talks(900), NOW, days=9.0, total=900)


def test_conversations_on_one_subject_are_of_one_topic_named_by_their_words(reference):
    refunds = talks(60, seed=4, what=("please cancel my subscription before the next invoice",))
    topics = [reference.topic(c) for c in refunds]
    most = max(set(topics), key=topics.count)
    assert topics.count(most) > 50
    assert set(most.split(", ")) <= {"please", "cancel", "subscription", "before", "next", "invoice"}
    assert len(reference.topics.names) <= MOST
    assert len(set(reference.topics.names)) == len(reference.topics.names)


def test_a_renewed_baseline_keeps_its_topics_while_they_cover_what_is_said(reference):
    later = talks(900, seed=7)
    again = Reference.learned(later, NOW + 7 * DAY, days=9.0, total=900, before=reference.topics)
    assert again.topics.names == reference.topics.names
    assert [again.topic(c) == reference.topic(c) for c in later[:100]].count(True) > 90


def test_topics_survive_a_restart(reference):
    again = Reference.from_bytes(reference.to_bytes())
    assert again.topics.names == reference.topics.names
    assert np.array_equal(again.topics.middles, reference.topics.middles)
    for c in talks(50, seed=5):
        assert again.topic(c) == reference.topic(c)


def test_a_conversation_keeps_the_topic_that_it_came_with_and_gets_none_before_there_is_a_baseline(reference):
    likeness, [one] = Likeness(), talks(1, seed=5)
    assert likeness.placed(one) is one
    likeness.reference = reference
    assert likeness.placed(one).metadata["topic"] == reference.topic(one)
    told = conversation("c-9", "hello there", metadata={"topic": "billing"})
    assert likeness.placed(told).metadata["topic"] == "billing"


def test_a_share_that_doubles_is_told_and_one_that_wanders_as_ever_is_not():
    assert shifted(200, 1_000, DAYS) is None
    shift = shifted(400, 1_000, DAYS)
    assert (shift.share, round(shift.usual, 2)) == (0.4, 0.18)
    assert shift.low < 0.18 < shift.high < 0.4


def test_shares_need_days_to_be_known_and_conversations_to_be_told():
    assert shifted(400, 1_000, DAYS[: LEAST_DAYS - 1]) is None
    assert shifted(8, 10, DAYS) is None
    assert shifted(30, 1_000, [(1, 1_000)] * 20) is None


def test_a_share_that_swings_from_day_to_day_by_itself_may_swing():
    assert shifted(400, 1_000, [(100, 1_000), (350, 1_000)] * 8) is None


@given(
    st.integers(0, 500),
    st.integers(0, 500),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=30),
)
def test_no_counts_break_it(k, n, days):
    shift = shifted(min(k, n), n, [(min(some, of), of) for some, of in days])
    if shift is not None:
        assert 0 <= shift.low <= shift.usual <= shift.high <= 1
        assert shift.share > shift.usual


def test_more_of_a_language_than_ever_is_told_with_its_share_and_ends_when_it_is_gone():
    store, rng = open_store("sqlite://"), random.Random(1)
    drifting = Drifting(store, Likeness())

    def a_day(day, share):
        facts = [
            Fact(
                conversation_id=f"{day}-{i}",
                at=NOW + day * DAY + i * HOUR / 10,
                segments=(EVERYTHING, Segment.of(language="de" if rng.random() < share else "en")),
                values={"volume": [1.0]},
            )
            for i in range(200)
        ]
        with store.begin() as tx:
            tx.rollups.record(facts)
        drifting.run(NOW + (day + 1) * DAY)
        with store.read() as tx:
            return tx.state.job_outcome(MIX)

    signals = {"input_drift": None}
    for day in range(15):
        assert not a_day(day, 0.15)
    [told] = a_day(15, 0.5)
    assert (told["key"], told["value"]) == ("language", "de")
    with store.read() as tx:
        seen = NewTopics().look(tx, signals)
        [one] = seen.sightings
        found = one.look(tx, 3, None)
    assert seen.is_news
    assert one.segment == Segment.of(language="de")
    assert "are language de; usually" in found.detail["rule"]["text"]
    assert len(found.examples) == 3
    assert a_day(16, 0.15) == []
