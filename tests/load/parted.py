"""Parts replicas of ``hark run`` from their PostgreSQL while they are at work, and counts what was lost.

Two of each role. PostgreSQL is killed and started again, at once and after a minute; one replica of each role, the one
that holds the leases, is parted from it for 10, 40 and 180 seconds, without a word on either side; and a standby takes the
place of a server that is gone without a word. Meanwhile clients send, reviewers click and alerts are raised.

Usage: python tests/load/parted.py [--trials killed,away,parted,failover] [--seconds 10,40,180] [--seed 1]

Ends with 1 when anything was lost, doubled, answered with 500 or not at all, or was not whole again in time.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS), str(_TESTS / "slack"), str(_TESTS / "crash")]

from crash_slack import CruelSlack
from crash_world import Plan, World, environment, write_settings
from parted_proxy import Network
from parted_server import Server
from parted_watch import WAIT_S, Watch, bad_until
from replicas_count import ReplicaCount, count, drain
from replicas_database import connections, new_database
from replicas_fleet import Fleet, names_of

from bot.duties import DELIVER, DETECT
from bot.keys import make_key, pepper_of
from bot.slack.blocks.errors import PROBLEM_MARK
from traces.clock import SystemClock
from traces.store import Store, open_store

ROLES = ("ingest", "ingest", "work", "work", "slack", "slack")
PLAN = Plan(scenarios=40, cards=200, rate=10.0, doubt_s=6.0)
WHOLE_S = 15.0
"""So long after the database is back, at most, everything is as it was."""
_PEPPER = {"HARK_KEY_PEPPER": "a pepper for the keys of a test, no secret"}
_BEFORE_S, _AFTER_S = 5.0, 25.0
_FAULT = 500
_LONG_S = 20.0
_KEPT_S = 90.0


@dataclass
class Trial:
    """What one fault did. Seconds are counted from its end."""

    name: str
    lasted_s: float = 0.0
    whole_s: dict[str, float] = field(default_factory=dict)
    """By replica, until ``/readyz`` was good for good, and until what was sent to it was taken."""
    leases_s: float = 0.0
    """Until every lease stood again."""
    taken_over_s: dict[str, float | None] = field(default_factory=dict)
    """By replica that was parted, from the beginning until others had its leases."""
    refused_s: float = 0.0
    """From the first to the last answer of a receiving replica that told its client to come again."""
    longest_s: float = 0.0
    unanswered: int = 0
    faults: int = 0
    lied_s: dict[str, float] = field(default_factory=dict)
    """By replica that was parted, for how long it went on saying that it was ready."""

    @property
    def wrong(self) -> dict[str, object]:
        late = {name: round(s, 1) for name, s in self.whole_s.items() if s > WHOLE_S}
        found: dict[str, object] = {"unanswered": self.unanswered, "faults": self.faults, "late": late}
        found["kept by who was parted"] = [one for one, s in self.taken_over_s.items() if s is None or s > _KEPT_S]
        found["leases"] = self.leases_s if self.leases_s > WHOLE_S else 0
        return {name: value for name, value in found.items() if value}

    def __str__(self) -> str:
        whole = ", ".join(f"{name} {s:.1f} s" for name, s in self.whole_s.items())
        line = (
            f"{self.name} ({self.lasted_s:.1f} s): whole again after {whole}; all leases after {self.leases_s:.1f} s; "
            f"receivers answered 503 for {self.refused_s:.1f} s, each answer within {self.longest_s:.1f} s, "
            f"{self.unanswered} never, {self.faults} with 500"
        )
        if self.taken_over_s:
            line += "; taken over after " + ", ".join(f"{s} s ({name})" for name, s in self.taken_over_s.items())
        if self.lied_s:
            line += "; still called ready for " + ", ".join(f"{s:.1f} s ({name})" for name, s in self.lied_s.items())
        return f"{line}\n  WRONG: {self.wrong}" if self.wrong else line


class House:
    """A fleet at work, each replica with a way of its own to the server."""

    def __init__(self, stack: ExitStack, seed: int, plan: Plan = PLAN, roles: Sequence[str] = ROLES) -> None:
        self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.server = stack.enter_context(Server(self.directory / "first")).begin()
        self.database = f"parted_{seed}"
        new_database(self.server.address("postgres"), self.database)
        write_settings(self.directory, plan)
        names = names_of(roles)
        self.network = stack.enter_context(Network(names, self.server.path))
        self.slack = stack.enter_context(CruelSlack(seed))
        own = {
            name: {"HARK_DATABASE_URL": f"postgresql://postgres:@127.0.0.1:{port}/{self.database}"}
            for name, port in self.network.ports.items()
        }
        shared = environment(self.slack, "") | _PEPPER
        self.fleet = stack.enter_context(Fleet(self.directory, shared, roles, own))
        store = self.open()
        _, key = make_key(store, pepper_of(_PEPPER, ""), SystemClock().now(), name="watch")
        store.close()
        self.fleet.begin()
        ports = {name: replica.port for name, replica in self.fleet.replicas.items()}
        senders = [replica.name for replica in self.fleet.of("ingest")]
        self.watch = stack.enter_context(Watch(ports, senders, self.open, {"Authorization": f"Bearer {key}"}))
        self._stack = stack
        self.world = World(self._port_of_some, self.slack, seed, plan)
        self._await(self._is_whole)

    @property
    def address(self) -> str:
        """The database, as whoever has no partition before it sees it."""
        return self.server.address(self.database)

    def open(self) -> Store:
        return open_store(self.address)

    def _port_of_some(self, path: str) -> int:
        return random.choice(self.fleet.of("slack" if path.startswith("/slack") else "ingest")).port

    def _is_whole(self) -> bool:
        leases = self.watch.held[-1].leases if self.watch.held else None
        seen = self.watch.by_name.values()
        return {DELIVER, DETECT} <= set(leases or ()) and all(w.ready and w.ready[-1].status == 200 for w in seen)

    @staticmethod
    def _await(is_so: Callable[[], bool], within_s: float = 120.0) -> None:
        until = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < until, "it never came to be"
            time.sleep(0.1)

    def in_charge(self) -> list[str]:
        """One replica of each role: of two, who holds the leases."""
        pids = {str(replica.process.pid): name for name, replica in self.fleet.replicas.items()}
        leases = self.watch.held[-1].leases
        return ["ingest-1", *(pids[leases[duty].holder.split(":")[1]] for duty in (DETECT, DELIVER))]

    def follow(self) -> Server:
        return self._stack.enter_context(self.server.followed_by(self.directory / "second"))


def tried(house: House, name: str, fault: Callable[[], None], parted: Sequence[str] = ()) -> Trial:
    """Let a fault happen, which returns once it is over, and see what it did."""
    time.sleep(_BEFORE_S)
    held = {one: _held_by(house, one) for one in parted}
    began = time.monotonic()
    fault()
    ended = time.monotonic()
    time.sleep(_AFTER_S)
    found = Trial(name, lasted_s=ended - began)
    for one, watched in house.watch.by_name.items():
        taken = [seen for seen in watched.taken if seen.at >= began]
        answers = taken + [seen for seen in watched.ready if seen.at >= began]
        found.whole_s[one] = bad_until(watched.ready + watched.taken, ended) - ended
        bad = [seen for seen in taken if seen.status != 200]
        if bad:
            found.refused_s = max(found.refused_s, bad[-1].at + bad[-1].took_s - bad[0].at)
        found.longest_s = max([found.longest_s, *(seen.took_s for seen in answers)])
        found.unanswered += sum(seen.status == 0 for seen in answers)
        found.faults += sum(seen.status == _FAULT for seen in answers)
        if one in parted:
            well = [s.at + s.took_s for s in watched.ready if s.at >= began and s.status == 200]
            found.lied_s[one] = max([0.0, *(at - began for at in well if at < ended)])
    every = max((set(h.leases) for h in house.watch.held if h.leases and h.at < began), key=len)
    found.leases_s = max(
        [0.0, *(h.at - ended for h in house.watch.held if h.at >= ended and not every <= set(h.leases or ()))]
    )
    taken_over = {one: _taken_over(house, one, held[one], began) for one in parted if held[one]}
    # Who is back before its time is over may have kept what it had.
    is_long = found.lasted_s > _LONG_S
    found.taken_over_s = {one: s for one, s in taken_over.items() if s is not None or is_long}
    return found


def _mark(house: House, name: str) -> str:
    return f":{house.fleet.replicas[name].process.pid}:"


def _held_by(house: House, name: str) -> set[str]:
    leases = house.watch.held[-1].leases or {}
    return {lease.name for lease in leases.values() if _mark(house, name) in lease.holder}


def _taken_over(house: House, name: str, held: set[str], began: float) -> float | None:
    for seen in house.watch.held:
        others = {lease.name for lease in (seen.leases or {}).values() if _mark(house, name) not in lease.holder}
        if seen.at >= began and held <= others:
            return round(seen.at - began, 1)
    return None


# --- faults ---


def killed(house: House, away_s: float) -> None:
    house.server.kill()
    time.sleep(away_s)
    house.server.start()


def parted(house: House, names: Sequence[str], seconds: float) -> None:
    house.network.become("swallow", *names)
    time.sleep(seconds)
    house.network.become("pass", *names)


def failed_over(house: House, standby: Server) -> None:
    house.network.become("swallow")
    house.server.kill()
    standby.promote()
    house.server = standby
    house.watch.move()
    house.network.move(standby.path)


def trials(house: House, chosen: Sequence[str], seconds: Sequence[float]) -> list[Trial]:
    """Each fault in turn."""
    found = []
    if "killed" in chosen:
        found.append(tried(house, "PostgreSQL killed", partial(killed, house, 0.0)))
        print(found[-1], flush=True)
    if "away" in chosen:
        found.append(tried(house, "PostgreSQL away", partial(killed, house, 60.0)))
        print(found[-1], flush=True)
    for lasts_s in seconds if "parted" in chosen else ():
        names = house.in_charge()
        fault = partial(parted, house, names, lasts_s)
        found.append(tried(house, f"parted: {', '.join(names)}", fault, names))
        print(found[-1], flush=True)
    if "failover" in chosen:
        standby = house.follow()
        found.append(tried(house, "failed over", partial(failed_over, house, standby)))
        print(found[-1], flush=True)
    return found


def refused_clicks(house: House) -> list[tuple[str, str]]:
    """The clicks of people who were told to click again."""
    answers, asked = house.slack.answers, house.world.told.asked
    return [one for one, key in asked.items() if any(said["text"].startswith(PROBLEM_MARK) for said in answers[key])]


def run(
    chosen: Sequence[str], seconds: Sequence[float], seed: int, logs: Path | None = None
) -> tuple[list[Trial], ReplicaCount]:
    """Each fault in turn, and what is there after all of them."""
    with ExitStack() as stack:
        house = House(stack, seed)
        found = trials(house, chosen, seconds)
        house.world.close()
        house.watch.__exit__()
        house.world.told.conversations |= house.watch.words
        began = time.monotonic()
        drain(house.fleet, house.address)
        print(f"  {time.monotonic() - began:.0f} s until nothing waited")
        refused = refused_clicks(house)
        for click in refused:
            del house.world.told.clicks[click]
        print(f"  {len(refused)} clicks were answered by a word that they did nothing; {connections(house.address)}")
        counted = count(house.fleet, house.slack, house.world.told, house.address)
        for line in sorted(set(house.fleet.tracebacks()))[:5]:
            print(f"  traceback: {line[:200]}")
        for name, replica in house.fleet.replicas.items() if logs is not None else ():
            shutil.copy(replica.log, logs / f"{name}.log")
        longest_s = max(house.world.told.waits_s)
        print(f"  somebody insisted for {longest_s:.1f} s; each answer was waited for {WAIT_S:.0f} s")
        return found, counted


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", default="killed,away,parted,failover")
    parser.add_argument("--seconds", default="10,40,180")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="A directory for what the replicas said.")
    asked = parser.parse_args()
    found, counted = run(asked.trials.split(","), [float(s) for s in asked.seconds.split(",")], asked.seed, asked.logs)
    print(f"seed {asked.seed}: " + ", ".join(f"{name} {value}" for name, value in asdict(counted).items()))
    is_well = not counted.wrong and not any(trial.wrong for trial in found)
    print("nothing lost, nothing doubled, whole again in time" if is_well else f"WRONG: {counted.wrong}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
