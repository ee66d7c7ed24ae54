"""Where Hark posts, which workspace a request belongs to, and the pages of an installation: whatever comes in."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from bot.config.routes import RouteSettings
from bot.config.settings import Settings, SourceSettings
from bot.config.workspaces import settings_in
from bot.slack.app import installed_team
from bot.slack.blocks.home import HomeView
from bot.slack.blocks.setup import Places, chosen_in, chosen_view, setup_part, setup_view
from bot.slack.check import check
from bot.slack.install_pages import failure_page, install_page, success_page
from traces.errors import BadInput
from traces.store.installations import Installation

CHANNELS = st.none() | st.sampled_from(["C0ALERTS", "G0PRIVATE"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(alerts=CHANNELS, review=CHANNELS, may_choose=st.booleans())
def test_every_drawing_of_the_channels_is_one_that_slack_takes(alerts, review, may_choose):
    places = Places(alerts=alerts, review=review, may_choose=may_choose)
    assert check(HomeView(blocks=tuple(setup_part(places))).payload(), "home") == [] or not [*setup_part(places)]
    assert check(setup_view(places).payload(), "modal") == []
    assert check(chosen_view(places).payload(), "modal") == []


def test_what_is_missing_is_said_and_who_may_not_choose_is_told_who_may():
    [told] = setup_part(Places(alerts="C0ALERTS", review=None))
    assert "where to post reviews" in told["text"]["text"]
    assert "`/hark setup`" in told["text"]["text"]
    assert "accessory" not in told
    assert [*setup_part(Places(alerts="C0ALERTS", review="C0REVIEW"))] == []


def test_a_channel_that_was_chosen_before_is_there_again_and_shared_channels_are_not():
    alerts, review, _note = setup_view(Places(alerts="C0ALERTS", review=None)).blocks
    assert alerts["element"]["initial_conversation"] == "C0ALERTS"
    assert "initial_conversation" not in review["element"]
    assert alerts["element"]["filter"]["exclude_external_shared_channels"] is True


def sent(name: str, value: Any) -> dict[str, Any]:
    return {"state": {"values": {name: {name: {"type": "conversations_select", "selected_conversation": value}}}}}


def test_the_channel_that_was_chosen_is_read():
    assert chosen_in(sent("alerts", "C0ALERTS"), "alerts") == "C0ALERTS"


@given(st.one_of(JSON.map(lambda value: sent("alerts", value)), st.fixed_dictionaries({"state": JSON})))
def test_whatever_else_is_sent_is_refused_at_its_input(view):
    with pytest.raises(BadInput) as refused:
        chosen_in(view, "alerts")
    assert refused.value.field == "alerts"


# --- which workspace a request belongs to ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "team"),
    [
        ({"team_id": "T1", "command": "/hark"}, "T1"),
        ({"type": "block_actions", "team": {"id": "T1"}, "user": {"team_id": "T2"}}, "T1"),
        # Events of a channel that companies share name the one where it happened, and then whose installation it is.
        ({"type": "event_callback", "team_id": "T2", "authorizations": [{"team_id": "T1"}]}, "T1"),
        ({"type": "view_submission", "team": {"id": "T2"}, "view": {"app_installed_team_id": "T1"}}, "T1"),
        ({"type": "block_actions", "team": {"id": "T2"}, "message": {"bot_id": "B1", "team": "T1"}}, "T1"),
        # A message of a person's may be from anywhere: the shortcut was used where the team says.
        ({"type": "message_action", "team": {"id": "T1"}, "message": {"user": "U2", "team": "T2"}}, "T1"),
        ({"type": "block_actions", "team": None}, ""),
        ({}, ""),
    ],
)
def test_a_request_belongs_to_the_workspace_whose_installation_it_is(body, team):
    assert installed_team(body) == team


# --- whose settings hold -----------------------------------------------------------------------------------------


def test_people_channels_and_addresses_of_the_file_are_the_home_workspaces_alone():
    file = Settings.model_validate(
        {
            "roles": {"admins": ["U1"]},
            "routes": [RouteSettings(channel="#oncall")],
            "sources": [
                SourceSettings(name="here", kind="phoenix", url="https://a.example"),
                SourceSettings(name="there", kind="phoenix", url="https://b.example", workspace="T2"),
            ],
            "digest": {"channel": "#digests"},
            "heartbeat_url": "https://beat.example",
        }
    )
    chosen = Installation(
        team_id="T2", team_name="Two", installed_by="U2", installed_at=NOW, sealed=b"", alerts_channel="C2"
    )
    other = settings_in(file, "T2", chosen)
    assert (other.roles.are_configured, other.routes, other.receivers, other.heartbeat_url) == (False, (), {}, None)
    assert [source.name for source in other.sources] == ["there"]
    assert (other.slack.alerts_channel, other.slack.review_channel, other.digest.channel) == ("C2", "", None)
    home = settings_in(file, "default", None)
    assert (home.roles, home.routes, home.heartbeat_url) == (file.roles, file.routes, file.heartbeat_url)
    assert [source.name for source in home.sources] == ["here"]
    assert home.slack.alerts_channel == "#llm-alerts"


# --- pages ---------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_data(self, data):
        self.words.append(data)


@given(st.text(max_size=120))
def test_whatever_words_come_in_the_pages_have_the_tags_that_they_have_without_them(words):
    for page in (
        lambda text: install_page(f"https://slack.com/{text}"),
        lambda text: success_page(f"x{text}", "T0ONE", "A0TESTS"),
        failure_page,
    ):
        assert Tags(page(words)).found == Tags(page("plain")).found


@given(st.text(max_size=40).filter(lambda text: not text.isalnum()))
def test_an_id_that_is_none_leads_nowhere(wrong):
    assert "slack://" not in success_page("Team", wrong, "A0TESTS")
    assert "slack://" not in success_page("Team", "T0ONE", wrong)
