"""Words that the taxonomy may lack are found in notes and in unlabelled failures, and are offered, not imposed."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import DAY, HOUR, NOW, fact, ingest, label, talk

from bot.reviewing.suggestions import MOST, Said, Suggesting, suggestions
from bot.reviewing.taxonomy import Draft, Taxonomy
from bot.slack.access import Person
from bot.slack.blocks.taxonomy import SUGGESTION, suggested_form, taxonomy_view
from bot.slack.blocks.tokens import Token
from bot.slack.check import check
from evaluators.refusal import Refusal
from traces.clock import FakeClock

ADA = Person(user_id="UADA", name="ada", team_id="T1")
PRICES = ["made up a price", "the price was made up", "price made up, not in the list", "a price that it made up"]
TONE = ["far too formal tone", "tone too formal for a chat", "formal tone, sounds like a lawyer"]


def said(texts, evaluator=None):
    return [Said(text, evaluator) for text in texts]


def test_notes_that_say_the_same_become_a_word():
    found = suggestions(said([*PRICES, *TONE, "nothing to add"]), "notes", 3)
    assert [one.n for one in found] == [4, 3]
    assert set(found[0].title.lower().split()) == {"price", "made"}
    assert set(found[1].title.lower().split()) == {"tone", "formal"}


def test_personal_data_is_in_no_suggestion():
    texts = [f"call jane.roe{n}@example.com about missing invoices" for n in range(5)]
    [found] = suggestions(said(texts), "notes", 3)
    assert "example.com" not in found.example
    assert "jane" not in found.title.lower()


def test_a_word_is_about_the_evaluator_that_most_of_its_texts_are_about():
    mixed = [*said(PRICES[:3], "refusal"), *said(PRICES[3:], "frustration")]
    assert suggestions(mixed, "notes", 3)[0].evaluator == "refusal"
    halves = [*said(PRICES[:2], "refusal"), *said(PRICES[2:], "frustration")]
    assert suggestions(halves, "notes", 3)[0].evaluator is None


@given(st.lists(st.text(max_size=40), max_size=40), st.integers(0, 5))
def test_whatever_is_written_gives_the_same_few_suggestions_that_slack_can_show(texts, seed):
    found = suggestions(said(texts), "failures", 2)
    assert found == suggestions(said(texts), "failures", 2)
    assert len(found) <= MOST
    random.Random(seed).shuffle(texts)
    view = taxonomy_view([], may_edit=True, suggested=found)
    assert check(view.payload(), "modal") == []
    for one in found:
        assert check(suggested_form(Token("new"), ["refusal"], one).payload(), "modal") == []


# --- from the store to the window ---


def noted(store):
    ingest(store, *(talk(f"c-{n}", at=NOW - HOUR) for n in range(9)))
    with store.begin() as tx:
        for n, note in enumerate([*PRICES, *TONE]):
            tx.reviews.put_label(label(f"c-{n}", note=note, at=NOW - timedelta(minutes=n)))


def taxonomy_of(store):
    return Taxonomy(store, FakeClock(NOW), [Refusal()])


def offered(store):
    taxonomy = taxonomy_of(store)
    return taxonomy.suggestions.read([entry.title for entry in taxonomy.read()])


def test_what_is_turned_down_is_not_suggested_again(store):
    noted(store)
    assert Suggesting(store, [Refusal()]).run(NOW) == 2
    first, second = offered(store)
    taxonomy = taxonomy_of(store)
    assert taxonomy.suggestions.turn_down(first.ref, ADA, "key-1")
    assert not taxonomy.suggestions.turn_down(first.ref, ADA, "key-1")
    Suggesting(store, [Refusal()]).run(NOW + HOUR)
    assert offered(store) == [second]


def test_what_was_added_is_not_suggested_again(store):
    noted(store)
    Suggesting(store, [Refusal()]).run(NOW)
    first, second = offered(store)
    taxonomy_of(store).add(Draft(title=f"{first.title} again"), ADA, "key-1")
    assert offered(store) == [second]


def test_failures_that_nobody_has_labelled_are_grouped_and_labelled_ones_are_left_out(store):
    things = [f"my voucher code is not accepted at the checkout {'xyzabcdefg'[n] * 4}" for n in range(8)]
    others = [f"{'abcdefgh'[n] * 5} {'klmnopqr'[n] * 6} {'stuvwxyz'[n] * 4}" for n in range(8)]
    ingest(store, *(talk(f"c-{n}", text, at=NOW - HOUR) for n, text in enumerate([*things, *others])))
    with store.begin() as tx:
        tx.rollups.record([fact(f"c-{n}", NOW - HOUR, refusal=1.0) for n in range(16)])
    suggesting = Suggesting(store, [Refusal()])
    assert suggesting.run(NOW) == 1
    assert suggesting.run(NOW) == 0
    [found] = offered(store)
    assert (found.origin, found.n, found.evaluator) == ("failures", 8, "refusal")
    assert "voucher" in found.title.lower()
    with store.begin() as tx:
        for n in range(5):
            tx.reviews.put_label(label(f"c-{n}"))
    assert Suggesting(store, [Refusal()]).run(NOW + HOUR) == 0


def test_notes_of_long_ago_suggest_nothing(store):
    noted(store)
    assert Suggesting(store, [Refusal()]).run(NOW + 90 * DAY) == 0


def test_only_who_may_add_words_is_shown_them(store):
    noted(store)
    Suggesting(store, [Refusal()]).run(NOW)
    taxonomy = taxonomy_of(store)
    views = [
        taxonomy_view(taxonomy.read(), may_edit=may, suggested=taxonomy.suggestions.read()).payload()
        for may in (True, False)
    ]
    assert [SUGGESTION in str(view) for view in views] == [True, False]
    assert check(views[0], "modal") == []
