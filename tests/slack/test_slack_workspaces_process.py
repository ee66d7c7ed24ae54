"""``hark run`` and its commands as somebody uses them who lets several workspaces install Hark."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from install_double import CLIENT_ID, CLIENT_SECRET, InstallDouble
from install_house import ADMIN, KEY, at, state_in
from slack_house import NOON, SECRET, conversation, eventually
from slack_people import Hands, over_http, words_of
from slack_process import hark_run
from web_double import home_of

from bot.cli import main
from traces.clock import SystemClock

ONE, TWO = "T0ONE", "T0TWO"
APP = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_CLIENT_ID": CLIENT_ID,
    "SLACK_CLIENT_SECRET": CLIENT_SECRET,
    "SLACK_SIGNING_SECRET": SECRET,
    "HARK_ENCRYPTION_KEY": KEY,
}
OTHER_KEY = KEY.replace("Y2Fu", "eHl6")


class Ended(Exception):
    """What a command left behind."""

    def __init__(self, code: int, captured: Any) -> None:
        super().__init__(code)
        self.code, self.out, self.err = code, captured.out, captured.err


@pytest.fixture
def hark(tmp_path, monkeypatch, capsys) -> Iterator[Callable[..., Ended]]:
    """Runs a command in this process, as in the directory of the running one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARK_DATABASE_URL", f"sqlite:///{tmp_path / 'hark.db'}")
    for name, value in APP.items():
        monkeypatch.setenv(name, value)
    before = logging.root.handlers[:]

    def run(*words: str, key: str = KEY) -> Ended:
        monkeypatch.setenv("HARK_ENCRYPTION_KEY", key)
        monkeypatch.setattr(sys, "argv", ["hark", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), capsys.readouterr())

    yield run
    logging.root.handlers[:] = before


def install(slack: InstallDouble, url: str, team: str) -> httpx.Response:
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as browser:
        state = state_in(browser.get("/slack/install"))
        cookie = {"Cookie": f"slack-app-oauth-state={state}"}
        found = {"state": state, "code": slack.allows(team)}
        return browser.get("/slack/oauth_redirect", params=found, headers=cookie)


def test_workspaces_install_a_running_hark_and_nothing_that_it_writes_holds_a_secret(tmp_path, hark):
    with InstallDouble(ONE, TWO) as slack, hark_run(slack, tmp_path, APP, verbose=True) as running:
        assert "0 workspaces served; others install Hark at /slack/install" in running.said
        assert [install(slack, running.url, team).status_code for team in (ONE, TWO)] == [200, 200]
        assert install(slack, running.url, ONE).status_code == 200
        send = over_http(f"{running.url}/slack/events", SECRET, lambda: SystemClock().now().timestamp())
        eventually(lambda: "T0TWO is served" in running.said, 20)
        for team in (ONE, TWO):
            send(at(team, Hands(slack.of[team]).open_home(ADMIN)))
            view = eventually(lambda team=team: slack.of[team].views.get(home_of(ADMIN.user_id)), 20)
            assert "Choose channels" in words_of(view)

        listed = json.loads(hark("workspaces", "--json").out)
        assert [(w["team_id"], w["state"], w["installed_by"]) for w in listed] == [
            (TWO, "active", ADMIN.user_id),
            (ONE, "active", ADMIN.user_id),
        ]
        assert "say which workspace" in hark("keys", "create", "shop").err
        key = hark("keys", "create", "shop", "--workspace", f"team {ONE} <b>").out.strip()
        assert hark("keys", "list", "--workspace", TWO).out == ""
        header, sent = {"Authorization": f"Bearer {key}"}, conversation("c-1", NOON)

        def send_it() -> httpx.Response:
            return httpx.post(f"{running.url}/v1/conversations", json=sent, headers=header, trust_env=False)

        eventually(lambda: send_it().status_code == 200, 20)  # keys are read anew every few seconds
        well = hark("doctor")
        assert "2 workspaces installed, over HTTP" in well.out
        wrong = hark("doctor", key=OTHER_KEY)
        assert (wrong.code, "HARK_ENCRYPTION_KEY" in wrong.out) == (1, True)
        assert running.stop() == 0

    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    said = "".join(run.out + run.err for run in (well, wrong))
    for secret in (*slack.tokens, CLIENT_SECRET, SECRET, KEY, OTHER_KEY):
        assert secret.encode() not in files
        assert secret not in said
