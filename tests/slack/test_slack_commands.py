"""The `/hark` command over HTTP: answers, windows, roles, and what is shared with others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_house import NOON, House, conversation, house, put_conversations
from slack_people import MIA, NOAH, STRANGER, Someone, words_of
from web_double import ALERTS, Fault

from bot.config.settings import RoleSettings
from bot.slack.check import check

ADMIN, REVIEWER, VIEWER = Someone("U0ADMIN", "ada"), Someone("U0REVIEW", "rob"), Someone("U0VIEW", "vic")
ROLES = RoleSettings(admins=(ADMIN.user_id,), reviewers=(REVIEWER.user_id,), viewers=(VIEWER.user_id,))


def said(hark: House, text: str, who: Someone = MIA) -> list[dict]:
    """What a person is answered to a command."""
    asked = hark.hands.command(text, who)
    hark.do(asked)
    for answer in hark.slack.answers[asked.answer_key]:
        assert check({k: answer[k] for k in ("text", "blocks")}, "message") == []
    return hark.slack.answers[asked.answer_key]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("labels", "No labels yet"),
        ("changes 7d", "Nothing new in the last 7 days"),
        ("mute", "Nothing is muted"),
        ("evaluators", "running"),
        ("signals", "Signals"),
        ("metrics refusal 7d", "Refusal rate"),
        ("ask what is open?", "Understood as `/hark alerts`"),
        ("ask how often do we refuse?", "Understood as `/hark metrics refusal 7d`"),
        ("export labels", "hark export labels &gt; FILE.jsonl"),
        ("latncy", "no command `latncy`"),
    ],
)
def test_a_command_is_answered_to_its_person_alone(hark, text, shown):
    [answer] = said(hark, text)
    assert answer["response_type"] == "ephemeral"
    assert shown in words_of(answer)


@pytest.mark.parametrize("text", ["latncy", "status", "metrics nonsense"])
def test_who_is_from_outside_is_told_that_alone_whatever_was_typed(hark, text):
    [answer] = said(hark, text, STRANGER)
    assert "Only members" in words_of(answer)
    assert text not in words_of(answer)


def test_a_conversation_is_shown_in_a_window(hark):
    put_conversations(hark.store, [conversation("order 66's", NOON)])
    assert said(hark, "conversation order 66's") == []
    assert "I want my money back." in words_of(next(reversed(hark.slack.views.values())))
    said(hark, "conversation nobody's")
    assert "no longer kept" in words_of(next(reversed(hark.slack.views.values())))


@pytest.mark.parametrize(("text", "title"), [("review 3", "queue"), ("taxonomy", "axonomy")])
def test_the_queue_and_the_taxonomy_are_opened_in_a_window(hark, text, title):
    assert said(hark, text) == []
    assert title in str(next(reversed(hark.slack.views.values()))["title"])


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("export audit", {ADMIN}),
        ("export labels", {ADMIN, REVIEWER}),
        ("mute volume", {ADMIN, REVIEWER}),
        ("unmute volume", {ADMIN, REVIEWER}),
        ("review", {ADMIN, REVIEWER}),
        ("metrics volume", {ADMIN, REVIEWER, VIEWER}),
        ("conversation c-1", {ADMIN, REVIEWER, VIEWER}),
    ],
)
def test_a_command_is_for_those_with_the_role(slack, database, text, who):
    with house(slack, database, roles=ROLES) as hark:
        for person in (ADMIN, REVIEWER, VIEWER):
            refused = any("This takes the role" in words_of(answer) for answer in said(hark, text, person))
            assert refused is (person not in who), person


def shared(hark: House, text: str = "metrics volume 24h", who: Someone = MIA):
    [answer] = said(hark, text)
    press = hark.hands.press_answer(answer, "answer_share", who)
    hark.do(press)
    return answer, hark.slack.answers[press.answer_key]


def test_an_answer_is_shared_as_it_was_with_who_asked(hark):
    answer, [public] = shared(hark, who=NOAH)
    assert public["response_type"] == "in_channel"
    assert public["blocks"][:-1] == answer["blocks"][:-1]
    assert "mia asked `/hark metrics volume 24h`" in words_of(public["blocks"][-1])
    assert "answer_share" not in str(public)


def test_a_shared_question_is_told_with_the_query_that_was_made_of_it(hark):
    _, [public] = shared(hark, "ask how busy were we today?")
    assert "mia asked “how busy were we today?” → `/hark metrics volume 24h`" in words_of(public["blocks"][-1])


def test_an_answer_is_shared_once_and_the_second_one_is_told(hark):
    [answer] = said(hark, "alerts")
    for shown in ("in_channel", "ephemeral"):
        press = hark.hands.press_answer(answer, "answer_share")
        hark.do(press)
        assert [one["response_type"] for one in hark.slack.answers[press.answer_key]] == [shown]


def test_a_week_later_an_answer_is_too_old_to_be_shared(hark):
    [answer] = said(hark, "alerts")
    hark.clock.advance(timedelta(days=8))
    said(hark, "status")
    press = hark.hands.press_answer(answer, "answer_share")
    hark.do(press)
    assert "too old" in words_of(hark.slack.answers[press.answer_key])


def test_an_answer_whose_response_url_is_used_up_is_posted_by_the_bot(hark):
    [answer] = said(hark, "alerts")
    press = hark.hands.press_answer(answer, "answer_share")
    hark.slack.fail("response", Fault(status=404, body=b"expired_url"))
    hark.do(press)
    assert "mia asked" in words_of(hark.slack.roots(ALERTS)[-1])


def test_the_digest_is_posted_in_the_morning_once_and_brought_up_again_by_nobody(hark):
    put_conversations(hark.store, [conversation(f"c-{n}", NOON - timedelta(hours=20)) for n in range(3)])
    hark.hark.jobs.tick(NOON)
    before = len(hark.slack.roots(ALERTS))
    hark.clock.advance(timedelta(hours=21, minutes=5))
    for _ in range(3):
        hark.hark.jobs.tick(hark.clock.now())
    [posted] = hark.slack.roots(ALERTS)[before:]
    assert "Daily digest" in posted["text"]
    assert posted["metadata"]["event_payload"] == {"delivery_id": "digest:daily.2026-11-21T09:00"}
    assert "answer_share" not in str(posted)
