"""Reading a whole conversation and saying more of it: what each person sees, and what is written down about it."""

from __future__ import annotations

from typing import Any

import pytest
from slack_house import NOON, House, conversation, house, put_alert, put_conversations, put_review
from slack_people import Someone, words_of
from web_double import ALERTS, REVIEW

from bot.config.review import ReviewSettings
from bot.config.settings import RoleSettings
from bot.slack.check import check
from traces.model import Label

ADMIN, REVIEWER, VIEWER = Someone("U0ADMIN", "ada"), Someone("U0REVIEW", "rob"), Someone("U0VIEW", "vic")
TRUSTED = Someone("U0TRUST", "tru")
ROLES = RoleSettings(
    admins=(ADMIN.user_id,),
    reviewers=(REVIEWER.user_id, TRUSTED.user_id),
    viewers=(VIEWER.user_id,),
    reveal=(TRUSTED.user_id,),
)
SECRET = "ada@example.com"


@pytest.fixture
def hark(slack, database):
    with house(slack, database, roles=ROLES) as running:
        put_alert(running.store)
        put_conversations(running.store, [conversation("c-1", NOON, said=f"Write to {SECRET}. " + "Long. " * 9_000)])
        put_review(running.store)
        running.deliver()
        yield running


def newest(hark: House) -> tuple[str, dict[str, Any]]:
    view_id = next(reversed(hark.slack.views))
    return view_id, hark.slack.views[view_id]


def opened(hark: House, who: Someone) -> dict[str, Any]:
    root = hark.slack.roots(ALERTS)[0]["ts"]
    hark.do(hark.hands.press(ALERTS, root, "alert_conversations", who))
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_open", who))
    return newest(hark)[1]


def audit(hark: House) -> list[tuple[str, str]]:
    with hark.store.read() as tx:
        entries = tx.audit.entries("conversation:c-1")
    return [(entry.actor, entry.action) for entry in entries]


def test_whoever_may_look_reads_it_redacted_and_that_is_noted(hark):
    shown = opened(hark, VIEWER)
    assert "[email]" in words_of(shown)
    assert SECRET not in words_of(shown)
    assert audit(hark) == [("U0VIEW", "conversation.open")]
    assert "Label…" not in words_of(shown)
    assert "Label…" in words_of(opened(hark, REVIEWER))


@pytest.mark.parametrize("who", [ADMIN, TRUSTED], ids=["an admin", "one who is named"])
def test_those_who_may_see_it_without_redaction_and_every_page_of_that_is_noted(hark, who):
    opened(hark, who)
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_reveal", who))
    shown = newest(hark)[1]
    assert SECRET in words_of(shown)
    assert "to you alone" in words_of(shown)
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_next", who))
    assert audit(hark) == [(who.user_id, f"conversation.{what}") for what in ("open", "reveal", "reveal")]
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_hide", who))
    assert SECRET not in words_of(newest(hark)[1])
    for message in [*hark.slack.posted(ALERTS), *hark.slack.posted(REVIEW)]:
        assert SECRET not in words_of(message)


def test_the_reveal_button_is_not_even_shown_to_others(hark):
    assert "Reveal" not in words_of(opened(hark, REVIEWER))
    assert "Reveal" in words_of(opened(hark, ADMIN))


def test_turning_pages_keeps_the_place_and_notes_nothing_more(hark):
    opened(hark, VIEWER)
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_next", VIEWER))
    assert "page 2 of" in words_of(newest(hark)[1])
    hark.do(hark.hands.press_in(newest(hark)[0], "conversation_previous", VIEWER))
    assert "page 1 of" in words_of(newest(hark)[1])
    assert len(audit(hark)) == 1


def test_a_conversation_is_opened_by_its_id_and_an_unknown_id_is_told(hark):
    hark.do(hark.hands.command("conversation c-1", VIEWER))
    assert newest(hark)[1]["title"]["text"] == "Conversation"
    request = hark.hands.command("conversation nobody", VIEWER)
    hark.do(request)
    assert "no longer kept" in words_of([newest(hark)[1], hark.slack.answers[request.answer_key]])


def test_every_window_was_one_that_slack_takes(hark):
    opened(hark, ADMIN)
    hark.do(hark.hands.command("taxonomy", ADMIN))
    for surface, payload in hark.slack.payloads():
        if surface == "modal":
            assert check(payload, surface) == []


def test_answers_stay_hidden_in_a_blind_review_until_one_has_answered(slack, database):
    with house(slack, database, roles=ROLES, review=ReviewSettings(blind=True, votes=3)) as hark:
        put_review(hark.store, "c-1")
        with hark.store.begin() as tx:
            tx.reviews.put_label(
                Label(conversation_id="c-1", name="refusal", value=1.0, reviewer="U0OTHER", note="obvious", at=NOON)
            )
        hark.do(hark.hands.command("conversation c-1", REVIEWER))
        assert "obvious" not in words_of(newest(hark)[1])
        assert "1 label of others shown once" in words_of(newest(hark)[1])
        with hark.store.begin() as tx:
            tx.reviews.put_label(
                Label(conversation_id="c-1", name="refusal", value=0.0, reviewer=REVIEWER.user_id, at=NOON)
            )
        hark.do(hark.hands.command("conversation c-1", REVIEWER))
        assert "obvious" in words_of(newest(hark)[1])


# --- saying more ---------------------------------------------------------------------------------------------


