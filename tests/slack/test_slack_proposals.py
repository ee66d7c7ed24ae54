"""What waits for an admin's word, as it stands in Slack: both reports, the buttons that still apply, who decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proposal_hands import a_revision
from slack_house import NOON, House, conversation, house, put_conversations
from slack_people import Someone, controls, words_of
from test_slack_hostile import HOSTILE, _assert_inert, _ours
from web_double import REVIEW, home_of

from bot.calibration.proposals import REVISION
from bot.calibration.thresholds import ask, settle, standing
from bot.config.judges import JudgeSettings
from bot.config.settings import RoleSettings
from bot.slack.check import check
from traces.store.proposals import Proposal, ShownExample
from traces.store.thresholds import MoveState

ADMIN, REVIEWER = Someone("U0ADMIN", "ada"), Someone("U0REVIEW", "rob")
ROLES = RoleSettings(admins=(ADMIN.user_id,), reviewers=(REVIEWER.user_id,))
JUDGE = JudgeSettings(name="promise", question="Did the agent promise something?", model="scripted", sample_rate=0)


@pytest.fixture
def hark(slack, database):
    with house(slack, database, roles=ROLES, judges=(JUDGE,)) as found:
        yield found


def put_proposal(hark: House, text: str = "Caution is no promise.", said: str = "I cannot promise that.") -> Proposal:
    talk = conversation("c-1", NOON, said=said)
    put_conversations(hark.store, [talk])
    plain = a_revision(JUDGE, talk, labels=40)
    proposal = replace(
        plain,
        guidance=text,
        examples=tuple(ShownExample(conversation_id="c-1", text=f"ours\n{text}", verdict="no") for _ in range(5)),
        report={**plain.report, "problem": text, "before": text[::-1]},
    )
    with hark.store.begin() as tx:
        tx.proposals.add(proposal)
        tx.outbox.request(kind=REVISION, subject_id="p1", channel=REVIEW, at=NOON)
    hark.deliver()
    return proposal


def put_threshold(hark: House, threshold: float = 0.4) -> None:
    with hark.store.begin() as tx:
        settle(tx, "refusal", (threshold, "tells true from false best, by 40 labels"), NOON, automatically=False)
        ask(tx, "refusal", REVIEW, NOON)
    hark.deliver()


def card(hark: House):
    (found,) = hark.slack.roots(REVIEW)
    return found


def press(hark: House, action_id: str, who: Someone = ADMIN):
    hark.do(hark.hands.press(REVIEW, card(hark)["ts"], action_id, who))


def test_a_revision_shows_both_reports_what_is_added_and_examples(hark):
    put_proposal(hark)
    shown = words_of(card(hark))
    for words in (
        "Now",
        "Proposed",
        "40 of 40",
        "20 of 40",
        "Caution is no promise.",
        "5 examples",
        "2 more not shown",
    ):
        assert words in shown
    assert controls(card(hark)) == ["proposal_approve", "proposal_reject", "proposal_disagreements"]


def test_an_approval_shows_who_decided_and_can_be_undone(hark):
    put_proposal(hark)
    press(hark, "proposal_approve")
    assert "Approved by ada" in words_of(card(hark))
    assert controls(card(hark)) == ["proposal_undo", "proposal_disagreements"]
    press(hark, "proposal_undo")
    assert "Undone by ada" in words_of(card(hark))
    assert controls(card(hark)) == ["proposal_disagreements"]


def test_a_reviewer_cannot_decide(hark):
    put_proposal(hark)
    press(hark, "proposal_approve", REVIEWER)
    assert "proposal_approve" in controls(card(hark))


def test_the_window_shows_held_out_conversations_on_which_somebody_was_wrong(hark):
    put_proposal(hark)
    press(hark, "proposal_disagreements")
    shown = words_of(list(hark.slack.views.values())[-1])
    assert "People: no · now: yes · proposed: no" in shown
    assert "I cannot promise that." in shown


def test_a_threshold_waits_is_approved_and_taken_back(hark):
    put_threshold(hark)
    assert "0.5 → 0.4" in words_of(card(hark))
    press(hark, "threshold_approve")
    with hark.store.read() as tx:
        assert standing(tx.thresholds.moves("refusal")).in_force == 0.4
    assert "Approved by ada" in words_of(card(hark))
    assert controls(card(hark)) == ["threshold_undo"]
    press(hark, "threshold_undo")
    with hark.store.read() as tx:
        assert standing(tx.thresholds.moves("refusal")).in_force == 0.5
        assert [m.state for m in tx.thresholds.moves("refusal")][-1] is MoveState.UNDONE
    assert "Undone by ada" in words_of(card(hark))


def test_a_threshold_that_another_has_overtaken_has_no_buttons(hark):
    put_threshold(hark)
    put_threshold(hark, 0.3)
    first, second = sorted(hark.slack.roots(REVIEW), key=lambda m: m["ts"])
    assert "Overtaken" in words_of(first)
    assert controls(first) == []
    assert controls(second) == ["threshold_approve", "threshold_reject"]


def test_the_same_threshold_is_asked_about_once(hark):
    for _ in range(3):
        put_threshold(hark)
    assert len(hark.slack.roots(REVIEW)) == 1


def test_app_home_lists_what_waits_and_admins_decide_there(hark):
    put_proposal(hark)
    put_threshold(hark)
    for who, may in ((ADMIN, True), (REVIEWER, False)):
        hark.do(hark.hands.open_home(who))
        home = hark.slack.views[home_of(who.user_id)]
        assert "2 proposals wait for approval" in words_of(home)
        assert ("proposal_approve" in str(home)) is may
    hark.do(hark.hands.press_in(home_of(ADMIN.user_id), "threshold_reject", ADMIN))
    hark.do(hark.hands.press_in(home_of(ADMIN.user_id), "proposal_approve", ADMIN))
    assert "wait for approval" not in words_of(hark.slack.views[home_of(ADMIN.user_id)])
    with hark.store.read() as tx:
        assert tx.proposals.in_force()["promise"].decided_by == ADMIN.user_id


@pytest.mark.parametrize(
    "name", ["a broadcast", "a link with another name", "code fences", "two megabytes", "families"]
)
def test_nothing_that_a_model_or_a_conversation_says_comes_alive(hark, name):
    words = HOSTILE[name]
    put_proposal(hark, words[:1_500], said=words[:5_000])
    press(hark, "proposal_disagreements")
    hark.do(hark.hands.open_home(ADMIN))
    for payload in (card(hark), hark.slack.views[home_of(ADMIN.user_id)]):
        _assert_inert({"blocks": payload["blocks"]})
    message = _ours({key: card(hark)[key] for key in ("text", "blocks")})
    assert check(message, "message") == []
    with hark.store.read() as tx:
        assert replace(tx.proposals.get("p1"), examples=()).guidance == words[:1_500]


def test_everything_of_one_evaluator_says_what_waits_and_what_was_approved(hark):
    def said() -> str:
        asked = hark.hands.command("evaluators promise", ADMIN)
        hark.do(asked)
        return words_of(hark.slack.answers[asked.answer_key][0])

    assert "revision" not in said()
    put_proposal(hark)
    assert "waits for approval" in said()
    press(hark, "proposal_approve")
    assert "A revision of its criterion is in force, approved by ada" in said()
