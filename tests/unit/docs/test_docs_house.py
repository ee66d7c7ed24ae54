"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("alerts", "bot", "evaluators", "traces")
MOST_LINES = {"a file": 400, "a function": 60}
MOST_LINES_OF_TESTS = {"a file": 500, "a function": 80}
"""Tests hold tables and small worlds, which are long without being deep."""


@cache
def tracked() -> tuple[Path, ...]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout: which files are ours is not known")
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def ours(*suffixes: str) -> list[Path]:
    return [path for path in tracked() if path.suffix in suffixes and "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def most_lines(path: Path, what: str) -> int:
    is_test = path.relative_to(ROOT).parts[0] == "tests"
    return (MOST_LINES_OF_TESTS if is_test else MOST_LINES)[what]


def test_no_source_file_is_longer_than_400_lines():
    sizes = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in ours(".py", ".jsx", ".js", ".mjs")}
    assert {name_of(p): size for p, size in sizes.items() if size > most_lines(p, "a file")} == {}


def test_no_function_is_longer_than_60_lines():
    long = {}
    for path in ours(".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > most_lines(path, "a function"):
                    long[f"{name_of(path)}:{node.lineno} {node.name}"] = size
    assert long == {}


@pytest.mark.parametrize("word", ["manager", "helper", "util", "utils", "processor", "data", "info"])
def test_no_module_or_class_of_ours_has_a_name_that_says_nothing(word):
    for path in ours(".py"):
        if path.relative_to(ROOT).parts[0] not in PACKAGES:
            continue
        assert word not in path.stem.split("_"), name_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                assert word not in re.findall("[A-Z][a-z]*", node.name.title().replace("_", "")), node.name
                assert not node.name.lower().endswith(("manager", "helper", "processor")), node.name


def test_every_broad_except_says_why_it_must_be():
    for path in ours(".py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"except\s*(?:\(?(?:Base)?Exception\b|:)", line):
                assert re.search(r"# noqa: BLE001(?:, RUF100)? - \w+", line), f"{name_of(path)}:{number}"


def test_no_layer_imports_one_above_it():
    # In a process of its own: it switches off every logger that there is.
    program = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


# --- what must not be committed ----------------------------------------------------------------------------

FOREIGN = {
    "a path of some machine": re.compile(r"/(?:root|work|home/\w+|Users/\w+)/(?!\w*\*)[\w.]+"),
    "the address of a package registry": re.compile(
        r"|".join(re.escape(f"{host}.{domain}") for host, domain in (
            ("pypi", "org"), ("files.pythonhosted", "org"), ("registry.npmjs", "org"), ("registry.yarnpkg", "com"),
            ("proxy.golang", "org"),
        ))
    ),
    "a package index": re.compile("--(?:extra-)?" + "index-url"),
}  # fmt: skip


@pytest.mark.parametrize("what", FOREIGN)
def test_no_committed_file_holds(what):
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {match[0]}" for match in FOREIGN[what].finditer(text)]
    assert found == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_python_package_has_hashes(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    pinned = re.split(r"\n(?=[a-zA-Z0-9])", text)
    assert len(pinned) > 10
    assert [p.split()[0] for p in pinned if "==" not in p.split()[0] or "--hash=sha256:" not in p] == []


def test_what_runs_is_locked_at_the_same_versions_for_users_and_developers():
    def versions(lock: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.\[\]-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert versions("requirements.lock").items() <= versions("requirements-dev.lock").items()


def test_every_locked_package_of_the_page_has_a_hash_and_no_address():
    lock = json.loads((ROOT / "bot/playground/web/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, p in packages.items() if "resolved" in p] == []
    assert [name for name, p in packages.items() if not p.get("integrity", "").startswith("sha512-")] == []


# --- what everybody starts with ----------------------------------------------------------------------------


def test_the_check_before_a_change_is_a_program_that_runs_lint_and_tests():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make lint", "make test"]
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_starting_the_command_line_loads_neither_models_nor_a_web_page():
    loaded = subprocess.run(
        [sys.executable, "-c", "import bot.cli, sys; print(*{name.partition('.')[0] for name in sys.modules})"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert {"litellm", "playwright", "pytest", "openai"}.isdisjoint(loaded)
