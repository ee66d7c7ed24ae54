"""Of what there may be one, one holder does; what is due is given to one worker: on every database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from made import DAY, HOUR, NOW, arrival

from traces.errors import LeaseLost
from traces.store.conversations import Pending
from traces.store.fence import Fence, fenced

LONG = timedelta(hours=1)
OVER = timedelta(0)


def keep(store, holder, *names, term=LONG):
    with store.begin() as tx:
        return tx.leases.keep(names, holder, term)


def test_a_free_lease_goes_to_who_asks_first_and_stays(store):
    assert keep(store, "a", "detect", "deliver") == {"detect": 1, "deliver": 1}
    assert keep(store, "b", "detect", "deliver", "retain") == {"retain": 1}
    assert keep(store, "a", "detect", "deliver") == {"detect": 1, "deliver": 1}, "renewing keeps the token"


def test_a_lease_that_is_over_goes_to_another_under_a_higher_token(store):
    keep(store, "a", "detect", term=OVER)
    assert keep(store, "b", "detect") == {"detect": 2}
    assert keep(store, "a", "detect") == {}


def test_a_holder_who_was_away_for_too_long_learns_it_from_the_token(store):
    keep(store, "a", "detect", term=OVER)
    assert keep(store, "a", "detect") == {"detect": 2}


def test_who_lets_go_is_replaced_at_once(store):
    keep(store, "a", "detect", "deliver")
    with store.begin() as tx:
        tx.leases.release("a")
        assert tx.leases.every() == []
    assert keep(store, "b", "detect") == {"detect": 2}
    with store.read() as tx:
        assert [(one.name, one.holder, one.token) for one in tx.leases.every()] == [("detect", "b", 2)]


def test_what_is_written_under_a_lease_that_another_has_taken_is_refused_and_leaves_nothing(store):
    [token] = keep(store, "a", "detect", term=OVER).values()
    keep(store, "b", "detect")
    stale = Fence(workspace_id=store.workspace_id, name="detect", token=token)
    with pytest.raises(LeaseLost, match="another Hark does detect now"), fenced(stale), store.begin() as tx:
        tx.state.job_ran("detect", NOW)
    with store.read() as tx:
        assert tx.state.job_ran_at("detect") is None


def test_what_is_written_under_a_lease_that_stands_is_stored(store):
    [token] = keep(store, "a", "detect").values()
    with fenced(Fence(workspace_id=store.workspace_id, name="detect", token=token)), store.begin() as tx:
        tx.state.job_ran("detect", NOW)
    with store.read() as tx:
        assert tx.state.job_ran_at("detect") == NOW


def test_nobody_takes_a_lease_under_which_somebody_is_writing_though_its_time_is_over(store):
    if store.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    [token] = keep(store, "a", "detect").values()
    fence = Fence(workspace_id=store.workspace_id, name="detect", token=token)
    with ThreadPoolExecutor(1) as elsewhere, fenced(fence), store.begin():
        assert elsewhere.submit(keep, store, "a", "detect", term=OVER).result() == {"detect": 1}, "it can be renewed"
        assert elsewhere.submit(keep, store, "b", "detect").result() == {}
    assert keep(store, "b", "detect") == {"detect": 2}


def test_what_is_due_is_claimed_once_the_oldest_first(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-2", at=NOW - HOUR), arrival("c-1", at=NOW - 2 * HOUR)], NOW)
    with store.begin() as tx:
        assert tx.claims.take("evaluate", NOW, 1, LONG) == ["c-1"]
        assert tx.claims.take("evaluate", NOW, 1, LONG) == [], "no more than the most that may be claimed"
        assert tx.claims.take("evaluate", NOW, 10, LONG) == ["c-2"]
        assert tx.claims.take("evaluate", NOW, 10, LONG) == []
        assert tx.claims.take("judge", NOW, 10, LONG) == []
        assert tx.claims.count("evaluate") == 2


def test_what_was_claimed_and_not_given_back_is_claimed_again_when_the_claim_is_over(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1")], NOW)
        assert tx.claims.take("evaluate", NOW + DAY, 10, OVER) == ["c-1"]
        assert tx.claims.take("evaluate", NOW + DAY, 10, LONG) == ["c-1"]
        tx.claims.give_back("evaluate", ["c-1"])
        assert tx.claims.take("evaluate", NOW + DAY, 10, LONG) == ["c-1"]


def test_what_another_has_evaluated_meanwhile_is_no_longer_due(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1"), arrival("c-2")], NOW)
        due = tx.claims.pending("evaluate", ["c-1", "c-2", "c-9"], NOW + DAY)
        assert [(p.conversation.conversation_id, p.has_arrived, p.has_settled) for p in due] == [
            ("c-1", True, True),
            ("c-2", True, True),
        ]
        tx.conversations.evaluated(due[:1], {"c-1"})
        assert tx.claims.still_due(due, "evaluate") == due[1:]
        assert [p.conversation.conversation_id for p in tx.claims.pending("evaluate", ["c-1", "c-2"], NOW + DAY)] == [
            "c-2"
        ]
        [judged] = tx.claims.pending("judge", ["c-1", "c-2"], NOW + DAY)
        assert isinstance(judged, Pending)
        assert tx.claims.still_due([judged], "judge") == [judged]
        tx.conversations.judged([judged])
        assert tx.claims.still_due([judged], "judge") == []


def test_a_new_version_of_what_was_evaluated_is_due_again(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1")], NOW)
        due = tx.claims.pending("evaluate", ["c-1"], NOW + DAY)
        tx.conversations.put([arrival("c-1", version=2)], NOW)
        assert tx.claims.still_due(due, "evaluate") == due, "what was said of the words before is still news"
        tx.conversations.evaluated(due)
        assert tx.claims.still_due(due, "evaluate") == []
        assert [p.version for p in tx.claims.pending("evaluate", ["c-1"], NOW + DAY)] == [2]
