"""Words that are no longer kept: gone from every copy, while what is sent again changes nothing and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import DAY, HOUR, MINUTE, NOW, arrival, conversation, ingest, label, span, talk
from sqlalchemy import select

from traces import schema
from traces.ingest import Receipt, take_spans
from traces.model import EvaluatorFailure, Feedback, Score
from traces.receive import take_feedback
from traces.redacted import lasting
from traces.store.anchors import Anchor
from traces.store.feedback import Given
from traces.store.reviews import ReviewItem
from traces.store.words import Due
from traces.unkept import hide

EMAIL = "tessa.tapir@example.org"
CARD = "4111111111111111"
ASKED = f"I am {EMAIL}, card {CARD}."
TRACE = f"{1:032x}"
AFTER = NOW + HOUR
BEGINNING = NOW - 10_000 * DAY


def everything(store):
    with store._engine.connect() as connection:
        return str(
            [
                [tuple(row) for row in connection.execute(select(t).where(t.c.workspace_id == store._workspace_id))]
                for t in schema.metadata.sorted_tables
            ]
        )


def hide_due(store, before=AFTER, *, evaluated=False):
    due = Due(ended_before=before, changed_before=BEGINNING if evaluated else before)
    with store.begin() as tx:
        ids = [conversation_id for conversation_id, _ in tx.words.due(due, 10)]
        assert tx.words.still_due(due, ids) == ids
        hide(tx, ids)
    return ids


def version_of(store, conversation_id="c-1"):
    with store.read() as tx:
        return tx.conversations.known([conversation_id])[conversation_id].version


def turn(number, said, trace=1):
    return span(
        trace,
        number,
        NOW + number * MINUTE,
        gen_ai__operation__name="chat",
        gen_ai__conversation__id=f"of {EMAIL}",
        gen_ai__prompt__0__role="user",
        gen_ai__prompt__0__content=said,
        gen_ai__completion__0__role="assistant",
        gen_ai__completion__0__content=f"You said {said}",
        gen_ai__tool__call__arguments=f'{{"card": {CARD}, "mail": "{EMAIL}"}}',
    )


def take(store, *spans):
    with store.begin() as tx:
        return take_spans(tx, spans, NOW)


def test_personal_data_goes_from_the_conversation_and_from_all_that_quotes_it(store):
    ingest(store, talk("c-1", ASKED, "Thanks.", user_id=EMAIL, metadata={"contact": EMAIL}))
    given = Given(feedback_id="f", feedback=Feedback(name="thumbs", value=0.0, comment=ASKED), conversation_id="c-1")
    with store.begin() as tx:
        take_feedback(tx, [given], NOW)
        failed = EvaluatorFailure(name="judge", evaluator_version="1", reason="judge_error", message=ASKED)
        quoting = Score(name="pii_leak", value=1.0, label=EMAIL, explanation=ASKED, evidence=ASKED)
        tx.scores.put({"c-1": [quoting, failed]}, NOW)
        tx.scores.put({"c-1": [replace(quoting, value=0.7)]}, NOW)
        frozen = Anchor(evaluator="refusal", conversation_id="c-1", frozen_at=NOW, truth=True, body={"said": ASKED})
        tx.anchors.freeze("refusal", [frozen])
        tx.reviews.pick(
            ReviewItem(item_id="i", conversation_id="c-1", evaluator="refusal", reason=ASKED, picked_at=NOW)
        )
        tx.reviews.put_label(label())
    assert EMAIL in everything(store)

    assert hide_due(store) == ["c-1"]

    assert EMAIL not in everything(store)
    assert CARD not in everything(store)
    with store.read() as tx:
        assert tx.conversations.get("c-1").messages[0].content == "I am [email], card [card]."
        assert tx.scores.values("pii_leak") == {"c-1": 0.7}
        assert tx.words.hidden(["c-1"]) == {"c-1"}
    assert hide_due(store) == []


def test_only_what_nothing_awaits_any_more_is_due_where_that_is_asked_for(store):
    ingest(store, talk("c-1", ASKED))
    assert hide_due(store, evaluated=True) == []
    with store.begin() as tx:
        tx.conversations.evaluated(tx.conversations.pending(AFTER, 10))
    assert hide_due(store, NOW - HOUR, evaluated=True) == []
    assert hide_due(store, evaluated=True) == ["c-1"]


def test_the_same_conversation_again_changes_nothing_nor_does_an_older_copy_of_it(store):
    sent = talk("c-1", ASKED, "Thanks.", "More?", user_id=EMAIL, metadata={"contact": EMAIL})
    older = talk("c-1", ASKED, "Thanks.", user_id=EMAIL, metadata={"contact": EMAIL})
    ingest(store, sent)
    hide_due(store)
    before = everything(store)
    assert ingest(store, sent) == Receipt(unchanged=1)
    assert ingest(store, older) == Receipt(unchanged=1)
    assert ingest(store, {**sent, "labels": []}) == Receipt(unchanged=1)
    assert everything(store) == before


def test_a_conversation_that_goes_on_is_kept_whole_until_it_is_due_again(store):
    ingest(store, talk("c-1", ASKED, "Thanks."))
    hide_due(store)
    assert ingest(store, talk("c-1", ASKED, "Thanks.", f"Or {EMAIL}")) == Receipt(updated=1)
    with store.read() as tx:
        assert EMAIL in tx.conversations.get("c-1").messages[2].content
    assert hide_due(store) == ["c-1"]
    assert EMAIL not in everything(store)


def test_spans_and_what_they_told_lose_their_words_and_stay_what_they_are(store):
    take(store, turn(1, ASKED), turn(2, "Where is it?"))
    (conversation_id,) = hide_due(store)
    assert conversation_id == f"of {EMAIL}"
    assert CARD not in everything(store)
    with store.read() as tx:
        stored = tx.spans.of_traces([TRACE])[TRACE]
        assert [m.content for m in tx.conversations.get(conversation_id).messages if m.role == "user"] == [
            "I am [email], card [card].",
            "Where is it?",
        ]
    assert stored[0].attributes["gen_ai.tool.call.arguments"] == '{"card": "[card]", "mail": "[email]"}'
    assert stored[0].attributes["gen_ai.conversation.id"] == f"of {EMAIL}"


def test_spans_that_come_again_change_nothing_and_new_ones_join_what_is_left_of_the_others(store):
    take(store, turn(1, ASKED))
    (conversation_id,) = hide_due(store)
    before = everything(store)
    assert take(store, turn(1, ASKED)).new == 0
    assert everything(store) == before

    take(store, turn(1, ASKED), turn(2, "Where is it?"))
    take(store, turn(3, "Another trace.", trace=2))
    with store.read() as tx:
        said = [m.content for m in tx.conversations.get(conversation_id).messages if m.role == "user"]
    assert said == ["I am [email], card [card].", "Where is it?", "Another trace."]
    assert version_of(store, conversation_id) == 3
    assert hide_due(store) == [conversation_id]
    assert CARD not in everything(store)


def test_what_traces_told_loses_its_words_where_their_spans_are_gone(store):
    take(store, turn(1, ASKED))
    with store.begin() as tx:
        tx.spans._connection.execute(schema.spans.delete().where(schema.spans.c.workspace_id == store._workspace_id))
    (conversation_id,) = hide_due(store)
    take(store, turn(2, "Where is it?", trace=2))
    with store.read() as tx:
        said = [m.content for m in tx.conversations.get(conversation_id).messages if m.role == "user"]
    assert said == ["I am [email], card [card].", "Where is it?"]


def test_feedback_that_is_given_again_is_no_news(store):
    given = Given(feedback_id="f", feedback=Feedback(name="thumbs", value=0.0, comment=ASKED), conversation_id="c-1")
    ingest(store, talk("c-1", ASKED))
    with store.begin() as tx:
        take_feedback(tx, [given], NOW)
    hide_due(store)
    before = everything(store)
    with store.begin() as tx:
        assert take_feedback(tx, [given], AFTER) == 0
    assert everything(store) == before


@pytest.mark.parametrize(
    "said", [ASKED, f'{{"mail": "{EMAIL}", "n": [{CARD}, 1.5, null]}}', '["a\\u0040b.example"]', "{no"]
)
def test_doing_it_twice_changes_nothing_more(said):
    once = lasting(conversation("c-1", said))
    assert lasting(once) == once


def test_a_long_conversation_that_is_still_to_be_merged_is_not_due(store):
    with store.begin() as tx:
        tx.conversations.put([arrival("c-1", ASKED)], NOW)
        tx.spans.defer({"c-1": AFTER})
    assert hide_due(store) == []


def history(*said):
    """What a model call is given: turns of the user and the assistant, the user's last."""
    roles = ("user", "assistant")
    return {
        f"gen_ai__prompt__{place}__{key}": value
        for place, text in enumerate(said)
        for key, value in (("role", roles[place % 2]), ("content", text))
    }


