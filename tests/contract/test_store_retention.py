"""What is past its retention is gone in every copy; what was counted and what people said of it stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import DAY, HOUR, NOW, arrival, fact, label, span
from sqlalchemy import select

from traces import schema
from traces.model import EVERYTHING, EvaluatorFailure, Score
from traces.store.proposals import Proposal, ShownExample
from traces.store.reviews import ReviewItem

SECRET = "the-words-that-must-go"
PROPOSED = Proposal(
    proposal_id="p-1",
    evaluator="policy",
    created_at=NOW,
    basis="b",
    before_version="1",
    version="2",
    guidance="Caution is no promise.",
    examples=(ShownExample(conversation_id="old", text=SECRET, verdict="no"),),
)


def said(conversation_id, ended_at):
    made = arrival(conversation_id)
    return replace(made, conversation=replace(made.conversation, started_at=ended_at - HOUR, ended_at=ended_at))


@pytest.fixture
def kept(store):
    with store.begin() as tx:
        tx.conversations.put([said("old", NOW - 10 * DAY), said("new", NOW)], NOW)
        tx.spans.put([replace(span(), attributes={"gen_ai.prompt": SECRET})])
        tx.spans.assign({f"{1:032x}": "old"}, {f"{1:032x}": SECRET.encode()})
        tx.scores.put(
            {
                "old": [
                    Score(name="refusal", value=1.0, explanation=SECRET, evidence=SECRET),
                    EvaluatorFailure(name="judge", evaluator_version="1", reason="judge_error", message=SECRET),
                ]
            },
            NOW,
        )
        tx.rollups.record([fact("old", refusal=1.0)])
        tx.reviews.pick(
            ReviewItem(item_id="i", conversation_id="old", evaluator="refusal", reason=SECRET, picked_at=NOW)
        )
        tx.judge_answers.put("digest", SECRET, NOW - 10 * DAY)
        tx.proposals.add(PROPOSED)
    return store


def everything(store):
    with store._engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).where(table.c.workspace_id == store._workspace_id))
            ]
            for table in schema.metadata.sorted_tables
        }


def purged(store):
    with store.begin() as tx:
        tx.retention.purge_answers(NOW - DAY)
        return tx.retention.purge(NOW - DAY)


def test_every_word_of_it_goes_and_the_others_stay(kept):
    assert SECRET in str(everything(kept))
    assert purged(kept) == ["old"]
    assert SECRET not in str(everything(kept))
    with kept.read() as tx:
        assert tx.conversations.get("old") is None
        assert tx.conversations.get("new") is not None
    assert purged(kept) == []


def test_what_was_counted_still_counts(kept):
    purged(kept)
    with kept.read() as tx:
        series = tx.rollups.series("refusal", EVERYTHING, since=NOW - DAY, until=NOW + DAY, resolution_s=3_600)
    assert sum(rollup.n for _, rollup in series) == 1


def test_a_label_and_the_score_it_is_compared_with_stay_without_words(kept):
    with kept.begin() as tx:
        tx.reviews.put_label(replace(label(), conversation_id="old", name="refusal"))
    purged(kept)
    with kept.read() as tx:
        scores = tx.scores.current(["old"])["old"]
        assert [(s.name, s.value, s.explanation, s.evidence) for s in scores] == [("refusal", 1.0, None, None)]
        assert len(tx.reviews.labels_of(["old"])["old"]) == 1
    assert SECRET not in str(everything(kept))


def test_what_was_said_anew_is_not_kept_in_its_former_words(kept):
    with kept.begin() as tx:
        tx.reviews.put_label(replace(label(), conversation_id="old", name="refusal"))
        tx.scores.put({"old": [Score(name="refusal", value=0.0, explanation=f"anew: {SECRET}")]}, NOW)
    purged(kept)
    found = everything(kept)
    assert SECRET not in str(found)
    assert len(found["scores"]) == 1, "what holds is compared with the label; what it took the place of is gone"


def test_the_oldest_go_first_and_no_more_than_asked_for(store):
    with store.begin() as tx:
        tx.conversations.put([said(f"c{n}", NOW - n * DAY) for n in range(2, 7)], NOW)
        assert tx.retention.purge(NOW, 2) == ["c6", "c5"]
        assert tx.retention.purge(NOW, 2) == ["c4", "c3"]
