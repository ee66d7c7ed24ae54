"""What sounds like trouble and is none, as read in real support conversations."""

from __future__ import annotations

import pytest
from talks import talk

from evaluators.escalation import Escalation
from evaluators.refusal import Refusal
from evaluators.rephrase import Rephrase

FLAGGED = 0.5


def answered(text):
    return talk(("user", "Please change my booking."), ("assistant", text))


@pytest.mark.parametrize(
    "text",
    [
        "Unfortunately, I cannot start the cancellation without the reservation IDs. Once you have them, I can help.",
        "I can't proceed without your booking number, please look it up.",
        "Sorry, I cannot do that until you share the confirmation code.",
    ],
)
def test_a_condition_is_no_refusal(text):
    assert Refusal().evaluate(answered(text)).value < FLAGGED


@pytest.mark.parametrize(
    "text",
    [
        "Unfortunately, without travel insurance, I cannot proceed with the cancellation due to illness.",
        "I'm sorry, but I can't help with that. You would go without your details being stored.",
    ],
)
def test_a_refusal_that_names_its_reason_is_still_one(text):
    assert Refusal().evaluate(answered(text)).value >= FLAGGED


@pytest.mark.parametrize(
    "text",
    [
        "If you change your mind and would like me to transfer you to a human agent, please let me know.",
        "Yes, to transfer you to a human agent, it would help to have your reservation ID. Would you like to proceed?",
        "I'd be happy to connect you with a specialist if that helps.",
    ],
)
def test_an_offer_to_hand_over_is_no_hand_over(text):
    assert Escalation().evaluate(answered(text)).value < FLAGGED


@pytest.mark.parametrize(
    "text",
    [
        "I am going to transfer you to a human agent now.",
        "I need to escalate this to our billing team.",
        "You are being transferred to an agent.",
    ],
)
def test_a_hand_over_is_one(text):
    assert Escalation().evaluate(answered(text)).value >= FLAGGED


def test_goodbyes_and_choices_in_like_words_are_not_asked_again():
    goodbyes = talk(
        ("user", "Thanks, you too! I'll be in touch soon."),
        ("assistant", "Goodbye!"),
        ("user", "You too! I'll be in touch soon."),
    )
    choice = talk(
        ("user", "Please downgrade all passengers to economy on the flight to Denver and refund my card."),
        ("assistant", "The return flight is full."),
        ("user", "In that case, downgrade all passengers to economy on the first flight to Denver and refund my card."),
    )
    assert Rephrase().evaluate(goodbyes).value < FLAGGED
    assert Rephrase().evaluate(choice).value < FLAGGED


@pytest.mark.parametrize(
    "text",
    [
        "My hands are tied here, the rules don't leave me any room.",
        "As much as I'd like to, giving out staff phone numbers isn't possible.",
        "Weapons are where I stop helping.",
        "There's no way I'm writing malware.",
        "Requests for explicit images can't be fulfilled.",
        "Let's keep this conversation about your order.",
    ],
)
def test_refusals_without_the_usual_words_are_refusals(text):
    assert Refusal().evaluate(answered(text)).value >= FLAGGED


@pytest.mark.parametrize(
    "text",
    [
        "Your card was declined by the bank. Please try another one.",
        "There's no way around the toll, but it is only two euros.",
        "The topics are sorted by date: first the fees, then the limits.",
    ],
)
def test_answers_with_words_of_refusals_are_answers(text):
    assert Refusal().evaluate(answered(text)).value < FLAGGED
