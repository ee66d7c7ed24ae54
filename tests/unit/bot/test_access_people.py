"""Who is nobody to Hark: strangers, apps, and whoever the workspace does not name."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.config.settings import RoleSettings
from bot.slack.access import Access, Person, Role, Workspace, person_in
from traces.errors import Denied

HOME = {"team_id": "T0HOME", "user_id": "U0HARK", "bot_id": "B0HARK"}


def access_of(**roles):
    return Access(lambda: RoleSettings(**roles), Workspace(WebClient(), HOME))


def person(user_id="U0ANN", team_id="T0HOME"):
    return Person(user_id=user_id, name="x", team_id=team_id)


NOBODY = {
    "of a workspace that shares a channel": person(team_id="T0CONNECT"),
    "of an organisation that shares a channel": person(team_id="E0CONNECT"),
    "of no workspace": person(team_id=None),
    "of a workspace without a name": person(team_id=""),
    "an app": person("B0OTHER"),
    "the Slackbot": person("USLACKBOT"),
    "Hark itself": person("U0HARK"),
    "without an id": person(""),
    "with something else for an id": person("U0ANN,U0BO"),
}


@pytest.mark.parametrize("roles", [{}, {"viewers": ("U0BO",)}, {"admins": tuple(p.user_id for p in NOBODY.values())}])
@pytest.mark.parametrize("who", NOBODY)
def test_who_is_no_member_of_this_workspace_may_nothing_whatever_the_roles_say(who, roles):
    access = access_of(**roles)
    assert access.role_of(NOBODY[who]) is None
    assert not access.may_reveal(NOBODY[who])
    for role in Role:
        with pytest.raises(Denied):
            access.require(role, NOBODY[who])


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        ({}, False),
        ({"admins": ("U0BO",), "reviewers": ("U0ANN",)}, False),
        ({"reviewers": ("U0ANN",), "reveal": ("U0ANN",)}, True),
        ({"admins": ("U0BO",), "reveal": ("U0ANN",)}, False),
        ({"admins": ("U0ANN",)}, True),
    ],
)
def test_only_admins_and_those_named_for_it_see_what_is_redacted(roles, may):
    access = access_of(**roles)
    assert access.may_reveal(person()) is may
    if may:
        access.require_reveal(person())
    else:
        with pytest.raises(Denied):
            access.require_reveal(person())


def test_somebody_is_of_the_workspace_that_slack_says_of_them_not_of_the_one_that_they_write_in():
    body = {"user": {"id": "U0ANN", "team_id": "T0CONNECT"}, "team": {"id": "T0HOME"}}
    assert access_of().role_of(person_in(body)) is None
    assert access_of().role_of(person_in({**body, "user": {"id": "U0ANN"}})) is Role.REVIEWER
