"""What is sent becomes what is stored: once, in its newest form, with what came along."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made import DAY, HOUR, MINUTE, NOW, ingest, talk

from traces.errors import BadInput
from traces.ingest import Receipt, offer, take_conversations
from traces.model import Label


def pending(store, at=NOW + DAY):
    with store.read() as tx:
        return {p.conversation.conversation_id: p.version for p in tx.conversations.pending(at, 100)}


def evaluate(store, at=NOW + DAY):
    with store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(at, 100))


def stored(store, conversation_id="c-1"):
    with store.read() as tx:
        return tx.conversations.get(conversation_id)


def texts(store):
    return [m.content for m in stored(store).messages]


def test_the_same_file_twice_changes_nothing(store):
    sent = [talk(f"c-{n}", scores=[{"name": "csat", "value": 0.5}]) for n in range(3)]
    assert ingest(store, *sent) == Receipt(new=3)
    evaluate(store)
    assert ingest(store, *sent, at=NOW + HOUR) == Receipt(unchanged=3)
    assert pending(store) == {}


def test_the_order_of_keys_does_not_make_a_conversation_new(store):
    sent = talk()
    ingest(store, sent)
    assert ingest(store, dict(reversed(sent.items()))) == Receipt(unchanged=1)


def test_a_conversation_that_grew_is_updated_and_evaluated_again(store):
    ingest(store, talk("c-1", "Hello?"))
    evaluate(store)
    assert ingest(store, talk("c-1", "Hello?", "Hello!")) == Receipt(updated=1)
    assert texts(store) == ["Hello?", "Hello!"]
    assert pending(store) == {"c-1": 2}


def test_an_older_shorter_copy_changes_nothing(store):
    ingest(store, talk("c-1", "Hello?", "Hello!", "Thanks"))
    evaluate(store)
    assert ingest(store, talk("c-1", "Hello?", "Hello!")) == Receipt(unchanged=1)
    assert texts(store) == ["Hello?", "Hello!", "Thanks"]
    assert pending(store) == {}


def test_a_conversation_that_was_corrected_is_replaced(store):
    ingest(store, talk("c-1", "Hello?", "Hello!", "Thanks"))
    assert ingest(store, talk("c-1", "Hello?", "[removed]")) == Receipt(updated=1)
    assert texts(store) == ["Hello?", "[removed]"]


def test_the_last_of_several_copies_in_one_batch_counts(store):
    grown = [talk("c-1", *["word"] * n) for n in (1, 2, 3)]
    assert ingest(store, *grown) == Receipt(new=1, updated=2)
    assert ingest(store, *grown) == Receipt(unchanged=3)
    assert len(texts(store)) == 3


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(1, 6)), split=st.integers(0, 5))
def test_copies_of_a_growing_conversation_in_any_order_end_in_the_longest(new_store, order, split):
    store = new_store()
    copies = [talk("c-1", *[f"turn {turn}" for turn in range(length)]) for length in order]
    ingest(store, *copies[:split])
    ingest(store, *copies[split:], at=NOW + HOUR)
    assert len(texts(store)) == 5


def test_a_conversation_without_times_keeps_the_time_when_it_first_came(store):
    ingest(store, talk("c-1", "Hello?", at=None), at=NOW)
    assert ingest(store, talk("c-1", "Hello?", "Hello!", at=None), at=NOW + DAY) == Receipt(updated=1)
    assert (stored(store).started_at, stored(store).ended_at) == (NOW, NOW)
    assert ingest(store, talk("c-1", "Hello?", "Hello!", at=None), at=NOW + 2 * DAY) == Receipt(unchanged=1)


def test_a_conversation_is_quiet_after_the_quiet_time_or_when_it_says_that_it_ended(store):
    ingest(
        store,
        talk("open", "Hello?"),
        talk("over", "Hello?", ended_at=NOW.isoformat()),
        talk("untimed", "Hello?", at=None),
    )
    with store.read() as tx:
        settled = {p.conversation.conversation_id: p.has_settled for p in tx.conversations.pending(NOW, 10)}
        later = {p.conversation.conversation_id: p.has_settled for p in tx.conversations.pending(NOW + 5 * MINUTE, 10)}
    assert settled == {"open": False, "over": True, "untimed": True}
    assert all(later.values())


def test_labels_and_scores_inside_are_taken(store):
    sent = talk(
        labels=[{"name": "refusal", "value": True, "reviewer": "ann"}],
        scores=[{"name": "csat", "value": 0.8, "explanation": "fine"}],
        feedback=[{"name": "thumbs", "value": 1}],
    )
    ingest(store, sent)
    with store.read() as tx:
        [label] = tx.reviews.labels_of(["c-1"])["c-1"]
        [score] = tx.scores.current(["c-1"])["c-1"]
    assert label == Label(conversation_id="c-1", name="refusal", value=1.0, reviewer="ann", at=NOW)
    assert (score.name, score.value, score.source) == ("csat", 0.8, "external")
    assert stored(store).feedback[0].name == "thumbs"


def test_a_label_in_slack_outlives_an_older_one_that_comes_again_in_a_file(store):
    sent = talk(labels=[{"name": "refusal", "value": 1, "reviewer": "U1", "at": NOW.isoformat()}])
    ingest(store, sent)
    with store.begin() as tx:
        newer = Label(conversation_id="c-1", name="refusal", value=0.0, reviewer="U1", at=NOW + HOUR)
        tx.reviews.put_label(newer)
    ingest(store, {**sent, "user_id": "changed"})
    with store.read() as tx:
        assert tx.reviews.labels_of(["c-1"]) == {"c-1": [newer]}


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_at_either_end_of_the_calendar_is_stored(store, time):
    ingest(store, {"id": "c-1", "messages": [{"role": "user", "content": "Hi", "timestamp": time}]})
    assert stored(store).started_at.year == int(time[:4])
    assert pending(store, at=NOW) == ({"c-1": 1} if time.startswith("0") else {})


def test_a_time_beyond_the_calendar_is_refused_by_its_name():
    with pytest.raises(BadInput, match="started_at"):
        offer(talk() | {"started_at": "9999-12-31T23:59:59-12:00"}, NOW)


def test_a_conversation_is_refused_by_the_name_of_what_is_wrong_with_it():
    for wrong, field in (
        ({"id": "", "messages": []}, "id"),
        ({"id": "c"}, "messages"),
        (talk() | {"messages": [{"role": "user"}, {"role": "robot"}]}, "messages[1].role"),
        (talk() | {"started_at": "yesterday"}, "started_at"),
        (talk() | {"labels": [{"value": 1}]}, "labels[0].name"),
        ([], ""),
        (None, ""),
    ):
        with pytest.raises(BadInput) as caught:
            offer(wrong, NOW)
        assert caught.value.field == field
        assert "\n" not in str(caught.value)


def test_the_quiet_time_is_what_the_settings_say(store):
    with store.begin() as tx:
        take_conversations(tx, [offer(talk("c-1", "Hello?"), NOW)], NOW, timedelta(hours=2))
        [before] = tx.conversations.pending(NOW + HOUR, 10)
        [after] = tx.conversations.pending(NOW + 2 * HOUR, 10)
    assert (before.has_settled, after.has_settled) == (False, True)
