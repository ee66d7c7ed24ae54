"""When the jobs run: once as of a time, or in a running process that no single job can stop."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from made import HOUR, MINUTE, NOW, ingest, talk
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.schedule import Schedule, moments
from traces.clock import FakeClock


def hark_at(path):
    return build_hark(Settings(database=DatabaseSettings(url=SecretStr(f"sqlite:///{path}"))), FakeClock(NOW), {})


def test_the_times_of_a_span_include_both_ends():
    assert list(moments(NOW, NOW + 3 * HOUR, HOUR)) == [NOW + n * HOUR for n in range(4)]
    assert list(moments(NOW, NOW, HOUR)) == [NOW]
    assert list(moments(NOW, NOW + HOUR, 40 * MINUTE)) == [NOW, NOW + 40 * MINUTE]


def test_one_tick_does_everything_that_is_due_and_the_next_one_nothing(tmp_path):
    hark = hark_at(tmp_path / "hark.db")
    ingest(hark.store, talk("c-1", labels=[{"name": "refusal", "value": 0, "reviewer": "ann"}]))
    first, second = hark.jobs.tick(NOW + HOUR), hark.jobs.tick(NOW + HOUR)
    assert (first.evaluated, first.calibrated, first.opened) == (1, 1, 0)
    assert (second.evaluated, second.calibrated) == (0, 0)
    hark.jobs.close()
    hark.store.close()


class Breaks:
    """A job that fails the first time and is told when it is tried again."""

    def __init__(self) -> None:
        self.tried = 0
        self.again = threading.Event()

    def run(self, _now) -> None:
        self.tried += 1
        if self.tried > 1:
            self.again.set()
        raise RuntimeError("a bug")


def test_a_job_that_fails_is_tried_again_and_the_others_go_on(tmp_path):
    hark = hark_at(tmp_path / "hark.db")
    broken = Breaks()
    ingest(hark.store, talk("c-1", ended_at=NOW.isoformat(), messages=[]))
    schedule = Schedule(replace(hark.jobs, calibrate=broken), FakeClock(NOW + HOUR))
    schedule.start()
    assert broken.again.wait(20)
    for _ in range(200):
        with hark.store.read() as tx:
            awaiting = tx.conversations.awaiting()
        if not awaiting:
            break
        time.sleep(0.05)
    schedule.stop()
    assert awaiting == 0
    hark.store.close()
