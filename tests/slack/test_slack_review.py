"""The review queue in its window, the menu of a card, messages sent to review, and blind review, as Slack shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from home_hands import asked, newest, open_home, put_questions
from slack_house import NOON, House, an_alert, house, put_alert
from slack_people import MIA, NOAH, Someone, controls, find, words_of
from web_double import ALERTS, REVIEW

from bot.config.review import ReviewSettings
from bot.config.settings import RoleSettings
from traces.model import Score

VIEWER = Someone("U0VIEW", "vic")
ROLES = RoleSettings(reviewers=(MIA.user_id, NOAH.user_id), viewers=(VIEWER.user_id,))
DAY = timedelta(days=1)


# --- the window on the queue -------------------------------------------------------------------------------


def test_the_shortcut_serves_one_question_after_the_other(hark):
    put_questions(hark, 3)
    hark.do(hark.hands.shortcut("open_review_queue"))
    view_id, first = newest(hark)
    assert asked(first) == 1
    assert "3 questions waiting" in words_of(first)
    for left in (2, 1):
        hark.do(hark.hands.press_in(view_id, "label_no"))
        assert f"{left} question" in words_of(hark.slack.views[view_id])
    hark.do(hark.hands.press_in(view_id, "label_yes"))
    assert "Nothing waits for you" in words_of(hark.slack.views[view_id])
    assert len(hark.state()["labels"]) == 3


def test_the_command_shows_as_many_as_it_says_and_goes_on_with_as_many(hark):
    put_questions(hark, 5)
    hark.do(hark.hands.command("review 3"))
    view_id, shown = newest(hark)
    assert asked(shown) == 3
    hark.do(hark.hands.press_in(view_id, "label_yes"))
    assert asked(hark.slack.views[view_id]) == 3
    hark.do(hark.hands.press_in(view_id, "label_menu", option="Skip"))
    hark.do(hark.hands.press_in(view_id, "label_no"))
    assert asked(hark.slack.views[view_id]) == 2


def test_more_over_the_window_leads_to_the_next_question_once_it_is_sent(hark):
    put_questions(hark, 2)
    hark.do(hark.hands.shortcut("open_review_queue"))
    view_id, _ = newest(hark)
    hark.do(hark.hands.press_in(view_id, "label_more"))
    over_id, _ = newest(hark)
    request = hark.hands.submit(over_id, {"verdict": "yes"})
    request.payload["view"]["previous_view_id"] = view_id
    hark.do(request)
    assert "1 question waiting" in words_of(hark.slack.views[view_id])


def test_an_assigned_question_moves_to_that_persons_queue(hark):
    put_questions(hark, 1)
    hark.deliver()
    card = hark.slack.roots(REVIEW)[0]["ts"]
    hark.do(hark.hands.press(REVIEW, card, "label_menu", option="Assign…"))
    hark.do(hark.hands.submit(newest(hark)[0], {"reviewer": NOAH.user_id}))
    assert "assigned to <@U0NOAH>" in words_of(hark.slack.roots(REVIEW)[0])
    assert (asked(open_home(hark, MIA)), asked(open_home(hark, NOAH))) == (0, 1)
    hark.do(hark.hands.press(REVIEW, card, "label_menu", NOAH, option="Assign…"))
    hark.do(hark.hands.submit(newest(hark)[0], {"reviewer": MIA.user_id}, NOAH))
    assert asked(open_home(hark, MIA)) == 1


def test_a_word_that_was_added_makes_room_for_the_next_likely_one(hark):
    put_questions(hark, 1)
    with hark.store.begin() as tx:
        tx.scores.put({"c-0": [Score(name="rephrase", value=0.9), Score(name="tool_error", value=0.8)]}, NOON)
    hark.deliver()
    card = hark.slack.roots(REVIEW)[0]["ts"]
    for word in ("Rephrase", "Tool error"):
        assert find(hark.slack.roots(REVIEW)[0], "label_word")["text"]["text"] == f"🏷 {word}"
        hark.do(hark.hands.press(REVIEW, card, "label_word"))
        assert f"🏷 {word} — mia" in words_of(hark.slack.roots(REVIEW)[0])
    assert "label_word" not in controls(hark.slack.roots(REVIEW)[0])
    hark.do(hark.hands.press(REVIEW, card, "label_undo"))
    assert "label_word" in controls(hark.slack.roots(REVIEW)[0])


def test_nothing_is_assigned_to_who_is_no_reviewer(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        put_questions(hark, 1)
        hark.deliver()
        hark.do(hark.hands.press(REVIEW, slack.roots(REVIEW)[0]["ts"], "label_menu", option="Assign…"))
        told = hark.do(hark.hands.submit(newest(hark)[0], {"reviewer": VIEWER.user_id}))
    assert "no reviewer" in str(told)


def test_skipping_on_a_card_tells_only_me_and_leaves_the_card(hark):
    put_questions(hark, 1)
    hark.deliver()
    before = hark.slack.roots(REVIEW)
    request = hark.hands.press(REVIEW, before[0]["ts"], "label_menu", option="Skip")
    hark.do(request)
    [told] = hark.slack.answers[request.answer_key]
    assert told["response_type"] == "ephemeral"
    assert "Skipped" in told["text"]
    assert hark.slack.roots(REVIEW) == before


def test_what_is_kept_says_so_on_its_card_and_is_in_the_dataset(hark):
    put_questions(hark, 1)
    hark.deliver()
    card = hark.slack.roots(REVIEW)[0]["ts"]
    hark.do(hark.hands.press(REVIEW, card, "label_yes"))
    hark.do(hark.hands.press(REVIEW, card, "label_menu", option="Add to dataset"))
    assert "in the dataset" in words_of(hark.slack.roots(REVIEW)[0])
    with hark.store.read() as tx:
        [row] = tx.datasets.rows()
    assert (row.item.conversation_id, row.item.label, row.value) == ("c-0", "refusal", 1.0)


# --- messages that people send -----------------------------------------------------------------------------


def send(hark: House, message: dict[str, Any], channel: str = "C0ELSEWHERE", who: Someone = MIA) -> str:
    hark.do(hark.hands.message_shortcut("send_to_review", channel, message, who))
    return words_of(newest(hark)[1])


MESSAGE = {"type": "message", "user": "U0NOAH", "ts": "1790000000.000100", "text": "The bot said &lt;b&gt; *lies*."}


def test_a_message_becomes_a_question_that_others_find_in_their_queue(hark):
    shown = send(hark, MESSAGE)
    assert "It is in the review queue" in shown
    assert "Is something wrong with this conversation?" in shown
    assert "Sent from Slack by mia." in words_of(open_home(hark, NOAH))


def test_the_same_message_is_one_question_however_often_it_is_sent(hark):
    for who in (MIA, NOAH, MIA):
        send(hark, MESSAGE, who=who)
    with hark.store.read() as tx:
        assert tx.reviews.unlabelled() == 1
        assert [e.action for e in tx.audit.entries()] == ["review.send"]


def test_a_sent_message_is_no_traffic(hark):
    send(hark, MESSAGE)
    hark.hark.jobs.tick(NOON + DAY)
    with hark.store.read() as tx:
        assert tx.conversations.awaiting() == 0
        assert not tx.rollups.signals(since=NOON - 9 * DAY, until=NOON + 9 * DAY)


def test_a_card_of_harks_that_is_sent_is_found_again(hark):
    put_questions(hark, 1)
    hark.deliver()
    shown = send(hark, hark.slack.roots(REVIEW)[0], REVIEW)
    assert "reads like a refusal" in shown
    with hark.store.read() as tx:
        assert tx.reviews.unlabelled() == 1


def test_an_alert_is_nothing_to_review(hark):
    put_alert(hark.store, an_alert("a1"), examples=0)
    hark.deliver()
    assert "send one of the conversations in its thread" in send(hark, hark.slack.roots(ALERTS)[0], ALERTS)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "message", "ts": "1790000000.000100"},
        {"type": "message", "ts": "1790000000.000100", "text": " \n"},
        {"type": "message", "ts": "nan", "text": "x"},
        {"type": "message", "ts": "9" * 40, "text": "x"},
        {"type": "message", "text": "x"},
    ],
)
def test_what_has_no_text_or_time_is_refused_in_one_line(hark, message):
    assert "Not done" in send(hark, message)


def test_a_message_of_blocks_only_is_read_from_its_blocks(hark):
    said = {"type": "message", "ts": "1790000000.000100", "text": "", "blocks": [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "In blocks"}]}]}
    ]}  # fmt: skip
    assert "In blocks" in send(hark, said)


# --- blind review ------------------------------------------------------------------------------------------


def test_in_blind_review_a_channel_sees_how_many_have_answered_and_each_sees_more_after_answering(slack, database):
    with house(slack, database, review=ReviewSettings(blind=True, votes=2, double_share=1)) as hark:
        put_questions(hark, 1)
        hark.deliver()
        card = slack.roots(REVIEW)[0]["ts"]
        hark.do(hark.hands.press(REVIEW, card, "label_yes", MIA))
        shown = words_of(slack.roots(REVIEW)[0])
        assert "1 reviewer has answered" in shown
        assert "mia" not in shown
        hark.do(hark.hands.shortcut("open_review_queue", NOAH))
        assert "1 reviewer has answered" in words_of(newest(hark)[1])
        hark.do(hark.hands.press(REVIEW, card, "label_no", NOAH))
        shown = words_of(slack.roots(REVIEW)[0])
        assert "mia" in shown
        assert "noah" in shown
        assert "Reviewers disagree" in shown
