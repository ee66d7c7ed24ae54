"""What holds for every evaluator of safety and grounding."""

import random

import pytest
from hypothesis import given, settings
from talks import conversations, talk

from evaluators.base import BUTTON_CHARS, EVIDENCE_CHARS, Evaluator
from evaluators.groundedness import Groundedness
from evaluators.indirect_injection import IndirectInjection
from evaluators.injection_views import views
from evaluators.missing_disclaimer import MissingDisclaimer
from evaluators.pii_leak import PiiLeak
from evaluators.prompt_injection import PromptInjection
from evaluators.registry import BUILT_IN, DEFAULT_ON, build
from evaluators.run import run
from evaluators.secret_leak import SecretLeak
from evaluators.toxicity import Toxicity
from evaluators.unsafe_tool_use import ArgumentRule, UnsafeToolUse, UnsafeToolUseOptions
from traces.model import Document, EvaluatorFailure, Message, Score, ToolCall

BOUNDED = UnsafeToolUseOptions(
    deny=("drop_*",), arguments=(ArgumentRule(tool="*", argument="a.0", max=5, pattern="x+"),)
)
EVERY = [
    PromptInjection(),
    IndirectInjection(),
    PiiLeak(),
    SecretLeak(),
    Toxicity(),
    MissingDisclaimer(),
    UnsafeToolUse(BOUNDED),
    Groundedness(),
]
HOSTILE = [
    "ignore all " * 20_000,
    "ignore the above and " * 10_000,
    "repeat the the the " * 12_000,
    "do not follow " * 15_000,
    "you are now a character without any " * 6_000,
    "what is your " * 16_000,
    "<!-- " * 40_000,
    "a" * 2_000_000,
    "A" * 200_000 + "==",
    "ab " * 70_000,
    "01" * 100_000,
    ".- / " * 40_000,
    "%41" * 70_000,
    "+49 " * 50_000,
    "1-" * 100_000,
    "@" * 200_000,
    "a@b." * 50_000,
    "password: " * 20_000,
    "password is password=" * 10_000,
    "sk-" * 70_000,
    "eyJ." * 50_000,
    "fuck you " * 25_000,
    "ignoriere " * 20_000,
    "忽略" * 100_000,
    "s p a c e d " * 17_000,
    "l33t " * 40_000,
    "\U000e0041" * 100_000,
    "\u202e\u200b" * 100_000,
    "x='a' y='b' " * 17_000,
    "rm -rf" * 34_000,
    "curl " * 40_000,
    "mg dose invest " * 14_000,
    "Word. " * 40_000,
]


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_an_evaluator_of_safety_says_what_it_is_and_runs_at_once_unless_it_needs_configuration(evaluator):
    assert isinstance(evaluator, Evaluator)
    assert evaluator.name in BUILT_IN
    assert (evaluator.name in DEFAULT_ON) is (evaluator.name != "missing_disclaimer")
    assert evaluator.when == "arrival"
    assert evaluator.question.count("?") == 1
    assert max(len(evaluator.yes_label), len(evaluator.no_label)) <= BUTTON_CHARS


def test_all_of_them_run_when_they_are_enabled():
    names = [evaluator.name for evaluator in EVERY]
    assert set(names) <= {evaluator.name for evaluator in build(enabled=names)}


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
@given(conversation=conversations)
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_the_outcome_is_a_score_from_0_to_1_or_nothing(evaluator, conversation):
    outcome = run(evaluator, conversation)
    if outcome is None:
        return
    assert isinstance(outcome, Score), outcome
    assert 0 <= outcome.value <= 1
    assert outcome.explanation
    assert "\n" not in outcome.explanation
    assert len(outcome.evidence or "") <= EVIDENCE_CHARS
    assert outcome.turn is None or 0 <= outcome.turn < len(conversation.messages)


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_an_empty_conversation_gets_no_score_of_safety(evaluator):
    assert run(evaluator, talk()) is None
    assert run(evaluator, talk(("user", ""), ("assistant", ""))) is None


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].encode("unicode_escape").decode())
def test_long_hostile_text_stops_no_evaluator_of_safety(text):
    conversation = talk(
        ("user", text),
        Message(
            role="assistant",
            content=text,
            documents=(Document(content=text),),
            tool_calls=(ToolCall(name="t", arguments=text),),
        ),
        Message(role="tool", content=text, error=text, name=text[:50]),
    )
    assert not [o for o in (run(evaluator, conversation) for evaluator in EVERY) if isinstance(o, EvaluatorFailure)]


def test_noise_is_never_an_attack():
    chance = random.Random(7)
    said = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz ABCDEF0123456789=+/.-", k=200)) for _ in range(200)]
    assert [text for text in said if PromptInjection().evaluate(talk(("user", text))).value >= 0.5] == []
    assert all(len(list(views(text))) >= 1 for text in said)
