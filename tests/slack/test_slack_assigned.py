"""Who is given a question is told so by the bot, once, and led to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from home_hands import newest, put_questions
from hypothesis import given
from hypothesis import strategies as st
from slack_house import NOON, House, put_review
from slack_people import MIA, NOAH, Someone, controls, words_of
from web_double import REVIEW, direct_messages

from bot.slack.blocks.assigned import Assignment, assigned_message
from bot.slack.check import check
from traces.model import Segment

TOM = Someone("U0TOM", "tom")


def told(hark: House, who: Someone = NOAH) -> list[dict[str, Any]]:
    return hark.slack.posted(direct_messages(who.user_id))


def assign(hark: House, whom: Someone, who: Someone = MIA) -> None:
    card = hark.slack.roots(REVIEW)[0]["ts"]
    hark.do(hark.hands.press(REVIEW, card, "label_menu", who, option="Assign…"))
    hark.do(hark.hands.submit(newest(hark)[0], {"reviewer": whom.user_id}, who))


@pytest.fixture
def reviewing(hark: House) -> House:
    put_questions(hark, 1)
    hark.deliver()
    return hark


def test_who_is_given_a_question_reads_what_is_asked_by_whom_and_why(reviewing):
    assign(reviewing, NOAH)
    [message] = told(reviewing)
    assert message["text"].startswith("👤 mia asks you to answer:")
    assert "reads like a refusal" in words_of(message)
    assert controls(message) == ["assigned_open"]


def test_the_button_opens_the_question_and_an_answer_shows_in_the_message(reviewing):
    assign(reviewing, NOAH)
    [message] = told(reviewing)
    reviewing.do(reviewing.hands.press(direct_messages(NOAH.user_id), message["ts"], "assigned_open", NOAH))
    view_id, window = newest(reviewing)
    assert "cannot help with refunds" in words_of(window)
    reviewing.do(reviewing.hands.press_in(view_id, "label_yes", NOAH))
    [message] = told(reviewing)
    assert message["text"].startswith("✔︎ You have answered")
    assert controls(message) == []


def test_the_same_question_given_to_the_same_person_again_is_no_second_message(reviewing):
    for _ in range(3):
        assign(reviewing, NOAH)
    assert len(told(reviewing)) == 1


def test_nobody_is_told_of_what_they_took_themselves(reviewing):
    assign(reviewing, MIA)
    assert told(reviewing, MIA) == []


def test_a_question_that_is_passed_on_is_taken_back_from_who_had_it(reviewing):
    assign(reviewing, NOAH)
    assign(reviewing, TOM, NOAH)
    [before], [now] = told(reviewing, NOAH), told(reviewing, TOM)
    assert before["text"].startswith("↪︎ No longer assigned to you")
    assert now["text"].startswith("👤 noah asks you")
    assign(reviewing, NOAH, TOM)
    assert told(reviewing, NOAH)[0]["text"].startswith("👤 tom asks you")


def test_an_undone_answer_leaves_the_question_to_everybody(reviewing):
    assign(reviewing, NOAH)
    card = reviewing.slack.roots(REVIEW)[0]["ts"]
    for action in ("label_yes", "label_undo"):
        reviewing.do(reviewing.hands.press(REVIEW, card, action, NOAH))
    assert told(reviewing)[0]["text"].startswith("↪︎ No longer assigned to you")


def test_what_users_wrote_is_not_in_the_message(hark):
    put_review(hark.store, said="Call ada at +44 20 7946 0958, card 4111 1111 1111 1111.")
    hark.deliver()
    assign(hark, NOAH)
    assert "4111" not in str(told(hark))
    assert "7946" not in str(told(hark))


@given(
    st.text(max_size=4_000),
    st.text(max_size=4_000),
    st.text(max_size=400),
    st.sampled_from(["asked", "answered", "elsewhere"]),
    st.one_of(st.none(), st.just(NOON)),
)
def test_slack_takes_every_such_message(question: str, why: str, by: str, standing: Any, at: datetime | None):
    assignment = Assignment(
        item_id="i1",
        question=question,
        why=why,
        by=by,
        at=at,
        context=Segment((("model", why[:50]),)),
        standing=standing,
    )
    payload = assigned_message(assignment, delivery_id="assigned:i1.U0NOAH").payload()
    assert check(payload, "message") == []
    assert "<!channel>" not in str(payload)