def more(hark: House, who: Someone = REVIEWER) -> str:
    card = hark.slack.roots(REVIEW)[0]["ts"]
    hark.do(hark.hands.press(REVIEW, card, "label_more", who))
    return newest(hark)[0]


def own(hark: House, who: Someone = REVIEWER) -> dict[str, Any]:
    with hark.store.read() as tx:
        labels = tx.reviews.labels_of(["c-9"]).get("c-9", [])
    return {label.name: label.value for label in labels if label.reviewer == who.user_id}


def test_what_was_said_stands_in_the_window_and_what_is_chosen_no_longer_is_taken_back(hark):
    answers = {
        "verdict": "yes",
        "labels": ["tool_error", "rephrase"],
        "severity": "high",
        "note": "twice",
        "expected": "Your refund is on its way.",
    }
    hark.do(hark.hands.submit(more(hark), answers, REVIEWER))
    assert own(hark) == {"refusal": 1.0, "tool_error": 1.0, "rephrase": 1.0, "severity": "high"}
    assert "Severity high" in words_of(hark.slack.roots(REVIEW)[0])
    again = more(hark)
    inputs = {b["block_id"]: b["element"] for b in hark.slack.views[again]["blocks"] if b["type"] == "input"}
    assert inputs["verdict"]["initial_option"]["value"] == "yes"
    assert {o["value"] for o in inputs["labels"]["initial_options"]} == {"tool_error", "rephrase"}
    assert inputs["severity"]["initial_option"]["value"] == "high"
    assert inputs["note"]["initial_value"] == "twice"
    assert inputs["expected"]["initial_value"] == "Your refund is on its way."
    hark.do(hark.hands.submit(again, {"verdict": "no", "labels": ["rephrase"]}, REVIEWER))
    assert own(hark) == {"refusal": 0.0, "rephrase": 1.0}
    with hark.store.read() as tx:
        undone = [e.before["name"] for e in tx.audit.entries("conversation:c-9") if e.action == "label.undo"]
    assert sorted(undone) == ["severity", "tool_error"]


def test_an_expected_answer_puts_the_conversation_into_the_dataset(hark):
    hark.do(hark.hands.submit(more(hark), {"verdict": "yes", "expected": "Yes, of course."}, REVIEWER))
    with hark.store.read() as tx:
        item = tx.datasets.item("c-9")
    assert (item.expected, item.added_by) == ("Yes, of course.", REVIEWER.user_id)


def test_a_label_keeps_the_version_of_the_question_that_it_answered(hark):
    hark.do(hark.hands.submit(more(hark), {"verdict": "yes", "labels": ["tool_error"]}, REVIEWER))
    with hark.store.read() as tx:
        labels = tx.reviews.labels_of(["c-9"])["c-9"]
    assert {label.question_version.partition("@")[0] for label in labels} == {"refusal", "tool_error"}
    assert all("#" in label.question_version for label in labels)


def test_a_word_that_is_not_offered_is_refused_at_its_input(hark):
    view_id = more(hark)
    request = hark.hands.submit(view_id, {"verdict": "yes"}, REVIEWER)
    request.payload["view"]["state"]["values"]["labels"]["labels"]["selected_options"] = [{"value": "made_up"}]
    assert hark.do(request)["errors"] == {"labels": "One of these words is no longer offered; choose again"}
    assert own(hark) == {}


def test_another_persons_answer_is_not_what_the_window_begins_with(hark):
    hark.do(hark.hands.submit(more(hark), {"verdict": "yes", "note": "mine"}, REVIEWER))
    assert "mine" not in words_of([b for b in hark.slack.views[more(hark, ADMIN)]["blocks"] if b["type"] == "input"])


# --- the taxonomy --------------------------------------------------------------------------------------------


def test_an_admin_adds_a_word_and_reviewers_are_offered_it(hark):
    hark.do(hark.hands.command("taxonomy", ADMIN))
    behind = newest(hark)[0]
    hark.do(hark.hands.press_in(behind, "taxonomy_add", ADMIN))
    request = hark.hands.submit(newest(hark)[0], {"title": "Made up a price", "evaluator": "free"}, ADMIN)
    request.payload["view"]["previous_view_id"] = behind
    hark.do(request)
    assert "Made up a price" in words_of(hark.slack.views[behind])
    hark.do(hark.hands.submit(more(hark), {"verdict": "no", "labels": ["made_up_a_price"]}, REVIEWER))
    assert own(hark) == {"refusal": 0.0, "made_up_a_price": 1.0}
    assert "Made up a price" in words_of(hark.slack.roots(REVIEW)[0])


def test_a_title_that_is_taken_is_told_at_its_input_and_nothing_is_lost(hark):
    hark.do(hark.hands.command("taxonomy", ADMIN))
    hark.do(hark.hands.press_in(newest(hark)[0], "taxonomy_add", ADMIN))
    answer = hark.do(hark.hands.submit(newest(hark)[0], {"title": "Refusal", "evaluator": "free"}, ADMIN))
    assert answer == {"response_action": "errors", "errors": {"title": "There is “Refusal” already"}}


def test_others_read_the_taxonomy_without_controls(hark):
    hark.do(hark.hands.command("taxonomy", VIEWER))
    shown = newest(hark)[1]
    assert "Refusal" in words_of(shown)
    assert "taxonomy_word" not in str(shown)
    assert "taxonomy_add" not in str(shown)
