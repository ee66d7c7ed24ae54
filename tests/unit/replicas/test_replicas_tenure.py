"""A process keeps its leases while it lives, and stops by itself when it cannot renew them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.replicas.tenure import TERM, Tenure
from traces.errors import StoreUnavailable

NAMES = ("detect", "deliver")


class Seconds:
    """A clock that only moves when it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def tenure(store, holder, seconds=None, **more):
    return Tenure(store, NAMES, monotonic=seconds or Seconds(), holder=holder, **more)


def test_the_first_process_does_everything_and_a_second_nothing(store):
    first, second = tenure(store, "a"), tenure(store, "b")
    first.keep()
    second.keep()
    assert (first.held, second.held) == (["deliver", "detect"], [])
    assert second.fence("detect") is None
    fence = first.fence("detect")
    assert fence is not None
    assert (fence.workspace_id, fence.name, fence.token) == (store.workspace_id, "detect", 1)


def test_a_process_that_stops_leaves_its_leases_to_the_next_at_once(store):
    first, second = tenure(store, "a"), tenure(store, "b")
    first.start()
    first.stop()
    second.keep()
    assert (first.held, second.held) == ([], ["deliver", "detect"])


def test_a_killed_process_is_replaced_within_its_term(store):
    dead, heir = tenure(store, "a", term=timedelta(0)), tenure(store, "b")
    dead.keep()
    heir.keep()
    assert heir.held == ["deliver", "detect"]
    assert timedelta(seconds=15) >= TERM, "the longest that nobody does a job"


def test_a_process_that_cannot_renew_stops_before_another_may_begin(store):
    seconds = Seconds()
    alone = tenure(store, "a", seconds)
    alone.keep()
    seconds.now += TERM.total_seconds() - 3
    assert alone.held == ["deliver", "detect"]
    seconds.now += 1.5
    assert alone.held == [], "its own clock may be slower than the database's"


def test_a_database_that_is_away_for_a_moment_costs_no_lease(store, caplog):
    class Away:
        workspace_id = store.workspace_id
        is_away = False

        def begin(self):
            if self.is_away:
                raise StoreUnavailable("the database cannot be used now: away")
            return store.begin()

    database = Away()
    held = tenure(database, "a")
    held.keep()
    database.is_away = True
    held.keep()
    assert held.held == ["deliver", "detect"]
    assert "leases cannot be kept" in caplog.text


@pytest.mark.parametrize("times", [1, 5])
def test_renewing_keeps_the_token_by_which_what_is_remembered_stays_of_use(store, times):
    holder = tenure(store, "a")
    for _ in range(times):
        holder.keep()
    fence = holder.fence("detect")
    assert fence is not None
    assert fence.token == 1


def test_a_process_that_can_neither_keep_nor_take_leases_knows_for_how_long(store):
    seconds = Seconds()
    one = tenure(store, "a", seconds)
    one.keep()
    seconds.now += TERM.total_seconds()
    assert one.lapsed_s == 0
    seconds.now += 7
    assert one.lapsed_s == 7
    one.keep()
    assert one.lapsed_s == 0
