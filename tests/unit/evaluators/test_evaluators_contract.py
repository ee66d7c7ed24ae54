"""What holds for every evaluator."""

import pytest
from hypothesis import given, settings
from talks import conversations, talk

from evaluators.base import BUTTON_CHARS, EVIDENCE_CHARS, Evaluator, excerpt
from evaluators.judge import Criterion, Line, ScriptedJudgeModel
from evaluators.registry import BUILT_IN, build
from evaluators.run import run
from traces.model import Message, Score

EVERY = build(
    criteria=[Criterion(name="resolved", question="Was it resolved?", model="scripted")],
    model_of=lambda _: ScriptedJudgeModel([Line("sorry", "no", "It declined.")], Line("", "yes", "Fine.")),
)
CODE = [evaluator for evaluator in EVERY if evaluator.name in BUILT_IN]


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_every_evaluator_says_what_it_is_and_asks_reviewers_one_question(evaluator):
    assert isinstance(evaluator, Evaluator)
    assert evaluator.version
    assert evaluator.summary
    assert evaluator.question.count("?") == 1
    assert evaluator.question.endswith("?")
    assert 0 < len(evaluator.yes_label) <= BUTTON_CHARS
    assert 0 < len(evaluator.no_label) <= BUTTON_CHARS


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
@given(conversation=conversations)
@settings(max_examples=60, deadline=None)
def test_whatever_was_said_the_outcome_is_a_score_between_0_and_1_or_nothing(evaluator, conversation):
    outcome = run(evaluator, conversation)
    if outcome is None:
        return
    assert isinstance(outcome, Score), outcome
    assert outcome.value is None or 0 <= outcome.value <= 1
    assert (outcome.name, outcome.evaluator_version) == (evaluator.name, evaluator.version)
    assert outcome.explanation is None or "\n" not in outcome.explanation
    assert len(outcome.evidence or "") <= EVIDENCE_CHARS
    assert outcome.turn is None or 0 <= outcome.turn < len(conversation.messages)


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_an_empty_conversation_gets_no_score(evaluator):
    assert run(evaluator, talk()) is None


HOSTILE = [
    "i'm sorry " * 200_000,
    "i can't " * 250_000,
    "as an ai, i " * 170_000,
    "a" * 2_000_000,
    "error" * 400_000,
    "Error" + "_x" * 1_000_000,
    "a." * 1_000_000 + "Error",
    "[" * 2_000_000,
    '{"error":' * 200_000,
    " " * 2_000_000,
    "\n" * 1_000_000 + "Traceback",
    "<think>" * 300_000,
    "not " * 500_000,
    "抱歉" * 600_000,
    "1" * 2_000_000,
    "★" * 600_000,
    "\u200b" * 600_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:10].encode("unicode_escape").decode())
def test_two_megabytes_of_hostile_text_do_not_stop_an_evaluator(text):
    conversation = talk(
        ("user", text),
        ("assistant", text),
        Message(role="tool", content=text, name=text[:50]),
        ("user", text),
        ("assistant", text),
    )
    assert all(
        run(evaluator, conversation) is None or isinstance(run(evaluator, conversation), Score) for evaluator in EVERY
    )


def test_an_excerpt_keeps_what_matters_and_says_where_it_cuts():
    text = "a" * 500 + "HERE" + "b" * 500
    assert "HERE" in excerpt(text, 500, 504, limit=50)
    assert excerpt(text, 500, 504, limit=50).startswith("…")
    assert len(excerpt(text, 500, 504, limit=50)) <= 50
    assert excerpt("two\nlines\u202e") == "two lines"
