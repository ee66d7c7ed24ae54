"""Kills replicas of ``hark run`` over one PostgreSQL, one after the other, while they are at work, and counts what was lost.

Two receive, two work and one posts to Slack. Each is killed in turn, as the kernel does, and started again some seconds
later; meanwhile clients send until they are answered and reviewers click until they are answered.

Usage: python tests/load/replicas.py [--rounds 2] [--seed 1]

Ends with 1 when anything was lost or doubled.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS), str(_TESTS / "slack"), str(_TESTS / "crash")]

from crash_slack import CruelSlack
from crash_world import Plan, World, environment, write_settings
from replicas_count import ReplicaCount, count, drain
from replicas_database import connections, new_database, serving_postgresql
from replicas_fleet import Fleet, rss_mb

from traces.store import open_store

ROLES = ("ingest", "ingest", "work", "work", "slack")
PLAN = Plan(scenarios=12, cards=60, rate=20.0, doubt_s=3.0)
_DOWN_S = 3.0
_LONGEST_S = 60.0
_UP_S = (3.0, 6.0)


def _port_of_some(fleet: Fleet, path: str) -> int:
    """Any replica that takes the path: who is not answered tries the other one."""
    return random.choice(fleet.of("slack" if path.startswith("/slack") else "ingest")).port


def killed_in_turn(server: str, rounds: int, seed: int, plan: Plan = PLAN) -> ReplicaCount:
    """What is there after every replica was killed ``rounds`` times."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        database = new_database(server, f"kill_{seed}")
        write_settings(directory, plan)
        with CruelSlack(seed) as slack, Fleet(directory, environment(slack, database), ROLES) as fleet:
            fleet.begin()
            world = World(partial(_port_of_some, fleet), slack, seed, plan)
            replaced_s: list[tuple[str, float]] = []
            for _ in range(rounds):
                for name in chance.sample(sorted(fleet.replicas), len(fleet.replicas)):
                    time.sleep(chance.uniform(*_UP_S))
                    replaced_s.append((name, _killed(fleet, database, name)))
            world.close()
            print(
                "  leases of who was killed were taken over after "
                + ", ".join(f"{s:.1f} s ({name})" for name, s in replaced_s if s)
            )
            began = time.monotonic()
            drain(fleet, database)
            print(f"  {time.monotonic() - began:.0f} s until nothing waited; connections {connections(database)}")
            print("  " + ", ".join(f"{name} {rss_mb(r):.0f} MB" for name, r in fleet.replicas.items()))
            found = count(fleet, slack, world.told, database)
            for line in sorted(set(fleet.tracebacks()))[:5]:
                print(f"  traceback: {line[:200]}")
            return found


def _killed(fleet: Fleet, database: str, name: str) -> float:
    """Kill a replica, and start it again somewhat later; the seconds until others held every lease that it had."""
    process = fleet.replicas[name].process
    assert process is not None
    store, mark, is_down = open_store(database), f":{process.pid}:", True
    with store.read() as tx:
        held = {lease.name for lease in tx.leases.every() if mark in lease.holder}
    fleet.kill(name)
    began = time.monotonic()
    replaced_s = 0.0 if not held else None
    while is_down or replaced_s is None:
        with store.read() as tx:
            others = {lease.name for lease in tx.leases.every() if mark not in lease.holder}
        passed_s = time.monotonic() - began
        if replaced_s is None and held <= others:
            replaced_s = passed_s
        if is_down and passed_s > _DOWN_S:
            fleet.start(name)
            is_down = False
        assert passed_s < _LONGEST_S, f"nobody does {held - others}"
        time.sleep(0.1)
    store.close()
    fleet.await_all(name)
    return replaced_s


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with serving_postgresql() as server:
        found = killed_in_turn(server, asked.rounds, asked.seed)
    print(f"seed {asked.seed}: " + ", ".join(f"{name} {value}" for name, value in asdict(found).items()))
    print("nothing lost, nothing doubled" if not found.wrong else f"WRONG: {found.wrong}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
