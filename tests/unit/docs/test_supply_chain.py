"""What runs is what the lock files name, and nothing runs by itself when Python starts."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
KNOWN_PTH = re.compile(r"distutils-precedence\.pth|__editable__\.hark-[\d.]+\.pth|_?virtualenv\.pth")
"""setuptools' own, the editable Hark, and what virtualenv puts into every environment that it makes."""


def unknown_in(folder: Path) -> set[str]:
    """The files in it that Python runs at every start, and that nobody has looked at."""
    found = {path.name for pattern in ("*.pth", "sitecustomize*", "usercustomize*") for path in folder.glob(pattern)}
    return {name for name in found if not KNOWN_PTH.fullmatch(name)}


def test_no_file_that_python_runs_at_every_start_is_there_but_those_that_are_known():
    """A `.pth` file may hold code, and one in a wheel runs without an import: that is how litellm 1.82.7 stole credentials."""
    assert unknown_in(Path(sysconfig.get_path("purelib"))) == set()


def test_a_file_that_python_would_run_at_every_start_is_noticed(tmp_path):
    for name in ("litellm_init.pth", "sitecustomize.py", "distutils-precedence.pth"):
        (tmp_path / name).touch()
    assert unknown_in(tmp_path) == {"litellm_init.pth", "sitecustomize.py"}


@pytest.mark.parametrize("file", ["Makefile", "deploy/Dockerfile"])
def test_what_is_installed_is_held_to_the_digests(file):
    lines = [line for line in (ROOT / file).read_text().splitlines() if "install " in line and "-r " in line]
    assert lines
    assert [line for line in lines if "--require-hashes" not in line or "--no-deps" not in line] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_dependency_is_pinned_to_a_version_and_to_digests(lock):
    pinned = re.findall(
        r"^([a-z0-9][\w.\-]*)(\[.*?\])?==(\S+)(.*?)(?=^[a-z0-9]|\Z)", lock.read_text(), re.DOTALL | re.MULTILINE
    )
    named = re.findall(r"^[a-z0-9][^\s;]*", lock.read_text(), re.MULTILINE)
    assert len(pinned) == len(named) > 40
    assert [name for name, _, _, rest in pinned if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_lock_names_a_registry_or_a_release_that_was_tampered_with(lock):
    text = lock.read_text()
    assert not re.search(r"index-url|://", text)
    assert not re.search(r"^litellm==1\.82\.[78]\b", text, re.MULTILINE)


def test_starting_hark_imports_neither_litellm_nor_an_http_client_of_a_vendor():
    """The import of litellm takes seconds and looks prices up; only a judge that is asked may cost that."""
    program = (
        "import sys, bot.cli.main, bot.app; "
        "print(sorted(n for n in ('litellm', 'openai', 'anthropic', 'huggingface_hub') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_importing_hark_asks_nobody_over_the_network():
    program = (
        "import socket\n"
        "def refuse(*_, **__): raise SystemExit('asked the network')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "import bot.cli.main, bot.app, bot.demo.stage, evaluators.judge.litellm_model\n"
        "print('quiet')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.returncode) == ("quiet", 0)
