"""What holds for every evaluator that Hark brings, switched on together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import conversations, talk

from evaluators.base import BUTTON_CHARS, EVIDENCE_CHARS, Evaluator, traits_of
from evaluators.registry import BUILT_IN, build
from evaluators.run import run
from traces.model import Conversation, Document, EvaluatorFailure, Message, Score, ToolCall

EVERY = build(
    enabled=list(BUILT_IN),
    options={"format": {"json": True, "schema": {"type": "object", "required": ["a"]}, "contains": ["x"]}},
)
PHRASES = [
    "no, that's wrong",
    "I want to speak to a human",
    "sorry, could you repeat?",
    "thanks, bye",
    "ask_time",
    "{}",
    "？",
]
HOSTILE = [
    "that is " * 30_000,
    "you are you were you " * 10_000,
    "how many times " * 14_000,
    "transferring you to the the " * 8_000,
    "speak to a a a a " * 12_000,
    "i i i i " * 25_000,
    "not not not " * 17_000,
    "no " * 70_000,
    "```" * 70_000,
    "[<{" * 70_000,
    "A1" * 100_000,
    "a@" * 100_000,
    "http://" * 30_000,
    "!?" * 100_000,
    "NOT " * 50_000,
    "ask_" * 50_000,
    '{"a":' * 40_000,
    "[" * 200_000,
    "no_a_" * 40_000,
    "é" * 200_000,
    "🙂" * 100_000,
    "\ud800" * 100_000,
    "你" * 200_000,
    "a" * 2_000_000,
]
times = st.none() | st.floats() | st.integers() | st.text(max_size=3) | st.booleans()
spoken = st.builds(
    Message,
    role=st.sampled_from(["user", "assistant"]),
    content=st.sampled_from(PHRASES) | st.text(max_size=40),
    latency_s=st.none() | st.floats(),
    metadata=st.fixed_dictionaries(
        {},
        optional={
            "voice": times
            | st.fixed_dictionaries({}, optional=dict.fromkeys(("start_s", "end_s", "interrupted"), times))
        },
    ),
    tool_calls=st.lists(st.builds(ToolCall, name=st.text(max_size=5), arguments=st.text(max_size=5)), max_size=2).map(
        tuple
    ),
)
calls = st.lists(spoken, max_size=10).map(lambda said: talk(*said))


def check(evaluator: Evaluator, conversation: Conversation) -> None:
    outcome = run(evaluator, conversation)
    assert not isinstance(outcome, EvaluatorFailure), outcome
    if outcome is None:
        return
    assert isinstance(outcome, Score)
    assert outcome.value is None or 0 <= outcome.value <= 1
    assert (outcome.name, outcome.evaluator_version) == (evaluator.name, evaluator.version)
    assert outcome.explanation
    assert "\n" not in outcome.explanation
    assert len(outcome.explanation) <= 500
    assert len(outcome.evidence or "") <= EVIDENCE_CHARS
    assert outcome.turn is None or 0 <= outcome.turn < len(conversation.messages)


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_every_evaluator_says_what_it_is_needs_and_costs_and_asks_one_question(evaluator):
    assert isinstance(evaluator, Evaluator)
    assert evaluator.question.count("?") == 1
    assert evaluator.question.endswith("?")
    assert 0 < len(evaluator.yes_label) <= BUTTON_CHARS
    assert 0 < len(evaluator.no_label) <= BUTTON_CHARS
    traits = traits_of(evaluator)
    assert traits.layer == (1 if evaluator.name == "task_success" else 0)
    assert set(traits.needs) <= {"messages", "tools", "documents", "feedback", "timings"}
    assert traits.cost


def test_the_registry_names_evaluators_as_they_name_themselves():
    assert [evaluator.name for evaluator in EVERY] == list(BUILT_IN)


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
@given(conversation=conversations | calls)
@settings(max_examples=60, deadline=None)
def test_whatever_was_said_and_timed_the_outcome_is_a_score_or_nothing(evaluator, conversation):
    check(evaluator, conversation)


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda e: e.name)
def test_an_empty_conversation_gets_no_score(evaluator):
    assert run(evaluator, talk()) is None
    assert not isinstance(run(evaluator, talk(("user", ""), ("assistant", ""))), EvaluatorFailure)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9].encode("unicode_escape").decode())
def test_long_hostile_text_neither_stops_nor_breaks_an_evaluator(text):
    document = Document(content=text)
    tool = ToolCall(name=text[:100], arguments=text, tool_call_id="1")
    conversation = talk(
        ("system", text),
        ("user", text),
        Message(role="assistant", content=text, tool_calls=(tool, tool), documents=(document,)),
        Message(role="tool", content=text, tool_call_id="1"),
        ("user", text),
        ("assistant", text),
    )
    for evaluator in EVERY:
        check(evaluator, conversation)
