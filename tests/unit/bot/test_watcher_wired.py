"""`hark run` watches itself for every fault that there is a check for, and beats where it is told to."""

from __future__ import annotations

from contextlib import closing

from made import NOW
from pydantic import SecretStr

from alerts.health.faults import CHECKS
from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from traces.clock import FakeClock


def built_in(folder, **more):
    settings = Settings(database=DatabaseSettings(url=SecretStr(f"sqlite:///{folder / 'hark.db'}")), **more)
    return build_hark(settings, FakeClock(NOW), {})


def test_every_fault_is_looked_for_and_the_disk_as_well(tmp_path):
    built = built_in(tmp_path)
    with closing(built.store):
        checks = built.jobs.detect._checks
        assert set(CHECKS) <= set(checks)
        assert [check.__module__ for check in checks if check not in CHECKS] == ["bot.disk"]


def test_the_heartbeat_is_there_where_an_address_is_given_and_only_there(tmp_path):
    (tmp_path / "other").mkdir()
    with_one = built_in(tmp_path, heartbeat_url=SecretStr("https://uptime.example/ping/1"))
    without = built_in(tmp_path / "other")
    with closing(with_one.store), closing(without.store):
        assert with_one.jobs.heartbeat is not None
        assert without.jobs.heartbeat is None
