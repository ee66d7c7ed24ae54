"""The token of a workspace that has installed Hark: looked up, renewed in time and once, and gone when it has gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from urllib.error import URLError

import pytest
from install_double import InstallDouble
from install_house import settings_for
from slack_house import NOON
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation
from web_double import Fault

from bot.slack.client import InstalledClient
from bot.slack.failures import is_doubtful
from bot.slack.installed import NotInstallable, SealedInstallations, Tokens
from traces.clock import FakeClock
from traces.encryption import cipher_of
from traces.store import Store, open_store

TEAM = "T0ONE"
DAY_S = 12 * 3600


@dataclass(frozen=True)
class Workspace:
    """One that has installed Hark, with tokens that last half a day."""

    slack: InstallDouble
    store: Store
    clock: FakeClock
    installed: SealedInstallations
    over: list[str]
    url: str

    def client(self) -> InstalledClient:
        settings = settings_for(self.slack, self.url)
        assert settings.secrets.oauth is not None
        return InstalledClient(settings, settings.secrets.oauth, self.installed, TEAM, self.clock, self.over.append)

    def install(self) -> str:
        """Somebody does; the token that was given out."""
        given = self.slack._tokens(TEAM, "U0ADMIN", whole=False)
        self.installed.save(
            Installation(
                app_id="A0TESTS",
                team_id=TEAM,
                team_name="One",
                user_id="U0ADMIN",
                bot_id="B0BOT",
                bot_user_id="U0BOT",
                bot_token=given["access_token"],
                bot_refresh_token=given.get("refresh_token"),
                bot_token_expires_in=given.get("expires_in"),
            )
        )
        return str(given["access_token"])


@pytest.fixture
def workspace(tmp_path) -> Iterator[Workspace]:
    url = f"sqlite:///{tmp_path / 'hark.db'}"
    store, clock = open_store(url), FakeClock(NOON)
    with InstallDouble(TEAM) as slack:
        slack.expires_in = DAY_S
        settings = settings_for(slack, url)
        assert settings.secrets.oauth is not None
        cipher = cipher_of(settings.secrets.oauth.encryption_key.get_secret_value())
        yield Workspace(slack, store, clock, SealedInstallations(store, cipher, clock), [], url)
    store.close()


def test_a_token_is_renewed_once_however_many_call(workspace):
    first = workspace.install()
    client = workspace.client()
    assert client.current() == first
    workspace.clock.advance(timedelta(hours=11))
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: client.current(), range(40)))
    assert found == {workspace.slack.token_of(TEAM)}
    assert first not in found
    assert len(workspace.slack.called("oauth.v2.access")) == 1
    assert client.auth_test()["team_id"] == TEAM


def test_another_process_may_have_renewed_it_first(workspace):
    workspace.install()
    one, other = workspace.client(), workspace.client()
    assert one.current() == other.current()
    workspace.clock.advance(timedelta(hours=11))
    renewed = one.current()
    # The refresh token of the other one is used up; what stands in the store holds.
    assert other.current() == renewed
    assert workspace.over == []


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500, body=b"no"), Fault(cut=True), Fault(body=b'{"ok": false, "error": "invalid_refresh_token"}')],
)
def test_as_long_as_a_token_holds_a_renewal_that_fails_does_no_harm(workspace, fault):
    first = workspace.install()
    client = workspace.client()
    workspace.clock.advance(timedelta(hours=11))
    workspace.slack.fail("oauth.v2.access", fault)
    assert [client.current(), client.current()] == [first, first]
    assert len(workspace.slack.called("oauth.v2.access")) == 1
    workspace.clock.advance(timedelta(minutes=1))
    assert client.current() == workspace.slack.token_of(TEAM) != first


def test_what_is_to_be_sent_when_no_token_can_be_had_never_left(workspace):
    workspace.install()
    client = workspace.client()
    workspace.clock.advance(timedelta(hours=13))
    workspace.slack.fail("oauth.v2.access", Fault(cut=True))
    with pytest.raises(URLError) as away:
        client.chat_postMessage(channel="C0ALERTS", text="x")
    assert not is_doubtful(away.value)
    workspace.slack.fail("oauth.v2.access", Fault(body=b'{"ok": false, "error": "invalid_refresh_token"}'))
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        client.chat_postMessage(channel="C0ALERTS", text="x")
    assert workspace.slack.of[TEAM].called("chat.postMessage") == []


def test_a_token_that_was_replaced_by_a_new_installation_is_no_sign_that_hark_was_removed(workspace):
    old = workspace.install()
    client = workspace.client()
    client.auth_test()
    workspace.install()
    workspace.slack.revoked.add(old)
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    assert workspace.over == []
    assert client.auth_test()["ok"]
    workspace.slack.revoked.add(workspace.slack.token_of(TEAM))
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    assert workspace.over == ["token_revoked"]


def test_after_a_removal_no_call_leaves_any_more(workspace):
    workspace.install()
    client = workspace.client()
    client.auth_test()
    assert workspace.installed.remove(TEAM, "app_uninstalled")
    calls = len(workspace.slack.calls)
    with pytest.raises(URLError, match="has removed Hark") as gone:
        client.auth_test()
    assert not is_doubtful(gone.value)
    assert len(workspace.slack.calls) == calls
    assert workspace.installed.find_bot(enterprise_id=None, team_id=TEAM) is None
    assert not workspace.installed.remove(TEAM, "app_uninstalled")


def test_tokens_do_not_print_and_what_is_no_installation_is_not_stored(workspace):
    assert "xoxb" not in repr(Tokens(bot="xoxb-1", refresh="xoxe-1"))
    workspace.install()
    assert "xoxb" not in repr(workspace.installed.installation(TEAM))
    for wrong in (
        Installation(team_id=None, user_id="U1", bot_token="xoxb-1"),
        Installation(team_id="T0WHOLE", user_id="U1", bot_token="xoxb-1", is_enterprise_install=True),
        Installation(team_id="T0WITHOUT", user_id="U1"),
    ):
        with pytest.raises(NotInstallable):
            workspace.installed.save(wrong)
    with workspace.store.across() as everywhere:
        assert list(everywhere.installations()) == [TEAM]
