"""What the written pages name exists, and what they show works."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot.config.settings import load
from bot.http.receiver import Receiver
from traces.conversation_format import parse_conversation, parse_label_line
from traces.errors import HarkError

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text_of(page), re.DOTALL | re.MULTILINE)


@EVERY
def test_every_module_and_directory_that_a_page_names_exists(page):
    named = re.findall(r"`((?:traces|evaluators|alerts|bot|tests|benchmarks)/[\w/]*(?:\.\w+)?)`", text_of(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


@EVERY
def test_every_function_that_a_page_says_to_be_in_a_module_is_there(page):
    for name, module in re.findall(r"`([\w.]+)`\s+(?:in|of)\s+`([\w/]+\.py)`", text_of(page)):
        tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)} | {
            ast.unparse(t) for node in tree.body if isinstance(node, ast.Assign) for t in node.targets
        }
        defined |= {ast.unparse(node.target) for node in tree.body if isinstance(node, ast.AnnAssign)}
        assert set(name.split(".")) <= defined, f"{name} in {module}"


@EVERY
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page):
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(page))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_the_conversation_in_the_readme_is_taken():
    sent = [
        word
        for block in blocks(ROOT / "README.md", "sh")
        if "/v1/conversations" in block
        for word in shlex.split(block)
        if word.strip().startswith("{")
    ]
    assert len(sent) == 1
    assert parse_conversation(json.loads(sent[0]), received_at=NOW).messages


def test_the_json_in_the_page_on_ingest_is_taken():
    conversation, label = blocks(ROOT / "docs/ingest.md", "json")
    assert parse_conversation(json.loads(conversation), received_at=NOW).labels
    assert parse_label_line(json.loads(label)).reviewer == "ann"


@EVERY
def test_the_settings_that_a_page_shows_are_valid(page, tmp_path):
    for block in blocks(page, "toml"):
        assert tomllib.loads(block)
        (tmp_path / "hark.toml").write_text(block, encoding="utf-8")
        load({}, tmp_path)


@EVERY
def test_the_targets_of_make_that_a_page_names_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^)make (\w+)", text_of(page), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_page_on_slack_explains_every_scope_of_the_manifest():
    scopes = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))["oauth_config"]["scopes"]
    page = text_of(ROOT / "docs/slack.md")
    assert [s for group in scopes.values() for s in group if f"`{s}`" not in page] == []


def test_every_address_that_is_listened_to_is_told_of():
    told = "".join(text_of(page) for page in PAGES)
    listened = [route.path for route in Receiver(None, None, None).app().routes]
    assert listened
    assert [path for path in listened if f"`{path}`" not in told and f"`GET {path}`" not in told] == []


def test_every_decision_is_listed_in_the_architecture():
    page = text_of(ROOT / "docs/architecture.md")
    assert [p.name for p in (ROOT / "docs/design").glob("*.md") if f"design/{p.name}" not in page] == []


def test_every_page_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen:
            continue
        seen.add(page)
        waiting += [
            page.parent / link for link in re.findall(r"\]\(([^)#\s]+\.md)", text_of(page)) if "://" not in link
        ]
    assert [p.name for p in PAGES if p.resolve() not in seen] == []


def test_the_error_tree_is_drawn_as_it_is():
    module = ast.parse((ROOT / "traces/errors.py").read_text(encoding="utf-8"))
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (ast.get_docstring(module) or "").splitlines():
        if found := re.match(r"^([│ ]*(?:[├└]── )?)([A-Z]\w+)(?:\s{2,}|$)", line):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else "Exception"
    from traces import errors

    real = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, HarkError)
    }
    assert drawn == real


def test_the_licence_is_the_one_that_the_project_names():
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_the_changelog_has_a_place_for_what_is_not_yet_released():
    assert "## [Unreleased]" in text_of(ROOT / "CHANGELOG.md")
