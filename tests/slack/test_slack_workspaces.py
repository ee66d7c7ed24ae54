"""Several workspaces in one process: each is installed by itself, sees its own, and goes by itself."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import httpx
import psycopg
import pytest
from install_double import InstallDouble
from install_house import ADMIN, KEY, InstallHouse, at, event, install_house, state_in
from slack_house import NOON, conversation, eventually, put_alert, put_review
from slack_people import MIA, Someone, controls, words_of
from sqlalchemy import select
from web_double import ALERTS, REVIEW, home_of

from bot.slack.check import check
from traces import schema
from traces.errors import BadInput
from traces.model import AlertState

ONE, TWO = "T0ONE", "T0TWO"


@pytest.fixture
def slack() -> Iterator[InstallDouble]:
    with InstallDouble(ONE, TWO) as double:
        yield double


@pytest.fixture
def house(slack, database) -> Iterator[InstallHouse]:
    with install_house(slack, database) as running:
        yield running


@pytest.fixture
def both(house) -> InstallHouse:
    """Both workspaces are installed and have chosen channels of the same ids."""
    for team in (ONE, TWO):
        assert house.install(team).status_code == 200
        eventually(lambda team=team: house.workspaces.serves(team))
        house.chooses(team)
    return house


def rows_of(house: InstallHouse, team: str) -> dict[str, list[tuple]]:
    with house.store._engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).where(table.c.workspace_id == team))]
            for table in schema.metadata.sorted_tables
            # What a Hark does by itself goes on meanwhile.
            if table.name not in {"heartbeats", "job_runs", "leases", "claims", "detector_states"}
        }


def said_in(house: InstallHouse, team: str) -> dict[str, list[tuple]]:
    """What a click writes, and nothing else does."""
    rows = rows_of(house, team)
    return {name: rows[name] for name in ("alerts", "audit", "labels", "requests", "reviewers")}


# --- each sees its own ---------------------------------------------------------------------------------------


def test_an_alert_with_the_same_ids_in_two_workspaces_is_posted_and_answered_in_each_alone(both):
    for team in (ONE, TWO):
        put_alert(both.of(team))
        eventually(lambda team=team: len(both.double(team).posted(ALERTS)) == 3)
    [root] = both.double(ONE).roots(ALERTS)
    before = said_in(both, TWO)
    both.send(at(ONE, both.hands(ONE).press(ALERTS, root["ts"], "alert_acknowledge")))
    eventually(lambda: "acknowledged by mia" in words_of(both.double(ONE).roots(ALERTS)))
    with both.of(ONE).read() as one, both.of(TWO).read() as two:
        assert one.alerts.get("a1").state is AlertState.ACKNOWLEDGED
        assert two.alerts.get("a1").state is AlertState.OPEN
    assert "acknowledged" not in words_of(both.double(TWO).roots(ALERTS))
    assert said_in(both, TWO) == before


def test_a_trace_goes_to_the_workspace_of_its_key_and_no_row_crosses(both):
    keys = {team: both.key(team) for team in (ONE, TWO)}
    both.clock.advance(timedelta(minutes=1))  # keys are read anew
    before = rows_of(both, TWO)
    with both.browser() as client:
        sent = client.post("/v1/conversations", json=conversation("c-1", NOON), headers=keys[ONE])
        assert sent.json() == {"new": 1, "updated": 0, "unchanged": 0}
        assert rows_of(both, TWO) == before
        # The same id is another conversation in the other workspace.
        sent = client.post("/v1/conversations", json=conversation("c-1", NOON, said="Hello."), headers=keys[TWO])
        assert sent.json() == {"new": 1, "updated": 0, "unchanged": 0}
    for team, said in ((ONE, "refunds"), (TWO, "Hello.")):
        with both.of(team).read() as tx:
            assert said in repr(tx.conversations.get("c-1").messages[-1])


def test_metrics_are_those_of_the_workspace_of_the_key_and_readiness_tells_of_none(both):
    keys = {team: both.key(team) for team in (ONE, TWO)}
    both.clock.advance(timedelta(minutes=1))
    put_alert(both.of(ONE))
    with both.browser() as client:
        figures = {team: client.get("/metrics", headers=keys[team]).text for team in (ONE, TWO)}
        ready = client.get("/readyz")
    assert 'hark_alerts{state="open"} 1.0' in figures[ONE]
    assert 'hark_alerts{state="open"} 0.0' in figures[TWO]
    assert set(ready.json()) <= {"status", "awaiting_evaluation", "problems"}


def test_nothing_is_taken_without_a_key_and_a_key_of_a_workspace_that_is_gone_is_told(both):
    key = both.key(ONE)
    both.clock.advance(timedelta(minutes=1))
    with both.browser() as client:
        assert client.post("/v1/conversations", json=conversation("c-1", NOON)).status_code == 401
        both.send(event(ONE, "app_uninstalled", int(both.clock.now().timestamp())))
        eventually(lambda: not both.workspaces.serves(ONE))
        gone = client.post("/v1/conversations", json=conversation("c-1", NOON), headers=key)
    assert gone.status_code == 403
    assert "not installed in the workspace of this key" in gone.text


def test_who_installed_hark_is_its_admin_and_others_review(both):
    hands = both.hands(ONE)
    both.send(at(ONE, hands.open_home(ADMIN)))
    both.send(at(ONE, hands.open_home(MIA)))
    views = both.double(ONE).views
    eventually(lambda: home_of(ADMIN.user_id) in views and home_of(MIA.user_id) in views)
    assert "setup_open" in controls(views[home_of(ADMIN.user_id)])
    assert "setup_open" not in controls(views[home_of(MIA.user_id)])


# --- strangers -------------------------------------------------------------------------------------------------


def test_somebody_of_another_workspace_may_do_nothing_in_a_channel_that_companies_share(both):
    put_alert(both.of(ONE))
    put_alert(both.of(TWO))
    eventually(lambda: len(both.double(ONE).posted(ALERTS)) == 3)
    [root] = both.double(ONE).roots(ALERTS)
    stranger = Someone("U0ADMIN", "ada of two", TWO)
    # Slack may name as the team either the one that posted the message or the one of who clicks.
    for team in (ONE, TWO):
        posted = {**root, "team": ONE, "bot_id": "B0BOT"}
        click = both.hands(ONE).press(ALERTS, root["ts"], "alert_resolve", stranger)
        click.payload["message"] = posted
        both.send(at(team, click, user_team=TWO))
        eventually(lambda click=click: both.double(ONE).answers[click.answer_key])
    for team in (ONE, TWO):
        with both.of(team).read() as tx:
            assert tx.alerts.get("a1").state is AlertState.OPEN


def test_a_workspace_that_is_not_installed_is_ignored_and_told_of_by_its_id_alone(both, caplog):
    request = at("T0NOBODY", both.hands(ONE).command("status canary-words"))
    assert both.send(request) == ""
    assert both.send(request) == ""
    told = [record.getMessage() for record in caplog.records if "T0NOBODY" in record.getMessage()]
    assert told == ["ignored requests of T0NOBODY: Hark is not installed there"]
    assert "canary-words" not in caplog.text


def test_the_address_is_confirmed_to_slack_before_anybody_has_installed(house):
    from slack_people import Request

    assert house.send(Request("events_api", {"type": "url_verification", "challenge": "c3", "token": "t"})) == "c3"


# --- coming and going --------------------------------------------------------------------------------------------


def test_a_workspace_installs_while_hark_runs_and_is_told_what_is_left_to_do(house):
    page = house.install(ONE)
    assert page.status_code == 200
    assert "Hark is installed in Team T0ONE &lt;b&gt;" in page.text
    eventually(lambda: house.workspaces.serves(ONE))
    house.send(at(ONE, house.hands(ONE).open_home(ADMIN)))
    view = eventually(lambda: house.double(ONE).views.get(home_of(ADMIN.user_id)))
    assert "does not know yet where to post alerts and reviews" in words_of(view)
    assert check({k: v for k, v in view.items() if k != "hash"}, "home") == []
    put_review(house.of(ONE))
    house.chooses(ONE)
    put_alert(house.of(ONE))
    eventually(lambda: house.double(ONE).posted(ALERTS) and house.double(ONE).posted(REVIEW))


def test_nobody_but_an_admin_chooses_channels(house):
    house.install(ONE)
    eventually(lambda: house.workspaces.serves(ONE))
    asked = at(ONE, house.hands(ONE).command("setup", MIA))
    house.send(asked)
    answer = eventually(lambda: house.double(ONE).answers[asked.answer_key])
    assert "takes the role admin" in words_of(answer)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("app_uninstalled", {}), ("tokens_revoked", {"tokens": {"oauth": [], "bot": ["U0BOT"]}})],
)
def test_a_workspace_that_removes_hark_loses_its_tokens_and_is_sent_nothing_more(both, kind, fields):
    put_alert(both.of(ONE))
    eventually(lambda: len(both.double(ONE).posted(ALERTS)) == 3)
    both.send(event(ONE, kind, int(both.clock.now().timestamp()), **fields))
    eventually(lambda: not both.workspaces.serves(ONE))
    with both.of(ONE).read() as tx:
        kept = tx.installations.get()
        actions = [entry.action for entry in tx.audit.entries()]
    assert (kept.sealed, kept.is_active, kept.alerts_channel) == (b"", False, ALERTS)
    assert actions == ["workspace.install", "workspace.channels", "workspace.remove"]
    calls = len(both.double(ONE).calls)
    put_review(both.of(ONE))
    put_review(both.of(TWO))
    eventually(lambda: both.double(TWO).posted(REVIEW))
    assert len(both.double(ONE).calls) == calls
    # It comes back, and finds its channels as they were.
    assert both.install(ONE).status_code == 200
    eventually(lambda: both.double(ONE).posted(REVIEW))


def test_news_of_a_removal_that_comes_after_hark_was_installed_again_changes_nothing(both):
    removed_at = int(both.clock.now().timestamp())
    both.clock.advance(timedelta(minutes=1))
    both.install(ONE)
    for kind in ("app_uninstalled", "tokens_revoked"):
        both.send(event(ONE, kind, removed_at, tokens={"bot": ["U0BOT"]}))
    put_alert(both.of(ONE))
    eventually(lambda: both.double(ONE).posted(ALERTS))
    assert both.of(ONE).of(ONE) is not None
    with both.of(ONE).read() as tx:
        assert tx.installations.get().is_active


def test_a_token_that_slack_no_longer_takes_is_deleted_without_being_told(both):
    both.slack.revoked.add(both.slack.token_of(ONE))
    put_alert(both.of(ONE))
    eventually(lambda: not both.workspaces.serves(ONE))
    with both.of(ONE).read() as tx:
        assert tx.installations.get().sealed == b""
        # What was to be said waits for who installs again.
        assert tx.outbox.get("alert:a1").posted_ts is None
    assert both.workspaces.serves(TWO)


def test_what_a_workspace_has_left_behind_is_kept_no_longer_than_anything_else(slack, database):
    with install_house(slack, database, keep_days=30) as house:
        house.install(ONE)
        eventually(lambda: house.workspaces.serves(ONE))
        put_alert(house.of(ONE))
        house.send(event(ONE, "app_uninstalled", int(house.clock.now().timestamp())))
        eventually(lambda: not house.workspaces.serves(ONE))
        house.workspaces.look()
        with house.of(ONE).read() as tx:
            assert tx.conversations.count() == 2
        house.clock.advance(timedelta(days=31))
        house.workspaces.look()
        with house.of(ONE).read() as tx:
            assert tx.conversations.count() == 0


def test_hark_starts_again_with_what_is_installed(slack, database):
    with install_house(slack, database) as first:
        first.install(ONE)
        eventually(lambda: first.workspaces.serves(ONE))
        first.chooses(ONE)
    with install_house(slack, database) as second:
        assert second.workspaces.serves(ONE)
        put_alert(second.of(ONE))
        eventually(lambda: slack.of[ONE].posted(ALERTS))


def test_the_home_workspace_goes_on_with_what_was_there_before(slack, database):
    with install_house(slack, database, home=ONE) as house:
        put_alert(house.of("default"))
        assert house.workspaces.serves("default")
        house.install(ONE)
        eventually(lambda: house.workspaces.bolt_of(ONE) is not None)
        house.install(TWO)
        eventually(lambda: house.workspaces.bolt_of(TWO) is not None)
        assert sorted(house.workspaces.names) == [TWO, "default"]
        eventually(lambda: slack.of[ONE].posted(ALERTS))
        assert slack.of[TWO].posted(ALERTS) == []


@pytest.fixture
def database_of_their_own(postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP DATABASE IF EXISTS "workspaces"')
        connection.execute('CREATE DATABASE "workspaces"')
    return postgresql_url.replace("/postgres?", "/workspaces?")


def test_workspaces_live_in_postgresql_as_well(slack, database_of_their_own):
    with install_house(slack, database_of_their_own) as house:
        for team in (ONE, TWO):
            house.install(team)
            eventually(lambda team=team: house.workspaces.serves(team), 30)
        house.chooses(ONE)
        key = house.key(ONE)
        house.clock.advance(timedelta(minutes=1))
        with house.browser() as client:
            sent = client.post("/v1/conversations", json=conversation("c-1", NOON), headers=key)
        assert sent.json()["new"] == 1
        put_alert(house.of(ONE))
        eventually(lambda: slack.of[ONE].posted(ALERTS), 30)
        with house.of(TWO).read() as tx:
            assert (tx.conversations.count(), tx.alerts.all()) == (0, [])
        assert slack.of[TWO].posted(ALERTS) == []


# --- tokens --------------------------------------------------------------------------------------------------------


def test_tokens_that_run_out_are_renewed_in_time(slack, database):
    slack.expires_in = 12 * 3600
    with install_house(slack, database) as house:
        house.install(ONE)
        eventually(lambda: house.workspaces.serves(ONE))
        house.chooses(ONE)
        first = slack.token_of(ONE)
        with house.of(ONE).read() as tx:
            expires_at = tx.installations.get().expires_at
        house.clock.set(max(house.clock.now(), expires_at - timedelta(hours=1)))
        put_alert(house.of(ONE))
        eventually(lambda: slack.of[ONE].posted(ALERTS))
        assert slack.token_of(ONE) != first
        slack.revoked.add(first)
        with house.of(ONE).read() as tx:
            renewed = tx.installations.get()
        assert renewed.is_active
        assert house.workspaces.installed.opened(renewed).bot == slack.token_of(ONE)


def test_no_token_lies_in_the_database_or_in_the_log(both, database, caplog, tmp_path):
    put_alert(both.of(ONE))
    eventually(lambda: both.double(ONE).posted(ALERTS))
    both.send(event(TWO, "app_uninstalled", int(both.clock.now().timestamp())))
    eventually(lambda: not both.workspaces.serves(TWO))
    both.slack.revoked.add(both.slack.token_of(ONE))
    put_review(both.of(ONE))
    eventually(lambda: not both.workspaces.serves(ONE))
    canaries = [token.encode() for token in both.slack.tokens] + [b"canary-client-secret", b"canary-encryption-key"]
    written = b"".join(path.read_bytes() for path in tmp_path.glob("hark.db*"))
    assert written
    for canary in canaries:
        assert canary not in written
        assert canary.decode() not in caplog.text


def test_sealed_tokens_are_worth_nothing_in_another_workspaces_row(both, database, caplog):
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as thief, thief:
        thief.execute(
            "UPDATE installations SET version = version + 1, installed_by = 'U0THIEF', "
            "sealed = (SELECT sealed FROM installations WHERE workspace_id = ?) WHERE workspace_id = ?",
            (ONE, TWO),
        )
    both.workspaces.look()
    assert not both.workspaces.serves(TWO)
    assert "T0TWO cannot be served" in caplog.text
    assert both.workspaces.serves(ONE)


def test_a_new_key_goes_in_front_of_the_old_one_and_every_token_is_sealed_anew(slack, database):
    new = base64.b64encode(b"another-encryption-key-32-bytes-").decode()
    with install_house(slack, database) as house:
        house.install(ONE)
        eventually(lambda: house.workspaces.serves(ONE))
    with (
        pytest.raises(BadInput, match="opens none of the tokens that are stored") as refused,
        install_house(slack, database, key=new),
    ):
        pass
    assert refused.value.field == "HARK_ENCRYPTION_KEY"
    assert new not in refused.value.message
    with install_house(slack, database, key=f"{new},{KEY}") as house:
        assert house.workspaces.serves(ONE)
    with install_house(slack, database, key=new) as house:
        assert house.workspaces.serves(ONE)


def test_the_pages_hold_the_key_of_one_browser_and_nothing_of_what_they_are_asked(house):
    with house.browser() as browser:
        page = browser.get("/slack/install", params={"team": "T0X&scope=admin", "x": "<script>"})
        state = state_in(page)
        assert "admin" not in page.text
        assert "<script" not in page.text
        assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(page.headers["set-cookie"].split("; "))
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["referrer-policy"] == "no-referrer"
        refused = browser.get("/slack/oauth_redirect", params={"error": "<script>alert(1)</script>"})
        assert "script" not in refused.text
        assert state not in refused.text
        assert browser.get("/slack/install", params={"x": "y" * 5000}).status_code == 413
        named = browser.get("/slack/install", params={"team": "T0123"})
        assert "&amp;team=T0123" in named.text


def test_an_answer_counts_once_in_the_browser_that_began_within_ten_minutes(house):
    def tried(state: str, cookie: str | None = None) -> httpx.Response:
        return house.come_back(browser, state, house.slack.allows(ONE), cookie=cookie)

    with house.browser() as browser:
        state = state_in(browser.get("/slack/install"))
        other = state_in(browser.get("/slack/install"))
        # Somebody else's answer, handed to a browser that did not begin, or that began another one.
        for cookie in ("", other, "x"):
            assert "does not belong to an installation that was begun in this browser" in tried(state, cookie).text
        assert tried("x", "x").status_code == 401
        assert tried(f"{state}x", f"{state}x").status_code == 401
        assert not house.workspaces.serves(ONE)
        assert tried(state).status_code == 200
        again = tried(state)
        assert again.status_code == 401
        assert "expired, or was finished already" in again.text
        house.clock.advance(timedelta(minutes=11))
        assert tried(other).status_code == 401
    with house.of(ONE).read() as tx:
        assert [e.action for e in tx.audit.entries()] == ["workspace.install"]


def test_a_whole_organisation_and_a_code_that_slack_does_not_know_are_refused(house):
    page = house.install(ONE, whole_organisation=True)
    assert page.status_code == 400
    assert "one workspace at a time" in page.text
    with house.browser() as browser:
        wrong = house.come_back(browser, state_in(browser.get("/slack/install")), "code-of-nobody")
        assert (wrong.status_code, "Begin again" in wrong.text) == (401, True)
    assert house.workspaces.names == {}


def test_pages_are_not_there_where_one_workspace_has_a_token(hark):
    root = hark.endpoint.removesuffix("/slack/events")
    for path in ("/slack/install", "/slack/oauth_redirect"):
        assert httpx.get(f"{root}{path}", trust_env=False).status_code == 404
