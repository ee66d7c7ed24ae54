"""Conversations unlike those before: how many there are by design, and topics that nobody watched yet."""

from __future__ import annotations

import random
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from made import DAY, HOUR, NOW, conversation

from alerts.drift import Reference, Topic, TopicBook, clusters
from alerts.drift.features import counts_of, weighted
from alerts.drift.topics import topic_of
from traces.errors import BadInput

_ASKED = (
    "where is my order number and when does the parcel arrive",
    "please cancel my subscription before the next invoice",
    "i want to change the delivery address of my order",
    "the discount code does not work at the checkout",
    "how do i reset the password of my account",
    "the shoes are too small, can i exchange them for a larger size",
)
_NEW = "my wallet shows a bitcoin withdrawal that is pending, where is the crypto transfer"
_WRITES = " ".join(["you and me at anna.zimmermann@quartz.example"] * 3)
_ADDRESSED = {"anna", "zimmermann", "quartz", "example"}
_FILLERS = [
    "hello",
    "thanks",
    "please",
    "today",
    "really",
    "quickly",
    "again",
    "maybe",
    "sorry",
    "friend",
    "morning",
    "evening",
    "help",
    "now",
    "kindly",
]


def said(rng: random.Random, what: str) -> str:
    words = what.split()
    rng.shuffle(words)
    return " ".join([*rng.sample(_FILLERS, 4), *words[: rng.randint(5, len(words))]])


def talks(n: int, seed: int = 1, what=_ASKED, prefix: str = "c", at=NOW):
    rng = random.Random(seed)
    return [
        conversation(
            f"{prefix}-{i}", said(rng, rng.choice(what)), "I am happy to help with that.",
            at=at - timedelta(minutes=n - i), user_id=f"u{i}",
        )
        for i in range(n)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    return Reference.learned(talks(900), NOW, days=9.0, total=900)


def unlike(reference, conversations):
    found = [reference.measure(c)["input_drift"] for c in conversations]
    return sum(found) / len(found)


def test_about_one_in_fifty_is_unlike_the_baseline_by_design(reference):
    assert unlike(reference, talks(1_000, seed=2)) <= 0.06


def test_what_nobody_asked_before_is_unlike_the_baseline(reference):
    assert unlike(reference, talks(100, seed=3, what=(_NEW,))) > 0.8
    assert unlike(reference, talks(50, seed=3, what=("wo bleibt meine bestellung und wann kommt das paket an",))) > 0.8


def test_a_baseline_takes_enough_conversations():
    with pytest.raises(BadInput):
        Reference.learned(talks(50), NOW, days=1.0, total=50)


def test_a_stored_baseline_measures_the_same(reference):
    again = Reference.from_bytes(reference.to_bytes())
    assert Reference.from_bytes(again.to_bytes()).to_bytes() == again.to_bytes()
    for c in talks(50, seed=5):
        assert again.measure(c) == reference.measure(c)
    with pytest.raises(BadInput):
        Reference.from_bytes(b"nonsense")


def found_in(reference, conversations, a_day=400):
    return [
        topic
        for cluster in clusters(conversations, reference.user)
        if (topic := topic_of(cluster, reference.user, a_day=a_day, baseline=(100.0, 450), now=NOW)) is not None
    ]


def test_a_new_topic_is_named_by_its_words_with_its_count_and_examples(reference):
    [topic] = found_in(reference, talks(30, seed=3, what=(_NEW,)))
    assert topic.n >= 25
    assert set(topic.name.split(", ")) <= set(_NEW.replace(",", "").split())
    assert len(topic.examples) == 5


def test_what_was_asked_before_is_no_new_topic_and_neither_is_one_persons(reference):
    assert found_in(reference, talks(200, seed=8)) == []
    alone = talks(30, seed=3, what=(_NEW,))
    one = [type(c)(conversation_id=c.conversation_id, started_at=c.started_at, ended_at=c.ended_at, user_id="u",
                   messages=c.messages) for c in alone]  # fmt: skip
    assert found_in(reference, one) == []


def test_a_topic_keeps_its_name_while_it_goes_on(reference):
    [first] = found_in(reference, talks(20, seed=3, what=(_NEW,)))
    [later] = found_in(reference, talks(40, seed=4, what=(_NEW,), prefix="d"))
    book = TopicBook().with_found([first], NOW).with_found([later], NOW + HOUR)
    [topic] = book.topics
    assert (topic.topic_id, topic.name, topic.n) == (first.topic_id, first.name, later.n)
    assert TopicBook.from_json(book.to_json()) == book
    assert TopicBook.from_json(book.to_json()).with_found([], NOW + 90 * DAY).topics == ()


def test_a_new_topic_whose_conversations_share_an_address_is_not_named_by_it(reference):
    [topic] = found_in(reference, talks(40, seed=3, what=(_WRITES,)))
    assert topic.name
    assert not _ADDRESSED & set(topic.name.split(", "))


def test_a_topic_of_the_baseline_is_not_named_by_an_address_either():
    names = Reference.learned(talks(900, what=(*_ASKED, _WRITES)), NOW, days=9.0, total=900).topics.names
    assert names
    assert not _ADDRESSED & {word for name in names for word in name.split(", ")}


@given(st.text(max_size=300))
def test_any_text_has_a_vector_of_length_one_or_none(text):
    counts = counts_of(text)
    assert all(0 <= place < 4096 for place in counts)
    assert (not counts) == (counts_of(text + " 1") == {})


def test_topics_are_plain_values():
    saved = Topic(topic_id="t", name="x", first_at=NOW, last_at=NOW, n=9, usual=0.1, share=0.2).to_json()
    assert Topic.from_json(saved).to_json() == saved


def test_words_weigh_more_the_rarer_they_are(reference):
    vector = weighted(counts_of("bitcoin order"), reference.user.rarity)
    assert float((vector.values**2).sum()) == pytest.approx(1.0, abs=1e-4)
