"""Whether the user had to ask again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import talk

from evaluators.rephrase import Rephrase, likeness
from evaluators.run import run


def asked(first: str, second: str) -> float:
    return run(Rephrase(), talk(("user", first), ("assistant", "Hm."), ("user", second))).value


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How do I reset my password?", "How can I reset the password for my account?"),
        ("my order has not arrived, where is it", "I asked where my order is, it has not arrived yet"),
        ("the printer does not print in colour", "printer still won't print colours"),
        ("How do I reset my password?", "How do I reset my password?"),
        ("Cancel my subscription", "I already told you what to cancel"),
        ("What is the fee?", "That's not what I asked"),
        ("退款什么时候到账", "我的退款什么时候能到账啊"),
    ],
)
def test_asking_again_is_seen(first, second):
    assert asked(first, second) >= 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Can you find me a flight to Seattle on May 20?", "And what is the baggage allowance?"),
        ("What's the weather in Paris tomorrow?", "What's the weather in London tomorrow?"),
        ("Where is my order 1234?", "Where is my order 9876?"),
        ("Please cancel the whole reservation", "Yes, please cancel the whole reservation"),
        ("yes", "yes"),
        ("ok thanks", "ok thanks"),
        ("Write a poem about the sea", "Make it shorter please and add a line about boats"),
    ],
)
def test_another_request_or_an_acknowledgement_is_not_asking_again(first, second):
    assert asked(first, second) < 0.5


def test_two_messages_in_a_row_are_not_asking_again():
    twice = talk(("user", "How do I reset my password?"), ("user", "How do I reset my password?"), ("assistant", "So."))
    assert run(Rephrase(), twice).value == 0.0


def test_a_single_request_is_a_score_of_0_and_no_user_no_score():
    assert run(Rephrase(), talk(("user", "How do I reset my password?"))).value == 0.0
    assert run(Rephrase(), talk(("assistant", "Hello"))) is None


def test_the_explanation_names_both_turns():
    score = run(
        Rephrase(),
        talk(("user", "How do I reset my password?"), ("assistant", "Hm."), ("user", "How can I reset the password?")),
    )
    assert score.explanation == "Turn 3 is much like the user's turn 1."
    assert (score.turn, score.evidence) == (2, "How can I reset the password?")


@given(st.text(max_size=200), st.text(max_size=200))
@settings(deadline=None)
def test_likeness_is_symmetric_and_between_0_and_1(one, other):
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == pytest.approx(likeness(other, one))
