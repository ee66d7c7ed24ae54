"""What users did with answers and the marks they gave, and how surely a call was understood."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import talk

from alerts.sizes import sizes_of
from evaluators.csat import Csat, CsatOptions
from evaluators.reactions import Accepted, Copied, ReactionOptions
from evaluators.voice import SpeechConfidence
from traces.errors import BadInput
from traces.model import Feedback, Message, Score, ToolCall

HELLO = talk(("user", "hello"), ("assistant", "Use this: x = 1"))


def said(*feedback, scores=(), metadata=None):
    return replace(HELLO, feedback=feedback, scores=scores, metadata=metadata or {})


def on_answer(**metadata):
    return replace(HELLO, messages=(HELLO.messages[0], replace(HELLO.messages[1], metadata=metadata)))


@pytest.mark.parametrize(
    "conversation",
    [
        said(Feedback(name="copied")),
        said(Feedback(name="Copied", value=3.0)),
        said(Feedback(name="copied-to-clipboard", value="yes")),
        said(scores=(Score(name="user.copied", value=1.0, source="external"),)),
        said(metadata={"copied": True}),
        on_answer(copied=2),
    ],
)
def test_a_copied_answer_is_known_however_the_application_tells_it(conversation):
    assert Copied().evaluate(conversation).value == 1.0


def test_no_word_of_a_copy_says_nothing_unless_the_application_tells_of_all():
    assert Copied().evaluate(HELLO) is None
    assert Copied(ReactionOptions(every=True)).evaluate(HELLO).value == 0.0
    assert Copied(ReactionOptions(every=True)).evaluate(talk(("user", "hello"))) is None
    assert Copied().evaluate(said(Feedback(name="copied", value=0.0))).value == 0.0


def test_the_turn_that_was_copied_is_named():
    assert Copied().evaluate(on_answer(copied=True)).turn == 1


def test_the_share_of_accepted_suggestions_counts_rejections_and_new_attempts():
    told = Accepted().evaluate(
        said(Feedback(name="accepted", value=1.0), Feedback(name="rejected"), Feedback(name="regenerated", value=1.0))
    )
    assert told.value == pytest.approx(1 / 3)
    assert Accepted().evaluate(said(Feedback(name="accepted", value=0.0))).value == 0.0
    assert Accepted().evaluate(said(Feedback(name="rejected", value=0.0))) is None
    assert Accepted().evaluate(HELLO) is None


@pytest.mark.parametrize(
    ("feedback", "value"),
    [
        (Feedback(name="CSAT", value=5.0), 1.0),
        (Feedback(name="csat", value=1.0), 0.0),
        (Feedback(name="rating", value=3.0), 0.45),
        (Feedback(name="satisfaction_survey", value="4/5"), 0.75),
        (Feedback(name="stars", value="very satisfied"), 1.0),
    ],
)
def test_a_mark_is_read_on_its_scale(feedback, value):
    assert Csat().evaluate(said(feedback)).value == pytest.approx(value)


def test_a_scale_of_the_team_counts_and_marks_off_it_say_nothing():
    csat = Csat(CsatOptions(best=1.0))
    assert csat.evaluate(said(Feedback(name="csat", value=1.0))).value == 1.0
    assert csat.evaluate(said(Feedback(name="csat", value=4.0))) is None
    with pytest.raises(BadInput, match="best: has to be above worst"):
        CsatOptions(worst=5.0, best=1.0)


def test_thumbs_and_comments_are_no_marks():
    assert Csat().evaluate(said(Feedback(name="thumbs", value=1.0))) is None
    assert Csat().evaluate(said(Feedback(name="csat", comment="great"))) is None


def spoken(*confidences):
    messages = [Message(role="user", content="eh", metadata={"voice": {"confidence": c}}) for c in confidences]
    return replace(HELLO, messages=(*messages, Message(role="assistant", content="Sorry?")))


def test_speech_confidence_is_the_share_of_turns_that_were_understood_surely():
    told = SpeechConfidence().evaluate(spoken(0.95, 0.4, 0.9))
    assert told.value == pytest.approx(2 / 3)
    assert (told.turn, told.label) == (1, "0.75")
    assert SpeechConfidence().evaluate(HELLO) is None


@given(st.lists(st.none() | st.booleans() | st.floats() | st.text(max_size=3), max_size=5))
def test_whatever_stands_as_confidence_the_value_is_a_share_or_there_is_none(confidences):
    told = SpeechConfidence().evaluate(spoken(*confidences))
    assert told is None or 0 <= told.value <= 1


def test_tool_calls_are_counted_as_tools_used():
    calls = (ToolCall(name="a"), ToolCall(name="b"))
    called = replace(HELLO, messages=(*HELLO.messages, Message(role="assistant", tool_calls=calls)))
    assert sizes_of(called)["tools_used"] == [2.0]
    assert "tools_used" not in sizes_of(HELLO)
