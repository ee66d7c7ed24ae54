"""What a storm of changes to open alerts does to the channel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from benchmarks.storms import APART, PASS, STORM, storm
from traces.store import Store, open_store


@pytest.fixture
def store(database) -> Iterator[Store]:
    opened = open_store(database)
    yield opened
    opened.close()


def test_ten_thousand_changes_to_forty_alerts_in_a_minute_are_one_message_each_in_half_a_minute_and_none_is_lost(store):
    told = storm(store, changes=10_000, alerts=40, channels=["C0ONE"])
    assert sum(map(len, told.changes.values())) == 10_000
    assert len(told.messages) == 40
    assert told.lost == 0
    assert told.nearest >= APART
    assert max(map(len, told.messages.values())) <= STORM // APART + 1
    assert told.delays[-1] <= APART + PASS


def test_a_change_is_shown_at_the_latest_after_half_a_minute_however_many_alerts_share_its_channel(store):
    told = storm(store, changes=600, alerts=60, channels=["C0ONE", "C0TWO"])
    assert told.lost == 0
    assert told.nearest >= APART
    assert told.delays[-1] <= APART + timedelta(seconds=60 // 2 // 4)


def test_changes_that_come_while_a_message_is_being_sent_wait_for_each_other_too(store):
    told = storm(store, changes=600, alerts=10, channels=["C0ONE"], during=True)
    assert told.lost == 0
    assert told.nearest >= APART
