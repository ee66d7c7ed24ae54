"""Hark and an emulator of Slack that others wrote, npm's ``emulate``; and the playground's double beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from emulator_script import PARTS, Calls
from emulator_workspaces import CalledWorkspace, EmulatedSlack, emulator, playground
from install_house import address_in, install_house, state_in
from slack_house import NOON, House, eventually, house, put_alert
from slack_people import Hands, Someone, controls, words_of

from alerts.telling.pipeline import ALERT
from traces.model import AlertState


@pytest.fixture(scope="module")
def emulated(tmp_path_factory) -> Iterator[EmulatedSlack]:
    with emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module", params=["the playground's double", "emulate"])
def called(request) -> Iterator[CalledWorkspace]:
    if request.param == "emulate":
        yield request.getfixturevalue("emulated")
        return
    with playground() as running:
        yield running


@pytest.fixture
def hark(emulated, database) -> Iterator[House]:
    with house(emulated, database) as running:
        yield running


@pytest.mark.parametrize("part", PARTS)
def test_the_playground_answers_calls_as_an_independent_emulator_does(called, part):
    getattr(Calls(called), part)()


def test_an_alert_its_thread_and_its_acknowledgement_stand_in_somebody_elses_slack(emulated, hark):
    channel, mia = emulated.channels["llm-alerts"], Someone("U0MIA", "mia", emulated.team)
    put_alert(hark.store, channel=channel)
    hark.deliver()
    root, *examples = emulated.posted(channel)
    assert "Refusal" in root["text"]
    assert len(examples) == 2
    hands = Hands(emulated)
    hark.do(hands.press(channel, root["ts"], "alert_acknowledge", mia, team={"id": emulated.team}))
    hark.do(hands.press(channel, examples[0]["ts"], "label_no", mia, team={"id": emulated.team}))
    root, labelled, _ = emulated.posted(channel)
    assert "acknowledged by mia" in words_of(root["blocks"])
    assert "label_undo" in controls(labelled)
    assert "Refusal: no" in words_of(labelled["blocks"])


def test_an_alert_that_changes_is_edited_where_it_stands_and_its_thread_stays(emulated, hark):
    channel = emulated.client.conversations_create(name="edits")["channel"]["id"]
    put_alert(hark.store, channel=channel)
    hark.deliver()
    before = emulated.posted(channel)
    with hark.store.begin() as tx:
        alert = tx.alerts.get("a1")
        over = replace(alert, state=AlertState.RESOLVED, resolved_at=NOON, version=alert.version + 1)
        tx.alerts.replace(over, expecting=alert.version)
        tx.outbox.request(kind=ALERT, subject_id="a1", channel=channel, at=NOON)
    hark.deliver()
    after = emulated.posted(channel)
    assert [m["ts"] for m in after] == [m["ts"] for m in before]
    assert "Resolved" in words_of(after[0]["blocks"])
    assert "Resolved" not in words_of(before[0]["blocks"])
    assert after[1:] == before[1:]
    assert after[0]["metadata"] == before[0]["metadata"]


def test_a_post_whose_answer_was_lost_is_found_in_somebody_elses_history(emulated, hark, tmp_path):
    channel = emulated.channels["llm-review"]
    put_alert(hark.store, channel=channel, examples=0)
    hark.deliver()
    with house(emulated, f"sqlite:///{tmp_path / 'other.db'}") as interrupted:
        put_alert(interrupted.store, channel=channel, examples=0)
        with interrupted.store.begin() as tx:
            tx.outbox.claim("alert:a1", NOON)
        interrupted.clock.advance(timedelta(minutes=2))
        interrupted.deliver()
        with interrupted.store.read() as tx:
            found = tx.outbox.get("alert:a1")
    assert [m["ts"] for m in emulated.roots(channel)] == [found.posted_ts]


def test_somebody_elses_slack_installs_hark_by_oauth_and_gets_its_alerts(emulated, database):
    redirect_url = "https://hark.test/slack/oauth_redirect"
    with install_house(emulated, database, redirect_url=redirect_url) as hark, hark.browser() as browser:
        state = state_in(page := browser.get("/slack/install"))
        asked = httpx.URL(address_in(page)).params
        # Slack's own page stands at an address of its own: the emulator's is asked the same, and Mia allows it.
        allowed = httpx.post(
            f"{emulated.root}/oauth/v2/authorize/callback",
            data={**asked, "user_id": emulated.person},
            trust_env=False,
        )
        back = httpx.URL(allowed.headers["location"])
        assert str(back).startswith(f"{redirect_url}?")
        assert back.params["state"] == state
        done = hark.come_back(browser, state, back.params["code"])
        assert (done.status_code, "Hark is installed in Home" in done.text) == (200, True)
        eventually(lambda: hark.workspaces.serves(emulated.team))
        with hark.of(emulated.team).begin() as tx:
            found = tx.installations.get()
            assert (found.installed_by, found.scopes) == (emulated.person, "chat:write,commands")
            channel = emulated.channels["calls"]
            chosen = replace(found, alerts_channel=channel, review_channel=channel, version=found.version + 1)
            tx.installations.replace(chosen, expecting=found.version)
        put_alert(hark.of(emulated.team), channel=channel, examples=0)
        eventually(lambda: any("Refusal" in m["text"] for m in emulated.posted(channel)), 20)
