"""Kills ``hark run`` at random moments and at each named step, and counts what was lost or doubled.

Usage: python tests/crash/kill.py [--kills 200] [--seeds 1 2 3] [--steps 2]

Prints a line for each seed, and one for the named steps; ends with 1 when anything went wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "slack")]

from crash_count import Count, count, drain
from crash_process import Lives
from crash_slack import CruelSlack
from crash_world import Plan, World, environment, write_settings

from traces.crash_points import POINTS

_SHORT_S, _LONG_S, _LONG = (0.2, 2.4), 7.0, 0.1
_AT_MOST_S = 30.0
_PLAN = Plan()


def at_random(directory: Path, seed: int, kills: int, plan: Plan = _PLAN) -> Count:
    """So many lives, each ended at a moment that the seed says, most of them within two seconds."""
    return at_both(directory, seed, kills, [], plan)


def at_steps(directory: Path, seed: int, times: int, plan: Plan = _PLAN) -> Count:
    """A life for each named step, that ends by itself there: the first time that it comes by, the second, and so on."""
    return at_both(directory, seed, 0, [f"{point}:{n + 1}" for n in range(times) for point in POINTS], plan)


def at_both(directory: Path, seed: int, kills: int, steps: Sequence[str], plan: Plan) -> Count:
    """Lives that are ended at random, then such that end by themselves."""
    chance = random.Random(seed)
    return _lives(directory, seed, [_moment(chance) for _ in range(kills)], steps, plan)


def _moment(chance: random.Random) -> float:
    return chance.uniform(*_SHORT_S) if chance.random() >= _LONG else chance.uniform(0.0, _LONG_S)


def _lives(directory: Path, seed: int, moments: Sequence[float], steps: Sequence[str], plan: Plan) -> Count:
    database = f"sqlite:///{directory / 'hark.db'}"
    write_settings(directory, plan)
    with CruelSlack(seed) as slack, Lives(directory, environment(slack, database)) as lives:
        lives.start()
        world = World(lambda _: lives.port, slack, seed, plan)
        for moment in moments:
            time.sleep(moment)
            lives.kill()
            lives.start()
        world.use_kept()
        missed = [step for step in steps if not _dies_at(lives, step)]
        lives.kill()
        lives.start()
        world.close()
        # Everything that could be broken is looked at once more from the start.
        lives.kill()
        lives.start()
        drain(lives, database)
        lives.stop()
        assert not missed, f"it never came by {missed}"
        return count(lives, slack, world.told, database)


def _dies_at(lives: Lives, step: str) -> bool:
    lives.kill()
    lives.start(step)
    return lives.ended_by_itself(_AT_MOST_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=2, help="how often each named step is died at")
    asked = parser.parse_args()
    wrong = False
    for name, seed in [*((f"seed {s}", s) for s in asked.seeds), *([("steps", 0)] if asked.steps else [])]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as made:
            found = (
                at_steps(Path(made), seed, asked.steps) if name == "steps" else at_random(Path(made), seed, asked.kills)
            )
        wrong = wrong or bool(found.wrong)
        figures = ", ".join(f"{key} {value}" for key, value in asdict(found).items())
        print(f"{name}: {time.monotonic() - began:.0f} s, {figures}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
