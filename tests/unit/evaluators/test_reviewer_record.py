"""A reviewer's record: with whom it agrees, whether that has changed, and how long an answer takes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from evaluators.calibration.record import SITTING, Record, record_of
from evaluators.calibration.reviewers import Answer
from traces.model import GOLD

SECOND = timedelta(seconds=1)


def answer(n: int, reviewer: str, truth: bool) -> Answer:  # noqa: FBT001 - what was said
    return Answer(conversation_id=f"c-{n}", reviewer=reviewer, truth=truth, at=NOW + n * SECOND)


def test_it_is_compared_with_what_most_others_say_over_all_questions():
    refusal = [answer(n, who, truth=n < 5) for n in range(10) for who in ("U1", "U2", "U3")]
    frustration = [answer(n, who, truth=who != "U1") for n in range(4) for who in ("U1", "U2")]
    found = record_of("U1", {"refusal": refusal, "frustration": frustration}, [])
    assert (found.n_shared, found.agreed) == (14, 10)
    assert found.agreement == 10 / 14


def test_known_answers_are_counted_by_themselves_and_are_nobody_s_opinion():
    answers = [answer(n, GOLD, truth=True) for n in range(6)] + [answer(n, "U1", truth=n != 2) for n in range(6)]
    found = record_of("U1", {"refusal": answers}, [])
    assert (found.n_gold, found.right, found.n_shared) == (6, 5, 0)


def test_who_agreed_for_long_and_lately_does_not_has_drifted():
    steady = [answer(n, who, truth=True) for n in range(60) for who in ("U1", "U2")]
    turned = [a for a in steady if a.reviewer == "U2"] + [answer(n, "U1", truth=n < 45) for n in range(60)]
    assert not record_of("U1", {"refusal": steady}, []).has_drifted
    found = record_of("U1", {"refusal": turned}, [])
    assert found.has_drifted
    assert (found.recent_agreed, found.recent_shared) == (5, 20)


def test_seconds_are_those_between_answers_of_one_sitting():
    times = [NOW + n * 8 * SECOND for n in range(6)] + [NOW + SITTING * 9, NOW + SITTING * 9 + 8 * SECOND]
    assert record_of("U1", {}, times).seconds == 8
    assert record_of("U1", {}, times[:5]).seconds is None
    assert record_of("U1", {}, [NOW] * 20).seconds is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["U1", "U2", "U3", GOLD]), st.booleans()), max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_answers_are_read_does_not_matter(said, rng):
    answers = list({(n, who): answer(n, who, truth) for n, who, truth in said}.values())
    found = record_of("U1", {"refusal": answers}, [])
    rng.shuffle(answers)
    assert record_of("U1", {"refusal": answers}, []) == found
    assert 0 <= found.agreed <= found.n_shared
    assert found.right <= found.n_gold
    assert Record().agreement is None
