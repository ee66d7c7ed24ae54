"""A real ``hark run`` at a steady rate with random faults of Slack and clients that leave, and what it takes over time.

Usage: python tests/load/soak.py [--minutes 10] [--rate 50]

Prints a line each half minute: RSS, open files, threads, size of the write-ahead log. Ends with the slope of RSS over the
second half, and with 1 at an answer of 500.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS), str(_TESTS / "slack"), str(_TESTS / "crash"), str(_TESTS / "load")]

import numpy as np
from bad_input import slow_sockets
from crash_process import Lives
from crash_slack import CruelSlack
from crash_world import Plan, World, environment, write_settings
from load_clients import Usage

_EVERY_S = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=50.0, help="conversations in a second")
    asked = parser.parse_args()
    plan, samples = Plan(scenarios=20, cards=200, rate=asked.rate), []
    with tempfile.TemporaryDirectory() as made, CruelSlack(1, faulty=0.03) as slack:
        directory, log = Path(made), Path(made) / "hark.db-wal"
        write_settings(directory, plan)
        with Lives(directory, environment(slack, f"sqlite:///{directory / 'hark.db'}")) as lives:
            lives.start()
            usage, world, began = Usage(lives.pid or 0), World(lambda _: lives.port, slack, 1, plan), time.monotonic()
            while (passed := time.monotonic() - began) < asked.minutes * 60:
                with slow_sockets(lives.port, 10):
                    time.sleep(_EVERY_S)
                wal = log.stat().st_size / 2**20 if log.exists() else 0.0
                samples.append(
                    (passed, usage.rss_mb, usage.descriptors, usage.threads, wal, len(world.told.conversations))
                )
                print(
                    "{:4.0f} s: RSS {:.0f} MiB, {} files, {} threads, log {:.1f} MiB, {} taken".format(*samples[-1]),
                    flush=True,
                )
            world.close()
            faults = len(world.told.faults) + len(lives.tracebacks())
    half = np.array(samples)[len(samples) // 2 :]
    slope = np.polyfit(half[:, 0] / 3600, half[:, 1], 1)[0]
    print(
        f"slope of RSS over the second half {slope:.1f} MiB/h; files {half[:, 2].min():.0f} to {half[:, 2].max():.0f}, "
        f"threads {half[:, 3].min():.0f} to {half[:, 3].max():.0f}, log at most {max(s[4] for s in samples):.1f} MiB, "
        f"faults {faults}"
    )
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
