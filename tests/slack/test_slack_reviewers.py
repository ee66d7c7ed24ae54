"""Commands about evaluators and reviewers: each in words, and what is said of people to admins only."""

from __future__ import annotations

import pytest
from slack_house import NOON, House, house, put_review
from slack_people import Someone

from bot.config.settings import RoleSettings
from bot.slack.check import check
from traces.model import Label

ADMIN, REVIEWER = Someone("U0ADMIN", "ada"), Someone("U0REVIEW", "rob")
ROLES = RoleSettings(admins=(ADMIN.user_id,), reviewers=(REVIEWER.user_id,))


def asked(hark: House, text: str, who: Someone) -> dict:
    request = hark.hands.command(text, who)
    hark.do(request)
    return hark.slack.answers[request.answer_key][-1]


@pytest.fixture
def staffed(slack, database):
    with house(slack, database, roles=ROLES) as hark:
        put_review(hark.store)
        with hark.store.begin() as tx:
            tx.state.name_reviewer(REVIEWER.user_id, "Rob <!channel>")
            for n in range(4):
                for who, value in ((REVIEWER.user_id, 1.0), (ADMIN.user_id, float(n > 0))):
                    tx.reviews.put_label(
                        Label(conversation_id=f"c-{n}", name="refusal", value=value, reviewer=who, at=NOON)
                    )
        yield hark


def test_admins_see_how_far_each_reviewer_agrees(staffed):
    answer = asked(staffed, "reviewers", ADMIN)
    said = str(answer)
    assert "75 % of 4" in said
    assert "answer_share" not in said
    assert check({k: answer[k] for k in ("text", "blocks")}, "message") == []


def test_reviewers_see_nothing_of_each_other(staffed):
    answer = asked(staffed, "reviewers", REVIEWER)
    assert "takes the role admin" in str(answer)
    assert "75 %" not in str(answer)


def test_one_evaluator_is_told_by_the_name_that_people_use_for_it(staffed):
    assert "Prompt injection" in str(asked(staffed, "evaluators jailbreak", REVIEWER))
    assert "did you mean refusal" in str(asked(staffed, "evaluators refusl", REVIEWER))
    assert "metrics latency" in str(asked(staffed, "evaluators latency", REVIEWER))
