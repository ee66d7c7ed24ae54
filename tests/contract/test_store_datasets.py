"""Datasets hold what reviewers keep, with what was last said of it, for as long as the conversation is kept."""

from __future__ import annotations

from made import DAY, HOUR, NOW, ingest, label, talk

from traces.store.datasets import DatasetItem


def kept(conversation_id="c-1", **fields):
    return DatasetItem(conversation_id=conversation_id, label="refusal", added_by="U1", added_at=NOW, **fields)


def test_a_row_has_the_newest_value_that_anybody_gave(store):
    with store.begin() as tx:
        assert tx.datasets.add(kept())
        assert [row.value for row in tx.datasets.rows()] == [None]
        tx.reviews.put_label(label(value=0.0, reviewer="U1", at=NOW))
        tx.reviews.put_label(label(value=1.0, reviewer="U2", at=NOW + HOUR))
        assert [row.value for row in tx.datasets.rows()] == [1.0]
        tx.reviews.withdraw_label("c-1", "refusal", "U2")
        assert [row.value for row in tx.datasets.rows()] == [0.0]


def test_what_is_added_twice_stands_once_and_keeps_the_expected_answer(store):
    with store.begin() as tx:
        assert tx.datasets.add(kept(expected="Yes, until day 30."))
        assert not tx.datasets.add(kept())
        assert not tx.datasets.add(kept(expected="Yes, until day 40."))
        assert [row.item.expected for row in tx.datasets.rows()] == ["Yes, until day 40."]
        assert tx.datasets.holds("c-1")


def test_datasets_are_kept_apart(store):
    with store.begin() as tx:
        tx.datasets.add(kept("c-1"))
        tx.datasets.add(kept("c-2", dataset="tone"))
        assert [row.item.conversation_id for row in tx.datasets.rows("tone")] == ["c-2"]
        assert tx.datasets.names() == {"default": 1, "tone": 1}


def test_with_a_conversation_past_its_retention_goes_what_should_have_been_answered(store):
    ingest(store, talk("c-1", at=NOW - 9 * DAY), at=NOW - 9 * DAY)
    with store.begin() as tx:
        tx.datasets.add(kept(expected="Call Jo on 555-1234."))
        tx.retention.purge(NOW - DAY)
        assert tx.datasets.rows() == []
