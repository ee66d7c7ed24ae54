"""What end users said."""

from datetime import timedelta

import pytest
from talks import AT, talk

from evaluators.run import run
from evaluators.user_feedback import UserFeedback, value_of
from traces.model import Feedback, Score

POSITIVE = [
    ("thumbs", 1.0), ("thumbs", "up"), ("thumbs", "👍"), ("thumbs", "👍🏽"), ("thumbs", "thumbsUp"), ("thumbs", ":+1:"),
    ("user-feedback", True), ("stars", 5), ("stars", 4), ("stars", "4 stars"), ("csat", "5/5"), ("rating", "4 out of 5"),
    ("rating", "★★★★☆"), ("rating", "90%"), ("rating", 9), ("nps", 9), ("nps", "10"), ("helpful", "yes"), ("x", "Very satisfied"),
    ("satisfaction", 0.9), ("feedback", "Thanks, that works great"), ("sentiment", "positive"),
]  # fmt: skip
NEGATIVE = [
    ("thumbs", 0.0), ("thumbs", -1), ("thumbs", "down"), ("thumbs", "thumbs_down"), ("thumbs", "👎"), ("thumbs", "👎🏿"),
    ("user-feedback", False), ("stars", 1), ("stars", 2), ("stars", 3), ("stars", "1 star"), ("csat", "2/5"), ("rating", "20%"),
    ("rating", "★☆☆☆☆"), ("nps", 3), ("nps", 0), ("helpful", "no"), ("helpfulness", "bad"), ("x", "not helpful"), ("x", "unhelpful"),
    ("feedback", "this did not answer my question, thanks"), ("sentiment", "Negative"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), POSITIVE)
def test_praise_in_any_form_is_positive(name, value):
    assert value_of(Feedback(name=name, value=value)) >= 0.5


@pytest.mark.parametrize(("name", "value"), NEGATIVE)
def test_complaint_in_any_form_is_negative(name, value):
    assert value_of(Feedback(name=name, value=value)) < 0.5


@pytest.mark.parametrize(
    "feedback",
    [
        Feedback(name="thumbs"),
        Feedback(name="x", value="blue"),
        Feedback(name="x", value=float("nan")),
        Feedback(name="x", value=float("inf")),
        Feedback(name="stars", value=1e9),
        Feedback(name="x", value=""),
        Feedback(name="x", comment="the order was number four"),
    ],
)
def test_what_says_neither_is_no_feedback(feedback):
    assert value_of(feedback) is None
    assert run(UserFeedback(), talk(("user", "hi"), feedback=(feedback,))) is None


def test_a_comment_is_read_where_no_value_came_with_it():
    assert value_of(Feedback(name="comment", comment="Useless, it made that up")) == 0.0
    assert value_of(Feedback(name="comment", comment="perfect!")) == 1.0
    assert value_of(Feedback(name="thumbs", value=1, comment="useless")) == 1.0


def test_a_conversation_without_feedback_gets_no_score():
    assert run(UserFeedback(), talk(("user", "hi"), ("assistant", "hello"))) is None


def test_the_last_word_of_a_user_counts():
    first = Feedback(name="thumbs", value=1, user_id="u1", at=AT)
    later = Feedback(name="thumbs", value=0, user_id="u1", at=AT + timedelta(minutes=1))
    assert run(UserFeedback(), talk(("user", "hi"), feedback=(later, first))).value == 0.0


def test_feedback_that_came_as_a_score_of_a_trace_store_counts():
    scores = (
        Score(name="user-feedback", value=1.0),
        Score(name="helpfulness", label="bad"),
        Score(name="accuracy", value=0.0),
    )
    assert run(UserFeedback(), talk(("user", "hi"), scores=scores)).value == 0.5


def test_a_judge_s_opinion_is_not_the_user_s():
    scores = (Score(name="helpful", value=1.0, source="judge"), Score(name="csat", value=5.0, source="environment"))
    assert run(UserFeedback(), talk(("user", "hi"), scores=scores)) is None


def test_the_explanation_says_what_was_given():
    score = run(UserFeedback(), talk(("user", "hi"), feedback=(Feedback(name="csat", value=2, comment="too slow"),)))
    assert score.explanation == "The user's feedback was negative: csat 2."
    assert score.evidence == "too slow"
