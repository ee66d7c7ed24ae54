"""While most of the time goes into receiving, evaluation and hiding step back, each for itself and never for long."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace

import pytest
from made import NOW
from pydantic import SecretStr

from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.duties import Duties
from traces.clock import FakeClock


class Counting:
    """A job that counts its passes."""

    def __init__(self) -> None:
        self.ran = 0

    def run(self, _now, _is_enough) -> None:
        self.ran += 1


@pytest.mark.parametrize("name", ["evaluate", "hide words"])
def test_while_receiving_takes_most_of_the_time_every_fifth_pass_is_made(tmp_path, name):
    settings = Settings(database=DatabaseSettings(url=SecretStr(f"sqlite:///{tmp_path / 'hark.db'}")))
    hark = build_hark(settings, FakeClock(NOW), {})
    with closing(hark.store):
        counting = {"evaluate": Counting(), "hide words": Counting()}
        jobs = replace(hark.jobs, evaluate=counting["evaluate"], hide=counting["hide words"])
        pressed = threading.Event()
        duties = {d.name: d for d in Duties(jobs, FakeClock(NOW), threading.Event(), pressed.is_set)}
        pressed.set()
        for _ in range(10):
            duties[name].run()
        assert counting.pop(name).ran == 2
        assert [other.ran for other in counting.values()] == [0]
        [other] = counting
        duties[other].run()
        pressed.clear()
        duties[other].run()
        assert counting[other].ran == 1
