"""What users show: frustration, disagreement, wanting a person, leaving."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scipy.stats import mannwhitneyu
from talks import talk

from evaluators.abandonment import Abandonment
from evaluators.disagreement import Disagreement
from evaluators.escalation import Escalation
from evaluators.frustration import Frustration
from traces.conversation_format import parse_conversation
from traces.model import Message, ToolCall

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def value(evaluator, *said, **fields):
    score = evaluator.evaluate(talk(*said, **fields))
    return None if score is None else score.value


def after(answer, said):
    return ("user", "Where is my parcel?"), ("assistant", answer), ("user", said)


@pytest.mark.parametrize(
    "said",
    [
        "This is useless, you are not helping at all!!",
        "I ALREADY TOLD YOU MY NUMBER, THIS IS RIDICULOUS",
        "That's wrong again. What a waste of my time.",
        "Are you stupid? I asked for the address, not the hours.",
        "Das ist doch nutzlos, das habe ich schon gesagt",
        "This bot sucks",
        "I've told you three times already, I don't want that one!!",
        "No, that is not what I asked. Let me speak to a human!",
    ],
)
def test_a_frustrated_user_is_seen_at_the_turn(said):
    score = Frustration().evaluate(talk(*after("It is on its way.", said), ("assistant", "Sorry."), ("user", "ok")))
    assert score.value >= 0.5
    assert (score.turn, score.evidence) == (2, said)


@pytest.mark.parametrize(
    "said",
    [
        "Great, thank you so much!",
        "No, that's all, thanks.",
        "My card was stolen yesterday and I need a new one.",
        "Yes, the second one please.",
        "I'd like a table for two at 7.",
        "No, I do not want travel insurance.",
    ],
)
def test_an_ordinary_turn_is_not_frustration(said):
    assert value(Frustration(), *after("What else can I do?", said)) < 0.5


def test_a_complaint_about_the_problem_weighs_less_than_one_about_the_agent():
    first = value(Frustration(), ("user", "My terrible phone is broken, I hate it"))
    later = value(Frustration(), *after("Sure.", "My terrible phone is broken, I hate it"))
    assert first < later


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("No, that's wrong. I'm in Vienna.", 1, 1),
        ("that’s not what I asked", 1, 1),
        ("You misunderstood me.", 1, 1),
        ("Das ist falsch.", 1, 1),
        ("不对", 1, 1),
        ("Are you sure about that?", 0.6, 0.6),
        ("I said Tuesday", 0.6, 0.6),
        ("No. Tuesday.", 0.6, 0.6),
        ("But it was Tuesday", 0.3, 0.3),
        ("No thanks, that's all", 0, 0),
        ("Sure, go ahead", 0, 0),
        ("I don't want travel insurance", 0, 0),
    ],
)
def test_a_correction_counts_by_how_firm_it_is(said, least, most):
    assert least <= value(Disagreement(), *after("It arrives on Monday.", said)) <= most


def test_a_no_to_a_question_is_an_answer():
    assert value(Disagreement(), *after("Would you like insurance?", "No, just the seat.")) < 0.5


def test_before_the_agent_has_said_anything_nobody_disagrees():
    assert value(Disagreement(), ("user", "No, that's wrong")) is None


@pytest.mark.parametrize("said", ["I want to talk to a real person", "can I speak to your manager?", "Connect me to an agent please",
    "human agent", "ich möchte mit einem Menschen sprechen", "转人工", "Quiero hablar con un agente"])  # fmt: skip
def test_a_user_who_asks_for_a_person_is_heard(said):
    assert value(Escalation(), *after("Hm.", said)) == 0.7


def test_a_hand_off_by_tool_or_word_is_told_from_an_offer():
    call = ToolCall(name="transfer_to_human_agents")
    assert value(Escalation(), ("user", "x"), Message(role="assistant", tool_calls=(call,))) == 1.0
    assert value(Escalation(), *after("I am transferring you to a human agent now.", "ok")) == 0.9
    assert value(Escalation(), *after("Would you like me to transfer you to an agent?", "what for")) < 0.5
    assert value(Escalation(), *after("I transferred 20 euros to your account.", "my agent booked the person")) == 0.0


def test_a_user_who_leaves_an_open_question_has_abandoned_at_that_turn():
    score = Abandonment().evaluate(
        talk(*after("Sure.", "not that one"), ("assistant", "Sorry. Which one do you mean?"))
    )
    assert score.value >= 0.5
    assert score.turn == 3
    assert "waiting for an answer" in score.explanation


@pytest.mark.parametrize(
    "said",
    [
        (("assistant", "Your flight is booked. Have a great trip!"),),
        (("assistant", "It arrives on Monday."), ("user", "perfect, thanks!")),
        (("assistant", "It arrives on Monday."), ("user", "Thank you"), ("assistant", "You're welcome!")),
    ],
)
def test_an_ending_in_good_order_is_no_abandonment(said):
    assert value(Abandonment(), ("user", "Where is my parcel?"), *said) < 0.5


def test_a_call_that_broke_off_is_likelier_abandoned():
    said = after("It arrives on Monday.", "hm")
    assert value(Abandonment(), *said, metadata={"end_reason": "silence-timed-out"}) > value(Abandonment(), *said)


def test_abandonment_of_real_calls_is_ranked_better_than_by_who_spoke_last():
    path = DATA / "abandonment.jsonl"
    if not path.exists():
        pytest.skip("the labelled calls of ../shared/data are not here")
    left, stayed = [], []
    for line in path.read_text().splitlines()[::2]:
        written = json.loads(line)
        found = Abandonment().evaluate(parse_conversation(written, received_at=datetime(2026, 11, 1, tzinfo=UTC)))
        (left if written["labels"][0]["value"] else stayed).append(found.value)
    auroc = mannwhitneyu(left, stayed).statistic / (len(left) * len(stayed))
    assert auroc >= 0.85
