"""The Slack app that the manifest describes is the one that the code is: no more rights, no fewer surfaces."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk import WebClient

from bot.slack.grammar import COMMANDS
from bot.slack.listening.surfaces import ACTIONS, Services, listening_to

ROOT = Path(__file__).parents[3]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
GOLDEN = sorted((ROOT / "tests/unit/bot/golden").rglob("*.json"))

REQUIRED = {"chat_postMessage": {"chat:write"}, "chat_update": {"chat:write"}}
"""Scopes without which Hark cannot do its work, by the Web API method that asks for them (docs.slack.dev/reference/methods)."""
HISTORY = {"channels:history", "groups:history"}
OPTIONAL = {"conversations_history": HISTORY, "conversations_replies": HISTORY, "files_upload_v2": {"files:write"}}
WITHOUT = {"auth_test", "chat_getPermalink", "views_open", "views_publish", "views_push", "views_update"}


class Recorder:
    """An app that only notes what is listened to."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Any]] = {}

    def __getattr__(self, surface: str) -> Any:
        def listen(name: Any, *_: Any, **__: Any) -> Any:
            self.heard.setdefault(surface, []).append(name)
            return lambda listener: listener

        return listen


@pytest.fixture(scope="module")
def heard() -> dict[str, list[Any]]:
    recorder = Recorder()
    for surface in listening_to(Recorder(), Services(**dict.fromkeys(Services.__slots__))):
        surface.register(recorder)
    return recorder.heard


def test_every_command_that_is_listened_to_is_in_the_manifest_and_no_other(heard):
    assert sorted(heard.get("command", [])) == sorted(c["command"] for c in MANIFEST["features"]["slash_commands"])


def test_every_shortcut_that_is_listened_to_is_in_the_manifest_and_no_other(heard):
    shortcuts = MANIFEST["features"].get("shortcuts", [])
    listened = [*heard.get("shortcut", []), *heard.get("global_shortcut", []), *heard.get("message_shortcut", [])]
    assert sorted(s["callback_id"] for s in shortcuts) == sorted(listened)


def test_every_event_that_is_listened_to_is_in_the_manifest_and_no_other(heard):
    events = MANIFEST["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert sorted(events) == sorted([*heard.get("event", []), *(["message"] if "message" in heard else [])])


def test_interactivity_is_on_because_there_are_buttons_and_windows(heard):
    assert heard["action"]
    assert heard["view"]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_nothing_else_is_listened_to_than_what_these_tests_compare(heard):
    assert set(heard) <= {"action", "view", "command", "shortcut", "global_shortcut", "message_shortcut", "event"}


def test_the_actions_that_are_told_of_are_those_that_are_listened_to(heard):
    assert sorted(heard["action"]) == sorted(ACTIONS)


def pressable(node: Any) -> Iterator[str]:
    """The action ids of what can be pressed outside of inputs."""
    if isinstance(node, list):
        for item in node:
            yield from pressable(item)
    elif isinstance(node, dict) and node.get("type") != "input":
        if "action_id" in node and "url" not in node:
            yield node["action_id"]
        for value in node.values():
            yield from pressable(value)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_button_that_is_drawn_is_listened_to(path, heard):
    assert set(pressable(json.loads(path.read_text(encoding="utf-8")))) <= set(heard["action"])


# --- scopes ------------------------------------------------------------------------------------------------


def called_methods() -> set[str]:
    """The Web API methods that the code calls on a client; the playground is a double of Slack, not a client."""
    called: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if "playground" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("client") and "_" in node.attr:
                called |= {node.attr} & set(dir(WebClient))
    return called


def test_every_web_api_method_that_is_called_is_known_here_with_the_scopes_that_it_takes():
    assert called_methods() <= {*REQUIRED, *OPTIONAL, *WITHOUT}


def test_the_bot_asks_for_the_scopes_that_its_calls_take_and_no_other():
    needed = {scope for method in called_methods() for scope in REQUIRED.get(method, ())}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == {*needed, "commands"}


def test_the_scopes_that_it_can_do_without_are_optional():
    wanted = {scope for method in called_methods() for scope in OPTIONAL.get(method, ())}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot_optional"]) == wanted


def test_it_asks_for_nothing_in_the_name_of_users():
    assert set(MANIFEST["oauth_config"]["scopes"]) == {"bot", "bot_optional"}


# --- form --------------------------------------------------------------------------------------------------


def test_socket_mode_is_the_default_and_no_address_is_written_down():
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in json.dumps(MANIFEST)


def test_the_manifest_keeps_to_the_form_that_slack_takes():
    """Keys and lengths are those of the JSON schema in slackapi/manifest-schema."""
    assert set(MANIFEST) == {"display_information", "features", "oauth_config", "settings"}
    display, command = MANIFEST["display_information"], MANIFEST["features"]["slash_commands"][0]
    assert 1 <= len(display["name"]) <= 35
    assert 1 <= len(display["description"]) <= 140
    assert set(display) <= {"name", "description", "background_color", "long_description"}
    assert 1 <= len(MANIFEST["features"]["bot_user"]["display_name"]) <= 80
    assert command["command"].startswith("/")
    assert len(command["command"]) <= 32
    assert len(command["usage_hint"]) <= 1_000
    assert set(command) <= {"command", "description", "usage_hint", "should_escape"}
    for shortcut in MANIFEST["features"]["shortcuts"]:
        assert set(shortcut) == {"name", "type", "callback_id", "description"}
        assert shortcut["type"] in {"message", "global"}
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    assert set(MANIFEST["settings"]) <= {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    }


def test_the_hint_of_the_command_names_every_subcommand():
    hint = MANIFEST["features"]["slash_commands"][0]["usage_hint"].split()
    assert set(COMMANDS) <= set(hint)
