"""Four weeks of real agent conversations through the command line: the worse model is named, and nothing before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from traces.clock import parse_time

ROOT = Path(__file__).parents[2]
REPLAY = ROOT.parent / "shared" / "data" / "replay.py"
SPAN = ("--from", "2026-09-07T00:00Z", "--to", "2026-10-05T00:00Z", "--every", "1h")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REPLAY.exists(), reason="the sample data (../shared/data/replay.py) is not there"),
]


def hark(directory, *arguments):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "PYTHONPATH": str(ROOT),
        "HARK_DATABASE_URL": f"sqlite:///{directory / 'hark.db'}",
    }
    command = [sys.executable, "-c", "from bot.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)


def replay(directory, *arguments):
    """The alerts of a replayed stream, and the truth about it."""
    made = subprocess.run([sys.executable, REPLAY, *arguments], capture_output=True, text=True, check=True)
    (directory / "stream.jsonl").write_text(made.stdout)
    truth = json.loads(made.stderr)
    told = hark(directory, "ingest", "stream.jsonl").stderr
    assert f"{truth['conversations']} new" in told
    hark(directory, "tick", *SPAN)
    return json.loads(hark(directory, "alerts", "--json").stdout), truth


def test_the_model_that_got_worse_is_named_and_nothing_before_it(tmp_path):
    alerts, truth = replay(tmp_path, "--seed", "7")
    changed = parse_time(truth["change_at"])
    assert [a for a in alerts if parse_time(a["detected_at"]) < changed] == []
    [alert] = [a for a in alerts if a["signal"] == truth["signal"]]
    assert alert["segment"] == truth["segment"]
    assert alert["direction"] == "down"
    assert (parse_time(alert["detected_at"]) - changed).total_seconds() < 48 * 3600


def test_a_stream_without_a_change_raises_nothing(tmp_path):
    alerts, _ = replay(tmp_path, "--seed", "7", "--no-change")
    assert alerts == []
