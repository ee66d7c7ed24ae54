"""The settings of an app that several workspaces install."""

from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from bot.config.settings import load
from traces.errors import BadConfig

KEY = base64.b64encode(b"k" * 32).decode()
APP = {
    "SLACK_CLIENT_ID": "111.222",
    "SLACK_CLIENT_SECRET": "canary-client-secret",
    "SLACK_SIGNING_SECRET": "canary-signing-secret",
    "HARK_ENCRYPTION_KEY": KEY,
}


def told(tmp_path, environment, text: str = "") -> str:
    (tmp_path / "hark.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as wrong:
        load(environment, tmp_path)
    return "\n".join(wrong.value.mistakes)


def test_a_client_id_and_its_secret_let_several_workspaces_install_over_http(tmp_path):
    settings = load(APP, tmp_path)
    assert settings.transport == "oauth"
    assert settings.secrets.oauth is not None
    assert settings.secrets.oauth.client_id == "111.222"
    assert settings.slack.oauth.scopes == ("chat:write", "commands")
    for shown in (repr(settings), str(settings), repr(settings.model_dump())):
        assert "canary" not in shown
        assert KEY not in shown


def test_without_them_nothing_changes(tmp_path):
    assert load({"HARK_ENCRYPTION_KEY": KEY}, tmp_path).transport == "none"
    alone = load({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, tmp_path)
    assert (alone.transport, alone.secrets.oauth, alone.workspace) == ("http", None, "default")


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("SLACK_CLIENT_ID", "SLACK_CLIENT_ID: missing beside the other one"),
        ("SLACK_CLIENT_SECRET", "SLACK_CLIENT_SECRET: missing beside the other one"),
        ("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET: missing beside SLACK_CLIENT_ID"),
        ("HARK_ENCRYPTION_KEY", "HARK_ENCRYPTION_KEY: is missing; make one with: openssl rand -base64 32"),
    ],
)
def test_what_is_missing_is_told_with_the_way_out(tmp_path, missing, says):
    said = told(tmp_path, {name: value for name, value in APP.items() if name != missing})
    assert says in said
    assert "SLACK_BOT_TOKEN" not in said


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-canary", "SLACK_BOT_TOKEN: not beside SLACK_CLIENT_ID"),
        ("SLACK_APP_TOKEN", "xapp-canary", "SLACK_APP_TOKEN: not beside SLACK_CLIENT_ID"),
        ("SLACK_CLIENT_ID", "xoxb-canary", "SLACK_CLIENT_ID: this is no client id"),
        ("HARK_ENCRYPTION_KEY", "canary", "HARK_ENCRYPTION_KEY: "),
        ("HARK_ENCRYPTION_KEY", f"{KEY},Y2FuYXJ5", "HARK_ENCRYPTION_KEY: key 2 of 2 has 6 bytes"),
    ],
)
def test_what_is_wrong_is_told_without_being_shown(tmp_path, name, value, says):
    said = told(tmp_path, {**APP, name: value})
    assert says in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('home = "my team"', "slack.oauth.home"),
        ('scopes = ["chat:write&scope=admin"]', "slack.oauth.scopes"),
        ("scopes = []", "slack.oauth.scopes"),
        ('redirect_url = "https://a.example/x?scope=admin"', "slack.oauth.redirect_url"),
    ],
)
def test_a_setting_that_slack_would_not_take_is_refused(tmp_path, line, says):
    assert says in told(tmp_path, APP, f"[slack.oauth]\n{line}\n")


def test_the_workspace_of_commands_comes_from_the_environment(tmp_path):
    assert load({"HARK_WORKSPACE": "T0ACME"}, tmp_path).workspace == "T0ACME"
    assert load({"HARK_WORKSPACE": ""}, tmp_path).workspace == "default"
    assert load(APP, tmp_path).secrets.oauth.encryption_key == SecretStr(KEY)
