"""What is put into the store comes out of it: every noun, on every database."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace

import pytest
from made import DAY, HOUR, MINUTE, NOW, alert, arrival, calibration, conversation, fact, label, span

from traces.errors import StoreUnavailable
from traces.model import (
    EVERYTHING,
    AlertState,
    AuditEntry,
    Change,
    EvaluatorFailure,
    Score,
    Segment,
)
from traces.store import open_store
from traces.store.reviews import LabelChange, ReviewItem
from traces.store.rollups import HOUR_S
from traces.store.state import ALL_SIGNALS, DetectorCheckpoint, SourceState

HOSTILE = "'; DROP TABLE alerts; -- %s :x \\ <b> \u202e 😀 \x01"


def test_a_conversation_comes_back_as_it_was_stored(store):
    sent = conversation(
        "c-1", HOSTILE, "Hi", user_id=HOSTILE, metadata={"model": HOSTILE, "any": [1, None, {"x": 0.5}]}
    )
    with store.begin() as tx:
        tx.conversations.put([replace(arrival(), conversation=sent)], NOW)
    with store.read() as tx:
        assert tx.conversations.get("c-1") == sent
        assert tx.conversations.get("c-2") is None


def test_a_conversation_awaits_evaluation_on_arrival_and_again_once_it_is_quiet(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1", "Hello?", "Hello!")], NOW)
    ended = NOW + MINUTE

    with store.read() as tx:
        assert tx.conversations.pending(NOW, 10) == []
        [arrived] = tx.conversations.pending(ended, 10)
    assert (arrived.has_arrived, arrived.has_settled) == (True, False)

    with store.begin() as tx:
        tx.conversations.evaluated([arrived])
        assert tx.conversations.pending(ended, 10) == []
        [settled] = tx.conversations.pending(ended + 5 * MINUTE, 10)
        assert (settled.has_arrived, settled.has_settled) == (False, True)
        tx.conversations.evaluated([settled])
        assert tx.conversations.awaiting() == 0


def test_a_version_that_came_during_the_evaluation_stays_pending(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1")], NOW)
        [first] = tx.conversations.pending(NOW + HOUR, 10)
        tx.conversations.put([arrival("c-1", "Hello?", "Hello!", "More?", version=2)], NOW)
        tx.conversations.evaluated([first])
        [again] = tx.conversations.pending(NOW + HOUR, 10)
    assert again.version == 2


def test_all_conversations_come_in_order_of_their_start(store):
    with store.begin() as tx:
        tx.conversations.put([arrival(f"c-{n:04d}", at=NOW - n // 3 * MINUTE) for n in range(1_203)], NOW)
        batches = list(tx.conversations.in_order())
    read = [c for batch in batches for c in batch]
    assert len(read) == 1_203
    assert read == sorted(read, key=lambda c: (c.started_at, c.conversation_id))


def test_a_rolled_back_transaction_leaves_nothing(store):
    def fail_half_way() -> None:
        with store.begin() as tx:
            tx.conversations.put([arrival()], NOW)
            tx.alerts.add(alert())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with store.read() as tx:
        assert tx.conversations.count() == 0


def test_spans_are_stored_once_and_the_last_copy_counts(store):
    with store.begin() as tx:
        tx.spans.put([span(1, 1, input="a"), span(1, 2), span(2, 1)])
        tx.spans.put([span(1, 1, input="b")])
        found = tx.spans.of_traces([f"{1:032x}", f"{3:032x}"])
    assert found == {f"{1:032x}": [span(1, 1, input="b"), span(1, 2)]}


def test_a_trace_moves_to_the_conversation_that_it_was_last_put_into(store):
    with store.begin() as tx:
        tx.spans.assign({"t1": "c-1", "t2": "c-1"}, {"t2": b"said"})
        tx.spans.assign({"t1": "c-2"}, {"t1": b"heard"})
        assert tx.spans.conversations_of(["t1", "t2", "t3"]) == {"t1": "c-2", "t2": "c-1"}
        assert tx.spans.told_in(["c-1", "c-2"]) == {"c-1": {"t2": b"said"}, "c-2": {"t1": b"heard"}}
        assert tx.spans.told_in(["c-1"], besides=["t2"]) == {"c-1": {"t2": None}}
        assert tx.spans.sizes(["c-1", "c-2", "c-3"]) == {"c-1": 1, "c-2": 1}


def test_a_conversation_that_is_to_be_merged_later_waits_for_its_first_time(store):
    with store.begin() as tx:
        tx.spans.defer({"c-1": NOW + HOUR})
        tx.spans.defer({"c-1": NOW + DAY, "c-2": NOW})
        assert tx.spans.deferred(NOW) == ["c-2"]
        assert tx.spans.deferred(NOW + HOUR) == ["c-1", "c-2"]
        tx.spans.no_longer_deferred(["c-1"])
        assert tx.spans.deferred(NOW + DAY) == ["c-2"]


def test_scores_and_failures_come_back_and_the_newest_of_a_source_is_current(store):
    ours = Score(name="refusal", value=0.5, label="maybe", explanation=HOSTILE, evaluator_version="2", turn=1)
    theirs = Score(name="refusal", value=1.0, source="external")
    broke = EvaluatorFailure(name="judge", reason="timeout", message="30 s", evaluator_version="1", cost_usd=0.25)
    with store.begin() as tx:
        tx.scores.put({"c-1": [replace(ours, value=0.1), theirs]}, NOW - HOUR)
        tx.scores.put({"c-1": [ours, broke], "c-2": [ours]}, NOW)
        tx.scores.put({"c-1": [ours]}, NOW + HOUR)
        current = tx.scores.current(["c-1"])["c-1"]
        assert sorted(current, key=repr) == sorted([ours, theirs, broke], key=repr)
        assert tx.scores.values("refusal") == {"c-1": 0.5, "c-2": 0.5}
        assert tx.scores.version("refusal") == "2"
        assert tx.scores.summary(["judge", "refusal", "none"], NOW - HOUR) == {"judge": (0, 1), "refusal": (4, 0)}


def test_a_score_for_each_turn_stands_and_the_last_one_speaks_for_the_conversation(store):
    turns = [Score(name="csat", value=value, source="external", turn=n) for n, value in enumerate((1.0, 0.0, 0.5))]
    with store.begin() as tx:
        tx.scores.put({"c-1": turns, "c-2": turns[:2]}, NOW)
        tx.scores.put({"c-1": turns}, NOW + HOUR)
        assert tx.scores.current(["c-1", "c-2"]) == {"c-1": turns, "c-2": turns[:2]}
        assert tx.scores.values("csat") == {"c-1": 0.5, "c-2": 0.0}
        assert tx.scores.summary({"csat"}, NOW) == {"csat": (5, 0)}
        tx.scores.put({"c-1": turns[1:]}, NOW + HOUR)
        assert tx.scores.current(["c-1"]) == {"c-1": turns[1:]}


def test_a_score_with_the_longest_names_that_the_format_takes_is_stored(store):
    long = Score(name="n" * 255, source="s" * 255, evaluator_version="v" * 255, value=1.0)
    with store.begin() as tx:
        tx.scores.put({"c" * 255: [long]}, NOW)
        tx.reviews.put_label(label("c" * 255, name="n" * 255, reviewer="r" * 255))
        assert tx.scores.current(["c" * 255]) == {"c" * 255: [long]}


def test_a_segment_in_any_script_is_counted(store):
    wide = Segment.of(application="\N{GRINNING FACE}" * 100)
    with store.begin() as tx:
        tx.rollups.record([fact(segments=[wide])])
        tx.state.note_segment_values({("application", "\N{GRINNING FACE}" * 100): (NOW, NOW)})
        assert tx.rollups.segments_with("application", since=NOW - DAY, until=NOW + DAY) == [wide]


def test_an_alert_comes_back_as_it_was_stored(store):
    sent = alert(
        detail={"series": ["", "model=x"], "note": HOSTILE},
        segment=Segment.of(model=HOSTILE),
        acknowledged_by="U1",
        acknowledged_at=NOW,
    )
    with store.begin() as tx:
        tx.alerts.add(sent)
    with store.read() as tx:
        assert tx.alerts.get("a-1") == sent
        assert tx.alerts.all() == tx.alerts.in_state(AlertState.OPEN) == [sent]
        assert tx.alerts.in_state(AlertState.RESOLVED) == []


def test_an_alert_is_changed_only_from_the_version_that_was_read(store):
    first = alert()
    with store.begin() as tx:
        tx.alerts.add(first)
        acknowledged = replace(first, state=AlertState.ACKNOWLEDGED, version=2)
        assert tx.alerts.replace(acknowledged, expecting=1)
        assert not tx.alerts.replace(replace(first, value=9.0, version=2), expecting=1)
        assert tx.alerts.get("a-1") == acknowledged


def test_the_newest_alerts_are_the_ones_that_a_limit_keeps(store):
    with store.begin() as tx:
        for n in range(5):
            tx.alerts.add(alert(f"a-{n}", detected_at=NOW + n * HOUR))
        assert [a.alert_id for a in tx.alerts.all(limit=2)] == ["a-3", "a-4"]


def test_a_newer_label_replaces_the_older_one_of_the_same_reviewer_and_never_the_other_way(store):
    with store.begin() as tx:
        put = tx.reviews.put_label
        assert put(label(value=1.0)) is LabelChange.ADDED
        assert put(label(value=1.0)) is LabelChange.UNCHANGED
        assert put(label(value=0.0, at=NOW - MINUTE)) is LabelChange.UNCHANGED
        assert put(label(value=0.0, at=NOW + MINUTE, note="looked again")) is LabelChange.CHANGED
        assert put(label(value="unsure", reviewer="U2")) is LabelChange.ADDED
        assert tx.reviews.labels_of(["c-1"])["c-1"] == [
            label(value="unsure", reviewer="U2"),
            label(value=0.0, at=NOW + MINUTE, note="looked again"),
        ]


def test_a_label_that_is_taken_back_is_gone(store):
    with store.begin() as tx:
        tx.reviews.put_label(label())
        tx.reviews.put_label(label(reviewer="U2"))
        assert tx.reviews.withdraw_label("c-1", "refusal", "U1")
        assert not tx.reviews.withdraw_label("c-1", "refusal", "U1")
        assert tx.reviews.standing_label("c-1", "refusal", "U1") is None
        assert tx.reviews.label_counts() == {"refusal": 1}


def test_the_fingerprint_of_labels_changes_with_them_and_can_be_remembered(store):
    seen = []
    with store.begin() as tx:
        for step in (
            label(),
            label(value=0.0, at=NOW + MINUTE),
            label("c-2", at=NOW - DAY),
            label("c-2", value=0.0, at=NOW - DAY + MINUTE),
        ):
            tx.reviews.put_label(step)
            seen.append(tx.reviews.fingerprint("refusal"))
            tx.state.job_ran("calibrate:refusal", NOW, seen[-1])
            assert tx.state.job_outcome("calibrate:refusal") == seen[-1]
    assert len({tuple(numbers) for numbers in seen}) == len(seen)


def test_the_same_question_about_a_conversation_is_asked_once(store):
    item = ReviewItem(item_id="i-1", conversation_id="c-1", evaluator="refusal", reason="flagged", picked_at=NOW)
    with store.begin() as tx:
        assert tx.reviews.unlabelled() == 0
        assert tx.reviews.pick(item) == item
        assert tx.reviews.pick(replace(item, item_id="i-2", alert_id="a-1")) == item
        assert (tx.reviews.item("i-1"), tx.reviews.item("i-2")) == (item, None)
        assert tx.reviews.items_of(["c-1"]) == [item]
        assert tx.reviews.unlabelled() == 1
        tx.reviews.put_label(label())
        assert tx.reviews.unlabelled() == 0


def test_the_last_calibration_is_current_and_the_others_are_history(store):
    first, second = calibration(), calibration(n_labels=50, usable=False, computed_at=NOW + HOUR)
    with store.begin() as tx:
        tx.calibrations.put(first)
        tx.calibrations.put(second)
        assert tx.calibrations.current() == {"refusal": second}
        assert tx.calibrations.history("refusal") == [first, second]


def test_the_audit_keeps_every_entry_in_order(store):
    entries = [
        AuditEntry(at=NOW, actor="U1", action="label", subject="conversation:c-1", after={"value": n}, request_key="k")
        for n in range(3)
    ]
    with store.begin() as tx:
        for entry in entries:
            tx.audit.add(entry)
        assert tx.audit.entries() == tx.audit.entries("conversation:c-1") == entries
        assert tx.audit.entries("conversation:c-2") == []


def test_a_request_is_the_first_of_its_kind_once(store):
    with store.begin() as tx:
        assert [tx.state.first_time("k", NOW) for _ in range(3)] == [True, False, False]


def test_what_jobs_remember_comes_back(store):
    checkpoint = DetectorCheckpoint(panel="hourly", through_at=NOW, body=b"\x00\xff")
    source = SourceState(name="phoenix", cursor="42", polled_at=NOW, problem="away")
    with store.begin() as tx:
        tx.state.put_checkpoint(replace(checkpoint, body=b""))
        tx.state.put_checkpoint(checkpoint)
        tx.state.put_source(source)
        tx.state.beat(NOW)
        tx.state.beat(NOW)
        tx.state.name_reviewer("U1", "Ann")
        tx.state.job_ran("detect", NOW)
        assert tx.state.checkpoint("hourly") == checkpoint
        assert tx.state.sources() == [source]
        assert tx.state.source("other") == SourceState(name="other")
        assert tx.state.beats(NOW, NOW + HOUR) == {NOW}
        assert tx.state.reviewer_names() == {"U1": "Ann"}
        assert tx.state.job_ran_at("detect") == NOW


def test_of_several_changes_behind_the_detector_the_oldest_is_remembered_once(store):
    with store.begin() as tx:
        for hours in (3, 5, 1):
            tx.state.note_oldest_change(NOW - hours * HOUR)
        tx.state.note_changed_signals({"refusal": NOW - HOUR, "toxicity": NOW})
        tx.state.note_changed_signals({"refusal": NOW - 9 * HOUR})
        tx.state.note_changed_signals({})
        assert tx.state.take_changed_signals() == {
            ALL_SIGNALS: NOW - 5 * HOUR,
            "refusal": NOW - 9 * HOUR,
            "toxicity": NOW,
        }
        assert tx.state.take_changed_signals() == {}


def test_a_change_of_many_signals_is_one_of_all(store):
    with store.begin() as tx:
        tx.state.note_changed_signals({f"s{n}": NOW - n * HOUR for n in range(20)})
        assert tx.state.take_changed_signals() == {ALL_SIGNALS: NOW - 19 * HOUR}


def test_a_change_counts_from_when_it_was_first_seen(store):
    new = Change(kind="model", value="m2", at=NOW, application="shop")
    with store.begin() as tx:
        tx.state.note_changes([new, replace(new, application=None)])
        tx.state.note_changes([replace(new, at=NOW - HOUR), replace(new, at=NOW + HOUR)])
        tx.state.note_segment_values({("model", "m2"): (NOW, NOW)})
        tx.state.note_segment_values({("model", "m2"): (NOW - HOUR, NOW)})
        found = tx.state.changes_between(NOW - DAY, NOW + DAY)
        assert tx.state.segment_values() == {"model": {"m2": NOW - HOUR}}
    assert sorted(found, key=lambda c: c.at) == [replace(new, at=NOW - HOUR), replace(new, application=None)]


def test_conversations_counted_by_many_threads_at_once_are_all_counted(database, store):
    """The rollups are read, added to and written back: none of that may be lost to another thread."""
    if database.location == "sqlite://":
        pytest.skip("a database in memory has one connection")
    start = threading.Barrier(4)

    def record(who: int) -> None:
        start.wait()
        for n in range(10):
            with store.begin() as tx:
                tx.rollups.record([fact(f"c-{who}-{n}")])

    threads = [threading.Thread(target=record, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        [(_, counted)] = tx.rollups.series("volume", EVERYTHING, since=NOW - DAY, until=NOW + DAY, resolution_s=HOUR_S)
    assert counted.n == 40


def test_a_database_whose_tables_are_gone_says_so_in_one_line(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 'hark.db'}")
    with sqlite3.connect(tmp_path / "hark.db") as connection:
        connection.execute("DROP TABLE conversations")
    connection.close()
    with pytest.raises(StoreUnavailable) as caught, opened.read() as tx:
        tx.conversations.count()
    opened.close()
    assert "\n" not in str(caught.value)


def test_threads_read_and_write_side_by_side(store):
    """The HTTP edge writes while the jobs read, on every database."""
    problems: list[Exception] = []

    def work(who: int) -> None:
        try:
            for n in range(15):
                with store.begin() as tx:
                    tx.conversations.put([arrival(f"c-{who}-{n}")], NOW)
                with store.read() as tx:
                    assert tx.conversations.count() > n
        except (StoreUnavailable, AssertionError) as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with store.read() as tx:
        assert tx.conversations.count() == 60
