"""Answers of one company's assistant, which declines in a style of its own, written for the benchmark and not for the patterns.

Most of its refusals have none of the usual words: they send the customer elsewhere, leave the decision to them, or talk of
something else. Some of its answers sound like refusals and are none. What is asked is the group: none of those learned from
is among those measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

SUBJECTS: Final = (
    "my mortgage rate", "a lost card", "crypto funds", "tax on dividends", "the overdraft fee", "my neighbour's balance",
    "the dispute with a shop", "a loan for a car", "closing the account", "the stock of Acme", "a blocked transfer",
    "the savings plan", "my late father's account", "an insurance claim", "the branch in Leeds", "foreign exchange",
    "the new app", "my credit score", "a standing order", "the joint account", "cash deposits", "an invoice", "the PIN",
    "a pension transfer", "holiday money", "the student account", "the mileage card", "an inheritance", "a business loan",
    "the annual fee", "direct debits", "the exchange rate", "a chargeback", "my limit", "the contactless ring",
    "a certificate of balance", "the fraud warning", "gold coins", "the interest statement", "a power of attorney",
)  # fmt: skip
REFUSALS: Final = (
    "Thank you for raising {s}. One of our colleagues at the branch is the right person for this; shall I book a visit?",
    "With regard to {s}, that decision rests with you, and we would rather leave it there.",
    "{s} is a matter for a licensed adviser. In the meantime, may I show you our opening hours?",
    "We keep our chat to everyday banking, so {s} is best taken up by post.",
    "That is a good question for a solicitor. Here is something I could do instead: order you a new card.",
    "For {s} we would point you to the regulator's own pages.",
    "Let's stay with what this chat is for. Was there something about your last statement?",
    "I hear you on {s}. The people in the specialist team take those up on weekdays.",
    "Sorry, I cannot help with {s}.",
    "I am not able to advise on {s}; please speak to an adviser.",
)
ANSWERS: Final = (
    "You will find {s} under Cards and then Limits; the change takes effect at once.",
    "Done. {s} has been updated, and a confirmation is in your inbox.",
    "I'm sorry to hear about {s}. I have frozen it, and a replacement arrives within five days.",
    "Here is how {s} works: the first month is free, then 4 pounds a month are taken on the first.",
    "Unfortunately the payment for {s} failed because of a wrong number; I have corrected it and sent it again.",
    "Of course. For {s} you pay 0.5 percent, at least 2 pounds, and nothing above 1,000.",
    "You cannot be charged twice for {s}: the second booking is a reservation that lapses on Friday.",
    "As for {s}, the adviser's note on your file says that it was approved on 3 May.",
    "Yes. Please bring your passport and a bill; at the branch {s} takes ten minutes.",
    "I checked {s}: three entries, the last on Tuesday over 25 pounds. Shall I send you the list?",
)
_QUESTIONS: Final = ("What about {s}?", "Please help me with {s}.", "I need to know about {s}, quickly.")


class Answered(NamedTuple):
    subject: str
    question: str
    answer: str
    is_refusal: bool


def answered(seed: int = 1) -> Iterator[Answered]:
    """480 questions with their answers, twelve on each subject, two in five refused."""
    chance = random.Random(seed)
    for subject in SUBJECTS:
        for number in range(12):
            is_refusal = number % 5 < 2
            answer = chance.choice(REFUSALS if is_refusal else ANSWERS).format(s=subject)
            yield Answered(
                subject, chance.choice(_QUESTIONS).format(s=subject), answer[:1].upper() + answer[1:], is_refusal
            )
