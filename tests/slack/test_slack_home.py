"""The App Home and the review queue, as people use them: through Slack's requests and what Slack then shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from home_hands import asked, home, open_home, press, put_questions
from made import label
from slack_house import NOON, an_alert, house, put_alert
from slack_people import MIA, NOAH, STRANGER, Someone, controls, words_of
from web_double import ALERTS, BOT_TOKEN, REVIEW, home_of, limited, refused

from bot.config.settings import RoleSettings
from bot.home import FOR_GOOD
from bot.slack.check import check
from traces.store.mutes import Mute

VIEWER = Someone("U0VIEW", "vic")
ROLES = RoleSettings(admins=("U0ADA",), reviewers=(MIA.user_id, NOAH.user_id), viewers=(VIEWER.user_id,))
ADA = Someone("U0ADA", "ada")
DAY = timedelta(days=1)


# --- what it shows -----------------------------------------------------------------------------------------


def test_it_shows_health_queue_alerts_mutes_and_what_could_not_be_delivered(hark):
    put_questions(hark, 2)
    put_alert(hark.store, an_alert("a1"), examples=0)
    with hark.store.begin() as tx:
        tx.mutes.add(Mute(mute_id="m1", signal="cost", until_at=NOON + DAY, muted_by="U0NOAH", muted_at=NOON))
        tx.state.name_reviewer("U0NOAH", "Noah")
        tx.outbox.bury("review:item-1", problem="is_archived")
    shown = words_of(open_home(hark))
    for words in ("1 problem", "2 questions waiting", "Refusal rate 40.0 %", "Cost", "by Noah", "is_archived"):
        assert words in shown


def test_who_has_not_clicked_yet_is_named_by_slack_itself(hark):
    put_questions(hark, 1)
    with hark.store.begin() as tx:
        tx.mutes.add(Mute(mute_id="m1", signal="cost", until_at=NOON + DAY, muted_by="U0PRIYA", muted_at=NOON))
        tx.reviews.put_label(label("c-0", name="tone", reviewer="U0JONAS", at=NOON))
    shown = words_of(open_home(hark))
    assert "by <@U0PRIYA>" in shown
    assert "Tone — <@U0JONAS>" in shown


def test_one_question_is_whole_and_nine_are_short_with_the_next_ten_behind_a_button(hark):
    put_questions(hark, 12)
    first = open_home(hark)
    assert asked(first) == 10
    assert sum("turn" in words_of(block) for block in first["blocks"] if block["type"] == "context") == 1
    second = press(hark, "home_page")
    assert asked(second) == 2
    assert asked(press(hark, "home_first_page")) == 10


def test_a_viewer_sees_what_is_open_and_no_buttons_to_change_it(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        put_questions(hark, 1)
        put_alert(hark.store, an_alert("a1"), examples=0)
        shown = open_home(hark, VIEWER)
    assert set(controls(shown)) == {"alert_conversations"}
    assert "open alert" in words_of(shown)


@pytest.mark.parametrize("who", [STRANGER, Someone("U0NOBODY", "nob")])
def test_who_has_no_role_is_shown_nothing(slack, database, who):
    with house(slack, database, roles=ROLES) as hark:
        hark.do(hark.hands.open_home(who))
        assert home_of(who.user_id) not in slack.views


def test_the_messages_tab_draws_nothing(hark):
    hark.do(hark.hands.open_home(MIA, tab="messages"))
    assert hark.slack.called("views.publish") == []


def test_whatever_is_published_slack_takes(hark):
    put_questions(hark, 12)
    put_alert(hark.store, an_alert("a1"), examples=0)
    open_home(hark)
    press(hark, "label_yes")
    for surface, view in hark.slack.payloads():
        assert check(view, surface) == []


# --- what people do on it ----------------------------------------------------------------------------------


def test_an_answer_leaves_the_queue_at_once_and_can_be_taken_back(hark):
    put_questions(hark, 3)
    open_home(hark)
    after = press(hark, "label_yes")
    assert asked(after) == 2
    assert "You said Yes" in words_of(after).replace("*", "")
    assert "1 of 100 answered today" in words_of(after)
    assert asked(press(hark, "label_undo")) == 3


def test_a_skipped_question_is_gone_for_me_and_stays_for_others(hark):
    put_questions(hark, 1)
    open_home(hark)
    assert asked(press(hark, "label_menu", option="Skip")) == 0
    assert asked(open_home(hark, NOAH)) == 1


def test_two_people_who_review_at_the_same_time_are_asked_different_questions(hark):
    put_questions(hark, 14)
    for who in (MIA, NOAH):
        open_home(hark, who)
        press(hark, "label_yes", who)
    mine, theirs = open_home(hark, MIA), open_home(hark, NOAH)
    assert (asked(mine), asked(theirs)) == (10, 2)
    values = [
        {e["value"] for b in v["blocks"] for e in b.get("elements", []) if e.get("action_id") == "label_yes"}
        for v in (mine, theirs)
    ]
    assert not values[0] & values[1]


def test_an_alert_is_acknowledged_and_resolved_from_here(hark):
    put_alert(hark.store, an_alert("a1"), examples=0)
    hark.deliver()
    open_home(hark)
    assert "alert_acknowledge" not in controls(press(hark, "alert_acknowledge"))
    assert "acknowledged by mia" in words_of(hark.slack.roots(ALERTS)[0])
    assert "No open alerts" in words_of(press(hark, "alert_resolve"))


def test_a_mute_is_ended_from_here(hark):
    with hark.store.begin() as tx:
        tx.mutes.add(Mute(mute_id="m1", signal="cost", until_at=NOON + DAY, muted_by="U0NOAH", muted_at=NOON))
    assert "Muted" in words_of(open_home(hark))
    assert "Muted" not in words_of(press(hark, "home_unmute"))
    with hark.store.read() as tx:
        assert tx.mutes.standing(NOON) == []


def test_what_was_given_up_is_sent_again(hark):
    put_questions(hark, 1)
    with hark.store.begin() as tx:
        tx.outbox.bury("review:item-0", problem="is_archived")
    open_home(hark)
    assert "is_archived" not in words_of(press(hark, "home_send_again"))
    assert len(hark.slack.roots(REVIEW)) == 1


def test_what_was_muted_for_good_is_switched_on_again(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        with hark.store.begin() as tx:
            tx.mutes.add(Mute(mute_id="m1", signal="refusal", until_at=FOR_GOOD, muted_by="U0ADA", muted_at=NOON))
        assert "Refusal raises no alerts" in words_of(open_home(hark, ADA)).replace("*", "")
        assert "raises no alerts" not in words_of(press(hark, "home_signal_on", ADA))
        with hark.store.read() as tx:
            assert tx.mutes.standing(NOON + 400 * DAY) == []
            assert [(e.action, e.subject) for e in tx.audit.entries()] == [("signal.on", "signal:refusal")]


def test_a_reviewer_sees_no_settings(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        assert "settings_signals" not in controls(open_home(hark, MIA))


# --- how it is drawn ---------------------------------------------------------------------------------------


def test_what_somebody_labels_in_a_channel_shows_on_the_app_home_too(hark):
    put_questions(hark, 2)
    hark.deliver()
    assert asked(open_home(hark)) == 2
    hark.clock.advance(timedelta(seconds=5))
    hark.do(hark.hands.press(REVIEW, hark.slack.roots(REVIEW)[0]["ts"], "label_yes"))
    assert asked(home(hark)) == 1


def test_a_mute_by_command_shows_on_the_app_home_too(hark):
    open_home(hark)
    hark.clock.advance(timedelta(seconds=5))
    hark.do(hark.hands.command("mute volume 4h"))
    assert "Muted" in words_of(home(hark))


def test_nobody_gets_an_app_home_drawn_who_never_looked_at_it(hark):
    put_questions(hark, 1)
    hark.deliver()
    hark.do(hark.hands.press(REVIEW, hark.slack.roots(REVIEW)[0]["ts"], "label_yes"))
    assert hark.slack.called("views.publish") == []


def test_many_clicks_in_a_channel_do_not_draw_it_at_each(hark):
    put_questions(hark, 6)
    hark.deliver()
    open_home(hark)
    for card in hark.slack.roots(REVIEW):
        hark.do(hark.hands.press(REVIEW, card["ts"], "label_yes"))
    assert len(hark.slack.called("views.publish")) == 1


def test_it_is_drawn_on_top_of_the_version_that_was_seen_and_once_more_where_another_came_between(hark):
    put_questions(hark, 2)
    seen = open_home(hark)["hash"]
    request = hark.hands.press_in(home_of(MIA.user_id), "label_yes")
    hark.slack.views[home_of(MIA.user_id)]["hash"] = "drawn by another process"
    hark.do(request)
    versions = [call.get("hash") for call in hark.slack.called("views.publish")]
    assert versions == [None, seen, None]
    assert asked(home(hark)) == 1


@pytest.mark.parametrize("fault", [refused("internal_error"), limited(30)])
def test_an_answer_counts_even_when_the_app_home_cannot_be_drawn(hark, fault):
    put_questions(hark, 1)
    open_home(hark)
    hark.slack.fail("views.publish", fault)
    hark.do(hark.hands.press_in(home_of(MIA.user_id), "label_yes"))
    assert len(hark.state()["labels"]) == 1


def test_no_token_ever_reaches_a_view(hark):
    open_home(hark)
    assert BOT_TOKEN not in str(home(hark))
