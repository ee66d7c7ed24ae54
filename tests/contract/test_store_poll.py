"""Where traces came from and labels on their way back, on every database."""

from __future__ import annotations

from datetime import timedelta

from made import HOUR, MINUTE, NOW, label

from traces.store.label_writes import WriteState
from traces.store.origins import Origin, SourceHealth


def origin(trace=1, at=NOW, target="t", source="phx"):
    return Origin(trace_id=f"{trace:032x}", source=source, target=target, at=at)


def placed(store, *origins):
    with store.begin() as tx:
        tx.origins.put(origins)
        tx.spans.assign({o.trace_id: "c-1" for o in origins}, {})


def requested(store, at=NOW, sources=("phx",)):
    with store.begin() as tx:
        tx.label_writes.request(sources, at)
        return tx.label_writes.due("phx", at)


def given(store, **changed):
    with store.begin() as tx:
        tx.reviews.put_label(label(**changed))


def test_a_target_once_known_and_the_newest_time_stay(store):
    placed(store, origin(at=NOW, target="t"))
    placed(store, origin(at=NOW - HOUR, target=None))
    with store.read() as tx:
        assert tx.origins.newest() == {"phx": NOW}
        assert tx.origins.targets([f"{1:032x}"]) == {("phx", f"{1:032x}"): "t"}
        assert tx.origins.counts(NOW - MINUTE) == {"phx": 1}
        assert tx.origins.counts(NOW + MINUTE) == {}


def test_how_a_source_is_is_kept(store):
    health = SourceHealth(name="phx", failures=2, not_before=NOW, refused=1, reason="?")
    with store.begin() as tx:
        assert tx.origins.health("phx") == SourceHealth(name="phx")
        tx.origins.put_health(health)
    with store.read() as tx:
        assert tx.origins.health("phx") == health


def test_a_label_is_asked_for_once_on_the_last_trace_and_again_when_it_changes(store):
    placed(store, origin(1, NOW - HOUR, "old"), origin(2, NOW, "new"), origin(3, NOW + HOUR, None))
    given(store)
    (write,) = requested(store)
    assert (write.target, write.reviewer, write.label_at) == ("new", "U1", NOW)
    with store.begin() as tx:
        tx.label_writes.written(write, "id-1")
    assert requested(store) == []
    placed(store, origin(4, NOW + HOUR, "newest"))
    given(store, value=0.0, at=NOW + MINUTE)
    (again,) = requested(store)
    assert (again.target, again.written_as) == ("new", "id-1")


def test_a_label_that_changes_while_it_is_written_is_asked_for_again(store):
    placed(store, origin())
    given(store)
    (write,) = requested(store)
    given(store, value=0.0, at=NOW + MINUTE)
    requested(store)
    with store.begin() as tx:
        tx.label_writes.written(write, "id-1")
    with store.read() as tx:
        assert tx.label_writes.counts() == {"phx": {WriteState.PENDING: 1}}


def test_a_withdrawn_label_is_asked_to_go_once(store):
    placed(store, origin())
    given(store)
    (write,) = requested(store)
    with store.begin() as tx:
        tx.label_writes.written(write, "id-1")
        tx.reviews.withdraw_label("c-1", "refusal", "U1")
    (gone,) = requested(store)
    assert gone.is_withdrawal
    with store.begin() as tx:
        tx.label_writes.failed(gone, due_at=NOW + HOUR, problem="no", is_final=True)
    assert requested(store, NOW + 2 * HOUR) == []
    with store.read() as tx:
        assert tx.label_writes.problems() == {"phx": "no"}
    with store.begin() as tx:
        tx.label_writes.withdrawn(gone)
        assert tx.label_writes.counts() == {}


def test_a_failed_write_waits_for_its_time(store):
    placed(store, origin())
    given(store)
    (write,) = requested(store)
    with store.begin() as tx:
        tx.label_writes.failed(write, due_at=NOW + HOUR, problem="away", is_final=False)
    assert requested(store, NOW + HOUR - timedelta(seconds=1)) == []
    assert [w.attempts for w in requested(store, NOW + HOUR)] == [1]


def test_labels_of_conversations_from_elsewhere_are_nobodys(store):
    given(store)
    assert requested(store) == []
