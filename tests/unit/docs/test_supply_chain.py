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


def test_no_file_that_python_runs_at_every_start_is_there_but_those_that_are_known():
    """A `.pth` file may hold code, and one in a wheel runs without an import: that is how litellm 1.82.7 stole credentials."""
    found = {path.name for path in Path(sysconfig.get_path("purelib")).glob("*.pth")}
    assert {name for name in found if not KNOWN_PTH.fullmatch(name)} == set()


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
