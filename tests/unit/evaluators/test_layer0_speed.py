"""What spares most traffic the expensive patterns must never change a verdict."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.injection import SIGNS_IN_DOCUMENTS, SIGNS_OF_USERS
from evaluators.language_mismatch import is_plain_english
from evaluators.sensitive import may_be_personal
from evaluators.toxicity import may_be_toxic
from evaluators.toxicity_words import ABUSE, OBSCENE
from evaluators.word_index import WordIndex
from traces.redact import find

PII = Path(__file__).parents[4] / "shared" / "data" / "pii.jsonl"


@given(st.one_of(st.from_regex(ABUSE), st.from_regex(OBSCENE)))
def test_everything_that_a_pattern_of_abuse_matches_is_tried(text):
    folded = text.lower()
    if folded.isascii() and (ABUSE.search(folded) or OBSCENE.search(folded)):
        assert may_be_toxic(folded)


@given(
    st.lists(st.lists(st.text("ab' <=", min_size=1, max_size=4), max_size=3), max_size=5),
    st.text("ab' <=", max_size=20),
)
def test_the_index_leaves_out_no_pattern_whose_needle_is_in_the_text(needles, text):
    found = set(WordIndex(needles).positions(text))
    assert found >= {at for at, several in enumerate(needles) if not several or any(n in text for n in several)}
    assert found <= set(range(len(needles)))


@given(st.data())
def test_every_sign_of_an_attack_has_a_needle_in_what_it_matches(data):
    sign = data.draw(st.sampled_from([*SIGNS_OF_USERS, *SIGNS_IN_DOCUMENTS]))
    matched = sign.pattern.search(" ".join(data.draw(st.from_regex(sign.pattern)).lower().split()))
    if matched:
        assert any(needle in f" {matched.string} " for needle in sign.needles)


@given(st.text("0123456789 .-+()@:abcfGB\n", max_size=40))
def test_no_personal_data_is_passed_over_for_want_of_digits(text):
    if any(sensitive.kind != "secret" for sensitive in find(text)):
        assert may_be_personal(text)


@pytest.mark.skipif(not PII.exists(), reason="../shared/data/pii.jsonl is not there")
def test_no_personal_data_of_the_labelled_set_is_passed_over():
    for line in PII.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["messages"][0]["content"]
        assert may_be_personal(text) or all(sensitive.kind == "secret" for sensitive in find(text))


@pytest.mark.parametrize(
    "text",
    [
        "Wij hebben uw bestelling ontvangen en het pakket is onderweg, we hopen dat u tevreden bent met de service.",
        "Jeg har brug for en ny adgangskode til min konto, for den gamle virker ikke mere, og det er vigtigt for mig.",
        "Ich habe die Bestellung in dem Shop gemacht und will das Geld so bald es geht wieder auf dem Konto haben.",
        "Necesito cambiar mi reserva para el lunes, por favor, y no me deja hacerlo en la web de la empresa.",
        "Can you write this in German? Der Hund ist heute in dem Park und die Katze schläft auf dem Sofa.",
    ],
)
def test_other_languages_are_left_to_the_detector(text):
    assert not is_plain_english(text)


def test_plain_english_is_told_without_the_detector():
    assert is_plain_english("I would like to know where my order is, because it should have been here before Friday.")
