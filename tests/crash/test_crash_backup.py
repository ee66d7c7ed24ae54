"""A backup that was made while conversations come in and alerts go out is whole, and goes on without saying things twice."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from crash_count import drain
from crash_process import HARK, Lives
from crash_slack import CruelSlack
from crash_world import Plan, World, environment, write_settings
from slack_house import eventually

from traces.store import open_store

PLAN = Plan(scenarios=2, cards=8, doubt_s=1.0)


@pytest.mark.slow
def test_a_backup_under_load_is_sound_and_what_it_does_not_know_to_be_posted_is_found_in_slack(tmp_path):
    live, copy = tmp_path / "hark.db", tmp_path / "copy.db"
    write_settings(tmp_path, PLAN)
    with CruelSlack(3, faulty=0) as slack, Lives(tmp_path, environment(slack, f"sqlite:///{live}")) as lives:
        lives.start()
        world = World(lambda _: lives.port, slack, 3, PLAN)
        eventually(lambda: len(slack.delivered()) > 3, 60)
        backup = subprocess.run(
            [sys.executable, "-c", HARK, "db", "backup", str(copy)],
            cwd=tmp_path, env=lives.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert backup.returncode == 0, backup.stderr
        told_then = len(world.told.conversations)
        world.close()
        lives.stop()
        posted_before = slack.delivered()
        _restore(copy, live)
        assert 0 < _count(live) <= len(world.told.conversations)
        assert _count(live) <= told_then + 8
        lives.start()
        drain(lives, f"sqlite:///{live}")
        again = {d for d, times in slack.delivered().items() if times > 1}
        assert again == set()
        assert set(posted_before) & set(slack.delivered()) == set(posted_before)


def _restore(copy, live) -> None:
    for suffix in ("-wal", "-shm"):
        live.with_name(live.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, live)


def _count(database) -> int:
    store = open_store(f"sqlite:///{database}")
    with store.read() as tx:
        found = tx.conversations.count()
        assert tx.audit.broken() is None
    store.close()
    return found
