"""Of several Harks over one database, one does what there is one of; what it remembers is dropped when it changes hands."""

from __future__ import annotations

import threading
from dataclasses import replace

from made import NOW, ingest, talk
from pydantic import SecretStr
from replicas_waiting import awaiting, eventually

from alerts.watching.fold import Left
from bot.app import build_hark
from bot.config.settings import DatabaseSettings, Settings
from bot.duties import ALLOT, DETECT, Duties
from bot.replicas.roles import EVERY_ROLE
from bot.replicas.several import Several
from bot.schedule import Schedule
from traces.clock import FakeClock, SystemClock
from traces.store.fence import Fence


def hark_at(url, clock=None):
    settings = Settings(database=DatabaseSettings(url=SecretStr(url)), workspace="replicas")
    return build_hark(settings, clock or FakeClock(NOW), {})


class Turns:
    """Leases that are given and taken by hand."""

    def __init__(self) -> None:
        self.allotting = None
        self.tokens: dict[str, int] = {}

    def fence(self, name):
        token = self.tokens.get(name)
        return None if token is None else Fence(workspace_id="w", name=name, token=token)


class Counting:
    def __init__(self) -> None:
        self.ran = self.forgot = 0

    def go_on(self, _now, _is_enough) -> Left:
        return Left.NOTHING

    def keep(self) -> None:
        pass

    def run(self, _now, _is_enough) -> None:
        self.ran += 1

    def forget(self) -> None:
        self.forgot += 1


def test_a_duty_is_done_while_its_lease_is_held_and_begins_anew_when_it_comes_back(tmp_path):
    hark = hark_at(f"sqlite:///{tmp_path / 'hark.db'}")
    detect, turns = Counting(), Turns()
    schedule = Schedule(replace(hark.jobs, detect=detect), FakeClock(NOW), several=turns)
    [duty] = [d for d in schedule._duties if d.name == DETECT]
    seen = []
    for token in (None, 1, 1, None, 2, 2):
        turns.tokens = {} if token is None else {DETECT: token}
        schedule._run(duty)
        seen.append((detect.ran, detect.forgot))
    assert seen == [(0, 0), (1, 1), (2, 1), (2, 1), (3, 2), (4, 2)]
    hark.store.close()


def names(hark, *roles, several=False):
    duties = Duties(hark.jobs, FakeClock(NOW), threading.Event(), allotting=object() if several else None)
    return {duty.name for duty in duties if duty.role in roles}


def test_every_duty_is_that_of_one_role_and_receiving_has_none(tmp_path):
    hark = hark_at(f"sqlite:///{tmp_path / 'hark.db'}")
    work, slack = names(hark, "work"), names(hark, "slack")
    assert names(hark, "ingest") == set()
    assert {"evaluate", "judge", "detect", "calibrate", "train", "drift", "retain", "write back"} <= work
    assert not work & slack
    assert names(hark, *EVERY_ROLE) == work | slack
    several = names(hark, "work", several=True)
    assert several - work == {ALLOT}, "one hands out what all of them evaluate"
    assert work - several == {"evaluate", "judge"}
    hark.store.close()


def test_two_workers_evaluate_everything_once_and_when_one_stops_the_other_goes_on(postgresql_url):
    clock = SystemClock()
    harks = [hark_at(postgresql_url, clock) for _ in range(2)]
    several = [Several(h.store, h.jobs.evaluate, clock, 2, EVERY_ROLE) for h in harks]
    schedules = [Schedule(h.jobs, clock, several=s) for h, s in zip(harks, several, strict=True)]
    ingest(harks[0].store, *(talk(f"c-{n}") for n in range(30)))
    for schedule in schedules:
        schedule.start()
    assert eventually(lambda: awaiting(harks[0].store) == 0)
    schedules[0].stop()
    ingest(harks[0].store, *(talk(f"d-{n}") for n in range(30)))
    assert eventually(lambda: awaiting(harks[0].store) == 0)
    schedules[1].stop()
    with harks[0].store.read() as tx:
        assert tx.claims.count("evaluate") == 0
        assert tx.leases.every() == []
        facts = tx.rollups.facts_of([f"{kind}-{n}" for kind in "cd" for n in range(30)])
    assert len(facts) == 60
    for hark in harks:
        hark.store.close()
