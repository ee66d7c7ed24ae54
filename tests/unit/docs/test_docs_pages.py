"""The pages that are drawn from the code say what the code says, and leave nothing out."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.config.settings import ENVIRONMENT, FileSettings, load
from bot.docs.__main__ import docs
from bot.docs.commands import commands, commands_page
from bot.docs.configuration import example_file, parts
from bot.docs.markdown import table, toml
from bot.docs.pages import pages
from bot.slack.blocks.help import EXAMPLES
from bot.slack.grammar import COMMANDS, parse

ROOT = Path(__file__).parents[3]
ALL_COMMANDS = dict(commands())
SEGMENT_KEYS = FileSettings().segments.keys
SIGNALS = ("refusal", "latency", "cost", "volume")


@pytest.mark.parametrize("name", pages())
def test_every_drawn_page_is_up_to_date(name):
    assert (ROOT / name).read_text(encoding="utf-8") == pages()[name], "run `make docs` and commit what it writes"


def test_a_page_that_is_missing_or_old_is_named_and_mended(tmp_path):
    def run(*options):
        return CliRunner().invoke(docs, ["--root", str(tmp_path), *options])

    assert run("--check").exit_code == 1
    assert "docs/signals.md" in run("--check").stderr
    assert run().exit_code == 0
    assert run("--check").exit_code == 0
    (tmp_path / "docs/signals.md").write_text("old", encoding="utf-8")
    assert run("--check").stderr.splitlines() == ["out of date: docs/signals.md"]


# --- commands ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL_COMMANDS)
def test_every_command_says_what_it_does(path):
    assert ALL_COMMANDS[path].help, f"{path} has no docstring"


@pytest.mark.parametrize("path", [p for p, c in ALL_COMMANDS.items() if not isinstance(c, click.Group)])
def test_every_command_shows_an_example_that_begins_with_its_own_name(path):
    found = re.search(r"Example: (.+)", ALL_COMMANDS[path].help or "")
    assert found is not None, f"{path} has no example"
    assert found[1].startswith(path)


@pytest.mark.parametrize("path", ALL_COMMANDS)
def test_every_option_has_a_help_text_that_ends_as_a_sentence(path):
    for parameter in ALL_COMMANDS[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts[0]}"
            assert parameter.help[-1] in ".…", f"{path} {parameter.opts[0]}"


def test_the_page_on_commands_has_every_command():
    headings = re.findall(r"^### `(.+)`$", commands_page(), re.MULTILINE)
    assert headings == list(ALL_COMMANDS)


@pytest.mark.parametrize("example", [example for example, _ in EXAMPLES])
def test_every_example_of_the_help_in_slack_is_understood(example):
    assert parse(example, signals=SIGNALS, segment_keys=SEGMENT_KEYS)


def test_the_help_in_slack_has_an_example_of_every_subcommand():
    assert {example.split()[0] for example, _ in EXAMPLES} == set(COMMANDS)


# --- settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.heading)
def test_every_setting_says_what_it_means(part):
    assert part.about
    for name, field in part.model.model_fields.items():
        is_section = any(other.heading.strip("[]").split(".")[-1] == name for other in parts())
        assert is_section or name == "signals" or field.description, f"{part.heading} {name}"


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


def test_the_example_file_is_valid_as_it_stands_and_changes_nothing(tmp_path):
    (tmp_path / "hark.toml").write_text(example_file(), encoding="utf-8")
    settings = load({}, tmp_path)
    assert {name: getattr(settings, name) for name in FileSettings.model_fields} == dict(FileSettings())


def test_the_example_file_is_valid_without_its_comment_signs(tmp_path):
    (tmp_path / "hark.toml").write_text(uncommented(example_file()), encoding="utf-8")
    settings = load({}, tmp_path)
    assert settings.judges[0].script
    assert settings.sources[0].kind == "phoenix"


def test_what_is_commented_out_in_the_example_file_is_the_default():
    written = tomllib.loads(uncommented(example_file()))
    defaults = FileSettings().model_dump(mode="json")
    assert written["evaluators"].pop("options") == {"refusal": {}}
    assert defaults["evaluators"].pop("options") == {}
    assert (written["conversations"].pop("quiet_minutes"), defaults["conversations"].pop("quiet_minutes")) == (
        5.0,
        None,
    )
    for section in ("server", "slack", "roles", "conversations", "segments", "evaluators", "detect", "review"):
        assert written[section] == defaults[section]


def attributes_read() -> set[str]:
    """Every attribute that the code of ``bot`` reads, but for where settings are declared and drawn."""
    read: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if path.relative_to(ROOT).parts[:2] != ("bot", "docs"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            read |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return read


def test_every_setting_is_read_by_something():
    read = attributes_read()
    unread = [f"{p.heading} {name}" for p in parts() for name in p.model.model_fields if name not in read]
    assert unread == []


def test_every_environment_variable_that_is_read_is_told_and_the_other_way_round():
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    # Playground code speaks of Slack's variables too: those of the code are written in quotes.
    read = {name for text in texts for name in re.findall(r"\"((?:HARK|SLACK)_[A-Z_]+)\"", text)}
    assert read == set(ENVIRONMENT)


# --- the pieces --------------------------------------------------------------------------------------------


def test_what_would_break_a_table_is_escaped():
    assert table(["A"], [["one | two\nthree"]]) == "| A |\n| --- |\n| one \\| two three |\n"


@pytest.mark.parametrize("value", ["#llm-alerts", 'say "no"', True, 8787, 1.5, ("a", "b"), ()])
def test_a_value_reads_back_from_toml_as_it_was(value):
    read = tomllib.loads(f"key = {toml(value)}")["key"]
    assert (tuple(read) if isinstance(value, tuple) else read) == value