def call(trace, answered, *said):
    more = {"gen_ai__completion__0__role": "assistant", "gen_ai__completion__0__content": answered}
    at = NOW + trace * HOUR
    return span(trace, 1, at, gen_ai__operation__name="chat", gen_ai__conversation__id="c-1", **history(*said), **more)


def test_a_later_turn_that_repeats_the_history_word_by_word_adds_nothing_but_itself(store):
    take(store, call(1, f"Hello {EMAIL}!", ASKED))
    hide_due(store, NOW + 2 * HOUR)
    take(store, call(2, "Fine.", ASKED, f"Hello {EMAIL}!", f"Or card {CARD}?"))
    with store.read() as tx:
        said = [message.content for message in tx.conversations.get("c-1").messages]
    assert said == ["I am [email], card [card].", "Hello [email]!", f"Or card {CARD}?", "Fine."]
    hide_due(store, NOW + 3 * HOUR)
    assert CARD not in everything(store)
    assert EMAIL not in everything(store)


def test_what_comes_late_and_changes_nothing_of_the_conversation_loses_its_words_too(store):
    take(store, turn(1, ASKED))
    (conversation_id,) = hide_due(store)
    before = version_of(store, conversation_id)
    take(store, span(1, 9, NOW + MINUTE, net__peer__name=f"of {CARD}", gen_ai__conversation__id=conversation_id))
    with store.begin() as tx:
        tx.scores.put({conversation_id: [Score(name="judged", value=1.0, explanation=CARD, source="other")]}, NOW)
    assert version_of(store, conversation_id) == before
    assert CARD in everything(store)
    assert hide_due(store) == [conversation_id]
    assert CARD not in everything(store)


def test_of_conversations_without_personal_data_nothing_is_written_but_that_they_were_looked_at(store):
    ingest(store, talk("c-1", "Where is my order 123-456-7?", "On its way."))
    take(store, call(2, "Fine.", "All well?"))
    with store.read() as tx:
        before = tx.words.standing(["c-1"])
    assert hide_due(store, NOW + 3 * HOUR) == ["c-1"]
    with store.read() as tx:
        assert tx.words.standing(["c-1"]) == before
    assert hide_due(store, NOW + 3 * HOUR) == []


def test_scores_that_others_took_the_place_of_have_no_words(store):
    ingest(store, talk("c-1", ASKED))
    for value in (1.0, 0.5):
        with store.begin() as tx:
            tx.scores.put({"c-1": [Score(name="refusal", value=value, explanation=f"{value} {EMAIL}")]}, NOW)
    assert f"1.0 {EMAIL}" not in everything(store)
    assert f"0.5 {EMAIL}" in everything(store)
